package microcosts

import (
	"crypto/fips140"
	"strings"

	"github.com/dtbench/dtbench/core/rules"
	"github.com/dtbench/dtbench/results"
)

// measureRules times one token by Eq. (1), with the hash that the paper's sample
// uses and with the one that its Table 2 calls the original.
func measureRules(o Options, m *results.Microcosts) error {
	algorithms := []string{"sha256", "md5"}
	if fips140.Enforced() {
		algorithms = algorithms[:1] // md5 would panic
	}
	var operations []operation
	for _, algorithm := range algorithms {
		rule, err := rules.Compile(strings.Replace(rules.EquationOne, "sha256", algorithm, 1), rules.Options{Mode: rules.Literal})
		if err != nil {
			return err
		}
		e, err := rule.NewEvaluator(make([]byte, rules.MinKeySize))
		if err != nil {
			return err
		}
		values := &rules.Values{
			RequestID: requestID, InstanceID: strings.Repeat("0123456789abcdef", 2), DataKey: dataKey,
			Nonce: []byte(strings.Repeat("fedcba9876543210", 2)), Timestamp: []byte("1764547200"),
		}
		var sum []byte
		operations = append(operations, operation{run: func(int) (err error) {
			sum, err = e.Sum(sum[:0], values)
			return err
		}})
	}
	times, err := takeTurns(o.Rounds, 4*o.Batch, wall, operations...)
	if err != nil {
		return err
	}
	for i, algorithm := range algorithms {
		m.Rules = append(m.Rules, results.RuleCost{Algorithm: algorithm, Time: summarise("ns", 4*o.Batch, times[i])})
	}
	return nil
}
