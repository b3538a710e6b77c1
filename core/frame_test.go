package core

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// unframe reads what appendField wrote. That it can proves the property that
// the MAC needs: equal encodings come from equal fields.
func unframe(t *testing.T, data []byte) (fields []string) {
	t.Helper()
	for len(data) > 0 {
		if len(data) < 4 {
			t.Fatalf("%d stray bytes", len(data))
		}
		n := binary.BigEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			t.Fatalf("a field of %d bytes in %d", n, len(data)-4)
		}
		fields = append(fields, string(data[4:4+n]))
		data = data[4+n:]
	}
	return fields
}

func TestFrames(t *testing.T) {
	check := func(frame []byte, want ...string) {
		t.Helper()
		if got := unframe(t, frame); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check(sealFrame("instance", "KEY"), "dtbench/core seal v1", "instance", "KEY")
	check(sealFrame("", ""), "dtbench/core seal v1", "", "")
	if got := appendField([]byte("x"), "ab"); string(got) != "x\x00\x00\x00\x02ab" {
		t.Errorf("got %q", got)
	}
}

// frameOf frames fields as every frame of this module does.
func frameOf(fields ...string) (frame []byte) {
	for _, f := range fields {
		frame = appendField(frame, f)
	}
	return frame
}

// The boundary shifts that a plain or a separated concatenation falls for.
func TestShiftedBoundariesDiffer(t *testing.T) {
	check := func(nonce1, time1, key1, nonce2, time2, key2 string) {
		t.Helper()
		if bytes.Equal(frameOf("r", "i", nonce1, time1, key1), frameOf("r", "i", nonce2, time2, key2)) {
			t.Errorf("(%q %q %q) and (%q %q %q) have one encoding", nonce1, time1, key1, nonce2, time2, key2)
		}
	}
	check("abc0", "1764", "K", "abc", "01764", "K")
	check("abc", "1764", "KEY", "abc", "1764K", "EY")
	check("a|b", "c", "K", "a", "b|c", "K")
	check("a,", "b", "K", "a", ",b", "K")
	check("", "", "x", "x", "", "")
	check("\x00\x00\x00\x01a", "", "", "", "\x00\x00\x00\x01a", "")
}

// Equal encodings come from equal fields: each can be read back.
func FuzzFrame(f *testing.F) {
	f.Fuzz(func(t *testing.T, request, instance string, nonce, timestamp []byte, key string, shift int) {
		fields := []string{request, instance, string(nonce), string(timestamp), key}
		frame := frameOf(fields...)
		if got := unframe(t, frame); !slices.Equal(got, fields) {
			t.Fatalf("framed %q, read %q", fields, got)
		}

		// The same bytes with one boundary moved.
		joined := string(nonce) + string(timestamp)
		cut := int(uint(shift) % uint(len(joined)+1))
		moved := frameOf(request, instance, joined[:cut], joined[cut:], key)
		if bytes.Equal(frame, moved) != (cut == len(nonce)) {
			t.Fatalf("%q cut at %d and at %d: equal %v", joined, len(nonce), cut, bytes.Equal(frame, moved))
		}
		joined = instance + key
		cut = int(uint(shift) % uint(len(joined)+1))
		if bytes.Equal(sealFrame(instance, key), sealFrame(joined[:cut], joined[cut:])) != (cut == len(instance)) {
			t.Fatalf("%q cut at %d and at %d", joined, len(instance), cut)
		}
	})
}
