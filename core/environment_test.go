package core

import (
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/hygiene"
)

func TestEnvironmentHoldsCiphertextAfterwards(t *testing.T) {
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env})

	for _, name := range []string{"DB_PASSWORD", "API_KEY"} {
		text := env.values[name]
		encoded, ok := strings.CutPrefix(text, "dt1.")
		if !ok {
			t.Fatalf("%s = %q, want dt1.…", name, text)
		}
		box, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := *internals(g).values[name]
		v.box = box
		value, err := internals(g).sealer.open(make([]byte, v.size), &v)
		if err != nil {
			t.Fatalf("%s: ciphertext in the environment: %v", name, err)
		}
		if want := twoSecrets().values[name]; string(value) != want {
			t.Errorf("%s opens to %q, want %q", name, value, want)
		}
	}
	if env.values["REGION"] != "cn-hangzhou" || env.values[KeysVariable] != "DB_PASSWORD, API_KEY" {
		t.Error("a variable that is not protected was changed")
	}
}

func TestWhatIsProtected(t *testing.T) {
	check := func(list string, keys []string, want ...string) {
		t.Helper()
		env := twoSecrets()
		env.values[KeysVariable] = list
		if list == "(unset)" {
			delete(env.values, KeysVariable)
		}
		g := newGuard(t, Config{Environment: env, Keys: keys})
		if len(internals(g).values) != len(want) {
			t.Errorf("%q and %q protect %d variables, want %q", list, keys, len(internals(g).values), want)
		}
		for _, name := range want {
			if _, err := g.Issue(requestID, name); err != nil {
				t.Errorf("%q and %q: %s: %v", list, keys, name, err)
			}
		}
	}
	check("DB_PASSWORD", nil, "DB_PASSWORD")
	check("DB_PASSWORD,API_KEY", nil, "DB_PASSWORD", "API_KEY")
	check(" DB_PASSWORD ,\tAPI_KEY ", nil, "DB_PASSWORD", "API_KEY")
	check("(unset)", []string{"API_KEY"}, "API_KEY")
	check("DB_PASSWORD", []string{"API_KEY"}, "DB_PASSWORD", "API_KEY")
	check("DB_PASSWORD,API_KEY", []string{"API_KEY"}, "DB_PASSWORD", "API_KEY")
}

