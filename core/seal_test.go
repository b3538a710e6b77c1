package core

import "testing"

func TestSealKeyLength(t *testing.T) {
	check := func(n int, want bool) {
		t.Helper()
		if _, err := newSealer(make([]byte, n)); (err == nil) != want {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
	check(keySize, true)
	check(keySize-1, false)
	check(0, false)
}

func TestSealingHidesEqualValues(t *testing.T) {
	s, err := newSealer(make([]byte, keySize))
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.seal("i", "A", []byte("same")).text(), s.seal("i", "A", []byte("same")).text()
	if first == second {
		t.Error("a nonce was used twice")
	}
}

func TestAlteredCiphertextIsRefused(t *testing.T) {
	s, err := newSealer(make([]byte, keySize))
	if err != nil {
		t.Fatal(err)
	}
	v := s.seal("i", "A", []byte(password))
	for bit := range 8 * len(v.box) {
		v.box[bit/8] ^= 1 << (bit % 8)
		if _, err := s.open(make([]byte, v.size), v); err == nil {
			t.Errorf("bit %d flipped: opened", bit)
		}
		v.box[bit/8] ^= 1 << (bit % 8)
	}
}
