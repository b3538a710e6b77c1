package broker

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/hygiene"
)

// Descriptors of a broker.
const (
	connectionNumber = 3
	policyNumber     = 4
)

// endSignal is what the kernel sends the broker when its function dies. It can be
// caught, so that the last records are written.
const endSignal = syscall.SIGTERM

// Start starts the broker of this process, hands the environment over and erases
// the plaintext here. It returns when the broker is ready to serve. Call it
// before other code reads the environment; the program's main must begin with
// [Serve].
//
// Errors wrap [ErrStart]. What the core says about names, values and policy is in
// their text.
func Start() (*Client, error) {
	c := &Client{done: make(chan struct{}), longest: maxPacket}
	if err := c.start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	// Not while the broker starts, which takes longer and needs the processor time.
	// Where there is one processor the broker cannot run while we look.
	c.pace.able = runtime.NumCPU() > 1
	return c, nil
}

func (c *Client) start() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket pair: %w", err)
	}
	c.fd = pair[0]
	timeout := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout),
	)
	limit := ""
	if err == nil {
		limit, err = c.spawn(pair[1])
	}
	if err == nil {
		err = c.handOver()
	}
	if err != nil {
		c.fail()
		return err
	}
	c.state.Limit = limit
	return nil
}

// spawn starts the second process and closes what it inherits. It returns why
// the process runs as the same user, if it does.
//
// Descriptors are bare numbers here: os.File.Fd would make the output block, and
// os.StartProcess forks once more to find out whether pidfds work.
func (c *Client) spawn(connection int) (limit string, err error) {
	defer unix.Close(connection)
	out, opened := output()
	if opened {
		defer unix.Close(out)
	}
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer unix.Close(null)
	files := []uintptr{uintptr(null), uintptr(out), uintptr(unix.Stderr), uintptr(connection)}
	if policy := policyDescriptor(); policy >= 0 {
		defer unix.Close(policy) // only the broker is to read it
		files = append(files, uintptr(policy))
		c.policy = true
	}
	env := []string{
		Variable + "=" + strconv.Itoa(connectionNumber),
		// It does one thing at a time: more would only make it start slower.
		"GOMAXPROCS=1",
		// What it keeps is small. The collector is to begin at 1 MB and not at 4.
		"GOGC=25",
	}
	// The runtime's settings are read before main and cannot be handed over later;
	// fips140=only must hold where the core computes.
	if setting, set := os.LookupEnv("GODEBUG"); set {
		env = append(env, "GODEBUG="+setting)
	}
	attr := &syscall.ProcAttr{Env: env, Files: files, Sys: &syscall.SysProcAttr{Pdeathsig: endSignal}}
	attr.Sys.Credential, limit = otherUser()
	err = c.launch(attr)
	if err != nil && attr.Sys.Credential != nil {
		limit = fmt.Sprintf("user id %d cannot be taken: %v", attr.Sys.Credential.Uid, err)
		attr.Sys.Credential = nil
		err = c.launch(attr)
	}
	return limit, err
}

// launch forks on a thread that lives as long as the child, because the child
// dies with the thread that forked it (PR_SET_PDEATHSIG(2const)), and reaps it.
func (c *Client) launch(attr *syscall.ProcAttr) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		pid, err := syscall.ForkExec("/proc/self/exe", []string{ProcessName}, attr)
		c.child = pid
		started <- err
		if err != nil {
			runtime.UnlockOSThread()
			return
		}
		var status unix.WaitStatus
		for {
			if _, err = unix.Wait4(pid, &status, 0, nil); !errors.Is(err, unix.EINTR) {
				break
			}
		}
		if err == nil && status.Exited() && status.ExitStatus() == core.ExitTerminated {
			exit(core.ExitTerminated)
		}
		close(c.done)
		c.mu.Lock()
		c.fail()
		c.mu.Unlock()
	}()
	return <-started
}

