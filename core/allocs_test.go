//go:build !race

package core

import "testing"

// Under the race detector sync.Pool drops at random, hence the build tag.
func TestAccessDoesNotAllocate(t *testing.T) {
	g := newGuard(t, Config{})
	token := issue(t, g, requestID, "API_KEY")
	check := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(2000, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	check("Use", func() {
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Fatal(err)
		}
	})
	check("Issue", func() { g.Issue(requestID, "API_KEY") })
	forged := token
	forged.bytes[TokenSize-1] ^= 1
	check("a forgery", func() { g.Open(requestID, "API_KEY", forged, ignore) })
	g.Open(requestID, "API_KEY", token, ignore)
	check("a replay", func() { g.Open(requestID, "API_KEY", token, ignore) })
	var buffer [TokenSize]byte
	check("the binary form", func() {
		data, _ := token.AppendBinary(buffer[:0])
		if _, err := ParseToken(data); err != nil {
			t.Fatal(err)
		}
	})
}
