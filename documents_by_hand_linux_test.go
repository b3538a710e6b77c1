package dtbench_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
)

// byHand is what "By hand" in docs/security.md tells a reader to type.
type byHand struct {
	build, api   string // at the first terminal
	start, look  string // at the second
	probe        string // a line for the first
	withoutProbe string // the package of a function without attack code
}

func readByHand(t *testing.T) (h byHand) {
	t.Helper()
	data, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## By hand\n")
	if !ok {
		t.Fatal("docs/security.md has lost its section By hand")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, part := range []struct {
		into    *string
		pattern string
	}{
		{&h.build, `(?m)^    (go build .*)$`},
		{&h.api, `(?m)^    (python3 \S+)`},
		{&h.start, `(?m)^    ([A-Z].*\\\n.* &)$`},
		{&h.look, `(?m)^    (.*/proc/.*)$`},
		{&h.probe, "`(\\{.*\\})`"},
		{&h.withoutProbe, "`(scenarios/functions/[a-z-]+)`"},
	} {
		m := regexp.MustCompile(part.pattern).FindAllStringSubmatch(section, -1)
		if len(m) != 1 {
			t.Fatalf("By hand in docs/security.md: %d times %s", len(m), part.pattern)
		}
		*part.into = m[0][1]
	}
	return h
}

// What docs/security.md says about looking at a function by hand is what happens
// to a reader who types it.
func TestDocumentsLookAtAFunctionByHand(t *testing.T) {
	needs.Python(t)
	h := readByHand(t)
	const documented = "scenarios/probes/probe-literal"
	instead := func(command, old, now string) string {
		t.Helper()
		if !strings.Contains(command, old) {
			t.Fatalf("%q does not contain %q", command, old)
		}
		return strings.ReplaceAll(command, old, now)
	}
	check := func(program string, shown, probes bool) {
		t.Helper()
		t.Run(filepath.Base(program), func(t *testing.T) {
			dir := t.TempDir()
			build := instead(instead(h.build, documented, program), "-o .", "-o '"+dir+"'")
			if out, err := exec.Command("sh", "-c", build).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", build, err, out)
			}
			first := newTerminal(t, ".", h.api+" 0") // a port that is free
			address, ok := strings.CutPrefix(first.stderr.next(t), "AWS_LAMBDA_RUNTIME_API=")
			if !ok {
				t.Fatalf("%s does not say its address", h.api)
			}
			start := instead(instead(h.start, "./"+filepath.Base(documented), "./"+filepath.Base(program)), "127.0.0.1:9001", address)
			// A reader looks when the function is up; here, when a key is pressed.
			second := newTerminal(t, dir, start+"\nread key\n"+h.look+"\necho \"grep: $?\"\nwait")

			answers := func(event, pattern string) {
				t.Helper()
				first.enter(t, event)
				if answer := first.stdout.next(t); !regexp.MustCompile(pattern).MatchString(answer) {
					t.Errorf("the answer to %s is %s, want %s", event, answer, pattern)
				}
			}
			answers("{}", `"invocation":1,.*"signature":"[0-9a-f]{64}"`)
			if probes {
				answers(h.probe, `"invocation":2,.*"result":\{"read":\[`)
				answers(`{"probe":"unheard-of"}`, `"errorMessage":".*no such probe`)
				answers("{}", `"invocation":4,.*"signature":"[0-9a-f]{64}"`)
			}

			second.enter(t, "")
			seen := second.stdout.next(t)
			for strings.HasPrefix(seen, "{") { // the audit log is printed there, too
				seen = second.stdout.next(t)
			}
			want := "API_KEY=canary-of-mine"
			if !shown {
				want = "grep: 1" // it found nothing
			}
			if seen != want {
				t.Errorf("%s shows %q, want %q", h.look, seen, want)
			}
			first.close(t)            // ends the stand-in, and that the function
			errors := second.close(t) // after which no process of it is left
			refused := strings.Contains(errors, "ermission denied")
			if want := !shown && os.Geteuid() != 0; refused != want {
				t.Errorf("refused: %v, want %v: %s", refused, want, errors)
			}
		})
	}
	check(documented, true, true)
	check("scenarios/probes/probe-benchmark", true, true)
	check("scenarios/probes/probe-optimized", false, true)
	check("scenarios/probes/probe-broker", false, true)
	check(h.withoutProbe, true, false)
}

// terminal is a shell with a command, and what is printed there.
type terminal struct {
	shell          *exec.Cmd
	keyboard       io.WriteCloser
	stdout, stderr lines
	closed         bool
}

func newTerminal(t *testing.T, dir, command string) *terminal {
	t.Helper()
	s := exec.Command("sh", "-c", command)
	s.Dir, s.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	pipe := func(r io.ReadCloser, err error) lines {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return newLines(r)
	}
	term := &terminal{shell: s, stdout: pipe(s.StdoutPipe()), stderr: pipe(s.StderrPipe())}
	var err error
	if term.keyboard, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !term.closed { // the test failed half way
			_ = syscall.Kill(-s.Process.Pid, syscall.SIGKILL)
			_ = s.Wait()
		}
	})
	return term
}

// enter types a line.
func (term *terminal) enter(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(term.keyboard, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// close types the end of input, waits until nothing runs in the terminal and
// returns the errors that were not looked at.
func (term *terminal) close(t *testing.T) string {
	t.Helper()
	if err := term.keyboard.Close(); err != nil {
		t.Fatal(err)
	}
	term.stdout.rest(t)
	errors := term.stderr.rest(t)
	if err := term.shell.Wait(); err != nil {
		t.Errorf("%q: %v", term.shell.Args, err)
	}
	term.closed = true
	return strings.Join(errors, "\n")
}

// lines come as they are printed, until the last process that could print one has
// ended.
type lines chan string

func newLines(r io.Reader) lines {
	l := make(lines, 1000) // more than a terminal of this test prints
	go func() {
		defer close(l)
		for s := bufio.NewScanner(r); s.Scan(); {
			l <- s.Text()
		}
	}()
	return l
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	select {
	case line, ok := <-l:
		if !ok {
			t.Fatal("nothing more is printed")
		}
		return line
	case <-time.After(time.Minute):
		t.Fatal("nothing is printed for a minute")
	}
	return ""
}

func (l lines) rest(t *testing.T) (all []string) {
	t.Helper()
	for timeout := time.After(time.Minute); ; {
		select {
		case line, ok := <-l:
			if !ok {
				return all
			}
			all = append(all, line)
		case <-timeout:
			t.Fatal("something goes on running")
		}
	}
}
