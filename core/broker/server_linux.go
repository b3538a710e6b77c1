package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/hygiene"
)

// server is the broker's side. One goroutine runs it: a function's accesses come
// one after the other, and what is simple can be checked.
type server struct {
	setup    Setup
	fd       int
	conn     *connection // of fd, once the peer is known
	peer     peer
	receive  []byte
	answer   []byte
	masked   []byte
	mask     mask
	control  []byte
	thread   [4]byte // that answers
	looking  bool    // is the function that sent the last question
	request  string  // of the last access, as is key
	key      string
	env      *environment
	guard    atomic.Pointer[core.Guard]
	finished sync.Once
	declared map[string]bool
	// By key, then name.
	operations map[string]map[string]Operation
}

func serve(setup Setup, descriptor string) error {
	fd, err := strconv.Atoi(descriptor)
	if err != nil || fd < 3 || fd > 1<<20 {
		return fmt.Errorf("%w: %s is not the number of a descriptor", ErrServe, Variable)
	}
	s := newServer(setup, fd)
	if err := s.serve(); err != nil {
		s.env.wipe()
		clear(s.receive)
		return fmt.Errorf("%w: %w", ErrServe, err)
	}
	return nil
}

func newServer(setup Setup, fd int) *server {
	return &server{
		setup: setup, fd: fd, env: newEnvironment(),
		receive: make([]byte, maxPacket), answer: make([]byte, 0, 4<<10),
		// Room for the sender's credentials and nothing else: descriptors that
		// somebody sends along do not fit, and the kernel closes them.
		control: make([]byte, unix.CmsgSpace(unix.SizeofUcred)),
	}
}

func (s *server) serve() error {
	takeName()
	if err := hygiene.MakeNonDumpable(); err != nil {
		return err
	}
	var err error
	if s.peer, err = findPeer(s.fd); err != nil {
		return err
	}
	if s.conn, err = newConnection(s.fd); err != nil {
		return fmt.Errorf("connection: %w", err)
	}
	s.endWithIt()
	if err := s.greet(); err != nil {
		return err
	}
	for {
		packet, ours, err := s.next()
		if err != nil || packet == nil {
			s.finish()
			return err
		}
		if !ours {
			// Not answered: whoever reads at the function's end would take the
			// answer for its own.
			s.refuse("", "")
			continue
		}
		if err := s.handleQuietly(packet); err != nil {
			return err
		}
		if s.looking {
			giveWay() // to the function, which may wait on this processor
		}
	}
}

// takeName names the process. By its name a broker is found among the processes of an
// instance. The name is that of the main thread, which this need not be; where the
// program cannot be read, the file belongs to root from the start.
func takeName() {
	name := append([]byte(ProcessName), 0)
	if unix.Gettid() == unix.Getpid() {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
		runtime.KeepAlive(name)
		return
	}
	_ = os.WriteFile("/proc/self/comm", []byte(ProcessName), 0)
}

func (s *server) greet() error {
	pid, uid, peer := s.peer.state.fields()
	return s.say(hello, 0, pid, uid, peer)
}

// next waits for a packet, and tells whether the function sent it. Nil is the
// end of the connection.
func (s *server) next() (packet []byte, ours bool, err error) {
	for {
		n, controls, whole, err := s.conn.receive(s.receive, s.control)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, false, fmt.Errorf("receive: %w", err)
		case n == 0 && controls == 0: // an empty packet has a sender
			return nil, false, nil
		}
		return s.receive[:n], whole && s.peer.sent(s.control[:controls]), nil
	}
}

// say sends one message and wipes what it was made of.
func (s *server) say(k kind, sequence uint32, fields ...[]byte) error {
	s.answer = appendMessage(s.answer, k, sequence, fields...)
	defer clear(s.answer)
	for {
		err := s.conn.send(s.answer)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET):
			return nil // the function has ended; the next receive says so
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("send: %w", err)
		}
	}
}

