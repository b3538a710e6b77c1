package core

import "encoding/binary"

// Every byte string that is authenticated or digested starts with a label, so
// that none can pass for another, nor one version for the next. What the MAC of a
// token covers has its label in the key, which package rules derives.
const (
	sealLabel  = "dtbench/core seal v1"
	chainLabel = "dtbench/core call chain v1"
)

// appendField appends the length of a field, as 32 bits in big-endian order,
// and the field.
//
// Joined without lengths, as in the paper's Eq. (1), nonce "…0" with time
// "1764…" equals nonce "…" with time "01764…", and a used token can be moved
// to a fresh nonce even when the hash is keyed. A separator does not help where
// fields may contain it. With lengths, two lists of fields have one encoding
// only if they are equal.
func appendField[T string | []byte](dst []byte, field T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}

// sealFrame returns the associated data of a sealed value: what it is bound to.
func sealFrame(instance, name string) []byte {
	frame := appendField(nil, sealLabel)
	frame = appendField(frame, instance)
	return appendField(frame, name)
}