func TestConfigurationErrors(t *testing.T) {
	long := strings.Repeat("A", 256)
	check := func(list string, cfg Config, want string) {
		t.Helper()
		env := twoSecrets()
		env.values[KeysVariable] = list
		if list == "(unset)" {
			delete(env.values, KeysVariable)
		}
		env.values["EMPTY"] = ""
		env.values["SEALED"] = "dt1.AAAA"
		before := maps.Clone(env.values)
		cfg.Environment = env

		g, err := FromEnvironment(cfg)
		if g != nil || !errors.Is(err, ErrConfig) {
			t.Errorf("%q: error %v, want ErrConfig", list, err)
			return
		}
		if got := strings.TrimPrefix(err.Error(), ErrConfig.Error()+": "); got != want {
			t.Errorf("%q:\n got %s\nwant %s", list, got, want)
		}
		if !maps.Equal(before, env.values) {
			t.Errorf("%q: the environment was changed", list)
		}
	}
	check("(unset)", Config{}, "ENCRYPTION_KEYS is not set")
	check("", Config{}, "ENCRYPTION_KEYS is empty")
	check(" ", Config{Keys: []string{"API_KEY"}}, "ENCRYPTION_KEYS is empty")
	check("DB_PASSWORD,", Config{}, "entry 2 of ENCRYPTION_KEYS is empty")
	check(",DB_PASSWORD", Config{}, "entry 1 of ENCRYPTION_KEYS is empty")
	check("DB_PASSWORD, ,API_KEY", Config{}, "entry 2 of ENCRYPTION_KEYS is empty")
	check("DB_PASSWORD,API_KEY,DB_PASSWORD", Config{}, "ENCRYPTION_KEYS names DB_PASSWORD twice")
	check("DB_PASSWORD,MISSING", Config{}, "MISSING is not set")
	check("DB_PASSWORD,EMPTY", Config{}, "EMPTY is set to nothing")
	check("DB_PASSWORD,SEALED", Config{}, "SEALED already holds ciphertext (dt1.…): the environment was sealed before, start the instance with the original value")

	const notAName = " is not the name of a variable (letters, digits and _, at most 255)"
	check("DB_PASSWORD="+password, Config{}, "entry 1 of ENCRYPTION_KEYS"+notAName)
	check("DB_PASSWORD;API_KEY", Config{}, "entry 1 of ENCRYPTION_KEYS"+notAName)
	check("API_KEY,1ST", Config{}, "entry 2 of ENCRYPTION_KEYS"+notAName)
	check("API_KEY,DB\x00", Config{}, "entry 2 of ENCRYPTION_KEYS"+notAName)
	check(long, Config{}, "entry 1 of ENCRYPTION_KEYS"+notAName)
	check(long[1:], Config{}, long[1:]+" is not set")

	check("(unset)", Config{Keys: []string{"API_KEY", ""}}, "entry 2 of Config.Keys is empty")
	check("(unset)", Config{Keys: []string{" API_KEY"}}, "entry 1 of Config.Keys"+notAName)
	check("DB_PASSWORD", Config{Keys: []string{"API_KEY", "API_KEY"}}, "Config.Keys names API_KEY twice")

	check("API_KEY", Config{Window: -1}, "window -1ns is not within 0 to 1h0m0s")
	check("API_KEY", Config{Window: time.Hour + 1}, "window 1h0m0.000000001s is not within 0 to 1h0m0s")
	check("API_KEY", Config{MaxNonces: -1}, "a registry of -1 nonces")
}

func TestNames(t *testing.T) {
	check := func(name string, want bool) {
		t.Helper()
		if isName(name) != want {
			t.Errorf("isName(%q) = %v", name, !want)
		}
	}
	for _, name := range []string{"A", "Z", "a", "z", "_", "A0", "A9", "_1", "aB_9"} {
		check(name, true)
	}
	for _, name := range []string{"", "0A", "9A", "A B", "A=B", "A-B", "A.B", "A@", "A[", "A`", "A{", "A/", "A:", "Ä", "A\n"} {
		check(name, false)
	}
}

func TestSealingTwiceIsRefused(t *testing.T) {
	env := twoSecrets()
	newGuard(t, Config{Environment: env})
	_, err := FromEnvironment(Config{Environment: env, Policy: quiet()})
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "DB_PASSWORD already holds ciphertext") {
		t.Errorf("second start in the same environment: %v", err)
	}
}

func TestVariableThatCannotBeReplaced(t *testing.T) {
	env := twoSecrets()
	env.refuse = "API_KEY"
	g, err := FromEnvironment(Config{Environment: env, Policy: quiet()})
	if g != nil || !errors.Is(err, errReadOnly) || errors.Is(err, ErrConfig) {
		t.Fatalf("guard %v, error %v", g, err)
	}
	const want = "core: replace API_KEY by its ciphertext (1 of 2 variables done): read-only variable"
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !strings.HasPrefix(env.values["DB_PASSWORD"], sealedPrefix) {
		t.Error("the variable before it has its plaintext back")
	}
}

func TestRandomnessThatFails(t *testing.T) {
	for good := range int64(instanceSize + 2*keySize) {
		env := twoSecrets()
		_, err := FromEnvironment(Config{Environment: env, Policy: quiet(), Random: failing(good)})
		if !errors.Is(err, errNoEntropy) {
			t.Fatalf("%d good bytes: %v", good, err)
		}
		if env.values["API_KEY"] != apiKey {
			t.Fatalf("%d good bytes: the environment was changed", good)
		}
	}
	g := newGuard(t, Config{Random: failing(instanceSize + 2*keySize)})
	if token, err := g.Issue(requestID, "API_KEY"); !errors.Is(err, errNoEntropy) || token != (Token{}) {
		t.Errorf("Issue: %v", err)
	}
	if err := g.Use(requestID, "API_KEY", ignore); !errors.Is(err, errNoEntropy) {
		t.Errorf("Use: %v", err)
	}
}

