package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core/rules"
	"github.com/dtbench/dtbench/platforms"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// literalRule are the settings that give the literal variant a rule.
func literalRule(rule string, static map[string]string) map[string]string {
	settings := map[string]string{scenarios.LiteralRule: rule}
	if static != nil {
		encoded, err := json.Marshal(static)
		if err != nil {
			panic(err) // strings
		}
		settings[scenarios.LiteralStatic] = string(encoded)
	}
	return settings
}

func sampleRule() Attack {
	return Attack{
		Description: results.Description{
			ID: "T9", Title: "The paper's sample rule, for another data key", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity, results.Confidentiality},
			Properties: []results.Property{results.ContextBinding, results.NonReusability, results.TimeBoundedness},
			Tries:      "steals one used token under $md5($requestid, $instanceid) and presents it 100 times for another data key, each time with a fresh nonce",
			Explain: `The function is deployed with the one rule that the paper prints. One token of the first data key is issued, used, and stolen. The thief keeps its digits, writes a fresh nonce and the present time beside them, and asks for the second data key, 100 times.

The rule leaves out nonce, time and data key. Taken at its word, its hash is the same for every access of a request: the nonce is fresh whenever the attacker wants it to be, and the token opens every value for as long as the request id is of use. The hardened core lets a rule choose the algorithm and add fields; request, instance, nonce, time and data key are always bound.

By hand: deploy with LITERAL_RULE='$md5($requestid,$instanceid)'; printf '%s' "$REQUEST$INSTANCE" | md5sum is every token.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			t, err := lab.Deploy(ctx, underRule(variant, rules.Sample, nil))
			if err != nil {
				return r, err
			}
			defer t.Close()
			s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1, Spend: true})
			if err != nil {
				return r, err
			}
			const count = 100
			reused := []string{s.Tokens[0]}
			for len(reused) < count {
				text, err := freshen(variant, s.Tokens[0])
				if err != nil {
					return r, err
				}
				reused = append(reused, text)
			}
			if isLiteral(variant) { // as it is, its nonce is used up
				if reused[0], err = freshen(variant, s.Tokens[0]); err != nil {
					return r, err
				}
			}
			p, err := t.present(ctx, probes.Present{Request: s.Request, Key: SecondKey, Tokens: texts(reused...)})
			if err != nil {
				return r, err
			}
			r = verdict(len(p.Granted), count, "one stolen token presented for another data key with fresh nonces")
			if brokered(variant) {
				more, err := t.beyondBudget(ctx, count)
				if err != nil {
					return r, err
				}
				r = verdict(len(p.Granted)+more, 2*count, "tokens of an optimized instance presented for another data key, and accesses to it beyond the request's one")
			}
			r.Evidence = append(t.proofs(p.Sums...), t.refusals(p)...)
			return r, t.granted(p)
		},
	}
}

// freshen writes another nonce and the present time into a token and leaves its
// MAC.
func freshen(variant, text string) (string, error) {
	nonce, digits := freshNonce()
	nanoseconds, seconds := now()
	if isLiteral(variant) {
		t, err := parseLiteral(text)
		return literalToken{t.digits, digits, seconds}.String(), err
	}
	t, err := parseCore(text)
	return coreToken{nonce, nanoseconds, t.mac}.String(), err
}

// fipsOnly is the runtime's mode in which algorithms outside FIPS 140 panic.
const fipsOnly = "fips140=only"

func md5UnderFIPS() Attack {
	return Attack{
		Description: results.Description{
			ID: "T21", Title: "An MD5 rule in FIPS 140-only mode", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Availability},
			Tries:      "deploys the paper's sample rule where GODEBUG=fips140=only forbids MD5, and sends a request",
			Explain: `The function is deployed with the rule $md5($requestid, $instanceid) and GODEBUG=fips140=only, as an operator under FIPS would run it, and one ordinary request is sent.

The literal variant accepts the rule, and the first token that it computes ends the function in a panic: whoever sends a request, with less in hand than A0, takes the instance down. The hardened core refuses the rule when it is compiled, before the function is ready, and names the place in the text. That it starts in this mode with its own rule is tried too.

By hand: GODEBUG=fips140=only and LITERAL_RULE='$md5($requestid,$instanceid)' in the environment of the function.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if !hasTokens(variant) {
				return notApplicable("the variant has no rules"), nil
			}
			// The mode alone is no reason to fail.
			d := underRule(variant, rules.EquationOne, nil)
			d.Settings["GODEBUG"] = fipsOnly
			if err := lab.serves(ctx, d); err != nil {
				return Result{}, fmt.Errorf("with its own rule, in FIPS 140-only mode: %w", err)
			}
			d = underRule(variant, rules.Sample, nil)
			d.Settings["GODEBUG"] = fipsOnly
			err := lab.serves(ctx, d)
			var f *platforms.FunctionError
			switch {
			case err == nil:
				return Result{Outcome: results.Broken, Detail: "MD5 was computed in FIPS 140-only mode"}, nil
			case !errors.As(err, &f):
				return Result{}, err
			case errors.Is(err, platforms.ErrInit) && strings.Contains(lab.redact(err.Error()), "FIPS 140-only"):
				return Result{
					Outcome: results.Hold, Detail: "the rule is refused when it is compiled; with its own rule the function serves in this mode",
					Evidence: []string{firstLineWith(f.Tail, "FIPS 140-only")},
				}, nil
			case errors.Is(err, platforms.ErrCrash) || errors.Is(err, platforms.ErrInit):
				return Result{
					Outcome: results.Broken, Detail: "the function ends in a panic at its first request",
					Evidence: []string{f.Reason()},
				}, nil
			}
			return Result{}, err
		},
	}
}