// output is standard output as the broker can write its records to it without
// blocking. A pipe belongs to who made it and cannot be opened anew by another
// user, as package audit does; so it is opened here.
func output() (fd int, opened bool) {
	var stat unix.Stat_t
	if unix.Fstat(unix.Stdout, &stat) == nil {
		if kind := stat.Mode & unix.S_IFMT; kind == unix.S_IFIFO || kind == unix.S_IFCHR {
			fd, err := unix.Open("/proc/self/fd/1", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
			if err == nil {
				return fd, true
			}
		}
	}
	return unix.Stdout, false
}

// policyDescriptor is the number of the descriptor from which the policy comes, or
// -1. If the variable is set all the same, the core says what is wrong with it.
func policyDescriptor() int {
	number, err := strconv.Atoi(os.Getenv(core.PolicyFDVariable))
	if err != nil || number < connectionNumber {
		return -1
	}
	if _, err := unix.FcntlInt(uintptr(number), unix.F_GETFD, 0); err != nil {
		return -1
	}
	return number
}

// otherUser picks a user id that nobody has, or says why there is none.
func otherUser() (*syscall.Credential, string) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return nil, fmt.Sprintf("capabilities are unknown: %v", err)
	}
	const needed = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	if os.Geteuid() != 0 || data[0].Effective&needed != needed {
		return nil, fmt.Sprintf("user %d may not become another", os.Geteuid())
	}
	// systemd's range for users that last as long as a service.
	const first, last = 61184, 65519
	var b [2]byte
	rand.Read(b[:])
	id := first + uint32(binary.BigEndian.Uint16(b[:]))%(last-first+1)
	return &syscall.Credential{Uid: id, Gid: id}, ""
}

// handOver gives the environment to the broker and erases what it sealed.
func (c *Client) handOver() error {
	buffer := make([]byte, maxPacket)
	m, err := c.read(buffer)
	if err != nil || m.kind != hello {
		return fmt.Errorf("no greeting: %w", errors.Join(err, errMessage))
	}
	if err := c.state.setFields(m.fields[0], m.fields[1], m.fields[2]); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := c.sendEnvironment(); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	longest := maxOutput
	if err := c.write(seal); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	var replacements []hygiene.Replacement
	for {
		m, err := c.read(buffer)
		switch {
		case err != nil:
			return fmt.Errorf("seal: %w", err)
		case m.kind == failed:
			return errors.New(string(m.fields[0]))
		case m.kind == sealed:
			name := string(m.fields[0])
			replacements = append(replacements, hygiene.Replacement{Name: name, Text: string(m.fields[1])})
			longest = max(longest, len(os.Getenv(name)))
			continue
		case m.kind != ready:
			return errMessage
		}
		break
	}
	c.longest = sizeOf(make([]byte, longest), make([]byte, 4))
	if err := os.Unsetenv(core.PolicyFDVariable); err != nil {
		return err
	}
	_, err = hygiene.Replace(replacements, hygiene.Options{})
	return err
}

// sendEnvironment sends the variables in as few messages as they fit in, because
// each wakes the broker up.
func (c *Client) sendEnvironment() (err error) {
	entries := os.Environ()
	// One thread, whose registers are then overwritten.
	runtime.LockOSThread()
	longest := 0
	defer func() {
		err = errors.Join(err, hygiene.ForgetCopy(longest))
		runtime.UnlockOSThread()
	}()
	batch := make([]byte, 0, maxPacket/2)
	defer func() { clear(batch[:cap(batch)]) }()
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		longest = max(longest, len(batch))
		err := c.write(variables, batch)
		clear(c.question[:cap(c.question)])
		c.question = nil // as long as the variables
		clear(batch)
		batch = batch[:0]
		return err
	}
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry, "=")
		if name == core.PolicyFDVariable && c.policy {
			entry = name + "=" + strconv.Itoa(policyNumber)
		}
		if len(entry) > maxValue {
			return fmt.Errorf("%s has more than %d bytes", name, maxValue)
		}
		if len(batch)+len(entry)+1 > cap(batch) {
			if err := flush(); err != nil {
				return err
			}
			if len(entry)+1 > cap(batch) {
				clear(batch[:cap(batch)])
				batch = make([]byte, 0, len(entry)+1)
			}
		}
		batch = append(append(batch, entry...), 0)
	}
	return flush()
}
