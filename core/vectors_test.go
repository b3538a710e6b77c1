package core

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/rules"
)

// The vectors are for implementations in other languages too; see SPEC.md. They
// were computed by a program in Python that was written from SPEC.md and shares
// nothing with this package, but for those of sealing, which -update makes.
type vectors struct {
	Format string `json:"format"`
	Frames []struct {
		Fields []string `json:"fields"`
		Frame  string   `json:"frame"`
	} `json:"frames"`
	CallChains []struct {
		Chain  []string `json:"chain"`
		Digest string   `json:"digest"`
	} `json:"call_chains"`
	Tokens struct {
		Valid []struct {
			Binary    string `json:"binary"`
			Text      string `json:"text"`
			Nonce     string `json:"nonce"`
			Timestamp int64  `json:"timestamp"`
			MAC       string `json:"mac"`
		} `json:"valid"`
		RefusedBinary []struct {
			Comment string `json:"comment"`
			Hex     string `json:"hex"`
		} `json:"refused_binary"`
		RefusedText []struct {
			Comment string `json:"comment"`
			Text    string `json:"text"`
		} `json:"refused_text"`
	} `json:"tokens"`
	Issue   []issueVector  `json:"issue"`
	Verify  []verifyVector `json:"verify"`
	Literal []struct {
		Comment    string            `json:"comment"`
		Rule       string            `json:"rule"`
		Separator  string            `json:"separator"`
		Parameters map[string]string `json:"parameters"`
		RequestID  string            `json:"request_id"`
		InstanceID string            `json:"instance_id"`
		Nonce      string            `json:"nonce"`
		Timestamp  string            `json:"timestamp"`
		DataKey    string            `json:"data_key"`
		Token      string            `json:"token"`
	} `json:"literal"` // run in package literal
	Seal []sealVector `json:"seal"`
}

type requestVector struct {
	ID        string   `json:"id"`
	Source    string   `json:"source,omitempty"`
	CallChain []string `json:"call_chain,omitempty"`
}

func (r requestVector) request() Request { return Request(r) }

type issueVector struct {
	Comment string          `json:"comment"`
	Policy  json.RawMessage `json:"policy"`
	Random  string          `json:"random"`
	Clock   int64           `json:"clock"`
	Request requestVector   `json:"request"`
	DataKey string          `json:"data_key"`
	Rule    string          `json:"rule"`
	RuleKey string          `json:"rule_key"`
	Frame   string          `json:"frame"`
	MAC     string          `json:"mac"`
	Token   string          `json:"token"`
	Binary  string          `json:"binary"`
}

type verifyVector struct {
	Comment  string        `json:"comment"`
	Issue    int           `json:"issue"`
	Clock    int64         `json:"clock"`
	Request  requestVector `json:"request"`
	DataKey  string        `json:"data_key"`
	Token    string        `json:"token"`
	Outcomes []string      `json:"outcomes"`
}

type sealVector struct {
	Key        string `json:"key"`
	Instance   string `json:"instance"`
	Name       string `json:"name"`
	Value      string `json:"value"`
	Nonce      string `json:"nonce"`
	Associated string `json:"associated"`
	Text       string `json:"text"`
}

var update = flag.Bool("update", false, "write the vectors of sealing anew")

const vectorsPath = "testdata/vectors.json"

