//go:build !race

package rules_test

import (
	"testing"

	"github.com/dtbench/dtbench/core/rules"
)

func TestSumDoesNotAllocate(t *testing.T) {
	for _, mode := range []rules.Mode{rules.Hardened, rules.Literal} {
		for _, name := range rules.Algorithms() {
			text := "$" + name + `($requestid, $instanceid, $nonce, $timestamp, $datakey, $tenant, "x", $` + name + "($callchain, $nonce))"
			e, err := compile(t, text, rules.Options{Mode: mode, Static: static, UnsafeAllowWeakHashes: true}).NewEvaluator(key)
			if err != nil {
				t.Fatal(err)
			}
			var nonce [rules.NonceSize]byte
			var timestamp [rules.TimestampSize]byte
			var out [64]byte
			n := testing.AllocsPerRun(200, func() {
				v := rules.Values{RequestID: "r", InstanceID: "i", DataKey: "k", Nonce: nonce[:], Timestamp: timestamp[:]}
				if _, err := e.Sum(out[:0], &v); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v %s: %v allocations", mode, text, n)
			}
		}
	}
}
