package core

// entry is a nonce as two numbers.
type entry [2]uint64

// hash spreads a nonce over all 64 bits. Nonces are random already; this is for
// those of tests, and costs two multiplications.
func (e entry) hash() uint64 {
	h := (e[0] ^ e[1]*0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// nonceSet is a set of nonces: open addressing with linear probing in a table
// of 16-byte entries, between 3/8 and 3/4 full once it has grown, so 21 to 43
// bytes a nonce. Entries are never removed one by one.
type nonceSet struct {
	slots []entry // length is a power of two, or zero
	used  int     // slots taken
	zero  bool    // the nonce of all zero bytes, which marks a free slot, is in
}

const smallestSet = 8

func (s *nonceSet) len() int {
	if s.zero {
		return s.used + 1
	}
	return s.used
}

func (s *nonceSet) has(e entry, h uint64) bool {
	if e == (entry{}) {
		return s.zero
	}
	if s.used == 0 {
		return false
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case e:
			return true
		case entry{}:
			return false
		}
	}
}

// add puts in a nonce that is not there yet.
func (s *nonceSet) add(e entry, h uint64) {
	if e == (entry{}) {
		s.zero = true
		return
	}
	if 4*(s.used+1) > 3*len(s.slots) {
		s.grow()
	}
	s.place(e, h)
	s.used++
}

func (s *nonceSet) place(e entry, h uint64) {
	mask := uint64(len(s.slots) - 1)
	i := h & mask
	for s.slots[i] != (entry{}) {
		i = (i + 1) & mask
	}
	s.slots[i] = e
}

func (s *nonceSet) grow() {
	old := s.slots
	s.slots = make([]entry, max(2*len(old), smallestSet))
	for _, e := range old {
		if e != (entry{}) {
			s.place(e, e.hash())
		}
	}
}

// clear empties the set. It keeps the table for the next nonces unless expect,
// the number that the same time brought before, would leave most of it empty.
func (s *nonceSet) clear(expect int) {
	if len(s.slots) > 4*max(expect, smallestSet) {
		s.slots = nil
	} else if s.used > 0 {
		clear(s.slots)
	}
	s.used, s.zero = 0, false
}
