package core

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestTokenBinaryForm(t *testing.T) {
	g := newGuard(t, Config{})
	token := issue(t, g, requestID, "API_KEY")
	data, err := token.AppendBinary([]byte("before"))
	if err != nil || len(data) != len("before")+TokenSize || !bytes.HasPrefix(data, []byte("before\x01")) {
		t.Fatalf("AppendBinary: %d bytes, %v", len(data), err)
	}
	data = data[len("before"):]
	parsed, err := ParseToken(data)
	if err != nil || parsed != token {
		t.Fatalf("ParseToken: equal %v, %v", parsed == token, err)
	}
	if err := g.Open(requestID, "API_KEY", parsed, ignore); err != nil {
		t.Errorf("Open with the parsed token: %v", err)
	}
	if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied {
		t.Errorf("then with the original: %v", err)
	}

	refused := func(what string, data []byte) {
		t.Helper()
		if parsed, err := ParseToken(data); err != ErrDenied || parsed != (Token{}) {
			t.Errorf("%s: %v, want ErrDenied and no token", what, err)
		}
	}
	edit := func(at int, to byte) []byte {
		altered := bytes.Clone(data)
		altered[at] = to
		return altered
	}
	refused("nothing", nil)
	for n := range data {
		refused(fmt.Sprintf("first %d bytes", n), data[:n])
	}
	refused("a byte more", append(bytes.Clone(data), 0))
	refused("two tokens", append(bytes.Clone(data), data...))
	for version := range 256 {
		if version != 1 {
			refused(fmt.Sprintf("version %d", version), edit(0, byte(version)))
		}
	}
	refused("time before 1970", edit(timeStart, 0x80))

	if data, err := (Token{}).AppendBinary([]byte("x")); err != ErrDenied || string(data) != "x" {
		t.Errorf("zero token: %q, %v", data, err)
	}
}

