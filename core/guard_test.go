package core

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTokenOpensTheValueItIsFor(t *testing.T) {
	g := newGuard(t, Config{})
	check := func(key, want string) {
		t.Helper()
		var got string
		keep := func(value []byte) error { got = string(value); return nil }
		if err := g.Open(requestID, key, issue(t, g, requestID, key), keep); err != nil || got != want {
			t.Errorf("Open(%s) = %q, %v", key, got, err)
		}
		got = ""
		if err := g.Use(requestID, key, keep); err != nil || got != want {
			t.Errorf("Use(%s) = %q, %v", key, got, err)
		}
	}
	check("DB_PASSWORD", password)
	check("API_KEY", apiKey)
	if n := count(g, granted); n != 4 {
		t.Errorf("%d grants counted, want 4", n)
	}
}

// The layout of a token and of what its MAC covers, written out by hand.
func TestTokenIsWhatTheSpecificationSays(t *testing.T) {
	clock := newClock()
	g := newGuard(t, Config{Clock: clock.read, Random: &counting{}})

	// 16 bytes of instance id, 32 of sealing key, 32 of MAC key, 16 of nonce.
	var random [96]byte
	for i := range random {
		random[i] = byte(i)
	}
	const instance = "000102030405060708090a0b0c0d0e0f"
	if g.InstanceID() != instance {
		t.Fatalf("instance id %s", g.InstanceID())
	}
	timestamp := []byte{0x18, 0x7a, 0xfc, 0xa7, 0x67, 0xca, 0x00, 0x00} // 1764000000 s in ns
	rule := sha256.Sum256([]byte("$sha256($requestid, $instanceid, $nonce, $timestamp, $datakey)"))
	info := "\x00\x00\x00\x14dtbench/core rule v1" + "\x00\x00\x00\x20" + string(rule[:])
	derive := hmac.New(sha256.New, random[48:80])
	derive.Write([]byte(info + "\x01"))
	message := "\x00\x00\x00\x24" + requestID +
		"\x00\x00\x00\x10" + string(random[:16]) +
		"\x00\x00\x00\x10" + string(random[80:]) +
		"\x00\x00\x00\x08" + string(timestamp) +
		"\x00\x00\x00\x07API_KEY"
	mac := hmac.New(sha256.New, derive.Sum(nil))
	mac.Write([]byte(message))
	want := mac.Sum(slices.Concat([]byte{1}, random[80:], timestamp))

	got, err := issue(t, g, requestID, "API_KEY").AppendBinary(nil)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("token\n got %x\nwant %x\n(%v)", got, want, err)
	}
}

// A token that Use issues is dated and verified by one reading of the clock; one
// that comes to Open is verified by another.
func TestUseReadsTheClockOnce(t *testing.T) {
	clock := newClock()
	running := func() time.Time {
		clock.advance(defaultWindow + 1)
		return clock.read()
	}
	g := newGuard(t, Config{Clock: running})
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Errorf("Use: %v", err)
	}
	if err := g.Open(requestID, "API_KEY", issue(t, g, requestID, "API_KEY"), ignore); err != ErrDenied || count(g, tooOld) != 1 {
		t.Errorf("Open: %v", err)
	}
}

func TestTokenIsBoundToItsContext(t *testing.T) {
	env := twoSecrets()
	env.values["A"], env.values["B"] = "value of A", "value of B"
	clock := newClock()
	g := newGuard(t, Config{Environment: env, Keys: []string{"A", "B"}, Clock: clock.read})
	other := newGuard(t, Config{Clock: clock.read})

	check := func(g *Guard, request, key string, want reason) {
		t.Helper()
		token := issue(t, g, requestID, "API_KEY")
		if g == other {
			token = issue(t, newGuard(t, Config{Clock: clock.read}), requestID, "API_KEY")
		}
		before := count(g, want)
		err := g.Open(request, key, token, func([]byte) error { t.Error("a value was released"); return nil })
		if err != ErrDenied {
			t.Errorf("Open(%.50q, %.50q): %v, want ErrDenied", request, key, err)
		}
		if count(g, want) != before+1 {
			t.Errorf("Open(%.50q, %.50q): not counted as reason %d", request, key, want)
		}
	}
	check(g, requestID+"x", "API_KEY", badMAC)
	check(g, requestID[1:], "API_KEY", badMAC)
	check(g, strings.ToUpper(requestID), "API_KEY", badMAC)
	check(g, "", "API_KEY", badToken)
	check(g, strings.Repeat("r", 257), "API_KEY", badToken)
	check(g, strings.Repeat("r", 256), "API_KEY", badMAC)
	check(g, requestID, "DB_PASSWORD", badMAC)
	check(g, requestID, "A", badMAC)
	check(g, requestID, "UNKNOWN", badMAC)
	check(g, requestID, "", badMAC)
	check(g, requestID, strings.Repeat("K", 255), badMAC)
	check(g, requestID, strings.Repeat("K", 256), badToken)
	check(other, requestID, "API_KEY", badMAC)
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	clock := newClock()
	g := newGuard(t, Config{Clock: clock.read})
	token := issue(t, g, requestID, "API_KEY")
	for bit := range 8 * TokenSize {
		altered := token
		altered.bytes[bit/8] ^= 1 << (bit % 8)
		if err := g.Open(requestID, "API_KEY", altered, ignore); err != ErrDenied {
			t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
		}
	}
	if n := internals(g).registry.size(); n != 0 {
		t.Errorf("altered tokens left %d nonces in the registry", n)
	}
	if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
		t.Errorf("the token itself, after forgeries with its nonce: %v", err)
	}
	if err := g.Open(requestID, "API_KEY", Token{}, ignore); err != ErrDenied {
		t.Errorf("zero token: %v", err)
	}
}

