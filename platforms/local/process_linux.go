package local

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/scenarios/monotonic"
)

// process is the life of one function process, held by a thread of its own.
//
// The thread waits inside the instance's cgroup before the start, so that the
// child inherits the group (cgroup v1 can place nothing at birth in another
// way), and it lives until the process is gone, because the child is told to
// die with the thread that forked it (PR_SET_PDEATHSIG): a harness that is
// killed leaves no function behind.
type process struct {
	start   chan struct{}
	started chan error
	release chan struct{} // closed: the thread may go home
	gone    chan struct{} // the thread is out of the cgroup
	exited  chan struct{} // the process was reaped

	began int64 // just before fork; valid after started
	pid   int
	proc  *os.Process
	state *os.ProcessState // valid after exited
}

// firstInherited is the number under which the process finds the first of its
// inherited files.
const firstInherited = 3

// newProcess prepares the start of command, a program by its path and its
// arguments, in the folder dir. Standard output and error go to out.
// It takes over the inherited files, which the process alone holds after the
// start. Without a user it runs as ours.
func newProcess(command []string, dir string, env []string, out *os.File, inherited []*os.File, user *User, g group) (*process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		closeAll(inherited)
		return nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if user != nil {
		attr.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID}
	}
	if g != nil {
		g.attach(attr)
	}
	p := &process{
		start: make(chan struct{}), started: make(chan error, 1),
		release: make(chan struct{}), gone: make(chan struct{}), exited: make(chan struct{}),
	}
	procAttr := &os.ProcAttr{Dir: dir, Env: env, Files: append([]*os.File{null, out, out}, inherited...), Sys: attr}
	placed := make(chan error)
	go func() {
		defer close(p.gone)
		ours := append(inherited, null)
		defer func() { closeAll(ours) }()
		runtime.LockOSThread()
		if g != nil {
			if err := g.enterThread(); err != nil {
				placed <- fmt.Errorf("entering the cgroup: %w", err)
				return // still locked: the thread ends here
			}
		}
		placed <- nil
		select {
		case <-p.start:
			p.began = monotonic.Now()
			p.proc, err = os.StartProcess(command[0], command, procAttr)
			if err == nil {
				p.pid = p.proc.Pid
				go p.wait()
			}
			p.started <- err
			closeAll(ours)
			ours = nil
			<-p.release
		case <-p.release:
		}
		if g != nil && g.leaveThread() != nil {
			return // the locked thread ends, which leaves the group as well
		}
		runtime.UnlockOSThread()
	}()
	if err := <-placed; err != nil {
		return nil, err
	}
	return p, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// wait reaps the process once it has ended. Before that, while the zombie
// still holds the process group's number, it kills what is left of the group.
func (p *process) wait() {
	var err error
	for {
		err = unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	p.state, _ = p.proc.Wait()
	reapGroup(p.pid)
	close(p.exited)
}

// reapGroup waits for what the process left behind, such as its broker: killed,
// and ours to wait for since adoptOrphans. Elsewhere they would stay as zombies for
// as long as it pleases the machine's first process, which in a container may be for
// ever.
func reapGroup(group int) {
	for {
		if _, err := unix.Wait4(-group, nil, 0, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return // ECHILD: there is nobody left
		}
	}
}

// adoptOrphans makes this process the parent of its descendants whose own parent
// has ended (PR_SET_CHILD_SUBREAPER(2const), Linux 3.4).
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// launch forks and returns when the program is running.
func (p *process) launch() error {
	close(p.start)
	return <-p.started
}

// kill ends the process if there is one and waits for its end.
func (p *process) kill() {
	if p.proc != nil {
		_ = p.proc.Kill() // an error means that it has ended already
		<-p.exited
	}
}

// end kills the process and lets the thread leave the cgroup.
func (p *process) end() {
	p.kill()
	close(p.release)
	<-p.gone
}
