package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long an answer may take before the broker counts as dead. It is
// long, because a CPU quota may hold both processes back.
const patience = 5 * time.Second

// Client is the function's side of a broker. Its methods may be called
// concurrently; accesses then wait for each other.
type Client struct {
	state  State
	child  int           // the broker's process id
	policy bool          // comes through a descriptor
	done   chan struct{} // closed when the broker was reaped

	mu       sync.Mutex // of the connection: one question at a time
	fd       int
	closed   bool
	running  []byte // id of the request that the runtime said runs
	sequence uint32
	question []byte
	pace     pace
	affinity affinity
	receiver receiver
	seed     [seedSize]byte // of the mask of the next answer
	mask     mask
	free     [][]byte // wiped buffers, as long as the longest answer
	longest  int
}

// State is what the broker said when it started.
func (c *Client) State() State { return c.state }

// Begin says that a request runs; accesses are granted to it and to no other. The
// contract with the platform calls it, with the id that the platform gave.
func (c *Client) Begin(requestID string) {
	c.mu.Lock()
	c.running = []byte(requestID)
	c.mu.Unlock()
}

// End says that no request runs any more: what a request left behind in a
// goroutine is refused from now on.
func (c *Client) End() { c.Begin("") }

// Use asks the broker for a value and lends it to callback. The bytes are wiped when
// that returns or panics and must not be kept. An error of callback comes back as
// it is; [core.ErrDenied] is every other: the key is not declared or has an
// operation, the request does not run or has spent its budget, the core refuses,
// the broker is dead.
func (c *Client) Use(requestID, dataKey string, callback func(value []byte) error) error {
	answer, buffer, err := c.ask(use, nil, []byte(requestID), []byte(dataKey), nil, nil)
	if err != nil {
		return err
	}
	defer c.release(buffer)
	return callback(answer)
}

// Run has the broker carry out an operation with a value. The output is the
// caller's. Every error is [core.ErrDenied].
func (c *Client) Run(requestID, dataKey, operation string, input []byte) ([]byte, error) {
	answer, buffer, err := c.ask(run, nil, []byte(requestID), []byte(dataKey), nil, nil, []byte(operation), input)
	if err != nil {
		return nil, err
	}
	defer c.release(buffer)
	return append([]byte(nil), answer...), nil
}

// Close ends the broker and waits until it is gone. Every later access is denied.
func (c *Client) Close() {
	c.mu.Lock()
	c.fail()
	c.mu.Unlock()
	<-c.done
}

// fail ends the connection, for good. The caller holds mu.
func (c *Client) fail() {
	if !c.closed {
		c.closed = true
		_ = unix.Close(c.fd) // the broker reads the end of it and ends
	}
}

// ask sends a question and returns the answer, in a buffer that the caller
// releases.
func (c *Client) ask(k kind, fields ...[]byte) (answer, buffer []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The first field is the request that runs: one message, because a second
	// would wake the broker twice.
	fields[0], fields[3], fields[4] = c.running, c.seed[:], c.pace.next()
	if c.closed || sizeOf(fields...) > maxPacket {
		return nil, nil, denial
	}
	rand.Read(c.seed[:])
	buffer = c.take()
	m, err := c.exchange(k, buffer, fields...)
	if err == nil && m.kind == granted {
		c.mask.apply(m.fields[0], c.seed[:])
		c.affinity.follow(c.child, numberIn(m.fields[1]))
		return m.fields[0], buffer, nil
	}
	c.put(buffer)
	if err != nil || m.kind != denied {
		c.fail() // what comes next could be the answer to this
	}
	if errors.Is(err, errEnded) {
		// Why it ended is known in a moment, and may be the end of this process too.
		select {
		case <-c.done:
		case <-time.After(patience):
		}
	}
	return nil, nil, denial
}

func (c *Client) exchange(k kind, buffer []byte, fields ...[]byte) (message, error) {
	if c.pace.looking {
		c.affinity.pin()
	}
	if err := c.write(k, fields...); err != nil {
		return message{}, err
	}
	return c.read(buffer)
}

// write sends one message. The caller holds mu, or is alone.
func (c *Client) write(k kind, fields ...[]byte) error {
	c.sequence++
	c.question = appendMessage(c.question, k, c.sequence, fields...)
	for {
		err := send(c.fd, c.question)
		if errors.Is(err, unix.EAGAIN) {
			err = unix.Sendto(c.fd, c.question, unix.MSG_NOSIGNAL, nil)
		}
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

var errEnded = errors.New("the broker ended")

// read receives one message, an answer to the last question.
func (c *Client) read(buffer []byte) (message, error) {
	n, err := c.receive(buffer)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return message{}, fmt.Errorf("no answer within %v", patience)
	case err != nil:
		return message{}, err
	case n == 0:
		return message{}, errEnded
	}
	// A packet that was cut has another length than it says.
	m, err := parse(buffer[:n])
	if err == nil && m.sequence != c.sequence {
		err = errMessage
	}
	return m, err
}

func (c *Client) receive(buffer []byte) (int, error) {
	if c.pace.looking {
		for began := time.Now(); time.Since(began) < eager; giveWay() {
			n, _, _, err := c.receiver.receive(c.fd, buffer, nil)
			if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
				c.pace.quick()
				return n, err
			}
		}
		c.pace.slow()
		c.affinity.unpin()
	}
	for waited := time.Duration(0); ; {
		began := time.Now()
		n, err := unix.Read(c.fd, buffer)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
		// The next wait is a whole one again, so signals could keep us here. Little
		// counts of one wait: a long one that ends like this was a frozen instance.
		if waited += min(time.Since(began), patience/10); waited >= patience {
			return 0, unix.EAGAIN
		}
	}
}

func (c *Client) release(buffer []byte) {
	clear(buffer)
	c.mu.Lock()
	c.free = append(c.free, buffer)
	c.mu.Unlock()
}

// take returns a buffer for an answer. The caller holds mu, as of put.
func (c *Client) take() []byte {
	if n := len(c.free); n > 0 {
		buffer := c.free[n-1]
		c.free = c.free[:n-1]
		return buffer
	}
	return make([]byte, c.longest)
}

func (c *Client) put(buffer []byte) {
	clear(buffer)
	c.free = append(c.free, buffer)
}
