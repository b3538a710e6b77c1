package broker

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// A message is one packet: version (1 byte), kind (1), sequence number (4),
// length of the whole packet (4), then the fields of its kind, each framed by
// its length (4). Numbers are big-endian. Nothing may be left over and nothing be
// missing, so that a packet has one reading and a message one packet.
const (
	version    = 1
	headerSize = 1 + 1 + 4 + 4
	maxFields  = 7
	seedSize   = 32 // of the mask of an answer

	// maxValue is the kernel's limit on one variable with its name
	// (MAX_ARG_STRLEN, execve(2)); maxPacket leaves room for its ciphertext in
	// base64 and everything around it, and is less than the kernel's default send
	// buffer.
	maxValue  = 128 << 10
	maxPacket = maxValue * 3 / 2
)

type kind uint8

// The function's messages, then the broker's.
const (
	variables kind = iota + 1 // NAME=value, each ended by a NUL, before seal; not answered
	seal                      // answered by sealed, for each variable, and ready; or by failed
	use                       // running request, request, key, seed, looking; answered by granted or denied
	run                       // running request, request, key, seed, looking, operation, input; answered by granted or denied
	hello                     // see State.fields; before anything else
	sealed                    // name, ciphertext
	ready                     // nothing
	failed                    // why
	granted                   // value, or what the operation gave, under the mask; number of the thread that answers (4 bytes)
	denied                    // nothing
	kinds
)

var fieldsOf = [kinds]int{variables: 1, use: 5, run: 7, hello: 3, sealed: 2, failed: 1, granted: 2}

var errMessage = errors.New("broker: not a message of this version")

type message struct {
	kind     kind
	sequence uint32
	fields   [maxFields][]byte // point into the packet
}

// parse reads a packet. What it returns shares its memory.
func parse(packet []byte) (m message, err error) {
	if len(packet) < headerSize || len(packet) > maxPacket || packet[0] != version ||
		packet[1] == 0 || packet[1] >= byte(kinds) || binary.BigEndian.Uint32(packet[6:]) != uint32(len(packet)) {
		return message{}, errMessage
	}
	m.kind, m.sequence = kind(packet[1]), binary.BigEndian.Uint32(packet[2:])
	rest := packet[headerSize:]
	for i := range fieldsOf[m.kind] {
		if len(rest) < 4 {
			return message{}, errMessage
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return message{}, errMessage
		}
		m.fields[i], rest = rest[:n:n], rest[n:]
	}
	if len(rest) > 0 {
		return message{}, errMessage
	}
	return m, nil
}

// sizeOf is the length of the packet that holds the fields.
func sizeOf(fields ...[]byte) int {
	n := headerSize
	for _, f := range fields {
		n += 4 + len(f)
	}
	return n
}

// appendMessage writes a message at the beginning of buffer, and into new memory
// only if there is no room: a secret must not be left behind in what append
// outgrew.
func appendMessage(buffer []byte, k kind, sequence uint32, fields ...[]byte) []byte {
	size := sizeOf(fields...)
	if cap(buffer) < size {
		buffer = make([]byte, 0, size)
	}
	p := append(buffer[:0], version, byte(k))
	p = binary.BigEndian.AppendUint32(p, sequence)
	p = binary.BigEndian.AppendUint32(p, uint32(size))
	for _, f := range fields {
		p = binary.BigEndian.AppendUint32(p, uint32(len(f)))
		p = append(p, f...)
	}
	return p
}

// numberIn reads a field of 4 bytes, and any other as 0.
func numberIn(field []byte) int {
	if len(field) != 4 {
		return 0
	}
	return int(binary.BigEndian.Uint32(field))
}

// mask puts an answer under the mask that follows from a seed, or takes it away. It is
// kept, because the generator is more memory than the rest of an access takes.
//
// The function goes on as soon as it has an answer, and on a busy machine the broker
// much later: what of a value was left there would still be there after the function
// has released its own. So the broker wipes the value and the seed before it answers,
// and what it holds then tells nothing. The seed is drawn for each question.
type mask struct {
	stream rand.ChaCha8
	pad    [64]byte
}

func (m *mask) apply(answer, seed []byte) {
	m.stream.Seed([seedSize]byte(seed))
	for len(answer) > 0 {
		n := min(len(answer), len(m.pad))
		_, _ = m.stream.Read(m.pad[:n]) // never fails
		subtle.XORBytes(answer, answer, m.pad[:n])
		answer = answer[n:]
	}
	*m = mask{}
}
