package core

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/core/rules"
)

// ruleSet holds the compiled rules of a guard, one for each algorithm that its
// keys need.
type ruleSet struct {
	options rules.Options
	base    string // canonical text of the policy's rule, with what the guard adds
	rules   []*rules.Rule
	index   map[string]int // by algorithm
}

// newRuleSet compiles the policy's rule. What binds a token to its function, and
// to the callers when that factor is on, is added unless the rule has it.
func newRuleSet(p *Policy, function, version string) (*ruleSet, error) {
	text := p.Rule
	if text == "" {
		text = rules.EquationOne
	}
	set := &ruleSet{
		options: rules.Options{Static: p.Parameters, UnsafeAllowWeakHashes: p.AllowWeakHashes},
		index:   make(map[string]int),
	}
	r, err := rules.Compile(text, set.options)
	if err != nil {
		return nil, fmt.Errorf("%w: policy: rule: %w", ErrConfig, err)
	}
	set.base = strings.TrimSuffix(r.String(), ")")
	for _, add := range []struct {
		name string
		want bool
	}{{"functionname", function != ""}, {"functionversion", version != ""}, {"callchain", p.CallChain.Action != ""}} {
		if add.want && !r.Uses(add.name) {
			set.base += ", $" + add.name
		}
	}
	set.base += ")"
	return set, nil
}

// with returns the index of the rule with another outermost algorithm, or of the
// rule as it is if there is none.
func (set *ruleSet) with(algorithm string) (int, error) {
	if i, ok := set.index[algorithm]; ok {
		return i, nil
	}
	text := set.base
	if algorithm != "" {
		text = "$" + algorithm + text[strings.IndexByte(text, '('):]
	}
	r, err := rules.Compile(text, set.options)
	if err != nil {
		return 0, err
	}
	set.index[algorithm] = len(set.rules)
	set.rules = append(set.rules, r)
	return len(set.rules) - 1, nil
}

// uses tells whether any rule depends on a parameter.
func (set *ruleSet) uses(name string) bool {
	for _, r := range set.rules {
		if r.Uses(name) {
			return true
		}
	}
	return false
}
