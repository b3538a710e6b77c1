// Package attack holds what an attack suite finds: the cells of the matrix of
// attacks and variants, the quantities measured beside them, and the matrix that
// is expected (expected.json). Attacks are run by runner/attack and shown by
// report/attack; this package runs and prints nothing.
//
// The words are those of Liu et al., PeerJ Computer Science 11:e3029, 2025:
// the four dimensions of its section "Security analysis" and the four properties
// of its section "Discussion". The adversaries are ours.
package attack

import "github.com/dtbench/dtbench/results"

// Schema names the version of the format of File.
const Schema = "dtbench/attack/v1"

// Outcome is what became of an attack on a variant.
type Outcome string

// The outcomes. Leak and Broken are successes of the attacker.
const (
	Leak          Outcome = "leak"           // the plaintext of a protected value got out
	Broken        Outcome = "broken"         // a guarantee of the scheme did not hold
	Hold          Outcome = "hold"           // the attack ran and gained nothing protected
	Denied        Outcome = "denied"         // the attacker was turned away, or given no more than what is declared, within its budget
	NotApplicable Outcome = "not-applicable" // the variant has nothing of the kind
	CouldNotRun   Outcome = "could-not-run"  // nothing is known; never counts as held
)

// Outcomes lists all of them.
func Outcomes() []Outcome { return []Outcome{Leak, Broken, Hold, Denied, NotApplicable, CouldNotRun} }

// Adversary is who attacks, from the weakest to the strongest.
type Adversary string

// The adversaries.
const (
	A0 Adversary = "A0" // holds a leaked token
	A1 Adversary = "A1" // another process on the machine
	A2 Adversary = "A2" // a dependency that reads environment, /proc, logs and files
	A3 Adversary = "A3" // a dependency that executes code inside the function
	A4 Adversary = "A4" // root
)

// Adversaries lists all of them.
func Adversaries() []Adversary { return []Adversary{A0, A1, A2, A3, A4} }

// Text says who the adversary is.
func (a Adversary) Text() string {
	return map[Adversary]string{
		A0: "holds a leaked token",
		A1: "another process on the machine, of the same user or of another",
		A2: "a dependency that reads environment, /proc, logs and files",
		A3: "a dependency that executes code inside the function",
		A4: "root",
	}[a]
}

// Limits are the two sentences that stand wherever results are shown.
var Limits = []string{
	"Nobody stops A4 (root).",
	"No scheme inside one process stops A3 (code that executes inside the function).",
}

// Dimension is one of the four of the paper's evaluation framework.
type Dimension string

// The dimensions.
const (
	Confidentiality Dimension = "confidentiality"
	Integrity       Dimension = "integrity"
	Availability    Dimension = "availability"
	AntiForgery     Dimension = "anti-forgery and non-repudiation"
)

// Dimensions lists all of them in the paper's order.
func Dimensions() []Dimension {
	return []Dimension{Confidentiality, Integrity, Availability, AntiForgery}
}

// Property is one of the four security properties that the paper claims.
type Property string

// The properties.
const (
	TimeBoundedness  Property = "time-boundedness"
	ContextBinding   Property = "context-binding"
	Unpredictability Property = "unpredictability"
	NonReusability   Property = "non-reusability"
)

// Properties lists all of them in the paper's order.
func Properties() []Property {
	return []Property{TimeBoundedness, ContextBinding, Unpredictability, NonReusability}
}

// Basis says on what an expected outcome rests.
type Basis string

// The bases.
const (
	Paper      Basis = "paper"       // the paper decides, or the variant is not the paper's
	OurReading Basis = "our reading" // the paper is silent; marked r wherever it is shown
)

// Description is an attack in words.
type Description struct {
	ID        string    `json:"id"` // T1 to T25
	Title     string    `json:"title"`
	Adversary Adversary `json:"adversary"`
	// Dimensions and Properties are those of the paper that the attack is about;
	// attacks that are about no token have no property.
	Dimensions []Dimension `json:"dimensions"`
	Properties []Property  `json:"properties"`
	Tries      string      `json:"tries"`   // one sentence
	Explain    string      `json:"explain"` // what happens, why, and how to see it by hand; paragraphs
	// AsRoot says that, where the harness is root, functions of root are attacked as
	// well as an ordinary user's: root hides nothing of this attack.
	AsRoot bool `json:"as_root,omitempty"`
}

// Cell is one attack on one variant.
type Cell struct {
	Attack    string    `json:"attack"`
	Variant   string    `json:"variant"`
	Adversary Adversary `json:"adversary"`
	Outcome   Outcome   `json:"outcome"`
	Expected  Outcome   `json:"expected"`
	Detail    string    `json:"detail"` // what happened, in a sentence or two
	// Evidence are facts that the attack brought back. None is a secret: a stolen
	// value is proven by its SHA-256.
	Evidence []string `json:"evidence"`
	Basis    Basis    `json:"basis"`
	Duration float64  `json:"duration_ms"`
}

// AsExpected tells whether the attack ran and came out as expected.
func (c Cell) AsExpected() bool { return c.Outcome == c.Expected }

// Quantity is a figure that the attacks gave beside their outcomes: the paper's
// "security metrics", named there as future work.
type Quantity struct {
	ID      string  `json:"id"`     // such as replay-acceptance
	Attack  string  `json:"attack"` // that it comes from; may be empty
	Variant string  `json:"variant"`
	Title   string  `json:"title"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	// Unbounded says that there is no limit; Value is then without meaning.
	Unbounded bool   `json:"unbounded,omitempty"`
	Source    string `json:"source"` // measured | derived
	Detail    string `json:"detail"`
}

// Sources of a quantity.
const (
	Measured = "measured"
	Derived  = "derived"
)

// The words for users in a File.
const (
	Ordinary = "ordinary"
	Root     = "root"
)

// File is the result of one run of the suite.
type File struct {
	Schema      string              `json:"schema"`
	Status      results.Status      `json:"status"`
	Tool        results.Tool        `json:"tool"`
	Environment results.Environment `json:"environment"`
	Provenance  results.Provenance  `json:"provenance"`
	Platform    string              `json:"platform"`
	User        string              `json:"user"`              // as whom functions and attackers ran: ordinary
	Harness     string              `json:"harness,omitempty"` // who started them: ordinary, root
	Seed        uint64              `json:"seed"`
	Limits      []string            `json:"limits"`
	Variants    []string            `json:"variants"`
	Attacks     []Description       `json:"attacks"`
	Cells       []Cell              `json:"cells"`
	Quantities  []Quantity          `json:"quantities"`
	Warnings    []string            `json:"warnings,omitempty"`
	// Incidents were replayed in place of attacks: then there are no Attacks, and
	// the cells bear their names.
	Incidents []Incident `json:"incidents,omitempty"`
}
