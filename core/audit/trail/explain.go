package trail

import (
	"fmt"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// Explanation says in words what a record means.
type Explanation struct {
	What string `json:"what"` // what was decided, one sentence
	Why  string `json:"why"`
	Do   string `json:"do"` // what to do about it
}

// Explain explains a refusal or another noteworthy event. It reports false for
// what needs no explanation: grants, and what happens in every life of a log.
func Explain(e *Entry) (Explanation, bool) {
	words, ok := reasons[e.Reason]
	if !ok {
		words = advice{"the reason " + quoteOrNone(e.Reason) + " is not known to this program", "use the version of dtbench that wrote the record"}
	}
	x := Explanation{Why: words.why, Do: words.do}
	switch {
	case e.Event == audit.Withdrawn.String():
		grant := "The grant of access" + about(e)
		if e.Of != 0 {
			grant = fmt.Sprintf("The grant of record %d", e.Of)
		}
		x.What = grant + " was withdrawn: the value was not released."
	case e.Event == audit.Verify.String() && e.Refused():
		x.What = "Access was refused" + about(e) + "."
	default:
		what, noteworthy := events[e.Event]
		if !noteworthy {
			return Explanation{}, false
		}
		x.What = what + details(e) + "."
		if e.Reason == "" {
			x.Why, x.Do = "no reason was recorded", "look at the records around it"
		}
	}
	switch e.Reason {
	case audit.TooOld.String(), audit.FromFuture.String():
		if e.WindowMS != 0 {
			x.Why += fmt.Sprintf(": its age was %v, the window is %v to either side",
				time.Duration(e.AgeMS)*time.Millisecond, time.Duration(e.WindowMS)*time.Millisecond)
		}
	case audit.BadMAC.String():
		if e.Failures > 1 {
			x.Why += fmt.Sprintf("; it is failure %d in a row of this source", e.Failures)
		}
	}
	return x, true
}

func about(e *Entry) string {
	s := ""
	if e.Key != "" {
		s += " to " + e.Key
	}
	if e.Request != "" {
		s += " in request " + e.Request
	}
	if e.Source != "" {
		s += " from " + e.Source
	}
	return s
}

// details names the same in parentheses.
func details(e *Entry) string {
	var list []string
	for _, d := range [][2]string{{"key ", e.Key}, {"request ", e.Request}, {"source ", e.Source}} {
		if d[1] != "" {
			list = append(list, d[0]+d[1])
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

func quoteOrNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return fmt.Sprintf("%q", s)
}

// events that are worth an explanation, besides refusals.
var events = map[string]string{
	audit.Unlisted.String():       "A variable that looks secret is on no list",
	audit.FactorAlert.String():    "A factor of the verification did not hold",
	audit.Alert.String():          "Verification failed several times in a row",
	audit.Blocked.String():        "The source was blocked for a time",
	audit.Restored.String():       "The instance was restored or resumed, and drew a new id and key",
	audit.Revoked.String():        "The instance was revoked",
	audit.Terminated.String():     "The keys were wiped and the instance ended",
	audit.FunctionFailed.String(): "The function itself failed; this is no failure of a signature",
	audit.BudgetWarned.String():   "A request came near its budget",
	audit.Expired.String():        "A temporary key expired",
}

type advice struct{ why, do string }

// reasons has words for every audit.Reason; a test holds that.
var reasons = map[string]advice{
	audit.Malformed.String():         {"what was sent is not a token of this version, or the request id is empty or too long", "check that the caller passes the token on unchanged and speaks the same version; if you know no such caller, somebody is probing"},
	audit.BadMAC.String():            {"the token was forged or altered, or issued for another request, instance, function or data key", "compare request id and data key with those the token was issued for; after a restart or restore tokens must be issued anew; many of these from one source are an attack: let the block stand and look at the source"},
	audit.TooOld.String():            {"the token was issued too long ago", "issue tokens just before they are used; if the caller is slow for a good reason, raise Window for this sensitivity; if not, the token may have been stolen"},
	audit.FromFuture.String():        {"the token is dated in the future", "check the clocks (NTP) of what issues and what verifies; if they agree, the date was chosen by an attacker"},
	audit.Forgotten.String():         {"the token is so old that its nonce may have left the registry, so it cannot be told from a replay", "issue a new token; look for a clock that stepped back"},
	audit.Replay.String():            {"the token was used before", "issue one token per access and do not retry with the same one; if nothing retries, the token was stolen on its way: rotate the value and look at who saw the request"},
	audit.RegistryFull.String():      {"there is no room to remember another nonce, so nothing can be granted", "raise MaxNonces, shorten Window, or look for the source of the flood; it passes after two to four windows"},
	audit.RequestsFull.String():      {"there is no room to count what another request opens, so nothing with a budget can be granted", "lower request_timeout in the policy to the function's own timeout, give budgets only to the keys that need one (a high key has one unless its budget is -1), let one instance serve fewer requests, or look for the source of the flood; it passes as requests end: each is forgotten request_timeout and two windows after its last opening"},
	audit.UnknownKey.String():        {"there is no value of this name here", "add the name to ENCRYPTION_KEYS or correct the spelling"},
	audit.BadSeal.String():           {"the sealed value was exchanged or damaged", "do not write to sealed variables; replace the instance; if nothing of yours writes there, other code in the function does"},
	audit.KeyExpired.String():        {"the value was temporary and its time is over", "renew it with Replace before it expires"},
	audit.OverBudget.String():        {"the request has used up its accesses", "raise the budget of this sensitivity if the function needs more; if not, look for a loop, or for code that harvests"},
	audit.SourceBlocked.String():     {"the source is blocked after too many failures", "find out why it failed (the records before); the block ends by itself"},
	audit.CallChain.String():         {"the chain of callers is not the declared one", "declare the new caller in the policy, or find out who calls"},
	audit.Behaviour.String():         {"order, rate or set of the data keys is not what this function does", "update the profile if the function changed; if it did not, its code or a dependency behaves in a new way"},
	audit.SinkLate.String():          {"the audit sink did not take the record within GrantBound, and without a record nothing is granted", "look at what reads the sink; raise GrantBound; or choose asynchronous mode, which can lose records"},
	audit.SinkFailed.String():        {"the audit sink failed, and without a record nothing is granted", "check that the sink's file or pipe is there and has space"},
	audit.ClockStepped.String():      {"wall clock and boot clock disagree, or the wall clock reads before 1970", "wait until the clock is right again; look for a suspended machine or a time server that steps"},
	audit.SnapshotRestored.String():  {"the instance runs from a snapshot", "call AfterRestore before the first request; tokens from before are void, issue them anew"},
	audit.PolicyMissing.String():     {"no policy admits this access", "add a rule for this function and key"},
	audit.TooManyFailures.String():   {"the threshold of consecutive failures was reached", "look at the failures before, by source; rotate the values if a token may have leaked"},
	audit.Operator.String():          {"somebody with the right to do so asked for it", "nothing, if it was you"},
	audit.Crash.String():             {"the function crashed", "look at the function's own log"},
	audit.Timeout.String():           {"the function ran out of time", "look at the function's own log, or raise its timeout"},
	audit.MemoryExceeded.String():    {"the function ran out of memory", "raise its memory"},
	audit.SecretLikeName.String():    {"its name looks like that of a credential", "add it to ENCRYPTION_KEYS, or to the names that are declared harmless"},
	audit.SecretLikeValue.String():   {"its value looks like a credential", "add it to ENCRYPTION_KEYS, or to the names that are declared harmless"},
	audit.PlatformInjection.String(): {"the platform put a credential under a name that it is known to use", "nothing: it was sealed; check that the function can do without it in plain text"},
	audit.NotErased.String():         {"the environment holds ciphertext, but this system has no way to erase the plaintext that the process was started with", "for developing only; run it on Linux where values matter"},
	audit.GuardClosed.String():       {"the guard is closed and its keys are wiped", "do not use a guard after Close; the instance should have ended"},
}
