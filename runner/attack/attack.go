// Package attack shows what each variant of a function stops, by attacks that
// really run: each deploys real instances on the local platform, with canaries
// for secrets, and brings back evidence.
//
// An attack stands for an adversary (results/attack: A0 to A4). What a dependency
// does inside the function is code of scenarios/probes, which the attack orders by
// an event; token thieves, forgers, siblings and scanners work here, outside, with
// what such an adversary has. The canaries are random, so that the SHA-256 of one
// proves that its thief read it; no canary, token or nonce is in any evidence.
//
// The attacks are T1 to T25, in this order in All, in a file per subject. Whatever
// keeps an attack from running (no right, no toolchain, a decoy that the scanner
// did not find) makes its cell could-not-run, never hold.
package attack

import (
	"context"
	"errors"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
)

// ErrCannotRun is wrapped by the error of an attack that this machine, user or
// system does not allow. The text says what is missing. Any other error of an
// attack comes to the same: the cell is could-not-run.
var ErrCannotRun = errors.New("cannot run here")

// Attack is one attack.
type Attack struct {
	results.Description
	// Run attacks a variant in the lab. It is called for one variant at a time and
	// closes what it deploys. An error means that the attack could not be carried
	// out, and never that it was stopped: then the result says so.
	Run func(ctx context.Context, lab *Lab, variant string) (Result, error)
}

// Result is what became of an attack.
type Result struct {
	Outcome  results.Outcome
	Detail   string   // a sentence or two
	Evidence []string // facts without secrets
	// Quantities were measured on the way; the runner fills in attack and variant.
	Quantities []results.Quantity
}

// notApplicable is the result where a variant has nothing that could be attacked so.
func notApplicable(why string) Result {
	return Result{Outcome: results.NotApplicable, Detail: why}
}

// noTokens is the result of attacks on tokens where there are none.
func noTokens() Result { return notApplicable("the variant has no tokens") }

// cannot is an error that wraps ErrCannotRun.
func cannot(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCannotRun, fmt.Errorf(format, args...))
}

// All returns the attacks in the order of their numbers: T1 to T25, and then those
// that only ask after a claim of the paper and bear its number (results/paper).
func All() []Attack {
	return []Attack{
		dumpEnvironment(),
		readOwnEnviron(),
		readSibling(),
		scanAtRest(),
		forgeFromPublicContext(),
		callLibrary(),
		shiftBoundary(),
		separatorInsideField(),
		sampleRule(),
		extendTheHash(),
		floodRegistry(),
		raceOneToken(),
		futureToken(),
		replayAfterRestart(),
		steppedClocks(),
		swapCiphertexts(),
		timingAndErrors(),
		searchLeftovers(),
		killAfterGrant(),
		readParent(),
		md5UnderFIPS(),
		hostileRules(),
		connectToBroker(),
		forgeRequests(),
		injectCredentials(),
		carryElsewhere(),
		endInstance(),
		searchAudit(),
	}
}