// handleQuietly handles a packet and wipes it, on one thread, and holds signals back
// from that meanwhile: none finds a value in the registers.
func (s *server) handleQuietly(packet []byte) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signals, err := hygiene.HoldSignals()
	if err != nil {
		return err
	}
	m, err := parse(packet)
	if err == nil {
		err = s.handle(m)
	}
	clear(packet)
	return errors.Join(err, signals.LetIn())
}

var errOrder = errors.New("a message out of order")

func (s *server) handle(m message) error {
	if s.guard.Load() == nil {
		switch m.kind {
		case variables:
			return s.env.addAll(m.fields[0])
		case seal:
			return s.seal(m.sequence)
		}
		return errOrder
	}
	if m.kind != use && m.kind != run {
		return errOrder
	}
	return s.access(m)
}

// seal makes the guard of what was handed over.
func (s *server) seal(sequence uint32) error {
	if err := s.setUp(); err != nil {
		// No error of the core's holds a value. The function reads this and ends.
		s.env.wipe()
		return s.say(failed, sequence, []byte(err.Error()))
	}
	clear(s.receive)
	for _, name := range slices.Sorted(maps.Keys(s.env.texts)) {
		if err := s.say(sealed, sequence, []byte(name), []byte(s.env.texts[name])); err != nil {
			return err
		}
	}
	return s.say(ready, sequence)
}

func (s *server) setUp() error {
	policy, err := core.FindPolicy(s.env)
	if err != nil {
		return err
	}
	completed := *policy
	completed.Keys = maps.Clone(policy.Keys)
	if completed.Keys == nil {
		completed.Keys = map[string]core.KeyPolicy{}
	}
	list, _ := s.env.LookupEnv(core.KeysVariable)
	for name := range strings.SplitSeq(list, ",") {
		// What is no name is left to the core, which says what is wrong with it.
		name = strings.TrimSpace(name)
		if _, there := completed.Keys[name]; !there && s.env.entries[name] != nil {
			completed.Keys[strings.Clone(name)] = core.KeyPolicy{}
		}
	}
	s.declared = map[string]bool{}
	for name := range completed.Keys {
		s.declared[name] = true
	}
	config, err := s.configure()
	if err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	for name, key := range completed.Keys {
		endless := config.Budget < 0 && key.Sensitivity == core.High // which the core does not have
		if key.Budget == 0 && !endless {
			key.Budget = config.Budget
			completed.Keys[name] = key
		}
	}
	guard, err := core.FromEnvironment(core.Config{Policy: &completed, Environment: s.env})
	if err == nil {
		s.guard.Store(guard)
	}
	return err
}

// configure asks Setup, and makes the table of operations.
func (s *server) configure() (c Config, err error) {
	if s.setup != nil {
		c, err = s.setup(func(name string) string {
			if s.declared[name] {
				return ""
			}
			return s.env.setting(name)
		})
	}
	if c.Budget == 0 {
		c.Budget = 1
	}
	s.operations = map[string]map[string]Operation{}
	for _, o := range c.Operations {
		if s.operations[o.Key] == nil {
			s.operations[o.Key] = map[string]Operation{}
		}
		s.operations[o.Key][o.Name] = o
	}
	return c, err
}

