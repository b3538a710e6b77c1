package claims

import (
	"fmt"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims about small costs, judged by micro-measurements. The literal scheme
// is the paper's and decides; the hardened core stands under "also".

var schemes = []string{results.SchemeLiteral, results.SchemeOptimized}

// microcosts makes one finding per scheme by a function that is false where the
// measurement lacks it.
func microcosts(e *Evidence, of func(m *results.Microcosts, scheme string) (finding, bool)) []finding {
	if e.Microcosts == nil {
		return []finding{{reproduction.Measured, reproduction.Untested, "", "It needs a micro-measurement."}}
	}
	var out []finding
	for _, scheme := range schemes {
		if f, ok := of(e.Microcosts, scheme); ok {
			f.evidence = reproduction.Measured
			out = append(out, f)
		}
	}
	return out
}

// ns writes a time that was measured in nanoseconds.
func ns(v float64) string {
	switch {
	case v >= 1e6 || v <= -1e6:
		return fmt.Sprintf("%.2f ms", v/1e6)
	case v >= 1e3 || v <= -1e3:
		return fmt.Sprintf("%.2f us", v/1e3)
	}
	return fmt.Sprintf("%.0f ns", v)
}

// less is a difference beyond noise: the 95 % intervals of the medians do not
// overlap.
func less(a, b results.Cost) bool { return a.High95 < b.Low95 }

func auditCosts(e *Evidence, of func(a results.AuditCost) finding) []finding {
	out := microcosts(e, func(*results.Microcosts, string) (finding, bool) { return finding{}, false })
	if e.Microcosts == nil {
		return out
	}
	for _, scheme := range schemes {
		for _, a := range e.Microcosts.Audit {
			if a.Scheme == scheme {
				f := of(a)
				f.evidence, f.computed = reproduction.Measured, fmt.Sprintf("%s, %s: %s", a.Scheme, a.Mode, f.computed)
				out = append(out, f)
			}
		}
	}
	return out
}

func auditBelowMillisecond(e *Evidence) []finding {
	return auditCosts(e, func(a results.AuditCost) finding {
		holds := a.Added.P95 < 1e6
		return finding{
			verdict:     verdict(holds),
			computed:    fmt.Sprintf("a record adds %s at the median, %s at p95 to an access of %s", ns(a.Added.Median), ns(a.Added.P95), ns(a.Off.Median)),
			explanation: choose(holds, "A record adds less than a millisecond to an access on this machine.", "A record adds a millisecond or more to one access in twenty on this machine."),
		}
	})
}

func flushNeverBlocks(e *Evidence) []finding {
	return auditCosts(e, func(a results.AuditCost) finding {
		holds := a.Stalled.P99 <= 1.5*a.Off.P99
		f := finding{
			verdict: verdict(holds),
			computed: fmt.Sprintf("p99 %s without a sink, %s with one, %s with a stalled one (factor %.2f)%s", ns(a.Off.P99), ns(a.On.P99), ns(a.Stalled.P99), a.Stalled.P99/a.Off.P99,
				choose(a.StalledRefused > 0, fmt.Sprintf("; %d of %d accesses refused", a.StalledRefused, a.Stalled.Rounds), "")),
			explanation: "With a stalled sink an access is at most half as slow again at p99 as without a sink.",
		}
		if !holds {
			f.explanation = "With a stalled sink an access is more than half as slow again at p99 as without a sink."
			if a.Stalled.P99 <= 1.5*a.On.P99 {
				f.explanation += " It does not wait for the sink: the difference is the cost of making a record, which a sink that is read from has as well."
			}
		}
		return f
	})
}

func failFast(e *Evidence) []finding {
	return microcosts(e, func(m *results.Microcosts, scheme string) (finding, bool) {
		for _, r := range m.Refusals {
			if r.Scheme != scheme {
				continue
			}
			f := finding{computed: fmt.Sprintf("%s: used nonce %s, expired %s, forged %s", scheme, ns(r.Replayed.Median), ns(r.Expired.Median), ns(r.Forged.Median))}
			switch {
			case less(r.Replayed, r.Expired) && less(r.Expired, r.Forged):
				f.verdict, f.explanation = reproduction.Holds, "In the published order the refusals get dearer step by step. The order also lets anyone fill the list of nonces (attack T11)."
			case less(r.Expired, r.Replayed) || less(r.Forged, r.Expired) || less(r.Forged, r.Replayed):
				f.verdict, f.explanation = reproduction.Contradicted, "The refusals do not get dearer in the order of the checks."
			default:
				f.verdict, f.explanation = reproduction.NotShown, "The differences do not rise above the noise of the measurement."
			}
			return f, true
		}
		return finding{}, false
	})
}

func configurableHash(e *Evidence) []finding {
	if e.Microcosts == nil {
		return microcosts(e, nil)
	}
	costs := map[string]results.Cost{}
	for _, r := range e.Microcosts.Rules {
		costs[r.Algorithm] = r.Time
	}
	md5, okMD5 := costs["md5"]
	sha, okSHA := costs["sha256"]
	if !okMD5 || !okSHA {
		return nil
	}
	f := finding{reproduction.Measured, reproduction.NotShown, fmt.Sprintf("one token by rule: md5 %s (%s to %s), sha256 %s (%s to %s)", ns(md5.Median), ns(md5.Low95), ns(md5.High95), ns(sha.Median), ns(sha.Low95), ns(sha.High95)), ""}
	switch {
	case less(md5, sha):
		f.verdict, f.explanation = reproduction.Holds, "On this machine MD5 is faster by more than the noise."
	case less(sha, md5):
		f.verdict, f.explanation = reproduction.Contradicted, "On this machine SHA-256 is the faster one: processors with SHA instructions turn the trade-off round, and the weaker hash buys nothing."
	default:
		f.explanation = "On this machine the two do not differ by more than the noise."
	}
	return []finding{f}
}

func registryBounded(e *Evidence) []finding {
	return microcosts(e, func(m *results.Microcosts, scheme string) (finding, bool) {
		for _, g := range m.Registries {
			if g.Scheme != scheme {
				continue
			}
			bound := g.RatePerSecond * 2 * g.WindowS
			f := finding{
				verdict: verdict(float64(g.Peak) <= bound),
				computed: fmt.Sprintf("%s: %d accepted at %g/s with a window of %g s: at most %d entries, %d in the first half; two windows accept %.0f",
					scheme, g.Accepted, g.RatePerSecond, g.WindowS, g.Peak, g.HalfPeak, bound),
				explanation: "The entries stay within what two windows can accept.",
			}
			switch {
			case f.verdict == reproduction.Holds:
			case g.Peak >= g.Accepted:
				f.explanation = "The published list keeps an entry for every accepted request and drops none when its token has expired: only the life of the instance bounds it."
			case 10*g.Peak <= 11*g.HalfPeak: // shards forget at their own moments
				f.explanation = "The entries stop growing, but beyond what two windows can accept."
			default:
				f.explanation = "The entries go on growing."
			}
			return f, true
		}
		return finding{}, false
	})
}

func nearLowerLimit(e *Evidence) []finding {
	return microcosts(e, func(m *results.Microcosts, scheme string) (finding, bool) {
		for _, v := range m.Verify {
			if v.Scheme != scheme {
				continue
			}
			f := finding{computed: fmt.Sprintf("%s: all checks %s, bare HMAC-SHA256 %s: factor %.2f (%.2f to %.2f); with the decryption %s", scheme, ns(v.Checks.Median), ns(v.HMAC.Median), v.Ratio.Median, v.Ratio.Low95, v.Ratio.High95, ns(v.Access.Median))}
			holds := v.Ratio.Median <= 2
			f.verdict = verdict(holds)
			f.explanation = choose(holds, "A verification costs no more than two bare HMACs.", "This implementation of the published verification costs more than two bare HMACs: a leaner one is possible.")
			return f, true
		}
		return finding{}, false
	})
}

func leanerImplementation(e *Evidence) []finding {
	var out []finding
	if quotes := e.Facts.Reported.Ablations; len(quotes) > 0 {
		out = reportedIn(quotes, reproduction.NotShown, "comparisons before and after", "A comparison before and after is reported.", "")
	}
	if e.Microcosts == nil {
		return append(out, microcosts(e, nil)...)
	}
	costs := map[string]results.VerifyCost{}
	for _, v := range e.Microcosts.Verify {
		costs[v.Scheme] = v
	}
	literal, ok := costs[results.SchemeLiteral]
	optimized, okOptimized := costs[results.SchemeOptimized]
	if !ok || !okOptimized {
		return out
	}
	f := finding{
		reproduction.Measured, reproduction.NotShown,
		fmt.Sprintf("one verified access: literal %s CPU and %.0f bytes, optimized %s CPU and %.0f bytes", ns(literal.CPU.Median), literal.Bytes.Median, ns(optimized.CPU.Median), optimized.Bytes.Median), "",
	}
	switch {
	case less(optimized.CPU, literal.CPU) && optimized.Bytes.Median < literal.Bytes.Median:
		f.verdict, f.explanation = reproduction.Holds, "Implementation details can save both: this project's core against its own literal implementation of the paper's scheme. It is not the paper's comparison, which is not reported."
	case less(literal.CPU, optimized.CPU) || optimized.Bytes.Median > literal.Bytes.Median:
		f.verdict, f.explanation = reproduction.Contradicted, "This project's optimized core does not save both against its literal implementation of the paper's scheme."
	default:
		f.explanation = "The difference does not rise above the noise of the measurement."
	}
	return append(out, f)
}
