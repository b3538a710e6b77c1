//go:build !race

package broker

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
)

// What a flood leaves behind is memory that the instance pays for until the
// collector runs: a new request costs its id and its entry in the core's table, and a
// refused access nothing.
func TestAnAccessLeavesLittleGarbage(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if err := unix.SetsockoptInt(pair[1], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		t.Fatal(err)
	}
	s := newServer(nil, pair[1])
	s.peer.pid = int32(unix.Getpid())
	defer s.finish()

	buffer := make([]byte, maxPacket)
	answer := func() message {
		n, err := unix.Read(pair[0], buffer)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parse(buffer[:n])
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	// Without records, which would have to go somewhere.
	if err := s.env.addAll([]byte("KEY=0123456789abcdef0123456789abcdef\x00" + core.KeysVariable + "=KEY\x00" +
		core.PolicyVariable + `={"policy": "dtbench/policy/v1", "audit": {"mode": "off"}}` + "\x00")); err != nil {
		t.Fatal(err)
	}
	if err := s.seal(0); err != nil {
		t.Fatal(err)
	}
	for m := answer(); m.kind != ready; m = answer() {
		if m.kind == failed {
			t.Fatalf("%s", m.fields[0])
		}
	}

	running, key, seed := make([]byte, 4), []byte("KEY"), make([]byte, seedSize)
	var question []byte
	access := func(request []byte, want kind) {
		question = appendMessage(question, use, 0, running, request, key, seed)
		if err := unix.Sendto(pair[0], question, 0, nil); err != nil {
			t.Fatal(err)
		}
		packet, ours, err := s.next()
		if err != nil || !ours {
			t.Fatalf("a packet of our own: %v, %v", ours, err)
		}
		if err := s.handleQuietly(packet); err != nil {
			t.Fatal(err)
		}
		if m := answer(); m.kind != want {
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
