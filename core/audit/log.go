package audit

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// ChainSize is the length of a chain id, in bytes; lines carry it in hex.
const ChainSize = 8

// grantRoom is more than the record of a grant takes, in bytes.
const grantRoom = 2 << 10

// Log is an audit log of one instance. Its methods may be called concurrently.
type Log struct {
	options Options

	// patience is how long a grant waits: what is left of GrantBound is for the
	// scheduler.
	patience time.Duration

	wake   chan struct{} // flush now
	soon   chan struct{} // flush within FlushInterval
	alerts chan Record
	stop   chan struct{}

	// io is held while the sink is written to. It guards out and taken.
	io    patientLock
	out   []byte
	taken int // bytes of out that the sink has taken

	// lock guards the rest. It is never held while anything is written.
	lock     sync.Mutex
	closed   bool
	keyed    bool
	encoder  encoder
	hasher   *Hasher
	sequence uint64
	lost     uint64 // records dropped since the last that was not
	pending  []byte // lines not yet in out
	stats    Stats
}

// New opens a log and records that.
//
// Errors wrap [ErrOptions]; any other is that of Options.Random.
func New(o Options) (*Log, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	l := &Log{
		options: o, patience: o.GrantBound - o.GrantBound/10,
		wake:    make(chan struct{}, 1),
		soon:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		io:      newPatientLock(),
		encoder: newEncoder(o.Context, o.Encrypt),
		hasher:  NewHasher(o.ChainKey),
		keyed:   o.ChainKey != nil,
	}
	l.options.ChainKey = nil
	chain, err := newChain(o.Random)
	if err != nil {
		return nil, err
	}
	l.encoder.begin(chain)
	l.add(&Record{Event: Opened, Result: Done}, l.now(), extra{keyed: l.keyed})
	go l.flusher()
	if o.OnAlert != nil {
		l.alerts = make(chan Record, 64)
		go func() {
			for r := range l.alerts {
				o.OnAlert(r)
			}
		}()
	}
	signal(l.soon)
	return l, nil
}

