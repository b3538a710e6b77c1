package core

import (
	"fmt"
	"strings"
	"sync"

	"github.com/dtbench/dtbench/core/rules"
)

// boundRule is a rule of a guard with everything that the guard adds.
type boundRule struct {
	text    string // canonical
	options rules.Options
	once    sync.Once
	rule    *rules.Rule
}

// compiled returns the compiled rule. The text was compiled before, or is one of
// ours, so it has no error.
func (b *boundRule) compiled() *rules.Rule {
	b.once.Do(func() {
		if b.rule == nil {
			b.rule, _ = rules.Compile(b.text, b.options)
		}
	})
	return b.rule
}

// ruleSet holds the rules of a guard, one for each algorithm that its keys need.
type ruleSet struct {
	options rules.Options
	base    string // canonical text of the policy's rule, with what the guard adds
	own     bool   // the policy has no rule
	chain   bool   // the call chain is bound
	rules   []*boundRule
	index   map[string]int // by algorithm
}

// newRuleSet reads the policy's rule. What binds a token to its function, and to
// the callers when that factor is on, is added unless the rule has it.
func newRuleSet(p *Policy, function, version string) (*ruleSet, error) {
	set := &ruleSet{
		options: rules.Options{Static: p.Parameters, UnsafeAllowWeakHashes: p.AllowWeakHashes},
		base:    rules.EquationOne,
		own:     p.Rule == "",
		index:   make(map[string]int),
	}
	uses := func(string) bool { return false }
	if !set.own {
		r, err := rules.Compile(p.Rule, set.options)
		if err != nil {
			return nil, fmt.Errorf("%w: policy: rule: %w", ErrConfig, err)
		}
		set.base, uses = r.String(), r.Uses
	}
	set.chain = p.CallChain.Action != "" || uses("callchain")
	base := strings.TrimSuffix(set.base, ")")
	for _, add := range []struct {
		name string
		want bool
	}{{"functionname", function != ""}, {"functionversion", version != ""}, {"callchain", set.chain}} {
		if add.want && !uses(add.name) {
			base += ", $" + add.name
		}
	}
	set.base = base + ")"
	return set, nil
}

// with returns the index of the rule with another outermost algorithm, or of the
// rule as it is if there is none. The rule that most guards have is compiled
// when it is first needed, which is never: plainRule stands in for it, and
// compiling would be a tenth of the start-up.
func (set *ruleSet) with(algorithm string) (int, error) {
	if i, ok := set.index[algorithm]; ok {
		return i, nil
	}
	b := &boundRule{text: set.base, options: set.options}
	if algorithm != "" {
		b.text = "$" + algorithm + b.text[strings.IndexByte(b.text, '('):]
	}
	if !set.own || algorithm != "sha256" {
		var err error
		if b.rule, err = rules.Compile(b.text, b.options); err != nil {
			return 0, err
		}
	}
	set.index[algorithm] = len(set.rules)
	set.rules = append(set.rules, b)
	return len(set.rules) - 1, nil
}

// algorithm names what rule i computes.
func (set *ruleSet) algorithm(i int) string {
	if r := set.rules[i].rule; r != nil {
		return r.Algorithm()
	}
	return "hmac_sha256"
}
