// Package memscan searches the memory of another process for what should not be
// there. It is the judge of core/hygiene in tests, and of the variants in attack
// T4 (runner/attack); no function links it.
//
// It reads every readable mapping of the process through /proc/PID/mem, and the
// environ of every thread, from outside: nothing that the process says of itself
// counts. It needs the right to trace the process (CAP_SYS_PTRACE for one that
// is non-dumpable, see needs.Ptrace).
//
// A search that finds nothing proves nothing, so every scan also looks for a
// decoy: a value that the caller planted in the process as it was planted with
// the others, and that nobody erased. A scan that misses the decoy is an error.
//
// It finds a needle in plain form only. Encoded, split or transformed copies, and
// the registers of a thread that is running, are not seen.
package memscan

import (
	"errors"
	"fmt"
)

// ErrDecoy is returned by [Scan] when the decoy was not found in memory or not
// in the environ of every thread: the scan does not see what it should, and what
// it did not find may well be there.
var ErrDecoy = errors.New("memscan: the planted decoy was not found")

// ErrShort is returned by [Scan] for a needle of less than eight bytes, which
// would be found by chance.
var ErrShort = errors.New("memscan: a needle needs eight bytes")

// Hit is one copy of a needle.
type Hit struct {
	Needle  string // its name
	Place   string // the mapping's path, "anonymous", or "environ of thread N"
	Address uint64 // 0 in an environ
}

// String says what was found where, and not what it is.
func (h Hit) String() string {
	if h.Address == 0 {
		return fmt.Sprintf("%s in %s", h.Needle, h.Place)
	}
	return fmt.Sprintf("%s in %s at %#x", h.Needle, h.Place, h.Address)
}

// Result is what one scan saw.
type Result struct {
	Hits    []Hit // of the needles, the decoy's left out
	Decoys  int   // copies of the decoy, in memory and environ
	Bytes   int64 // of memory that was read
	Threads int   // whose environ was read
}

// Count is the number of copies of the named needle.
func (r Result) Count(needle string) int {
	n := 0
	for _, h := range r.Hits {
		if h.Needle == needle {
			n++
		}
	}
	return n
}

// Needles are secrets, by name, and their halves: a copy whose other half was
// overwritten is as bad.
func Needles(secrets map[string]string) map[string][]byte {
	needles := map[string][]byte{}
	for name, value := range secrets {
		needles[name] = []byte(value)
		needles[name+", first half"] = []byte(value[:len(value)/2])
		needles[name+", second half"] = []byte(value[len(value)/2:])
	}
	return needles
}
