package hygiene

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
)

// With HYGIENE_TEST set this binary is a process that was started with secrets.
// The mode says what it does with them before it reports and waits.
func TestMain(m *testing.M) {
	mode := os.Getenv("HYGIENE_TEST")
	if mode == "" {
		os.Exit(m.Run())
	}
	if err := patient(mode); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	io.Copy(io.Discard, os.Stdin) // until the test has looked
	os.Exit(0)
}

func patient(mode string) error {
	var names []string
	var r Report
	var err error
	began := time.Now()
	replacements := []Replacement{{"KEY_ONE", "sealed-1"}, {"KEY_TWO", "sealed-2"}}
	switch mode {
	case "nothing":
	case "unset":
		os.Unsetenv("KEY_ONE")
		os.Unsetenv("KEY_TWO")
	case "replace":
		r, err = Replace(replacements, Options{})
	case "dumpable":
		r, err = Replace(replacements, Options{KeepDumpable: true})
	case "search":
		r, err = Replace(replacements, Options{Search: true})
	case "changed":
		os.Setenv("KEY_ONE", strings.Repeat("other", 3))
		r, err = Replace(replacements, Options{})
	case "close":
		err = MakeNonDumpable()
	case "execute again":
		return executeAgain()
	case "executed again":
		began, err = executedAgain()
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, "KEY_") {
			names = append(names, entry)
		}
	}
	found := map[string][]byte{}
	if found["own environ"], err = readEnvirons(); err != nil {
		return err
	}
	for what, command := range map[string]string{
		"child's environment":    "env",
		"parent's, by the child": "cat /proc/$PPID/environ || true",
	} {
		if found[what], err = exec.Command("/bin/sh", "-c", command).Output(); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(patientReport{Report: r, Environ: names, Found: found, Took: took})
}

// executeAgain is the other way to get rid of the plaintext: the same program
// once more, without the variables, their values in a pipe.
func executeAgain() error {
	began := time.Now().UnixNano()
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil { // stays open across the call
		return err
	}
	if _, err := syscall.Write(pipe[1], []byte(os.Getenv("KEY_ONE")+os.Getenv("KEY_TWO"))); err != nil {
		return err
	}
	syscall.Close(pipe[1])
	return syscall.Exec("/proc/self/exe", []string{"patient"}, []string{
		"HYGIENE_TEST=executed again", "DECOY=" + os.Getenv("DECOY"), fmt.Sprintf("PIPE=%d", pipe[0]), fmt.Sprintf("BEGAN=%d", began),
	})
}

func executedAgain() (began time.Time, err error) {
	var pipe int
	var at int64
	if _, err := fmt.Sscan(os.Getenv("PIPE")+" "+os.Getenv("BEGAN"), &pipe, &at); err != nil {
		return began, err
	}
	var values [256]byte
	n, err := syscall.Read(pipe, values[:])
	if n < 60 {
		return began, fmt.Errorf("%d bytes in the pipe: %w", n, err)
	}
	clear(values[:]) // sealed, in a guard
	return time.Unix(0, at), nil
}

// readEnvirons is what a nosy dependency does; it may be refused.
func readEnvirons() ([]byte, error) {
	paths, err := filepath.Glob("/proc/self/task/*/environ")
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, path := range append(paths, "/proc/self/environ") {
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, nil
}

type patientReport struct {
	Report  Report
	Environ []string
	Found   map[string][]byte // what it and its child could read
	Took    time.Duration
}

// operate starts the process as the given user and returns its number and its
// own report.
func operate(t testing.TB, mode string, uid uint32, env ...string) (int, patientReport) {
	t.Helper()
	needs.Ptrace(t)
	// Not os/exec, which drops all but the last of entries with one name.
	attr := &os.ProcAttr{Env: append([]string{"HYGIENE_TEST=" + mode}, env...), Sys: &syscall.SysProcAttr{}}
	if uid != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	attr.Files = []*os.File{stdin, stdout, os.Stderr}
	process, err := os.StartProcess("/proc/self/exe", []string{"patient"}, attr)
	stdin.Close()
	stdout.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close(); process.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var r patientReport
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("the process says: %s", line)
	}
	return process.Pid, r
}

// secrets are drawn anew, so that no constant of the binary equals them.
func secrets() (one, two, decoy string) {
	return "one-" + rand.Text(), "two-" + rand.Text(), "decoy-" + rand.Text()
}

