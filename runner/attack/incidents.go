package attack

import (
	"context"

	results "github.com/dtbench/dtbench/results/attack"
)

// Incident is a case that the paper tells, replayed: real instances, real
// processes and files, a real server for the loot.
type Incident struct {
	results.Incident
	// Reading says that what is expected of the literal variant rests on our reading
	// of the paper: on what the kernel keeps, as T2 and T20 do.
	Reading bool
	// Run is as that of an Attack; nil where the case is out of scope.
	Run func(ctx context.Context, lab *Lab, variant string) (Result, error)
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

// Replay carries out incidents on every variant, as Run does attacks. Attacks and
// Expected of c are not used.
func Replay(ctx context.Context, c Config, incidents []Incident) ([]results.Cell, error) {
	c.Attacks, c.Expected = nil, nil
	for _, i := range incidents {
		if i.Run == nil {
			continue
		}
		c.Attacks = append(c.Attacks, Attack{Description: results.Description{ID: i.Name, Title: i.Title, Adversary: i.Adversary}, Run: i.Run})
		for variant, outcome := range i.Expected {
			e := results.Expectation{Attack: i.Name, Variant: variant, Outcome: outcome, Basis: results.Paper}
			if isLiteral(variant) && i.Reading {
				e.Basis = results.OurReading
			}
			c.Expected = append(c.Expected, e)
		}
	}
	cells, _, err := Run(ctx, c)
	return cells, err
}

func emailApproval() Incident {
	return Incident{Incident: results.Incident{
		Name: "email-approval", Title: "Approval by e-mail", Source: "section \"Qualitative evaluation of defense effect\"; OWASP A2",
		Story:      "A manager approves changes by answering an e-mail, which triggers a function. An attacker who knows the address and the form of the answer sends one as well.",
		OutOfScope: "the function does what it is there for, on the word of an event whose sender nobody has checked. A token is issued inside the function, for every request alike, so it says nothing about the sender. Authenticate the mail, or do not take commands from it. The incident public-upload shows the same confusion with a trigger that runs here.",
	}}
}

// deserialization is T6: whatever makes the function run the attacker's code
// comes to that.
func deserialization() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "deserialization", Title: "An event that runs code", Source: "section \"Qualitative evaluation of defense effect\", as a limit; OWASP A8", Adversary: results.A3,
			Story:    "The function decodes an object out of an event, and decoding runs code of the attacker's choice. (Here the event names a probe, which is code in the function.) The code calls the library, as the function does.",
			Lesson:   "In one process no scheme tells the attacker's call from the function's. What helps is not to decode what runs code; a budget per request; and a broker, which opens declared keys only and not more often than the budget says. What it opens the attacker has.",
			Expected: expect(results.Leak, results.Broken, results.Broken, results.Denied),
		},
		Run: callLibrary().Run,
	}
}
