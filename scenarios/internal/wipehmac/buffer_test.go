package wipehmac

import (
	"hash"
	"reflect"
	"testing"
)

// blockBuffer returns the 64 bytes of crypto/sha256's internal block buffer, unused part included, found by reflection:
// the one array of bytes in the digest. A standard library that stores it otherwise fails the test, which is wanted:
// the wiping in Sum is written for that layout.
func blockBuffer(t *testing.T, h hash.Hash) []byte {
	t.Helper()
	v := reflect.ValueOf(h).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() != reflect.Array || field.Type().Elem().Kind() != reflect.Uint8 {
			continue
		}
		buffer := make([]byte, field.Len())
		for j := range buffer {
			buffer[j] = byte(field.Index(j).Uint())
		}
		return buffer
	}
	t.Fatalf("%T has no block buffer", h)
	return nil
}