func newChain(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var id [ChainSize]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("audit: draw a chain id: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// Append records an event. It does not keep r.
//
// Under Strict, a record with Result Granted is in the sink when Append returns
// nil, and so is everything before it. Append then takes at most GrantBound and
// what the scheduler adds. If the sink does not take it in time, or fails, or
// the buffer is full, the error wraps [ErrUnrecorded]: the value must not be
// released. The log then says so: by a Denied record in place of the grant, or
// by a Withdrawn record behind it.
//
// Every other record, and under Async every record, is only buffered, or
// dropped and counted if there is no room; Append waits for nothing and returns
// nil. The number of dropped records is in the next one.
//
// After Close the error is [ErrClosed].
func (l *Log) Append(r *Record) error {
	if l.options.Mode == Strict && r.Result == Granted {
		return l.grant(r)
	}
	at := r.Time
	if at.IsZero() {
		at = l.now()
	}
	l.lock.Lock()
	if l.closed {
		l.lock.Unlock()
		return ErrClosed
	}
	first := len(l.pending) == 0
	l.add(r, at, extra{})
	full := len(l.pending) >= l.options.FlushSize
	critical := l.critical(r)
	if critical {
		l.alert(r)
	}
	l.lock.Unlock()

	switch {
	case full || critical:
		signal(l.wake)
	case first:
		signal(l.soon)
	}
	return nil
}

// grant records a grant and sees it into the sink.
func (l *Log) grant(r *Record) error {
	at := r.Time
	if at.IsZero() {
		at = l.now()
	}
	limit := limit{within: l.patience}
	if !l.io.acquire(&limit) {
		return l.unrecorded(r, at, 0, errLate)
	}
	defer l.io.release() // behind unrecorded: a withdrawal comes before the closing record
	l.lock.Lock()
	if len(l.pending)+grantRoom > l.options.BufferSize/2 { // no grant is lost to a flood of refusals
		l.lock.Unlock()
		if err := l.drain(limit); err != nil {
			return l.unrecorded(r, at, 0, err)
		}
		l.lock.Lock()
	}
	if l.closed {
		l.lock.Unlock()
		return ErrClosed
	}
	sequence := l.add(r, at, extra{})
	swapped := l.swap()
	l.lock.Unlock()
	if sequence == 0 {
		return l.unrecorded(r, at, 0, errLate)
	}
	var err error
	if swapped {
		err = l.put(limit)
	} else {
		err = l.drain(limit)
	}
	if err != nil {
		return l.unrecorded(r, at, sequence, err)
	}
	return nil
}

// unrecorded takes a grant back: by a record of the withdrawal if its own has a
// place in the chain, else by a refusal in its place.
func (l *Log) unrecorded(r *Record, at time.Time, sequence uint64, cause error) error {
	refusal := *r
	refusal.Result, refusal.Reason, refusal.Detail = Denied, SinkFailed, DetailStandard
	if cause == errLate {
		refusal.Reason = SinkLate
	}
	if sequence != 0 {
		refusal.Event = Withdrawn
	}
	l.lock.Lock()
	l.stats.Withdrawn++
	if cause != errLate {
		l.stats.SinkErrors++
	}
	if !l.closed {
		l.add(&refusal, at, extra{of: sequence})
		l.alert(&refusal)
	}
	l.lock.Unlock()
	signal(l.wake)
	return fmt.Errorf("%w: %w", ErrUnrecorded, cause)
}

// add encodes a record and gives it its place in the chain, or drops it and
// returns 0. The caller holds the lock.
func (l *Log) add(r *Record, at time.Time, x extra) uint64 {
	start := len(l.pending)
	x.dropped = l.lost
	b := l.encoder.append(l.pending, r, l.detail(r), l.sequence+1, at, x)
	if len(b)+lineTail > l.options.BufferSize/2 { // pending and out share the bound
		l.pending = b[:start]
		l.lost++
		l.stats.Dropped++
		return 0
	}
	l.pending = l.hasher.seal(b, start)
	l.sequence++
	l.stats.Records++
	l.lost = 0
	return l.sequence
}

// detail is how much of a record is written: success little, failure more,
// consecutive failures everything.
func (l *Log) detail(r *Record) Detail {
	switch {
	case r.Event.critical() || l.repeated(r):
		return DetailFull
	case r.Detail != DetailAuto:
		return r.Detail
	case r.Result == Denied:
		return DetailStandard
	}
	return DetailMinimal
}

func (l *Log) repeated(r *Record) bool {
	return r.Result == Denied && r.Failures >= l.options.CriticalFailures
}

func (l *Log) critical(r *Record) bool { return r.Event.critical() || l.repeated(r) }

// alert hands a record to the hook. The caller holds the lock, so that Close
// cannot close the channel meanwhile.
func (l *Log) alert(r *Record) {
	if l.alerts == nil {
		return
	}
	select {
	case l.alerts <- *r:
	default:
		l.stats.DroppedAlerts++
	}
}

func (l *Log) now() time.Time {
	if l.options.Clock != nil {
		return l.options.Clock()
	}
	return time.Now()
}

// signal leaves a message unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Head returns chain id, number and hash of the last record. Kept elsewhere, it
// is the anchor that shows a cut or a rewritten chain.
func (l *Log) Head() (chain string, sequence uint64, hash [HashSize]byte) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.encoder.chain, l.sequence, l.hasher.last
}

// Stats returns the counts.
func (l *Log) Stats() Stats {
	l.lock.Lock()
	defer l.lock.Unlock()
	s := l.stats
	s.Pending = len(l.pending)
	return s
}

// Rechain starts a new chain, which names the old one and its last number, and
// has to be called after a restore from a snapshot: two copies that went on with
// one chain would contradict each other. The records of the new chain carry
// instance in place of Options.Context.Instance; the zero ID keeps that. The
// error is that of Options.Random, or [ErrClosed].
func (l *Log) Rechain(instance ID) error {
	chain, err := newChain(l.options.Random)
	if err != nil {
		return err
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.closed {
		return ErrClosed
	}
	after := fmt.Sprintf("%s:%d", l.encoder.chain, l.sequence)
	if !instance.zero() {
		l.options.Context.Instance = instance
		l.encoder = newEncoder(l.options.Context, l.options.Encrypt)
	}
	l.encoder.begin(chain)
	l.sequence = 0
	l.hasher.restart()
	l.add(&Record{Event: Opened, Result: Done}, l.now(), extra{after: after, keyed: l.keyed})
	return nil
}
