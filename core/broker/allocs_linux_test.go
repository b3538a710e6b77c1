//go:build !race

package broker

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// What a flood leaves behind is memory that the instance pays for until the
// collector runs: a new request costs its id and its entry in the core's table, and a
// refused access nothing.
func TestAnAccessLeavesLittleGarbage(t *testing.T) {
	p := newPair(t)
	running, key, seed := make([]byte, 4), []byte("KEY"), make([]byte, seedSize)
	var question []byte
	access := func(request []byte, want kind) {
		question = appendMessage(question, use, 0, running, request, key, seed, nil)
		if err := unix.Sendto(p.fd, question, 0, nil); err != nil {
			t.Fatal(err)
		}
		packet, ours, err := p.next()
		if err != nil || !ours {
			t.Fatalf("a packet of our own: %v, %v", ours, err)
		}
		if err := p.handleQuietly(packet); err != nil {
			t.Fatal(err)
		}
		if m := p.read(); m.kind != want {
			t.Fatalf("the answer is %d, not %d", m.kind, want)
		}
	}
	// Fewer than the refusals after which the guard ends an instance.
	const times = 80
	count := uint32(0)
	if n := testing.AllocsPerRun(times, func() {
		count++
		binary.BigEndian.PutUint32(running, count)
		access(running, granted)
	}); n > 2 {
		t.Errorf("an access leaves %v pieces of memory", n)
	}
	another := []byte("another")
	if n := testing.AllocsPerRun(times, func() { access(another, denied) }); n > 0 {
		t.Errorf("a refused access leaves %v pieces of memory", n)
	}
}
