package core

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
)

func TestValueIsWiped(t *testing.T) {
	g := newGuard(t, Config{})
	check := func(how string, end func(value []byte) error) {
		t.Helper()
		var kept []byte
		done := make(chan struct{})
		go func() { // because of Goexit
			defer close(done)
			defer func() { recover() }()
			g.Use(requestID, "DB_PASSWORD", func(value []byte) error {
				if string(value) != password {
					t.Errorf("%s: value %q", how, value)
				}
				kept = value[:cap(value)]
				return end(value)
			})
		}()
		<-done
		if len(kept) < len(password) || slices.ContainsFunc(kept, func(b byte) bool { return b != 0 }) {
			t.Errorf("%s: the buffer still holds %q", how, kept)
		}
	}
	check("return", func([]byte) error { return nil })
	check("error", func([]byte) error { return errors.New("failed") })
	check("panic", func([]byte) error { panic("function failed") })
	check("Goexit", func([]byte) error { runtime.Goexit(); return nil })
	check("append", func(value []byte) error { _ = append(value, password...); return nil })
}

func TestClose(t *testing.T) {
	g := newGuard(t, Config{})
	token := issue(t, g, requestID, "API_KEY")
	state := internals(g)
	sealed := state.values["API_KEY"]
	box := sealed.box

	err := g.Use(requestID, "API_KEY", func(value []byte) error {
		g.Close() // from within a callback, which keeps its value
		if string(value) != apiKey {
			t.Errorf("value %q", value)
		}
		return nil
	})
	if err != nil {
		t.Errorf("the call that closed: %v", err)
	}
	g.Close()

	if _, err := g.Issue(requestID, "API_KEY"); err != ErrClosed {
		t.Errorf("Issue: %v", err)
	}
	if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrClosed {
		t.Errorf("Open: %v", err)
	}
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
		t.Errorf("Use: %v", err)
	}
	if len(g.InstanceID()) != 32 {
		t.Error("the instance id is gone")
	}

	if state.macKey != [keySize]byte{} || state.plainKey != [keySize]byte{} {
		t.Error("the MAC key is still there")
	}
	if !bytes.Equal(box, make([]byte, len(box))) {
		t.Error("the ciphertext is still there")
	}
}

// The cipher with its expanded key is overwritten in place: a reference taken
// before Close decrypts nothing after it.
func TestCloseWipesTheExpandedKey(t *testing.T) {
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env})
	aead := internals(g).sealer.aead
	sealed := *internals(g).values["API_KEY"]
	sealed.box = bytes.Clone(sealed.box)
	if _, err := aead.Open(nil, nil, sealed.box, sealed.associated); err != nil {
		t.Fatal(err)
	}
	g.Close()
	var err error
	func() {
		defer func() {
			if recover() != nil {
				err = errors.New("no cipher left")
			}
		}()
		_, err = aead.Open(nil, nil, sealed.box, sealed.associated)
	}()
	if err == nil {
		t.Error("the cipher still opens values")
	}
}

func TestCloseWhileOthersWork(t *testing.T) {
	g := newGuard(t, Config{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				err := g.Use(requestID, "API_KEY", func(value []byte) error {
					if string(value) != apiKey {
						t.Errorf("value %q", value)
					}
					return nil
				})
				if err == ErrClosed {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	g.Close()
	wg.Wait()
}
