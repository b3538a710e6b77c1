package broker

import (
	"bytes"
	"testing"
)

func TestAMessageComesBackAsItWas(t *testing.T) {
	for k := variables; k < kinds; k++ {
		fields := [][]byte{[]byte("a"), {}, []byte("value with a line\nand a \x00"), bytes.Repeat([]byte{7}, 5000), []byte("e"), []byte("f"), []byte("g")}[:fieldsOf[k]]
		packet := appendMessage(nil, k, 77, fields...)
		m, err := parse(packet)
		if err != nil || m.kind != k || m.sequence != 77 {
			t.Fatalf("kind %d: %+v, %v", k, m, err)
		}
		for i, f := range fields {
			if !bytes.Equal(m.fields[i], f) {
				t.Errorf("kind %d, field %d differs", k, i)
			}
		}
		if len(packet) != sizeOf(fields...) {
			t.Errorf("kind %d: %d bytes, sizeOf says %d", k, len(packet), sizeOf(fields...))
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	whole := appendMessage(nil, use, 1, []byte("run"), []byte("run"), []byte("KEY"), []byte("seed"), []byte{1})
	if _, err := parse(whole); err != nil {
		t.Fatal(err)
	}
	check := func(what string, packet []byte) {
		t.Helper()
		if m, err := parse(packet); err == nil {
			t.Errorf("%s: %+v", what, m)
		}
	}
	alter := func(at int, to byte) []byte {
		p := bytes.Clone(whole)
		p[at] = to
		return p
	}
	check("nothing", nil)
	for n := range whole {
		check("a part", whole[:n])
	}
	check("more", append(bytes.Clone(whole), 0))
	check("another version", alter(0, 2))
	check("no kind", alter(1, 0))
	check("an unknown kind", alter(1, byte(kinds)))
	check("another kind", alter(1, byte(run)))
	check("a length beyond the end", alter(headerSize, 0xff))
	check("a shorter length", alter(headerSize+3, 2))
	check("too long", appendMessage(nil, variables, 1, make([]byte, maxPacket)))
}

// The mask goes as it came, and is another for another seed.
func TestTheMaskOfAnAnswer(t *testing.T) {
	seed, other := bytes.Repeat([]byte{1}, seedSize), bytes.Repeat([]byte{2}, seedSize)
	var m mask
	for _, n := range []int{0, 1, 63, 64, 65, 1000} {
		value := bytes.Repeat([]byte{7}, n)
		one, two := bytes.Clone(value), bytes.Clone(value)
		m.apply(one, seed)
		m.apply(two, other)
		if n > 8 && (bytes.Equal(one, two) || bytes.Contains(one, value[:8])) {
			t.Errorf("%d bytes: the masks are alike, or none", n)
		}
		if m.apply(one, seed); !bytes.Equal(one, value) {
			t.Errorf("%d bytes come back otherwise", n)
		}
	}
	if m != (mask{}) {
		t.Error("something of the mask is left")
	}
}

// A buffer that has room is used, so that nothing is left behind elsewhere.
func TestMessagesAreWrittenInPlace(t *testing.T) {
	buffer := make([]byte, 0, 64)
	if p := appendMessage(buffer, granted, 1, []byte("value")); &p[0] != &buffer[:1][0] {
		t.Error("it was written elsewhere")
	}
	if p := appendMessage(buffer, granted, 1, make([]byte, 100)); cap(p) < 100 || bytes.Count(buffer[:64], []byte{0}) == 64 {
		t.Error("the buffer was changed, or what is returned is too small")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendMessage(nil, hello, 0, []byte("1"), []byte("0"), []byte("SO_PEERCRED")))
	f.Add(appendMessage(nil, use, 1, []byte("r"), []byte("r"), []byte("KEY"), make([]byte, seedSize), nil))
	f.Add(appendMessage(nil, run, 1<<31, []byte("r"), []byte("r"), []byte("KEY"), make([]byte, seedSize), []byte{1}, []byte("sign-put"), []byte("input")))
	f.Add(appendMessage(nil, granted, 2, []byte{}, make([]byte, 4)))
	f.Add(append(appendMessage(nil, denied, 3), 1))
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := parse(packet)
		if err != nil {
			return
		}
		if again := appendMessage(nil, m.kind, m.sequence, m.fields[:fieldsOf[m.kind]]...); !bytes.Equal(again, packet) {
			t.Errorf("%x reads as %+v, which is written %x", packet, m, again)
		}
	})
}
