package probes

// all lists every probe by the name that an event gives.
var all = map[string]Probe{
	"environment": environment,
}
