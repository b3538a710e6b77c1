package attack

import (
	"context"

	results "github.com/dtbench/dtbench/results/attack"
)

// Incident is a case that the paper tells, replayed: real instances, real
// processes and files, a real server for the loot.
type Incident struct {
	Name  string // such as webide
	Title string
	// Source is where the paper tells it, and OWASP's category.
	Source string
	// Story is what happens, act by act; Lesson what follows from it.
	Story, Lesson string
	// OutOfScope says why there is nothing to run; Run and Expected are then nil.
	OutOfScope string
	// Expected outcomes by variant.
	Expected map[string]results.Outcome
	Run      func(ctx context.Context, lab *Lab, variant string) (Result, error)
}

// expect lists outcomes in the order of benchmark, literal, optimized, broker.
func expect(benchmark, literal, optimized, broker results.Outcome) map[string]results.Outcome {
	return map[string]results.Outcome{"benchmark": benchmark, "literal": literal, "optimized": optimized, "broker": broker}
}

// Incidents returns them in the order in which the paper tells them: the three
// of its section "Security threat analysis of serverless platforms" and Fig. 3,
// then the OWASP cases of its section "Qualitative evaluation of defense effect".
func Incidents() []Incident {
	return []Incident{
		poisonedDependency(),
		webIDE(),
		deploymentTool(),
		urlParse(),
		temporaryFile(),
		publicUpload(),
		emailApproval(),
		deserialization(),
	}
}

// ReplayIncident runs an incident on a variant. What keeps it from running makes
// the outcome could-not-run.
func ReplayIncident(ctx context.Context, lab *Lab, i Incident, variant string) (Result, error) {
	r, err := i.Run(ctx, lab, variant)
	if cause := context.Cause(ctx); cause != nil {
		return Result{}, cause
	}
	if err != nil {
		r = Result{Outcome: results.CouldNotRun, Detail: lab.redact(err.Error())}
	}
	return r, nil
}

func emailApproval() Incident {
	return Incident{
		Name: "email-approval", Title: "Approval by e-mail", Source: "OWASP Serverless Top 10, A2",
		Story:      "A manager approves changes by answering an e-mail, which triggers a function. An attacker who knows the address and the form of the answer sends one as well.",
		OutOfScope: "the function does what it is there for, on the word of an event whose sender nobody has checked. A token is issued inside the function, for every request alike, so it says nothing about the sender. Authenticate the mail, or do not take commands from it. The incident public-upload shows the same confusion with a trigger that runs here.",
	}
}

// deserialization is T6: whatever makes the function run the attacker's code
// comes to that.
func deserialization() Incident {
	return Incident{
		Name: "deserialization", Title: "An event that runs code", Source: "OWASP Serverless Top 10, A8; the paper names it as a limit",
		Story:    "The function decodes an object out of an event, and decoding runs code of the attacker's choice. (Here the event names a probe, which is code in the function.) The code calls the library, as the function does.",
		Lesson:   "In one process no scheme tells the attacker's call from the function's. What helps is not to decode what runs code; a budget per request; and a broker, which opens declared keys only and not more often than the budget says. What it opens the attacker has.",
		Expected: expect(results.Leak, results.Broken, results.Broken, results.Denied),
		Run:      callLibrary().Run,
	}
}