func TestTokenTextForm(t *testing.T) {
	g := newGuard(t, Config{})
	token := issue(t, g, requestID, "API_KEY")
	data, err := token.AppendText([]byte("x"))
	if err != nil || len(data) != 1+TokenTextSize || data[0] != 'x' {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	text := string(data[1:])
	binary, _ := token.AppendBinary(nil)
	if text != base64.RawURLEncoding.EncodeToString(binary) {
		t.Error("not base64url of the binary form")
	}
	if parsed, err := ParseTokenText(text); err != nil || parsed != token {
		t.Errorf("read again: %v", err)
	}
	refused := func(what, text string) {
		t.Helper()
		if parsed, err := ParseTokenText(text); err != ErrDenied || parsed != (Token{}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("nothing", "")
	refused("one less", text[:TokenTextSize-1])
	refused("one more", text+"A")
	refused("a whole group more", text+"AAAA")
	refused("twice", text+text)
	refused("padding", text[:TokenTextSize-1]+"=")
	refused("the other alphabet", text[:TokenTextSize-1]+"+")
	refused("a line end within", text[:30]+"\n"+text[31:])
	refused("a line end behind", text[:TokenTextSize-1]+"\n")
	refused("a space", " "+text[1:])
	refused("version 0", "AA"+text[2:])
	if data, err := (Token{}).AppendText([]byte("x")); err != ErrDenied || string(data) != "x" {
		t.Errorf("zero token: %q, %v", data, err)
	}

	if err := g.OpenText(requestID, "API_KEY", text, ignore); err != nil {
		t.Error(err)
	}
	if err := g.OpenText(requestID, "API_KEY", text, ignore); err != ErrDenied || count(g, replayed) != 1 {
		t.Errorf("again: %v", err)
	}
	if err := g.OpenText(requestID, "API_KEY", "no token", ignore); err != ErrDenied || count(g, badToken) != 1 {
		t.Errorf("no token: %v", err)
	}
	issued, err := g.IssueText(requestID, "API_KEY")
	if err != nil || g.OpenText(requestID, "API_KEY", issued, ignore) != nil {
		t.Errorf("IssueText: %v", err)
	}
	if issued, err := g.IssueText("", "API_KEY"); err != ErrRequestID || issued != "" {
		t.Errorf("IssueText: %v", err)
	}
}

func FuzzParseTokenText(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseTokenText(text)
		if err != nil {
			if err != ErrDenied || token != (Token{}) {
				t.Fatalf("error %v", err)
			}
			return
		}
		again, err := token.AppendText(nil)
		if err != nil || string(again) != text {
			t.Fatalf("%q was read and written as %q, %v", text, again, err)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := ParseToken(data)
		if err != nil {
			if err != ErrDenied || token != (Token{}) {
				t.Fatalf("error %v", err)
			}
			if len(data) == TokenSize && data[0] == 1 && data[timeStart] < 0x80 {
				t.Fatal("a well-formed token was refused")
			}
			return
		}
		again, err := token.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x was read and written as %x, %v", data, again, err)
		}
	})
}

// Whatever is done to a token, it opens nothing.
func FuzzAlteredToken(f *testing.F) {
	clock := newClock()
	g, err := FromEnvironment(Config{Environment: twoSecrets(), Clock: clock.read, Policy: quiet()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request, key string, mask []byte) {
		token := issue(t, g, requestID, "API_KEY")
		altered := token
		for i := range min(len(mask), TokenSize) {
			altered.bytes[i] ^= mask[i]
		}
		err := g.Open(request, key, altered, ignore)
		if same := altered == token && request == requestID && key == "API_KEY"; same != (err == nil) {
			t.Fatalf("same %v, error %v", same, err)
		}
		clock.advance(defaultWindow) // keeps the registry small
	})
}

// Nothing that prints shows a value, a key, a token or a nonce.
func TestNothingSecretIsPrinted(t *testing.T) {
	env := twoSecrets()
	cfg := Config{Environment: env, Random: &counting{next: 100}, Clock: newClock().read, Keys: []string{"API_KEY"}}
	plainConfig := cfg
	plainConfig.Environment, plainConfig.Random = twoSecrets(), bytes.NewReader([]byte(password))
	g := newGuard(t, cfg)
	token := issue(t, g, requestID, "API_KEY")
	binary, _ := token.AppendBinary(nil)

	secrets := [][]byte{
		[]byte(password), []byte(apiKey), internals(g).macKey[:], internals(g).plainKey[:],
		binary, token.nonce()[:], token.mac()[:], internals(g).values["API_KEY"].box,
	}
	check := func(what, printed string) {
		t.Helper()
		for i, secret := range secrets {
			for _, form := range []string{
				string(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
				strings.Trim(fmt.Sprint(secret[:8]), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", secret[:8])[7:], "}"),
				fmt.Sprintf("%q", secret),
			} {
				if strings.Contains(printed, form) {
					t.Errorf("%s shows secret %d: %s", what, i, printed)
					return
				}
			}
		}
	}
	type exported struct {
		Token  Token
		Tokens []Token
		Guard  *Guard
		Value  Guard
		Config Config
	}
	type hidden struct {
		guard *Guard
		value Guard
	}
	values := map[string]any{
		"Token": token, "*Token": &token, "[]Token": []Token{token}, "map": map[Token]Token{token: token},
		"Guard": g, "Guard value": *g, "Config": cfg, "*Config": &cfg, "Config of a reader": plainConfig,
		"struct": exported{token, []Token{token}, g, *g, plainConfig}, "hidden": hidden{g, *g},
		"error": fmt.Errorf("token %v: %w", token, ErrDenied),
	}
	for name, value := range values {
		// Without %p, for which fmt asks no method; go vet reports it.
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%T"} {
			check(name+" "+verb, fmt.Sprintf(verb, value))
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s: JSON: %v", name, err)
		}
		check(name+" JSON", string(encoded))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		check(name+" slog", log.String())
	}

	equal := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	equal(token.String()+token.GoString()+fmt.Sprint(token), "[redacted][redacted][redacted]")
	encoded, _ := json.Marshal(map[string]any{"token": token, "guard": g})
	guard := "core.Guard(instance 6465666768696a6b6c6d6e6f70717273)"
	equal(string(encoded), `{"guard":"`+guard+`","token":"[redacted]"}`)
	equal(g.String(), guard)
	equal(g.GoString(), guard)
	equal(fmt.Sprintf("%+v", g), guard)
	equal(fmt.Sprintf("%#v", cfg), `core.Config{Keys: ["API_KEY"], Window: 0s, MaxNonces: 0, KeepDumpable: false}`)
	equal(cfg.String(), fmt.Sprint(cfg))
	encoded, _ = json.Marshal(cfg)
	equal(string(encoded), `{"Keys":["API_KEY"],"Window":0,"MaxNonces":0,"KeepDumpable":false}`)
}

func TestErrorsShowNoSecret(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("no error")
		}
		for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(text, password) || strings.Contains(text, apiKey) {
				t.Errorf("an error shows a value: %s", text)
			}
		}
	}
	start := func(change func(env *variables)) error {
		env := twoSecrets()
		change(env)
		_, err := FromEnvironment(Config{Environment: env, Policy: quiet()})
		return err
	}
	check(start(func(env *variables) { env.values[KeysVariable] = "DB_PASSWORD=" + password }))
	check(start(func(env *variables) { env.values[KeysVariable] = password }))
	check(start(func(env *variables) { env.values[KeysVariable] = "DB_PASSWORD,MISSING" }))
	check(start(func(env *variables) { env.values["API_KEY"] = sealedPrefix + apiKey }))
	check(start(func(env *variables) { env.refuse = "API_KEY" }))

	g := newGuard(t, Config{})
	_, err := g.Issue(requestID, apiKey)
	check(err)
	check(g.Open(requestID, apiKey, Token{}, ignore))
	_, err = ParseToken([]byte(apiKey))
	check(err)
}

func TestEveryRefusalLooksTheSame(t *testing.T) {
	if errors.Unwrap(ErrDenied) != nil || ErrDenied.Error() != "core: access denied" {
		t.Errorf("ErrDenied: %v", ErrDenied)
	}
}
