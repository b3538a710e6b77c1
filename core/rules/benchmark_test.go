package rules_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/dtbench/dtbench/core/rules"
)

// The floor of a hardened rule is one HMAC with kept state over as many bytes.
func BenchmarkRule(b *testing.B) {
	v := values()
	run := func(name, text string, o rules.Options) {
		b.Run(name, func(b *testing.B) {
			e, err := compile(b, text, o).NewEvaluator(key)
			if err != nil {
				b.Fatal(err)
			}
			var out [64]byte
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Sum(out[:0], v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("floor=hmac_sha256", func(b *testing.B) {
		mac := hmac.New(sha256.New, key)
		mac.Reset()
		frame := make([]byte, 5*4+len("request")+len("instance")+16+8+len("API_KEY"))
		var out [32]byte
		b.ReportAllocs()
		for b.Loop() {
			mac.Reset()
			mac.Write(frame)
			mac.Sum(out[:0])
		}
	})
	run("hardened=equation-one", rules.EquationOne, rules.Options{})
	run("hardened=nested", `$sha256($sha256($callchain), $region)`, rules.Options{})
	run("literal=sample", rules.Sample, rules.Options{Mode: rules.Literal})
	run("literal=equation-one", rules.EquationOne, rules.Options{Mode: rules.Literal})
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			compile(b, rules.EquationOne, rules.Options{})
		}
	})
}