func scan(t *testing.T, pid int, decoy string, values ...string) memscan.Result {
	t.Helper()
	needles := map[string][]byte{}
	for i, v := range values {
		needles[fmt.Sprintf("value %d", i+1)] = []byte(v)
	}
	r, err := memscan.Scan(pid, []byte(decoy), needles)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReplaceLeavesNoCopy(t *testing.T) {
	check := func(mode string, want int, env func(one, two string) []string, report Report, environ ...string) {
		t.Helper()
		one, two, decoy := secrets()
		pid, got := operate(t, mode, 0, append(env(one, two), "DECOY="+decoy)...)
		r := scan(t, pid, decoy, one, two)
		if want == 0 && len(r.Hits) != 0 || len(r.Hits) < want {
			t.Errorf("%s: %d copies, want %d: %v", mode, len(r.Hits), want, r.Hits)
		}
		if raceEnabled {
			got.Report.Strays = report.Strays // and those that the detector made
		}
		if got.Report != report {
			t.Errorf("%s: report %+v, want %+v", mode, got.Report, report)
		}
		if fmt.Sprint(got.Environ) != fmt.Sprint(environ) && environ != nil {
			t.Errorf("%s: os.Environ gives %q", mode, got.Environ)
		}
	}
	once := func(one, two string) []string { return []string{"KEY_ONE=" + one, "KEY_TWO=" + two} }

	// What the scanner finds where nothing was erased: stack, runtime, environs.
	check("nothing", 6, once, Report{})
	check("unset", 6, once, Report{}, []string{}...)

	sealed := []string{"KEY_ONE=sealed-1", "KEY_TWO=sealed-2"}
	check("search", 0, once, Report{Variables: 2, Runtime: 2, Kernel: 2, Strays: 2, NonDumpable: true}, sealed...)
	if raceEnabled {
		return // its C runtime keeps copies of the environment
	}
	check("replace", 0, once, Report{Variables: 2, Runtime: 2, Kernel: 2, NonDumpable: true}, sealed...)
	check("dumpable", 0, once, Report{Variables: 2, Runtime: 2, Kernel: 2}, sealed...)

	// A name that stands twice, once with the value that os.Getenv hides.
	check("replace", 0, func(one, two string) []string {
		return []string{"KEY_ONE=" + one, "KEY_TWO=decoy", "KEY_ONE=" + two}
	}, Report{Variables: 2, Runtime: 2, Kernel: 3, Strays: 1, NonDumpable: true}, sealed...)
	// A value that the program has replaced already.
	check("changed", 0, once, Report{Variables: 2, Runtime: 2, Kernel: 2, Strays: 1, NonDumpable: true}, sealed...)
	// Values that begin alike, are empty, or hold what separates.
	check("replace", 0, func(one, two string) []string {
		return []string{"KEY_ONE=" + one + "=" + two, "KEY_TWO="}
	}, Report{Variables: 2, Runtime: 2, Kernel: 2, NonDumpable: true}, sealed...)
}

// Both ways leave no copy; the benchmark says which one costs less.
func TestExecutingAgainLeavesNoCopyEither(t *testing.T) {
	one, two, decoy := secrets()
	pid, _ := operate(t, "execute again", 0, "KEY_ONE="+one, "KEY_TWO="+two, "DECOY="+decoy)
	if r := scan(t, pid, decoy, one, two); len(r.Hits) != 0 {
		t.Errorf("%v", r.Hits)
	}
}

// BenchmarkErasing holds the choice of erasing in place against executing again.
// Each figure is a median over processes, which take turns.
func BenchmarkErasing(b *testing.B) {
	for b.Loop() {
		took := map[string][]time.Duration{}
		for range 100 {
			for _, mode := range []string{"replace", "execute again"} {
				one, two, _ := secrets()
				_, r := operate(b, mode, 0, "KEY_ONE="+one, "KEY_TWO="+two)
				took[mode] = append(took[mode], r.Took)
			}
		}
		median := func(mode string) float64 {
			slices.Sort(took[mode])
			return float64(took[mode][len(took[mode])/2]) / 1e3
		}
		inPlace, again := median("replace"), median("execute again")
		b.ReportMetric(inPlace, "in-place-µs")
		b.ReportMetric(again, "again-µs")
		if inPlace > again/4 {
			b.Errorf("erasing in place takes %.0f µs, executing again %.0f µs: the choice wants another look", inPlace, again)
		}
	}
}

// What code inside the process, or a child of it, reads by itself: nothing, and
// everything where nothing was replaced.
func TestDependenciesAndChildrenReadNothing(t *testing.T) {
	needs.Root(t)
	check := func(mode string, uid uint32, leaks ...string) {
		t.Helper()
		one, two, _ := secrets()
		_, r := operate(t, mode, uid, "KEY_ONE="+one, "KEY_TWO="+two)
		if len(r.Found) != 3 {
			t.Fatalf("%s: %d places were read", mode, len(r.Found))
		}
		for place, data := range r.Found {
			found := bytes.Contains(data, []byte(one)) || bytes.Contains(data, []byte(two))
			if found != slices.Contains(leaks, place) {
				t.Errorf("%s, user %d, %s: leaks %t", mode, uid, place, found)
			}
		}
		if mode != "nothing" && !bytes.Contains(r.Found["child's environment"], []byte("KEY_ONE=sealed-1")) {
			t.Errorf("%s: the child's environment is %q", mode, r.Found["child's environment"])
		}
	}
	for _, uid := range []uint32{0, nobody} {
		check("nothing", uid, "own environ", "child's environment", "parent's, by the child")
		check("dumpable", uid)
		check("replace", uid)
	}
}

// nobody is an ordinary user.
const nobody = 65534

// A process of the same user reads everything of one that is dumpable and
// nothing of one that is not; root needs no permission and shows that both were
// alive. Run as root, who starts all three as nobody.
func TestANonDumpableProcessIsClosedToItsUser(t *testing.T) {
	needs.Root(t)
	read := func(pid int, file string) error {
		cmd := exec.Command("/bin/dd", fmt.Sprintf("if=/proc/%d/%s", pid, file), "of=/dev/null", "count=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if err != nil && !bytes.Contains(out, []byte("Permission denied")) {
			t.Fatalf("dd: %v: %s", err, out)
		}
		return err
	}
	one, two, _ := secrets()
	for _, mode := range []string{"replace", "close"} {
		pid, _ := operate(t, mode, nobody, "KEY_ONE="+one, "KEY_TWO="+two)
		for _, file := range []string{"environ", "maps", "smaps_rollup"} {
			if read(pid, file) == nil {
				t.Errorf("%s: its user reads %s", mode, file)
			}
		}
		if err := read(pid, "status"); err != nil {
			t.Errorf("%s: the harness cannot read its status: %v", mode, err)
		}
	}
	pid, _ := operate(t, "dumpable", nobody, "KEY_ONE="+one, "KEY_TWO="+two)
	if err := read(pid, "environ"); err != nil {
		t.Errorf("a dumpable process: %v", err)
	}
}
