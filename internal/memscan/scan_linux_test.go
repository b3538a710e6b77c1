package memscan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
)

// TestMain: with MEMSCAN_VICTIM set this binary is the process to be searched.
// It reads one line into memory that it keeps, says so, and waits for its end.
func TestMain(m *testing.M) {
	if os.Getenv("MEMSCAN_VICTIM") != "" {
		line, _, _ := bufio.NewReader(os.Stdin).ReadLine()
		os.Stdout.WriteString("ready\n")
		io.Copy(io.Discard, os.Stdin)
		runtime.KeepAlive(line)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const decoy = "decoy-5b1f0f6e8c"

// victim starts the process with extra environment and text in its memory.
func victim(t *testing.T, text string, env ...string) int {
	t.Helper()
	needs.Ptrace(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append([]string{"MEMSCAN_VICTIM=1"}, env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	io.WriteString(in, text+"\n")
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestScanFindsWhatIsThereAndNothingElse(t *testing.T) {
	pid := victim(t, "on-the-heap-71fe22", "DECOY="+decoy, "KEY=in-the-environment-99a0")
	// Each needle is put together here, or the binary's own constants, which the
	// process shares, would be found.
	r, err := Scan(pid, []byte(decoy), map[string][]byte{
		"heap":        bytes.Join([][]byte{[]byte("on-the-heap"), []byte("71fe22")}, []byte("-")),
		"environment": bytes.Join([][]byte{[]byte("in-the-environment"), []byte("99a0")}, []byte("-")),
		"absent":      []byte(strings.Repeat("\xfe\x37", 20)),
	})
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]bool{}
	for _, h := range r.Hits {
		if h.Needle == "environment" {
			place, _, _ := strings.Cut(h.Place, " of thread")
			places[place] = true
		}
	}
	if r.Count("heap") == 0 || r.Count("absent") != 0 || !places["[stack]"] || !places["environ"] {
		t.Errorf("heap %d, absent %d, places of the variable %v", r.Count("heap"), r.Count("absent"), places)
	}
	if r.Bytes < 1<<20 || r.Threads < 1 {
		t.Errorf("implausible: %d bytes, %d threads", r.Bytes, r.Threads)
	}
}

func TestScanWithoutItsDecoyFails(t *testing.T) {
	pid := victim(t, "whatever", "KEY=value")
	absent := []byte(strings.Repeat("\xfd\x36", 20))
	if _, err := Scan(pid, absent, nil); !errors.Is(err, ErrDecoy) {
		t.Errorf("no decoy anywhere: %v", err)
	}
	// On the heap alone is not enough: the environs were not proven readable.
	pid = victim(t, decoy)
	if _, err := Scan(pid, []byte(decoy), nil); !errors.Is(err, ErrDecoy) {
		t.Errorf("no decoy in the environ: %v", err)
	}
}

func TestScanRefuses(t *testing.T) {
	if _, err := Scan(os.Getpid(), []byte(decoy), nil); err == nil {
		t.Error("it searched itself")
	}
	if _, err := Scan(1, []byte(decoy), map[string][]byte{"k": []byte("short")}); !errors.Is(err, ErrShort) {
		t.Errorf("a short needle: %v", err)
	}
	for _, line := range []string{"", "zz-10 r--p 0 0 0", "20-10 r--p 00 00:00 0"} {
		if _, err := parseMapping(line); err == nil {
			t.Errorf("parseMapping(%q) gives no error", line)
		}
	}
}

func TestSearchCountsEachCopyOnceAcrossWindows(t *testing.T) {
	data := bytes.Repeat([]byte{'.'}, 3*window)
	needle := []byte("needle-across-a-boundary")
	for _, at := range []int{0, window - 1, 2*window - len(needle), 2 * window, len(data) - len(needle)} {
		copy(data[at:], needle)
	}
	path := t.TempDir() + "/memory"
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := scanner{needles: map[string][]byte{"n": needle}, longest: len(needle)}
	if err := s.mapping(f, mapping{end: uint64(len(data)), place: "file"}); err != nil {
		t.Fatal(err)
	}
	if n := s.count("n"); n != 5 {
		t.Errorf("%d copies, want 5", n)
	}
}
