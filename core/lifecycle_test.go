package core

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func valueOf(t *testing.T, g *Guard, key string) string {
	t.Helper()
	var got string
	if err := g.Use(requestID, key, func(v []byte) error { got = string(v); return nil }); err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return got
}

func TestAfterRestore(t *testing.T) {
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env})
	s := internals(g)
	id, key, text := g.InstanceID(), s.macKey, env.values["API_KEY"]
	box := s.values["API_KEY"].box
	aead := s.sealer.aead
	sealed := *s.values["API_KEY"]
	sealed.box = bytes.Clone(sealed.box)
	token, used := issue(t, g, requestID, "API_KEY"), issue(t, g, requestID, "API_KEY")
	if err := g.Open(requestID, "API_KEY", used, ignore); err != nil {
		t.Fatal(err)
	}

	if err := g.AfterRestore(); err != nil {
		t.Fatal(err)
	}
	if g.InstanceID() == id || s.macKey == key || env.values["API_KEY"] == text || s.sealer.aead == aead {
		t.Error("id, keys or ciphertext are those of before")
	}
	if !bytes.Equal(box, make([]byte, len(box))) {
		t.Error("the ciphertext of before is still there")
	}
	func() {
		defer func() { _ = recover() }()
		if _, err := aead.Open(nil, nil, sealed.box, sealed.associated); err == nil {
			t.Error("the key of before still opens values")
		}
	}()
	if s.registry.size() != 0 {
		t.Error("nonces of before are still there")
	}
	for _, old := range []Token{token, used} {
		if err := g.Open(requestID, "API_KEY", old, ignore); err != ErrDenied {
			t.Errorf("a token of before: %v", err)
		}
	}
	if count(g, badMAC) != 2 {
		t.Error("they were refused for another reason than their MAC")
	}
	if valueOf(t, g, "API_KEY") != apiKey || valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("the values changed")
	}
	g.Close()
	if err := g.AfterRestore(); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// Two copies of one snapshot have nothing in common once they know.
func TestClonesPart(t *testing.T) {
	clock := newClock()
	random := &counting{}
	clone := func() *Guard { return newGuard(t, Config{Clock: clock.read, Random: &counting{next: random.next}}) }
	a, b := clone(), clone()
	token := issue(t, a, requestID, "API_KEY")
	if err := b.Open(requestID, "API_KEY", token, ignore); err != nil {
		t.Fatalf("clones that do not know: %v", err)
	}
	internals(b).random = nil
	if err := b.AfterRestore(); err != nil {
		t.Fatal(err)
	}
	if err := b.Open(requestID, "API_KEY", issue(t, a, requestID, "API_KEY"), ignore); err != ErrDenied {
		t.Errorf("after the restore: %v", err)
	}
}

// Keys that were used before a restore make and verify no token after it, even if
// chance gave the same instance id again.
func TestRestoreChangesTheKeysOfRules(t *testing.T) {
	for _, algorithm := range []string{"", "sha512"} {
		p := quiet()
		p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: algorithm}}
		start := make([]byte, instanceSize+2*keySize)
		again := bytes.Clone(start)
		again[len(again)-1] = 1 // of the MAC key
		random := io.MultiReader(bytes.NewReader(start), io.LimitReader(&counting{}, nonceSize), bytes.NewReader(again), &counting{})
		g := newGuard(t, Config{Policy: p, Random: random})
		id, token := g.InstanceID(), issue(t, g, requestID, "API_KEY")
		if err := g.AfterRestore(); err != nil || g.InstanceID() != id {
			t.Fatal(err)
		}
		if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, badMAC) != 1 {
			t.Errorf("%q: %v", algorithm, err)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Errorf("%q: %v", algorithm, err)
		}
	}
}

func TestRestoreThatFails(t *testing.T) {
	check := func(what string, spoil func(s *state, env *variables), want error) {
		t.Helper()
		env := twoSecrets()
		g := newGuard(t, Config{Environment: env})
		s := internals(g)
		old := s.sealer.aead
		sealed := *s.values["API_KEY"]
		sealed.box = bytes.Clone(sealed.box)
		spoil(s, env)
		if err := g.AfterRestore(); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
			t.Errorf("%s: the guard goes on: %v", what, err)
		}
		func() {
			defer func() { _ = recover() }()
			if _, err := old.Open(nil, nil, sealed.box, sealed.associated); err == nil {
				t.Errorf("%s: the old key is still there", what)
			}
		}()
	}
	check("no randomness", func(s *state, _ *variables) { s.random = errorReader{} }, errNoEntropy)
	check("read-only environment", func(_ *state, env *variables) { env.refuse = "API_KEY" }, errReadOnly)
	check("altered ciphertext", func(s *state, _ *variables) { s.values["API_KEY"].box[0] ^= 1 }, nil)
}

func TestReplace(t *testing.T) {
	clock := newClock()
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env, Clock: clock.read})
	text := env.values["API_KEY"]
	value := []byte(strings.Repeat("a new and longer value ", 20))
	want := string(value)
	if err := g.Replace("API_KEY", value, clock.read().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(value, make([]byte, len(value))) {
		t.Error("the caller's bytes were not wiped")
	}
	if env.values["API_KEY"] == text || !strings.HasPrefix(env.values["API_KEY"], sealedPrefix) {
		t.Error("the environment holds the old ciphertext")
	}
	if got := valueOf(t, g, "API_KEY"); got != want {
		t.Errorf("opened %q", got)
	}
	if valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("another value changed")
	}

	clock.advance(time.Minute - 1)
	token := issue(t, g, requestID, "API_KEY")
	if got := valueOf(t, g, "API_KEY"); got != want {
		t.Errorf("just before its end: %q", got)
	}
	clock.advance(1)
	if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, expired) != 1 {
		t.Errorf("expired: %v", err)
	}
	if _, err := g.Issue(requestID, "API_KEY"); err != ErrExpired {
		t.Errorf("Issue: %v", err)
	}
	if err := g.Replace("API_KEY", []byte("without end"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	clock.advance(1000 * time.Hour)
	if got := valueOf(t, g, "API_KEY"); got != "without end" {
		t.Errorf("opened %q", got)
	}
	if err := g.AfterRestore(); err != nil || valueOf(t, g, "API_KEY") != "without end" {
		t.Errorf("after a restore: %v", err)
	}
	if err := g.Replace("API_KEY", []byte("of the past"), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Issue(requestID, "API_KEY"); err != ErrExpired {
		t.Errorf("with an end in 1970: %v", err)
	}

	refused := func(key string, want error) {
		t.Helper()
		value := []byte(password)
		if err := g.Replace(key, value, time.Time{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", key, err, want)
		}
		if value[0] != 0 {
			t.Error("the caller's bytes were not wiped")
		}
	}
	refused("OTHER", ErrUnknownKey)
	env.refuse = "DB_PASSWORD"
	refused("DB_PASSWORD", errReadOnly)
	if valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("the value is lost")
	}
	if err := g.Replace("API_KEY", nil, time.Time{}); !errors.Is(err, ErrConfig) {
		t.Errorf("nothing: %v", err)
	}
	g.Close()
	refused("API_KEY", ErrClosed)
}