// The process's own environment, with the real clock and randomness.
func TestProcessEnvironment(t *testing.T) {
	t.Setenv(KeysVariable, "DTBENCH_CORE_TEST")
	t.Setenv("DTBENCH_CORE_TEST", password)
	g, err := FromEnvironment(Config{Policy: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if text, _ := (processEnvironment{}).LookupEnv("DTBENCH_CORE_TEST"); !strings.HasPrefix(text, sealedPrefix) {
		t.Errorf("the variable holds %q", text)
	}
	var got string
	if err := g.Use(requestID, "DTBENCH_CORE_TEST", func(v []byte) error { got = string(v); return nil }); err != nil || got != password {
		t.Errorf("Use: %q, %v", got, err)
	}
}

// What has no portable name cannot be sealed, and is not passed over in silence.
func TestNamesThatCannotBeSealed(t *testing.T) {
	env := twoSecrets()
	env.values["MY-API_TOKEN"], env.values["plain.name"] = "s3cr3t-value-0123456789", "x"
	g, j, log := recorded(t, Config{Environment: env})
	records := expectRecords(t, j, log, "opened done", "sealed done", "unlisted done secret_like_name")
	if records[2]["key"] != audit.NewName("MY-API_TOKEN").String() {
		t.Errorf("%v", records[2])
	}
	if env.values["MY-API_TOKEN"] != "s3cr3t-value-0123456789" || internals(g).values["MY-API_TOKEN"] != nil {
		t.Error("it was sealed")
	}

	env = twoSecrets()
	env.values["MY-API_TOKEN"] = "s3cr3t-value-0123456789"
	_, j, log = recorded(t, Config{Environment: env, Policy: &Policy{Harmless: []string{"MY-*"}}})
	expectRecords(t, j, log, "opened done", "sealed done")

	env = twoSecrets()
	env.values["db.password"] = password
	_, err := FromEnvironment(Config{Environment: env, Policy: &Policy{Patterns: []string{"*password"}, Audit: AuditPolicy{Mode: AuditOff}}})
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), `"db.password", which cannot be sealed`) || strings.Contains(err.Error(), password) {
		t.Errorf("a pattern that matches what cannot be sealed: %v", err)
	}
	if env.values["API_KEY"] != apiKey {
		t.Error("the environment was changed")
	}
}

// Where plaintext cannot be erased the record says so.
func TestPlaintextThatCannotBeErasedIsRecorded(t *testing.T) {
	defer func(f func([]hygiene.Replacement, hygiene.Options) (hygiene.Report, error)) { eraseEnvironment = f }(eraseEnvironment)
	start := func(cause error) (*audit.Log, *journal, error) {
		eraseEnvironment = func([]hygiene.Replacement, hygiene.Options) (hygiene.Report, error) {
			return hygiene.Report{}, cause
		}
		t.Setenv(KeysVariable, "DTBENCH_CORE_TEST")
		t.Setenv("DTBENCH_CORE_TEST", password)
		j := new(journal)
		log, err := audit.New(audit.Options{Sink: audit.NewSink(j)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close(time.Second) })
		g, err := FromEnvironment(Config{Policy: &Policy{}, Audit: log})
		if err == nil {
			g.Close()
		}
		return log, j, err
	}
	for cause, want := range map[error]string{nil: "sealed done", hygiene.ErrUnsupported: "sealed done not_erased"} {
		log, j, err := start(cause)
		if err != nil {
			t.Fatal(err)
		}
		if got := summaries(j.lines(t, log)); len(got) < 2 || got[1] != want {
			t.Errorf("%v: recorded %q, want %q", cause, got, want)
		}
	}
	if _, _, err := start(hygiene.ErrIncomplete); !errors.Is(err, hygiene.ErrIncomplete) {
		t.Errorf("incomplete: %v", err)
	}
}