func TestExchangedCiphertextsAreRefused(t *testing.T) {
	g := newGuard(t, Config{})
	a, b := internals(g).values["DB_PASSWORD"], internals(g).values["API_KEY"]
	a.box, b.box = b.box, a.box
	for _, name := range []string{"DB_PASSWORD", "API_KEY"} {
		if err := g.Use(requestID, name, ignore); err != ErrDenied {
			t.Errorf("%s with the other's ciphertext: %v", name, err)
		}
	}
	a.box, b.box = b.box, a.box
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Errorf("put back: %v", err)
	}

	// The ciphertext of another instance, even under the same key.
	b.box = internals(g).sealer.seal("another instance", "API_KEY", []byte(apiKey)).box
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrDenied || count(g, badSeal) != 3 {
		t.Errorf("with another instance's ciphertext: %v", err)
	}

	// A token for a value that is gone.
	token := issue(t, g, requestID, "DB_PASSWORD")
	delete(internals(g).values, "DB_PASSWORD")
	if err := g.Open(requestID, "DB_PASSWORD", token, ignore); err != ErrDenied || count(g, badSeal) != 4 {
		t.Errorf("of a value that is gone: %v", err)
	}
}

func TestIssueErrors(t *testing.T) {
	g := newGuard(t, Config{})
	check := func(request, key string, want error) {
		t.Helper()
		if token, err := g.Issue(request, key); err != want || (err == nil) == (token == Token{}) {
			t.Errorf("Issue(%.50q, %.50q): %v, want %v", request, key, err, want)
		}
		if err := g.Use(request, key, ignore); err != want {
			t.Errorf("Use(%.50q, %.50q): %v, want %v", request, key, err, want)
		}
	}
	check("r", "API_KEY", nil)
	check(strings.Repeat("r", 256), "API_KEY", nil)
	check("", "API_KEY", ErrRequestID)
	check(strings.Repeat("r", 257), "API_KEY", ErrRequestID)
	check(requestID, "REGION", ErrUnknownKey)
	check(requestID, "api_key", ErrUnknownKey)
	check(requestID, "", ErrUnknownKey)
	check(requestID, strings.Repeat("K", 1<<20), ErrUnknownKey)
}

func TestCallbackErrorComesBackUnchanged(t *testing.T) {
	g := newGuard(t, Config{})
	for _, want := range []error{errors.New("connection refused"), ErrDenied, ErrClosed} {
		if err := g.Use(requestID, "API_KEY", func([]byte) error { return want }); err != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	g := newGuard(t, Config{})
	defer func() {
		if p := recover(); p != "function failed" {
			t.Errorf("recovered %v", p)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Errorf("after a panic: %v", err)
		}
	}()
	g.Use(requestID, "API_KEY", func([]byte) error { panic("function failed") })
}

func TestAccessInsideAccess(t *testing.T) {
	g := newGuard(t, Config{})
	err := g.Use(requestID, "DB_PASSWORD", func(outer []byte) error {
		err := g.Use(requestID, "API_KEY", func(inner []byte) error {
			if string(inner) != apiKey {
				t.Errorf("inner value %q", inner)
			}
			return nil
		})
		if string(outer) != password {
			t.Errorf("outer value %q", outer)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInstancesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 16 {
		id := newGuard(t, Config{}).InstanceID()
		if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 || seen[id] {
			t.Errorf("instance id %q", id)
		}
		seen[id] = true
	}
}

// The core must run where only approved algorithms do.
func TestFIPS140Only(t *testing.T) {
	if os.Getenv("DTBENCH_CORE_FIPS") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFIPS140Only$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140=only", "DTBENCH_CORE_FIPS=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestFIPS140Only")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	g := newGuard(t, Config{})
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Error(err)
	}
	g.Close()
	for _, name := range []string{"sha256", "sha512", "sha3_256", "sha3_512"} {
		p := quiet()
		p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: name}}
		if err := newGuard(t, Config{Policy: p}).Use(requestID, "API_KEY", ignore); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"md5", "sha1", "blake2b", "blake2s"} {
		p := quiet()
		p.AllowWeakHashes = true
		p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: name}}
		if _, err := FromEnvironment(Config{Environment: twoSecrets(), Policy: p}); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "FIPS") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
