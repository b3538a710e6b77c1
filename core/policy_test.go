package core

import (
	"crypto/fips140"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/rules"
)

const document = `{
	"policy": "dtbench/policy/v1", "function": "pay", "version": "3", "region": "cn-hangzhou",
	"rule": "$sha256($requestid, $region, $team)", "parameters": {"team": "payments"},
	"keys": {
		"API_KEY": {"sensitivity": "high", "window": "1s", "budget": 2, "audit": "standard", "algorithm": "sha3_256"},
		"DB_PASSWORD": {},
		"LOG_TOKEN": {"sensitivity": "low", "validation": "no-replay", "budget": -1}
	},
	"patterns": ["*_PASSWORD"], "harmless": ["TOKEN_BUCKET"],
	"call_chain": {"action": "alert", "chains": [["gateway", "orders"], []], "learn": 3},
	"behaviour": {"action": "deny", "learn": 5, "order": ["API_KEY"], "sets": [["API_KEY"]], "max_per_request": 4, "max_per_second": 9},
	"response": {"alert_after": 2, "block_after": 4, "block_for": "1m", "terminate_after": 8},
	"audit": {"mode": "async", "sink": "stderr", "grant_bound": "2ms"}
}`

func TestParsePolicy(t *testing.T) {
	p, err := ParsePolicy([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if p.Function != "pay" || p.Keys["API_KEY"].Window != Duration(time.Second) || p.Response.BlockFor != Duration(time.Minute) ||
		p.Behaviour.MaxPerSecond != 9 || p.CallChain.Chains[0][1] != "orders" || p.Audit.Mode != AuditAsync {
		t.Errorf("%+v", p)
	}
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParsePolicy(encoded)
	if err != nil || again.Keys["API_KEY"] != p.Keys["API_KEY"] {
		t.Errorf("written and read again: %v", err)
	}
}

func TestPolicyErrors(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		p, err := ParsePolicy([]byte(text))
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, %v, want %s", text, p, err, want)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error shows the document: %v", err)
		}
	}
	with := func(member string) string { return `{"policy": "dtbench/policy/v1", ` + member + `}` }
	check("", "ends too early")
	check("{", "ends too early")
	check("x", "malformed JSON")
	check("[]", "does not take a JSON array")
	check("{}", "not marked as dtbench/policy/v1")
	check(`{"policy": "dtbench/policy/v2"}`, "not marked")
	check(`{"policy": "dtbench/policy/v1"} {}`, "follows the policy")
	check(with(`"secret": "`+password+`"`), "unknown field")
	check(with(`"policy": "dtbench/policy/v1"`), "policy: policy stands twice")
	check(with(`"Function": "pay"`), "policy: function is written in another case")
	check(with(`"response": {"terminate_after": 5, "terminate_after": -1}`), "response.terminate_after stands twice")
	check(with(`"response": {"terminate_after": 5, "Terminate_After": -1}`), "response.terminate_after is written in another case")
	check(with(`"response": {"terminate_after": 5}, "response": {"terminate_after": -1}`), "policy: response stands twice")
	check(with(`"response": {"terminate_after": 5}, "re\u017fponse": {}`), "policy: response is written in another case")
	check(with(`"keys": {"A": {"sensitivity": "high"}, "A": {"sensitivity": "low", "validation": "mac-only"}}`), "keys.A stands twice")
	check(with(`"keys": {"A": {"sensitivity": "high", "sensitivity": "low"}}`), "keys.A.sensitivity stands twice")
	check(with(`"keys": {"A": {"WINDOW": "1h"}}`), "keys.A.window is written in another case")
	check(with(`"keys": {"`+password+`": {}, "`+password+`": {}}`), "a name in keys stands twice")
	check(with(`"parameters": {"a": "1", "\u0061": "2"}`), "parameters.a stands twice")
	check(with(`"call_chain": {"chains": [["a"], ["b"]], "chains": []}`), "call_chain.chains stands twice")
	check(with(`"function": 3`), "function does not take a JSON number")
	check(with(`"function": "`+strings.Repeat("f", 257)+`"`), "at most 256 bytes")
	check(strings.Repeat(" ", maxPolicy+1), "at most 65536")
	check(with(`"keys": {"1ST": {}}`), "not the name of a variable")
	check(with(`"keys": {"A": {"sensitivity": "medium"}}`), "keys.A: sensitivity")
	check(with(`"keys": {"A": {"audit": "all"}}`), "keys.A: audit")
	check(with(`"keys": {"A": {"validation": "none"}}`), "keys.A: validation")
	check(with(`"keys": {"A": {"validation": "no-replay"}}`), "only a key of low sensitivity")
	check(with(`"keys": {"A": {"sensitivity": "high", "validation": "mac-only"}}`), "only a key of low sensitivity")
	check(with(`"keys": {"A": {"window": "61m"}}`), "keys.A: window")
	check(with(`"keys": {"A": {"sensitivity": "high", "window": "60.000000001s"}}`), "keys.A: the window of a key of high sensitivity is 1m0s at most")
	check(with(`"keys": {"A": {"sensitivity": "high", "budget": -1}}`), "keys.A: a key of high sensitivity has a budget")
	check(with(`"keys": {"A": {"sensitivity": "high", "audit": "minimal"}}`), "keys.A: the audit of a key of high sensitivity is not minimal")
	for _, good := range []string{`"high", "window": "1m"`, `"standard", "window": "1h", "budget": -1, "audit": "minimal"`} {
		if _, err := ParsePolicy([]byte(with(`"keys": {"A": {"sensitivity": ` + good + `}}`))); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	check(with(`"keys": {"A": {"window": "-1s"}}`), "keys.A: window")
	check(with(`"keys": {"A": {"window": "soon"}}`), "duration")
	check(with(`"keys": {"A": {"budget": -2}}`), "keys.A: budget")
	check(with(`"call_chain": {"action": "log"}`), "call_chain: action")
	check(with(`"call_chain": {"learn": -1}`), "call_chain: learn")
	check(with(`"call_chain": {"chains": [[""]]}`), "call_chain: a chain")
	check(with(`"behaviour": {"action": "log"}`), "behaviour: action")
	check(with(`"behaviour": {"learn": -1}`), "behaviour: a negative")
	check(with(`"behaviour": {"max_per_request": -1}`), "behaviour: a negative")
	check(with(`"behaviour": {"max_per_second": -1}`), "behaviour: a negative")
	check(with(`"behaviour": {"sets": [["no name"]]}`), "behaviour: an entry")
	check(with(`"response": {"block_for": "25h"}`), "response: block_for")
	check(with(`"response": {"block_for": "-1s"}`), "response: block_for")
	check(with(`"audit": {"mode": "sometimes"}`), "audit: mode")
	check(with(`"audit": {"grant_bound": "2s"}`), "audit: grant_bound")
	check(with(`"audit": {"grant_bound": "-1ns"}`), "audit: grant_bound")

	refused := func(p *Policy, want string) {
		t.Helper()
		p.Audit.Mode = AuditOff
		_, err := FromEnvironment(Config{Environment: twoSecrets(), Policy: p})
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	refused(&Policy{Format: "v0"}, "format is not")
	refused(&Policy{Rule: "$sha257($requestid)"}, "^")
	refused(&Policy{Rule: "$md5($requestid)"}, "md5")
	refused(&Policy{Keys: map[string]KeyPolicy{"API_KEY": {Algorithm: "sha1"}}}, "algorithm of API_KEY")
	refused(&Policy{Keys: map[string]KeyPolicy{"API_KEY": {Algorithm: "rot13"}}}, "algorithm of API_KEY")
	refused(&Policy{Patterns: []string{"["}}, "pattern")
	refused(&Policy{Keys: map[string]KeyPolicy{"MISSING": {}}}, "MISSING is not set")
}

func TestSensitivities(t *testing.T) {
	p := &Policy{Keys: map[string]KeyPolicy{
		"HIGH": {Sensitivity: High}, "LOW": {Sensitivity: Low},
		"OWN": {Sensitivity: High, Algorithm: "blake2b", Window: Duration(time.Minute), Budget: 3, Detail: DetailMinimal},
	}}
	check := func(name string, window time.Duration, budget int, detail, algorithm string) {
		t.Helper()
		r, a := p.rulesFor(name, 10*time.Second)
		if time.Duration(r.window) != window || r.budget != budget || a != algorithm || detailName(r) != detail {
			t.Errorf("%s: %+v by %s", name, r, a)
		}
	}
	check("OTHER", 10*time.Second, -1, "standard", "sha256")
	check("HIGH", 2*time.Second, 16, "full", "sha512")
	check("LOW", 30*time.Second, -1, "minimal", "sha256")
	check("OWN", time.Minute, 3, "minimal", "blake2b")
	p.Rule = "$sha3_256($region)"
	check("HIGH", 2*time.Second, 16, "full", "")
	check("OWN", time.Minute, 3, "minimal", "blake2b")
	if r, _ := p.rulesFor("HIGH", time.Second); r.window != int64(time.Second) {
		t.Error("a high key's window is longer than the general one")
	}
	if r, _ := p.rulesFor("LOW", time.Minute); r.window != int64(time.Minute) {
		t.Error("a low key's window is shorter than the general one")
	}
}

func detailName(r keyRules) string {
	return [...]string{"auto", "minimal", "standard", "full"}[r.detail]
}

// Every algorithm issues and opens, and the token of one opens nothing under
// another.
// fipsRefuses tells whether a rule has a hash that FIPS 140-only mode, if the
// tests run in it, does not allow, and checks that its policy is then refused.
func fipsRefuses(t *testing.T, rule string, p *Policy) bool {
	t.Helper()
	if !fips140.Enforced() || !regexp.MustCompile(`(md5|sha1|blake2[bs])\(`).MatchString(rule) {
		return false
	}
	if _, err := FromEnvironment(Config{Environment: twoSecrets(), Policy: p}); !errors.Is(err, rules.ErrFIPS) {
		t.Errorf("%s in FIPS 140-only mode: %v", rule, err)
	}
	return true
}

func TestAlgorithms(t *testing.T) {
	for _, name := range []string{"sha256", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s", "md5", "sha1"} {
		p := quiet()
		p.AllowWeakHashes = true
		p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: name}}
		if fipsRefuses(t, "$"+name+"()", p) {
			continue
		}
		g := newGuard(t, Config{Policy: p})
		token := issue(t, g, requestID, "API_KEY")
		altered := token
		altered.bytes[macStart] ^= 1
		if err := g.Open(requestID, "API_KEY", altered, ignore); err != ErrDenied {
			t.Errorf("%s: altered: %v", name, err)
		}
		if err := g.Open(requestID, "DB_PASSWORD", token, ignore); err != ErrDenied {
			t.Errorf("%s: other key: %v", name, err)
		}
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The rule laid out by hand is the rule that package rules evaluates.
func TestPlainRuleIsTheRule(t *testing.T) {
	for _, p := range []*Policy{{}, {Function: "pay"}, {Function: "pay", Version: "3"}, {Version: "3"}} {
		p.Audit, p.Response = quiet().Audit, quiet().Response
		g := newGuard(t, Config{Policy: p, Random: &counting{}, Clock: newClock().read})
		s := internals(g)
		if s.plain.rule < 0 {
			t.Fatal("not used")
		}
		fast := issue(t, g, requestID, "API_KEY")
		s.plain.rule = -1
		sc := s.scratch()
		if err := s.authenticate(sc, 0, &Request{ID: requestID}, "API_KEY", "", &fast); err != nil || sc.sum != *fast.mac() {
			t.Errorf("%q %q: %x, %x, %v", p.Function, p.Version, sc.sum, fast.mac(), err)
		}
	}
}

func TestTokensOfOneFunctionOpenNothingInAnother(t *testing.T) {
	guard := func(function, version string) *Guard {
		p := quiet()
		p.Function, p.Version = function, version
		return newGuard(t, Config{Policy: p, Random: &counting{}, Clock: newClock().read}) // the same id and keys
	}
	token := issue(t, guard("pay", "1"), requestID, "API_KEY")
	check := func(g *Guard, want error) {
		t.Helper()
		if err := g.Open(requestID, "API_KEY", token, ignore); err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	check(guard("ship", "1"), ErrDenied)
	check(guard("pay", "2"), ErrDenied)
	check(guard("pay1", ""), ErrDenied)
	check(guard("", ""), ErrDenied)
	check(guard("pay", "1"), nil)
}

func TestFunctionIsNamedByItsPlatform(t *testing.T) {
	check := func(p *Policy, env map[string]string, function, version, region, platform string) {
		t.Helper()
		v := twoSecrets()
		for name, value := range env {
			v.values[name] = value
		}
		p.Audit.Mode = AuditOff
		s := internals(newGuard(t, Config{Environment: v, Policy: p}))
		if s.function != function || s.version != version || s.region != region || s.platform != platform {
			t.Errorf("%q %q %q %q", s.function, s.version, s.region, s.platform)
		}
	}
	aws := map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_REGION": "r"}
	check(&Policy{}, nil, "", "", "", "")
	check(&Policy{}, aws, "f", "$LATEST", "r", "aws")
	check(&Policy{Function: "mine", Region: "here"}, aws, "mine", "$LATEST", "here", "aws")
	check(&Policy{}, map[string]string{"FC_FUNCTION_NAME": "f", "FC_REGION": "r"}, "f", "", "r", "aliyun")
	check(&Policy{}, map[string]string{"SCF_FUNCTIONNAME": "f"}, "f", "", "", "tencent")
	check(&Policy{}, map[string]string{"SCF_FUNCTIONNAME": strings.Repeat("f", 257)}, "", "", "", "")
}

func TestPatternsAndPlatformCredentials(t *testing.T) {
	v := twoSecrets()
	for name, value := range map[string]string{
		"OTHER_PASSWORD": "p", "AWS_SECRET_ACCESS_KEY": "k", "EMPTY_PASSWORD": "", "OLD_PASSWORD": "dt1.x", "PLAIN": "x",
	} {
		v.values[name] = value
	}
	p := quiet()
	p.Patterns = []string{"*_PASSWORD"}
	g := newGuard(t, Config{Environment: v, Policy: p})
	for _, name := range []string{"DB_PASSWORD", "API_KEY", "OTHER_PASSWORD", "AWS_SECRET_ACCESS_KEY"} {
		if !strings.HasPrefix(v.values[name], sealedPrefix) {
			t.Errorf("%s is not sealed", name)
		}
		if err := g.Use(requestID, name, ignore); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v.values["EMPTY_PASSWORD"] != "" || v.values["OLD_PASSWORD"] != "dt1.x" || v.values["PLAIN"] != "x" || len(internals(g).values) != 4 {
		t.Error("more was sealed than that")
	}
	if v := twoSecrets(); v.Environ() == nil {
		t.Error("nothing listed")
	}
}

// A policy's own rule is never taken for the usual one, whatever its algorithm.
func TestOwnRuleIsEvaluated(t *testing.T) {
	p := quiet()
	p.Rule, p.Region = "$sha3_256($requestid, $region)", "here"
	p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: "sha256"}}
	s := internals(newGuard(t, Config{Policy: p}))
	if s.plain.rule != -1 {
		t.Error("the usual rule stands in for it")
	}
	if text := s.rules[s.values["API_KEY"].rules.rule].text; text != "$sha256($requestid, $region)" {
		t.Errorf("the rule is %s", text)
	}
}

// The registry keeps nonces for the longest window that any key has.
func TestNoncesOfLongWindowsAreKept(t *testing.T) {
	for _, step := range []time.Duration{time.Second, 7 * time.Second, 21 * time.Second, 41 * time.Second} {
		clock := newClock()
		p := quiet()
		p.Keys = map[string]KeyPolicy{"API_KEY": {Sensitivity: Low}}
		g := newGuard(t, Config{Policy: p, Clock: clock.read})
		clock.advance(lowWindow)
		token := issue(t, g, requestID, "API_KEY")
		clock.advance(-lowWindow)
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Fatal(err)
		}
		for passed := step; passed <= 3*lowWindow; passed += step {
			clock.advance(step)
			before := count(g, forgotten)
			if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied {
				t.Errorf("steps of %v: again after %v: %v", step, passed, err)
			}
			if passed <= 2*lowWindow && count(g, forgotten) != before {
				t.Errorf("steps of %v: its nonce was dropped after %v", step, passed)
			}
			for range 200 { // in every shard
				if err := g.Use(requestID, "DB_PASSWORD", ignore); err != nil {
					t.Fatalf("steps of %v: a fresh token after %v: %v", step, passed, err)
				}
			}
		}
	}
}
