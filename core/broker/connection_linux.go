package broker

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// connection is the broker's end of the socket pair. It waits as the library's own
// connections do, so that other goroutines of the broker run meanwhile; only these do
// not give the credentials of a sender. It is for one goroutine at a time.
type connection struct {
	fd   int
	file *os.File
	wait syscall.RawConn
	receiver
	// What the two functions work on, and what came of it. They are made once, and
	// leave no garbage.
	tryReceive, trySend func(fd uintptr) (done bool)
	buffer, control     []byte
	packet              []byte
	n, controls         int
	whole               bool
	err                 error
}

// newConnection takes a descriptor over.
func newConnection(fd int) (*connection, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	c := &connection{fd: fd, file: os.NewFile(uintptr(fd), "connection")}
	wait, err := c.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	c.wait = wait
	c.tryReceive = func(uintptr) bool {
		c.n, c.controls, c.whole, c.err = c.receiver.receive(c.fd, c.buffer, c.control)
		return c.err != unix.EAGAIN
	}
	c.trySend = func(uintptr) bool {
		c.err = send(c.fd, c.packet)
		return c.err != unix.EAGAIN
	}
	return c, nil
}

// receive waits for a packet. See [receiver].
func (c *connection) receive(buffer, control []byte) (n, controls int, whole bool, err error) {
	c.buffer, c.control = buffer, control
	if err := c.wait.Read(c.tryReceive); err != nil {
		return 0, 0, false, err
	}
	return c.n, c.controls, c.whole, c.err
}

// send waits until there is room for a packet, and sends it.
func (c *connection) send(packet []byte) error {
	c.packet = packet
	if err := c.wait.Write(c.trySend); err != nil {
		return err
	}
	return c.err
}