// access answers one use or run, once.
func (s *server) access(m message) error {
	s.request, s.key = same(s.request, m.fields[1]), same(s.key, m.fields[2])
	running, request, key, seed := m.fields[0], s.request, s.key, m.fields[3]
	s.looking = len(m.fields[4]) > 0
	operations := s.operations[key]
	allowed := len(seed) == seedSize && s.declared[key] && len(running) > 0 && request == string(running) && (m.kind == run) == (operations != nil)
	var do func([]byte) ([]byte, error)
	if allowed && m.kind == run {
		var operation Operation
		if operation, allowed = operations[string(m.fields[5])]; allowed {
			var err error
			do, err = operation.Prepare(m.fields[6])
			allowed = err == nil
		}
	}
	if !allowed {
		s.refuse(request, key)
		return s.say(denied, m.sequence)
	}
	answered := false
	err := s.guard.Load().Use(request, key, func(value []byte) error {
		give := value
		if do != nil {
			output, err := do(value)
			if err != nil || len(output) > maxOutput {
				return denial
			}
			give = output
		}
		answered = true
		// Of its length at once: what it outgrows is under an older mask.
		s.masked = append(s.masked[:0], give...)
		s.mask.apply(s.masked, seed)
		return nil
	})
	clear(seed)
	switch {
	case !answered:
		return s.say(denied, m.sequence)
	case err != nil:
		return err
	}
	binary.BigEndian.PutUint32(s.thread[:], uint32(unix.Gettid()))
	return s.say(granted, m.sequence, s.masked, s.thread[:])
}

// same is text as a string, which is the last one where it can be: a flood of
// accesses leaves no garbage.
func same(last string, text []byte) string {
	if last == string(text) {
		return last
	}
	return string(text)
}

// refuse has the guard record a refusal that the broker itself decided: it is
// counted and answered to as a token that the guard never made.
func (s *server) refuse(request, key string) {
	if guard := s.guard.Load(); guard != nil {
		_ = guard.Open(request, key, core.Token{}, nil)
	}
}

// peer is the function, as the kernel names it.
type peer struct {
	pid   int32
	pidfd int // -1 where the kernel has none
	state State
}

// findPeer asks who made the socket pair: our parent, or we serve nobody.
func findPeer(fd int) (peer, error) {
	p := peer{pidfd: -1}
	maker, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return p, fmt.Errorf("SO_PEERCRED: %w", err)
	}
	p.pid = maker.Pid
	p.state = State{PID: os.Getpid(), UID: os.Getuid(), Peer: "SO_PEERCRED"}
	if pidfd, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil { // Linux 6.5
		p.pidfd, p.state.Peer = pidfd, "SO_PEERCRED+SO_PEERPIDFD"
	} else if pidfd, err := unix.PidfdOpen(int(maker.Pid), 0); err == nil { // Linux 5.3
		p.pidfd, p.state.Peer = pidfd, "SO_PEERCRED+pidfd_open"
	}
	// After the pidfd is open: had the function ended before, we would be the
	// child of another by now.
	if os.Getppid() != int(p.pid) {
		return p, errors.New("the maker of the connection is not the parent")
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return p, fmt.Errorf("SO_PASSCRED: %w", err)
	}
	return p, nil
}

// sent reads the credentials that the kernel attached to a message.
func (p *peer) sent(control []byte) bool {
	if len(control) < unix.SizeofCmsghdr { // the parser would panic
		return false
	}
	header, data, rest, err := unix.ParseOneSocketControlMessage(control)
	if err != nil || len(data) != unix.SizeofUcred || len(rest) > 0 {
		return false
	}
	from, err := unix.ParseUnixCredentials(&unix.SocketControlMessage{Header: header, Data: data})
	return err == nil && from.Pid == p.pid
}

// endWithIt ends the broker with its function even where somebody else holds the
// function's end of the connection open: by the signal that Start asked the
// kernel for, and by the function's pidfd.
func (s *server) endWithIt() {
	parentDied := make(chan os.Signal, 1)
	signal.Notify(parentDied, endSignal)
	if s.peer.pidfd >= 0 {
		go func() {
			for {
				n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.peer.pidfd), Events: unix.POLLIN}}, -1)
				if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
					parentDied <- endSignal
					return
				}
			}
		}()
	}
	go func() {
		<-parentDied
		s.finish()
		exit(0)
	}()
}

// finish closes the guard, which writes out what it has recorded.
func (s *server) finish() {
	s.finished.Do(func() {
		if guard := s.guard.Load(); guard != nil {
			guard.Close()
		}
	})
}
