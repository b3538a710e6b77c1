package core

import "encoding/binary"

// Every byte string that is authenticated starts with one of these labels, so
// that no token can pass for associated data, nor one version for another.
const (
	tokenLabel = "dtbench/core token v1"
	sealLabel  = "dtbench/core seal v1"
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

// appendTokenFrame appends what the MAC of a token covers: the components of
// Eq. (1) in the paper's order, behind the label.
func appendTokenFrame(dst []byte, requestID, instanceID string, nonce, timestamp []byte, dataKey string) []byte {
	dst = appendField(dst, tokenLabel)
	dst = appendField(dst, requestID)
	dst = appendField(dst, instanceID)
	dst = appendField(dst, nonce)
	dst = appendField(dst, timestamp)
	return appendField(dst, dataKey)
}

// sealFrame returns the associated data of a sealed value.
func sealFrame(instanceID, name string) []byte {
	frame := appendField(nil, sealLabel)
	frame = appendField(frame, instanceID)
	return appendField(frame, name)
}
