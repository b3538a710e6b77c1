package rules_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/rules"
)

var static = map[string]string{"tenant": "acme", "salt": "s3"}

func compile(t testing.TB, text string, o rules.Options) *rules.Rule {
	t.Helper()
	r, err := rules.Compile(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCanonicalText(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		r, err := rules.Compile(text, rules.Options{Static: static, UnsafeAllowWeakHashes: true})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		if r.String() != want {
			t.Errorf("%q: got %s, want %s", text, r, want)
		}
	}
	check("$md5($requestid,$instanceid)", "$md5($requestid, $instanceid)")
	check(" \t\r\n$sha256 (\n$nonce ,\"a\" )  ", `$sha256($nonce, "a")`)
	check(rules.EquationOne, rules.EquationOne)
	check(rules.Sample, rules.Sample)
	check(`$sha512($sha1($tenant), $hmac_blake2s($blake2b("x")))`, `$sha512($sha1($tenant), $hmac_blake2s($blake2b("x")))`)
	check(`$sha256("")`, `$sha256("")`)
	check(`$sha256("\"\\\n\t\x00\x7F\xff é … �")`, `$sha256("\"\\\n\t\x00\x7f\xff é … �")`)
	check(`$sha256("\xc3\xa9\xAf")`, `$sha256("é\xaf")`)
}

// Every refusal names the place. The caret stands below the character.
func TestErrors(t *testing.T) {
	check := func(text string, line, column int, message string) {
		t.Helper()
		_, err := rules.Compile(text, rules.Options{Static: static})
		var e *rules.Error
		if !errors.As(err, &e) || !errors.Is(err, rules.ErrRule) {
			t.Errorf("%q: got %v", text, err)
			return
		}
		if e.Line != line || e.Column != column || !strings.Contains(e.Message, message) {
			t.Errorf("%q: got %d:%d %q, want %d:%d %q", text, e.Line, e.Column, e.Message, line, column, message)
		}
	}
	check("", 1, 1, "the rule is empty")
	check(" \n ", 2, 2, "the rule is empty")
	check("sha256($nonce)", 1, 1, `expected $name or a string in double quotes, found 's'`)
	check(`"text"`, 1, 1, "a rule is a call")
	check("$nonce", 1, 1, "a rule is a call")
	check("$md6($nonce)", 1, 1, "unknown algorithm $md6 (did you mean $md5?)")
	check("$frobnicate($nonce)", 1, 1, "unknown algorithm $frobnicate")
	check("$nonce($nonce)", 1, 1, "unknown algorithm $nonce")
	check("$sha256($request_id)", 1, 9, "unknown parameter $request_id (did you mean $requestid?)")
	check("$sha256($secret)", 1, 9, "unknown parameter $secret")
	check("$sha256($tenan)", 1, 9, "did you mean $tenant?")
	check("$sha256($md5)", 1, 9, "$md5 is an algorithm and needs arguments")
	check("$sha256()", 1, 9, "expected $name or a string in double quotes, found ')'")
	check("$sha256($nonce,)", 1, 16, "expected $name")
	check("$sha256($nonce", 1, 15, "expected , or ) in the arguments of $sha256, found the end")
	check("$sha256($nonce $datakey)", 1, 16, "expected , or )")
	check("$sha256($nonce) $x", 1, 17, "after the end of the rule")
	check("$sha256($nonce))", 1, 16, "')' after the end")
	check("$sha256($)", 1, 10, "expected a name after $, found ')'")
	check("$", 1, 2, "expected a name after $, found the end")
	check("$SHA256($nonce)", 1, 2, "names are in lower case")
	check("$sha256($requestId)", 1, 17, "names are in lower case")
	check(`$sha256("open`, 1, 9, "the string is not closed")
	check(`$sha256("\q")`, 1, 10, "unknown escape")
	check(`$sha256("\x0g")`, 1, 10, "unknown escape")
	check(`$sha256("\x0`, 1, 10, "unknown escape")
	check(`$sha256("\`, 1, 10, "unknown escape")
	check("$sha256(\"a\nb\")", 1, 11, "a control character in a string")
	check("$sha256(\"é\x7f\")", 1, 11, "a control character in a string")
	check("$sha256(\n  $nonce,\n  $bad)", 3, 3, "unknown parameter $bad")
	check("$sha256(\"é\xff\")", 1, 11, "not valid UTF-8")
	check("$sha256(\"\uFFFD\xff\")", 1, 11, "not valid UTF-8")
	check("$sha256($"+strings.Repeat("a", rules.MaxName+1)+")", 1, 10, "a name of more than 64 characters")
	check(strings.Repeat(" ", rules.MaxSize+1), 1, 1, "has 4097 bytes, at most 4096")
	check(nested(rules.MaxDepth+1), 1, 8*rules.MaxDepth+1, "nested more than 8 deep")
	check("$sha256("+strings.Repeat("$nonce,", rules.MaxArguments)+"$nonce)", 1, 9+7*rules.MaxArguments, "more than 32 arguments")
	check("$sha256($sha256("+strings.Repeat("$sha256($nonce),", 31)+"$nonce))", 1, 17+16*30, "more than 32 calls")
}

func nested(depth int) string {
	return strings.Repeat("$sha256(", depth) + "$nonce" + strings.Repeat(")", depth)
}

// What lies on the limits is admitted.
func TestLimits(t *testing.T) {
	check := func(text string) {
		t.Helper()
		if _, err := rules.Compile(text, rules.Options{Static: map[string]string{strings.Repeat("a", rules.MaxName): strings.Repeat("v", rules.MaxStatic)}}); err != nil {
			t.Error(err)
		}
	}
	check(nested(rules.MaxDepth))
	check("$sha256(" + strings.Repeat("$nonce,", rules.MaxArguments-1) + "$nonce)")
	check("$sha256($sha256(" + strings.Repeat("$sha256($nonce),", 30) + "$nonce))")
	check("$sha256($" + strings.Repeat("a", rules.MaxName) + ")")
	check(rules.EquationOne + strings.Repeat(" ", rules.MaxSize-len(rules.EquationOne)))
}

func TestErrorShowsTheLineAndACaret(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		_, err := rules.Compile(text, rules.Options{})
		if err == nil || err.Error() != want {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
		for line := range strings.Lines(err.Error()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 90 {
				t.Errorf("a line of %d columns", n)
			}
		}
	}
	check("$md6($requestid)", `rules: line 1, column 1: unknown algorithm $md6 (did you mean $md5?)
    $md6($requestid)
    ^`)
	check("$sha256(\n\t\"é\x01\")", `rules: line 2, column 4: a control character in a string; write it as \x01
    ?"é?")
       ^`)
	check("$sha256("+strings.Repeat("$nonce, ", 20)+"$bad, "+strings.Repeat("$nonce, ", 5)+"$nonce)", excerpt())
}

// excerpt is computed, not typed: 72 columns around the place, cut on both sides.
func excerpt() string {
	line := []rune("$sha256(" + strings.Repeat("$nonce, ", 20) + "$bad, " + strings.Repeat("$nonce, ", 5) + "$nonce)")
	start := min(168-36, len(line)-72)
	cut := slices.Clone(line[start : start+72])
	cut[0] = '…'
	if start+72 < len(line) {
		cut[71] = '…'
	}
	return "rules: line 1, column 169: unknown parameter $bad\n    " + string(cut) + "\n    " + strings.Repeat(" ", 168-start) + "^"
}

func TestOptions(t *testing.T) {
	check := func(o rules.Options, message string) {
		t.Helper()
		_, err := rules.Compile(rules.EquationOne, o)
		if err == nil || !errors.Is(err, rules.ErrRule) || !strings.Contains(err.Error(), message) {
			t.Errorf("got %v, want %q", err, message)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error shows a static value: %v", err)
		}
	}
	named := func(name string) rules.Options { return rules.Options{Static: map[string]string{name: "hidden"}} }
	check(named("nonce"), "static parameter $nonce: the name is built in")
	check(named("md5"), "static parameter $md5: the name is an algorithm's")
	check(named("hmac_sha1"), "the name is an algorithm's")
	check(named(""), "a name is a letter")
	check(named("Tenant"), "a name is a letter")
	check(named("1a"), "a name is a letter")
	check(named("_a"), "a name is a letter")
	check(named(strings.Repeat("a", rules.MaxName+1)), "a name is a letter")
	check(rules.Options{Static: map[string]string{"a": strings.Repeat("v", rules.MaxStatic+1)}}, "has 4097 bytes, at most 4096")
	check(rules.Options{Separator: "|"}, "a separator is for literal rules")
	check(rules.Options{Mode: 2}, "unknown mode 2")
}

func TestWeakHashesNeedAnOptIn(t *testing.T) {
	for _, text := range []string{"$md5($nonce)", "$sha1($nonce)", "$hmac_md5($nonce)", "$hmac_sha1($nonce)", "$sha256($md5($nonce))"} {
		if _, err := rules.Compile(text, rules.Options{}); !errors.Is(err, rules.ErrWeak) || !errors.Is(err, rules.ErrRule) {
			t.Errorf("%s: got %v", text, err)
		}
		compile(t, text, rules.Options{UnsafeAllowWeakHashes: true})
		compile(t, text, rules.Options{Mode: rules.Literal}) // taken at its word
	}
	if _, err := rules.Compile("$sha256($bad)", rules.Options{}); errors.Is(err, rules.ErrWeak) || errors.Is(err, rules.ErrFIPS) {
		t.Error("an error of another kind wraps ErrWeak or ErrFIPS")
	}
}

func TestRuleTellsWhatItIs(t *testing.T) {
	r := compile(t, "$sha512($tenant, $region)", rules.Options{Static: static})
	if r.Mode() != rules.Hardened || r.Mode().String() != "hardened" || r.Algorithm() != "hmac_sha512" || !r.Keyed() || r.Size() != 32 {
		t.Errorf("got %v %s %v %d", r.Mode(), r.Algorithm(), r.Keyed(), r.Size())
	}
	if got := r.Parameters(); !slices.Equal(got, []string{"datakey", "instanceid", "nonce", "region", "requestid", "tenant", "timestamp"}) {
		t.Errorf("got %q", got)
	}
	if !r.Uses("nonce") || !r.Uses("tenant") || r.Uses("salt") {
		t.Error("Uses is wrong")
	}
	if got := compile(t, "$hmac_sha512($nonce)", rules.Options{}).Algorithm(); got != "hmac_sha512" {
		t.Errorf("got %s", got)
	}

	r = compile(t, rules.Sample, rules.Options{Mode: rules.Literal})
	if r.Mode().String() != "literal" || r.Algorithm() != "md5" || r.Keyed() || r.Size() != 16 || r.Uses("nonce") {
		t.Errorf("got %v %s %v %d", r.Mode(), r.Algorithm(), r.Keyed(), r.Size())
	}
	if !compile(t, "$md5($hmac_md5($nonce))", rules.Options{Mode: rules.Literal}).Keyed() {
		t.Error("an inner HMAC needs no key")
	}
	if len(rules.Builtin()) != 12 || len(rules.Algorithms()) != 16 {
		t.Errorf("got %q, %q", rules.Builtin(), rules.Algorithms())
	}
}

func TestRuleDoesNotPrintStaticValues(t *testing.T) {
	r := compile(t, "$sha256($tenant)", rules.Options{Static: map[string]string{"tenant": "hidden"}})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, r); got != "$sha256($tenant)" {
			t.Errorf("%s: %s", verb, got)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"", rules.EquationOne, rules.Sample, "$md5($md5($nonce)", `$sha256("\x00\"\\")`, nested(9), "$", "$sha256(\xff)",
		"$hmac_blake2b($tenant , \"é\n\")", "$sha256($nonce)$", "$sha256(\"\x7f\")", "\n\n$x",
	} {
		f.Add(seed, byte(0), true)
		f.Add(seed, byte(1), false)
	}
	f.Fuzz(func(t *testing.T, text string, mode byte, weak bool) {
		o := rules.Options{Mode: rules.Mode(mode % 2), Static: static, UnsafeAllowWeakHashes: weak}
		r, err := rules.Compile(text, o)
		if err != nil {
			var e *rules.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Offset > rules.MaxSize {
				t.Fatalf("%q: %v", text, err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != 3 || strings.TrimLeft(lines[2], " ") != "^" || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Fatalf("%q: the error is not three lines and a caret: %q", text, err)
			}
			return
		}
		again, err := rules.Compile(r.String(), o)
		if err != nil || again.String() != r.String() || again.Fingerprint() != r.Fingerprint() {
			t.Fatalf("%q: the canonical text %q reads as %v, %v", text, r, again, err)
		}
		if r.Mode() == rules.Hardened {
			for _, name := range []string{"nonce", "timestamp", "datakey", "requestid", "instanceid"} {
				if !r.Uses(name) {
					t.Fatalf("%q does not bind %s", text, name)
				}
			}
		}
	})
}
