package model

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// source is a random stream for one purpose. It may go in antithetic pairs of
// batches, the second of which has every number of the first mirrored at its
// middle: each batch by itself is as random as any, and means over many pairs
// settle much faster.
type source struct {
	pcg        *rand.PCG
	rng        *rand.Rand
	antithetic bool
	mirrored   bool
	begin, end rand.PCG // states at both ends of the first of a pair
	any        bool
}

// newSource depends on seed and purpose alone.
func newSource(seed uint64, purpose ...string) *source {
	sum := sha256.Sum256(fmt.Appendf(nil, "dtbench/stream/v1 %d %s", seed, strings.Join(purpose, " ")))
	pcg := rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16]))
	return &source{pcg: pcg, rng: rand.New(pcg)}
}

// batch begins another batch.
func (s *source) batch() {
	if !s.antithetic {
		return
	}
	switch {
	case s.mirrored: // the pair is complete: on from where its first ended
		*s.pcg, s.mirrored = s.end, false
		s.begin = *s.pcg
	case !s.any:
		s.begin, s.any = *s.pcg, true
	default:
		s.end = *s.pcg
		*s.pcg, s.mirrored = s.begin, true
	}
}

// normal is standard normal.
func (s *source) normal() float64 {
	if s.mirrored {
		return -s.rng.NormFloat64()
	}
	return s.rng.NormFloat64()
}

// uniform is in (0, 1), without the ends.
func (s *source) uniform() float64 {
	u := s.rng.Float64() + 0x1p-54
	if s.mirrored {
		return 1 - u
	}
	return u
}
