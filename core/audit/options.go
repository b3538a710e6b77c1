package audit

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Mode is when a grant is recorded.
type Mode uint8

const (
	// Strict writes the record of a grant before Append returns. Zero value.
	Strict Mode = iota

	// Async buffers every record, as Algorithm 2 of the paper does.
	Async
)

// NeverCritical is Options.CriticalFailures for logs whose owner does without
// alerts about consecutive refusals.
const NeverCritical uint32 = math.MaxUint32

// MinChainKey is the shortest key of a chain, in bytes.
const MinChainKey = 32

// Options say where records go and how. Sink is all that is needed.
type Options struct {
	Mode Mode

	// Sink takes the lines. See [NewSink]. The log does not close it.
	Sink *Sink

	// Context says where the records come from.
	Context Context

	// GrantBound is how long Append may take under Strict. It waits for nine
	// tenths of that, because to give up takes time too; on a machine with more
	// work than processors that can still take longer. Zero means 1 ms, at most
	// a minute. The last two milliseconds of a wait are spent asking again and
	// again, at the cost of a processor: kernels whose timers tick in
	// milliseconds, as in many virtual machines, could not hold 1 ms otherwise.
	GrantBound time.Duration

	// BufferSize bounds the memory for lines that the sink has not taken, in
	// bytes. What does not fit is dropped and counted. Zero means 256 KiB.
	BufferSize int

	// FlushSize wakes the background flush when so many bytes wait. Zero means
	// an eighth of BufferSize.
	FlushSize int

	// FlushInterval is the longest that a line waits for the background flush.
	// Zero means 100 ms.
	FlushInterval time.Duration

	// CriticalFailures is from how many consecutive refusals on a refusal is
	// critical. Zero means 3; NeverCritical is never, whatever a template says.
	CriticalFailures uint32

	// OnAlert is called with every critical record, from a goroutine of its
	// own. When it is slow, alerts are dropped and counted. May be nil.
	OnAlert func(Record)

	// ChainKey, of at least 32 bytes, makes the chain an HMAC. It is copied.
	ChainKey []byte

	// Encrypt hides the named fields from readers without the key. May be nil.
	Encrypt *FieldEncryption

	// Clock gives the wall time. Nil means [time.Now].
	Clock func() time.Time

	// Random is the source of the chain id. Nil means crypto/rand.
	Random io.Reader
}

// The errors of this package, for use with [errors.Is].
var (
	// ErrUnrecorded is wrapped by Append when a grant was not recorded in time
	// or at all: the value must not be released.
	ErrUnrecorded = errors.New("audit: grant not recorded")

	// ErrOptions is wrapped by New.
	ErrOptions = errors.New("audit: bad options")

	// ErrClosed is wrapped by Append after Close.
	ErrClosed = errors.New("audit: log is closed")
)

// Stats count what a log did since it was opened.
type Stats struct {
	Records       uint64 // given a place in the chain
	Dropped       uint64 // lost because the buffer was full
	Withdrawn     uint64 // grants that the sink did not take in time
	DroppedAlerts uint64 // alerts that OnAlert was too slow for
	SinkErrors    uint64
	Pending       int // bytes that the sink has not taken yet
}

const (
	defaultGrantBound       = time.Millisecond
	defaultBufferSize       = 256 << 10
	defaultFlushInterval    = 100 * time.Millisecond
	defaultCriticalFailures = 3

	minBufferSize = 8 << 10
	maxGrantBound = time.Minute
)

// complete checks the options and replaces zero values by what they stand for.
func (o Options) complete() (Options, error) {
	switch {
	case o.Sink == nil:
		return o, fmt.Errorf("%w: no sink", ErrOptions)
	case o.Mode > Async:
		return o, fmt.Errorf("%w: unknown mode %d", ErrOptions, o.Mode)
	case o.GrantBound < 0 || o.GrantBound > maxGrantBound:
		return o, fmt.Errorf("%w: a grant bound of %v is not within 0 to %v", ErrOptions, o.GrantBound, maxGrantBound)
	case o.BufferSize != 0 && o.BufferSize < minBufferSize:
		return o, fmt.Errorf("%w: a buffer of %d bytes, at least %d are needed", ErrOptions, o.BufferSize, minBufferSize)
	case o.FlushSize < 0 || o.FlushInterval < 0:
		return o, fmt.Errorf("%w: a negative flush size or interval", ErrOptions)
	case o.ChainKey != nil && len(o.ChainKey) < MinChainKey:
		return o, fmt.Errorf("%w: a chain key of %d bytes, at least %d are needed", ErrOptions, len(o.ChainKey), MinChainKey)
	}
	if o.GrantBound == 0 {
		o.GrantBound = defaultGrantBound
	}
	if o.BufferSize == 0 {
		o.BufferSize = defaultBufferSize
	}
	if o.FlushSize == 0 {
		o.FlushSize = o.BufferSize / 8
	}
	if o.FlushInterval == 0 {
		o.FlushInterval = defaultFlushInterval
	}
	if o.CriticalFailures == 0 {
		o.CriticalFailures = defaultCriticalFailures
	}
	return o, nil
}
