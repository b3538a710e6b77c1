package probes

// all lists every probe by the name that an event gives.
var all = map[string]Probe{
	"nothing":         nothing,       // the instance is up and has opened nothing
	"public":          public,        // T5: what anybody may know
	"steal":           steal,         // T5 to T15: tokens leak
	"present":         present,       // T5 to T15: tokens come back
	"flood":           flood,         // T11
	"race":            race,          // T12
	"registry":        registry,      // T13
	"turns":           turns,         // T7, T9, T11, T12, T17 on the broker
	"restore":         restore,       // T14
	"steer":           steer,         // T13, T15: clock builds only
	"swap":            swap,          // T16
	"timing":          timing,        // T17
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
