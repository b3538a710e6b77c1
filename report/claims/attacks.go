package claims

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims of security, judged by the attack matrix: on the literal variant,
// which is the paper's scheme as published; what the hardened core does with the
// same attacks stands under "also".

const (
	literalVariant   = "literal"
	optimizedVariant = "optimized"
)

const noMatrix = "It needs the attack matrix: dtbench attack --format json, whose file dtbench reproduce takes with --attacks."

// attacksHold asks whether a variant withstands every one of some attacks.
func attacksHold(ids ...string) judge {
	return func(e *Evidence) []finding {
		out := []finding{againstVariant(e, literalVariant, ids)}
		if other := againstVariant(e, optimizedVariant, ids); e.Attacks != nil {
			out = append(out, other)
		}
		return out
	}
}

func againstVariant(e *Evidence, variant string, ids []string) finding {
	if e.Attacks == nil {
		return finding{reproduction.Attack, reproduction.Untested, "", noMatrix}
	}
	var shown, through, open, absent []string
	for _, id := range ids {
		outcome, detail := attack.Outcome("not in the matrix"), ""
		if c := e.attack(id, variant); c != nil {
			outcome, detail = c.Outcome, c.Detail
		}
		switch outcome {
		case attack.Hold, attack.Denied:
		case attack.Leak, attack.Broken:
			through = append(through, id)
		case attack.NotApplicable:
			absent = append(absent, id)
		default:
			open = append(open, id)
		}
		shown = append(shown, id+" "+string(outcome))
		if len(ids) == 1 && detail != "" {
			shown[0] += " (" + detail + ")"
		}
	}
	f := finding{reproduction.Attack, reproduction.Holds, variant + ": " + strings.Join(shown, ", "), "The published scheme withstood each attack."}
	switch {
	case len(through) > 0:
		f.verdict, f.explanation = reproduction.Contradicted, fmt.Sprintf("Against the published scheme %s.", choose(len(through) == 1, through[0]+" gets through", strings.Join(through, ", ")+" get through"))
	case len(open) > 0:
		f.verdict, f.explanation = reproduction.Untested, fmt.Sprintf("There is no outcome for %s.", strings.Join(open, ", "))
	case len(absent) > 0:
		f.verdict, f.explanation = reproduction.NotShown, fmt.Sprintf("The scheme as published has nothing that %s could test.", strings.Join(absent, ", "))
	}
	return f
}

func (e *Evidence) attack(id, variant string) *attack.Cell {
	for i, c := range e.Attacks {
		if c.Attack == id && c.Variant == variant {
			return &e.Attacks[i]
		}
	}
	return nil
}

// ownRow judges a claim that no numbered attack covers by a row of the matrix
// that bears the claim's id.
func ownRow(id, what string) judge {
	return func(e *Evidence) []finding {
		if e.Attacks != nil && e.attack(id, literalVariant) == nil {
			return []finding{{reproduction.Attack, reproduction.Untested, "", fmt.Sprintf("The attack matrix has no row %s, which %s.", id, what)}}
		}
		return attacksHold(id)(e)
	}
}
