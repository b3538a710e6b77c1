package probes

// all lists every probe by the name that an event gives.
var all = map[string]Probe{
	"nothing":         nothing,       // the instance is up and has opened nothing
	"environment":     environment,   // T1
	"proc-environ":    procEnviron,   // T2
	"use":             use,           // T6
	"chatter":         chatter,       // T18
	"crash":           crash,         // T18
	"die-after-grant": dieAfterGrant, // T19
	"child":           child,         // T20
	"fetch":           fetch,         // T24
	"send":            send,          // incident: the poisoned dependency
	"tenant":          tenant,        // incident: the WebIDE
	"component":       component,     // incident: the deployment tool
	"temporary-file":  temporaryFile, // incident: the forgotten file
}
