package rules_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"

	"github.com/dtbench/dtbench/core/rules"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func values() *rules.Values {
	return &rules.Values{
		RequestID: "request", InstanceID: "instance", DataKey: "API_KEY", FunctionName: "hello", FunctionVersion: "7",
		Region: "eu", AccountID: "42", Platform: "local", Caller: "alice", CallChain: "chain",
		Nonce: []byte("nonce-of-16-byte"), Timestamp: []byte("\x18\x79\x00\x00\x00\x00\x00\x01"),
	}
}

func sum(t testing.TB, r *rules.Rule, v *rules.Values) []byte {
	t.Helper()
	e, err := r.NewEvaluator(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Sum(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
	"sha3_256": func() hash.Hash { return sha3.New256() }, "sha3_512": func() hash.Hash { return sha3.New512() },
	"blake2b": func() hash.Hash { h, _ := blake2b.New512(nil); return h },
	"blake2s": func() hash.Hash { h, _ := blake2s.New256(nil); return h },
}

func digest(name, data string) []byte { return digestUnder(key, name, data) }

// ruleKey is HKDF-Expand of RFC 5869 written out for one block.
func ruleKey(canonical string) []byte {
	print := sha256.Sum256([]byte(canonical))
	return digest("hmac_sha256", field("dtbench/core rule v1", string(print[:]))+"\x01")
}

func digestUnder(key []byte, name, data string) []byte {
	h := hashes[strings.TrimPrefix(name, "hmac_")]()
	if strings.HasPrefix(name, "hmac_") {
		h = hmac.New(hashes[name[len("hmac_"):]], key)
	}
	h.Write([]byte(data))
	return h.Sum(nil)
}

// Known answers from outside: RFC 1321, FIPS 180-4, FIPS 202, RFC 7693.
func TestAlgorithmsComputeWhatTheyAreNamedFor(t *testing.T) {
	for name, want := range map[string]string{
		"md5": "900150983cd24fb0d6963f7d28e17f72", "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
		"sha256":   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha512":   "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"sha3_256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
		"sha3_512": "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
		"blake2b":  "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
		"blake2s":  "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
	} {
		r := compile(t, "$"+name+`("a", "bc")`, rules.Options{Mode: rules.Literal})
		if got := hex.EncodeToString(sum(t, r, values())); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// The paper's scheme, and nothing but.
func TestLiteralConcatenates(t *testing.T) {
	check := func(text, separator, algorithm, data string) {
		t.Helper()
		r := compile(t, text, rules.Options{Mode: rules.Literal, Separator: separator, Static: static})
		if got, want := sum(t, r, values()), digest(algorithm, data); !bytes.Equal(got, want) || len(got) != r.Size() {
			t.Errorf("%s: got %x, want %x", text, got, want)
		}
	}
	check(rules.Sample, "", "md5", "requestinstance")
	check(rules.Sample, "|", "md5", "request|instance")
	check(rules.EquationOne, "", "sha256", "requestinstancenonce-of-16-byte\x18\x79\x00\x00\x00\x00\x00\x01API_KEY")
	check(`$sha1($functionname, $functionversion, $region, $accountid, $platform, $caller, $callchain, $tenant, "x")`, ",",
		"sha1", "hello,7,eu,42,local,alice,chain,acme,x")
	check(`$sha3_512("a", $md5("b"), "c")`, "-", "sha3_512", "a-"+hex.EncodeToString(digest("md5", "b"))+"-c")
	check(`$blake2b($blake2s($hmac_sha256($nonce)))`, "", "blake2b",
		hex.EncodeToString(digest("blake2s", hex.EncodeToString(digest("hmac_sha256", "nonce-of-16-byte")))))
	for name := range hashes {
		check("$"+name+`($requestid, $`+name+`("in", "ner"), $hmac_`+name+`("q"))`, "", name,
			"request"+hex.EncodeToString(digest(name, "inner"))+hex.EncodeToString(digest("hmac_"+name, "q")))
		check("$hmac_"+name+"($requestid)", "", "hmac_"+name, "request")
	}
}

// field is the framing of the package documentation, written a second time.
func field(fields ...string) string {
	var b []byte
	for _, f := range fields {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return string(b)
}

func TestHardenedFrames(t *testing.T) {
	v := values()
	check := func(text, canonical, algorithm string, fields ...string) {
		t.Helper()
		r := compile(t, text, rules.Options{Static: static, UnsafeAllowWeakHashes: true})
		frame := field("request", "instance", string(v.Nonce), string(v.Timestamp), "API_KEY") + field(fields...)
		want := make([]byte, rules.Size)
		copy(want, digestUnder(ruleKey(canonical), algorithm, frame))
		if got := sum(t, r, v); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", text, got, want)
		}
	}
	check(rules.EquationOne, rules.EquationOne, "hmac_sha256")
	check("$sha256($requestid)", "$sha256($requestid)", "hmac_sha256")
	check("$hmac_sha256($requestid)", "$hmac_sha256($requestid)", "hmac_sha256")
	check(rules.Sample, rules.Sample, "hmac_md5")
	check("$sha256( $tenant,$nonce,\"a\")", `$sha256($tenant, $nonce, "a")`, "hmac_sha256", "acme", "a")
	check("$sha256($region,$region)", "$sha256($region, $region)", "hmac_sha256", "eu", "eu")
	inner := string(digest("sha3_256", field("dtbench/core rule call v1", "sha3_256", string(v.Nonce), "")))
	check(`$sha512("x", $sha3_256($nonce, ""))`, `$sha512("x", $sha3_256($nonce, ""))`, "hmac_sha512", "x", inner)
	inner = string(digest("hmac_blake2b", field("dtbench/core rule call v1", "hmac_blake2b", "acme")))
	check(`$sha512($hmac_blake2b($tenant), $caller)`, `$sha512($hmac_blake2b($tenant), $caller)`, "hmac_sha512", inner, "alice")
	inner = string(digest("sha512", field("dtbench/core rule call v1", "sha512", "x")))
	check(`$md5($sha512("x"))`, `$md5($sha512("x"))`, "hmac_md5", inner) // nothing of the longer inner digest stays behind
	for name := range hashes {
		check("$"+name+"($callchain)", "$"+name+"($callchain)", "hmac_"+name, "chain")
	}
}

// Whatever a rule names, a change of these five changes the result.
func TestHardenedAlwaysBindsEquationOne(t *testing.T) {
	for _, text := range []string{rules.EquationOne, `$sha256("constant")`, "$sha256($sha512($nonce))", "$hmac_sha3_256($region)"} {
		r := compile(t, text, rules.Options{})
		base := sum(t, r, values())
		check := func(what string, change func(*rules.Values)) {
			t.Helper()
			v := values()
			change(v)
			if bytes.Equal(sum(t, r, v), base) {
				t.Errorf("%s does not bind the %s", text, what)
			}
		}
		check("request id", func(v *rules.Values) { v.RequestID += "x" })
		check("instance id", func(v *rules.Values) { v.InstanceID += "x" })
		check("nonce", func(v *rules.Values) { v.Nonce[15] ^= 1 })
		check("timestamp", func(v *rules.Values) { v.Timestamp[7] ^= 1 })
		check("data key", func(v *rules.Values) { v.DataKey += "x" })
		check("boundary", func(v *rules.Values) { v.RequestID, v.InstanceID = "requesti", "nstance" })
	}
}

func TestEvaluatorErrors(t *testing.T) {
	r := compile(t, rules.EquationOne, rules.Options{})
	if _, err := r.NewEvaluator(key[:rules.MinKeySize-1]); !errors.Is(err, rules.ErrKey) {
		t.Errorf("got %v", err)
	}
	e, err := r.NewEvaluator(key[:rules.MinKeySize])
	if err != nil {
		t.Fatal(err)
	}
	check := func(nonce, timestamp int) {
		t.Helper()
		v := values()
		v.Nonce, v.Timestamp = make([]byte, nonce), make([]byte, timestamp)
		if got, err := e.Sum([]byte("dst"), v); !errors.Is(err, rules.ErrValues) || string(got) != "dst" {
			t.Errorf("%d, %d: got %q, %v", nonce, timestamp, got, err)
		}
	}
	check(15, 8)
	check(17, 8)
	check(16, 7)
	check(16, 9)
	check(0, 0)
	if got, err := e.Sum([]byte("dst"), values()); err != nil || string(got[:3]) != "dst" || len(got) != 3+rules.Size {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := compile(t, rules.Sample, rules.Options{Mode: rules.Literal}).NewEvaluator(nil); err != nil {
		t.Error(err)
	}
}

func TestOneRuleServesManyGoroutines(t *testing.T) {
	r := compile(t, `$sha256($sha3_256($caller), $region)`, rules.Options{})
	want := sum(t, r, values())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			e, _ := r.NewEvaluator(key)
			for range 200 {
				if got, err := e.Sum(nil, values()); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %x, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

// The bytes under the MAC can be read back, so equal bytes come from equal
// fields. Here: two sets of fields give one result only if they are equal.
func FuzzHardenedIsInjective(f *testing.F) {
	f.Add("request", "instance", "KEY", "caller", "region", 3)
	f.Add("", "", "", "", "", 0)
	f.Add("a", "\x00\x00\x00\x01a", "", "\x00", "b", 2)
	r := compile(f, `$sha256($caller, $region, "\x00", $sha256($caller, $region))`, rules.Options{})
	e, err := r.NewEvaluator(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request, instance, dataKey, caller, region string, shift int) {
		v := values()
		v.RequestID, v.InstanceID, v.DataKey, v.Caller, v.Region = request, instance, dataKey, caller, region
		base, err := e.Sum(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		// Move the boundary between each pair of neighbours.
		for _, pair := range [][2]*string{{&v.RequestID, &v.InstanceID}, {&v.DataKey, &v.Caller}, {&v.Caller, &v.Region}, {&v.InstanceID, &v.DataKey}} {
			left, right := *pair[0], *pair[1]
			joined := left + right
			cut := int(uint(shift) % uint(len(joined)+1))
			*pair[0], *pair[1] = joined[:cut], joined[cut:]
			moved, _ := e.Sum(nil, v)
			if bytes.Equal(moved, base) != (cut == len(left)) {
				t.Fatalf("%q cut at %d and at %d: equal %v", joined, len(left), cut, bytes.Equal(moved, base))
			}
			*pair[0], *pair[1] = left, right
		}
	})
}
