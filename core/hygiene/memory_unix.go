//go:build unix

package hygiene

import "unsafe"

// zero overwrites the bytes of a string that the environment gave. On these
// systems every such string is part of an entry "NAME=value" that the runtime
// or os.Setenv put together on the heap, never a constant in read-only memory.
func zero(s string) bool {
	clear(unsafe.Slice(unsafe.StringData(s), len(s)))
	return true
}