// serves deploys an instance and sends one ordinary request. A failure of the
// function is a *platforms.FunctionError.
func (l *Lab) serves(ctx context.Context, d Deployment) error {
	t, err := l.Deploy(ctx, d)
	if err != nil {
		return err
	}
	defer t.Close()
	return t.Invoke(ctx, []byte(`{}`), nil)
}

func firstLineWith(lines []string, word string) string {
	for _, line := range lines {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}

// position is what errors of package rules say.
var position = regexp.MustCompile(`rules: line \d+, column \d+: `)

func hostileRules() Attack {
	hostile := []ruleText{
		{"longer than any rule", "$sha256(" + strings.Repeat("$requestid, ", rules.MaxSize/10) + "$requestid)"},
		{"nested 400 deep", strings.Repeat("$sha256(", 400) + "$requestid" + strings.Repeat(")", 400)},
		{"nested one deeper than allowed", strings.Repeat("$sha256(", rules.MaxDepth+1) + "$requestid" + strings.Repeat(")", rules.MaxDepth+1)},
		{"more arguments than allowed", "$sha256(" + strings.Repeat("$nonce,", rules.MaxArguments) + "$nonce)"},
		{"an unknown algorithm", "$rot13($requestid)"},
		{"an unknown parameter", "$sha256($requestid, $nothing)"},
		{"no end", "$sha256($requestid"},
		{"a shell command", "$(id)"},
		{"a control character", "$sha256(\"a\x01b\")"},
		{"text after the rule", "$sha256($requestid) $sha256($nonce)"},
	}
	return Attack{
		Description: results.Description{
			ID: "T22", Title: "Hostile rule text", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Availability, results.Integrity},
			Tries:      "deploys rules that are too long, too deep, unknown, unfinished or something else altogether",
			Explain: `Rules are text that somebody writes, and a deployment tool may pass on what a stranger wrote, who needs no token for it (A0 is the weakest of the list). Each of ten texts is deployed as the function's rule: too long, nested too deep, with too many arguments, naming what is unknown, unfinished, a shell command, control characters, more than one rule.

Each must keep the function from becoming ready, at once, with an error that says where in the text the fault is. A function that comes up with such a rule, hangs or panics counts as broken. A good rule of the same form is deployed too and must work.

By hand: LITERAL_RULE='$rot13($requestid)', or the same in "rule" of a policy; the error has line, column and a caret.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if !hasTokens(variant) {
				return notApplicable("the variant has no rules"), nil
			}
			if err := lab.serves(ctx, underRule(variant, "$sha512($requestid, $instanceid, $nonce, $timestamp, $datakey, \"v2\")", nil)); err != nil {
				return Result{}, fmt.Errorf("a good rule: %w", err)
			}
			return lab.refuseRules(ctx, variant, hostile)
		},
	}
}

// ruleText is a rule, or what pretends to be one.
type ruleText struct{ what, rule string }

// refuseRules deploys every text as a rule: each must keep the function from
// becoming ready, and say where its fault is.
func (l *Lab) refuseRules(ctx context.Context, variant string, texts []ruleText) (r Result, err error) {
	r.Outcome = results.Hold
	refused := 0
	var slowest time.Duration
	for _, h := range texts {
		began := time.Now()
		err := l.serves(ctx, underRule(variant, h.rule, nil))
		slowest = max(slowest, time.Since(began))
		var f *platforms.FunctionError
		switch {
		case err == nil:
			r.Outcome = results.Broken
			r.Evidence = append(r.Evidence, h.what+": accepted")
		case !errors.As(err, &f):
			return r, err
		case !errors.Is(err, platforms.ErrInit) || strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "goroutine "):
			r.Outcome = results.Broken
			r.Evidence = append(r.Evidence, h.what+": "+f.Reason())
		case !position.MatchString(strings.Join(f.Tail, "\n")):
			r.Outcome = results.Broken
			r.Evidence = append(r.Evidence, h.what+": refused without a position")
		default:
			refused++
		}
	}
	r.Detail = fmt.Sprintf("%d of %d texts refused before the function is ready, with their position", refused, len(texts))
	r.Evidence = append(r.Evidence, fmt.Sprintf("slowest start and refusal: %d ms", slowest.Milliseconds()))
	return r, nil
}