func loadVectors(t *testing.T) (v vectors) {
	t.Helper()
	data, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.Format != "dtbench/core vectors v1" || len(v.Frames) == 0 || len(v.CallChains) == 0 || len(v.Tokens.Valid) == 0 ||
		len(v.Tokens.RefusedBinary) == 0 || len(v.Tokens.RefusedText) == 0 || len(v.Issue) == 0 || len(v.Verify) == 0 {
		t.Fatal("a list of vectors is empty")
	}
	return v
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestVectorsOfFrames(t *testing.T) {
	v := loadVectors(t)
	for _, one := range v.Frames {
		var fields []string
		for _, f := range one.Fields {
			fields = append(fields, string(unhex(t, f)))
		}
		if got := hex.EncodeToString(frameOf(fields...)); got != one.Frame {
			t.Errorf("%q: %s, want %s", one.Fields, got, one.Frame)
		}
	}
	for _, one := range v.CallChains {
		if got := chainDigest(one.Chain); got != one.Digest {
			t.Errorf("%q: %s, want %s", one.Chain, got, one.Digest)
		}
	}
}

func TestVectorsOfTokens(t *testing.T) {
	v := loadVectors(t)
	for _, one := range v.Tokens.Valid {
		a, errA := ParseToken(unhex(t, one.Binary))
		b, errB := ParseTokenText(one.Text)
		if errA != nil || errB != nil || a != b {
			t.Errorf("%s: %v, %v", one.Text, errA, errB)
		}
		if hex.EncodeToString(a.nonce()[:]) != one.Nonce || a.timestamp() != one.Timestamp || hex.EncodeToString(a.mac()[:]) != one.MAC {
			t.Errorf("%s: read as %x", one.Text, a.bytes)
		}
		binary, _ := a.AppendBinary(nil)
		text, _ := a.AppendText(nil)
		if hex.EncodeToString(binary) != one.Binary || string(text) != one.Text {
			t.Errorf("%s: written as %s", one.Text, text)
		}
	}
	for _, one := range v.Tokens.RefusedBinary {
		if _, err := ParseToken(unhex(t, one.Hex)); err != ErrDenied {
			t.Errorf("%s: %v", one.Comment, err)
		}
	}
	for _, one := range v.Tokens.RefusedText {
		if _, err := ParseTokenText(one.Text); err != ErrDenied {
			t.Errorf("%s: %v", one.Comment, err)
		}
	}
}

// vectorGuard is the guard of a vector: its randomness and a clock.
func vectorGuard(t *testing.T, v issueVector, clock *manualClock) *Guard {
	t.Helper()
	clock.now = time.Unix(0, v.Clock)
	return newGuard(t, Config{Policy: vectorPolicy(t, v), Clock: clock.read, Random: bytes.NewReader(unhex(t, v.Random))})
}

func vectorPolicy(t *testing.T, v issueVector) *Policy {
	t.Helper()
	p, err := ParsePolicy(v.Policy)
	if err != nil {
		t.Fatalf("%s: %v", v.Comment, err)
	}
	return p
}

func TestVectorsOfIssuing(t *testing.T) {
	for _, v := range loadVectors(t).Issue {
		if fipsRefuses(t, v.Rule, vectorPolicy(t, v)) {
			continue
		}
		clock := new(manualClock)
		g := vectorGuard(t, v, clock)
		s := internals(g)
		rule := s.values[v.DataKey].rules.rule
		if got := s.rules[rule].compiled().String(); got != v.Rule {
			t.Errorf("%s: rule %s, want %s", v.Comment, got, v.Rule)
		}
		if key, err := rules.DeriveKey(s.macKey[:], v.Rule); err != nil || hex.EncodeToString(key) != v.RuleKey {
			t.Errorf("%s: key %x, want %s, %v", v.Comment, key, v.RuleKey, err)
		}
		token, err := g.IssueFor(v.Request.request(), v.DataKey)
		if err != nil {
			t.Fatalf("%s: %v", v.Comment, err)
		}
		text, _ := token.AppendText(nil)
		binary, _ := token.AppendBinary(nil)
		if string(text) != v.Token || hex.EncodeToString(binary) != v.Binary || hex.EncodeToString(token.mac()[:]) != v.MAC {
			t.Errorf("%s: token %s, want %s", v.Comment, text, v.Token)
		}

		// The general evaluator, where the guard took the shorter way.
		s.plain.rule = -1
		r := v.Request.request()
		sc := s.scratch()
		if err := s.authenticate(sc, rule, &r, v.DataKey, s.chainOf(&r), &token); err != nil || sc.sum != *token.mac() {
			t.Errorf("%s: MAC %x, want %s", v.Comment, sc.sum, v.MAC)
		}
	}
}

func TestVectorsOfVerification(t *testing.T) {
	all := loadVectors(t)
	check := func(v verifyVector, path string, open func(g *Guard, r Request) error) {
		t.Helper()
		clock := new(manualClock)
		g := vectorGuard(t, all.Issue[v.Issue], clock)
		clock.now = time.Unix(0, v.Clock)
		for i, want := range v.Outcomes {
			err := open(g, v.Request.request())
			if got := map[bool]string{true: "granted", false: "denied"}[err == nil]; got != want || err != nil && err != ErrDenied {
				t.Errorf("%s, %s, presented for the %d. time: %v, want %s", v.Comment, path, i+1, err, want)
			}
		}
	}
	for _, v := range all.Verify {
		check(v, "text", func(g *Guard, r Request) error {
			token, err := ParseTokenText(v.Token)
			if err != nil {
				return err
			}
			return g.OpenFor(r, v.DataKey, token, ignore)
		})
		check(v, "binary", func(g *Guard, r Request) error {
			token, err := ParseTokenText(v.Token)
			if err != nil {
				return err
			}
			data, _ := token.AppendBinary(nil)
			token, _ = ParseToken(data)
			return g.OpenFor(r, v.DataKey, token, ignore)
		})
		if v.Request.CallChain == nil && v.Request.Source == "" {
			check(v, "OpenText", func(g *Guard, r Request) error { return g.OpenText(r.ID, v.DataKey, v.Token, ignore) })
		}
	}
}

func TestVectorsOfSealing(t *testing.T) {
	v := loadVectors(t)
	if *update {
		v.Seal = nil
		for i, value := range []string{"", "x", password, apiKey} {
			v.Seal = append(v.Seal, makeSealVector(t, byte(i), value))
		}
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorsPath, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(v.Seal) == 0 {
		t.Fatal("none")
	}
	for _, one := range v.Seal {
		s, err := newSealer(unhex(t, one.Key))
		if err != nil {
			t.Fatal(err)
		}
		box, err := tokenText.DecodeString(one.Text[len(sealedPrefix):])
		if err != nil {
			t.Fatal(err)
		}
		associated := sealFrame(string(unhex(t, one.Instance)), one.Name)
		value, err := s.open(nil, &sealedValue{box: box, associated: associated})
		if err != nil || string(value) != one.Value || hex.EncodeToString(associated) != one.Associated {
			t.Errorf("%s: %q, %v", one.Text, value, err)
		}
		if !slices.Equal(box[:12], unhex(t, one.Nonce)) {
			t.Errorf("%s: nonce %x", one.Text, box[:12])
		}
	}
}

// makeSealVector seals with a nonce that is not random.
func makeSealVector(t *testing.T, seed byte, value string) sealVector {
	key, nonce := make([]byte, keySize), make([]byte, 12)
	for i := range key {
		key[i] = seed + byte(i)
	}
	for i := range nonce {
		nonce[i] = seed + byte(100+i)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	const instance, name = "000102030405060708090a0b0c0d0e0f", "API_KEY"
	associated := sealFrame(string(unhex(t, instance)), name)
	sealed := sealedValue{box: aead.Seal(slices.Clone(nonce), nonce, []byte(value), associated)}
	return sealVector{
		Key: hex.EncodeToString(key), Instance: instance, Name: name, Value: value,
		Nonce: hex.EncodeToString(nonce), Associated: hex.EncodeToString(associated), Text: sealed.text(),
	}
}
