package hygiene

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/internal/needs"
)

func TestTheBlockIsWhatTheKernelShows(t *testing.T) {
	block, err := environmentBlock()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(block, shown) {
		t.Errorf("%d bytes found, %d shown", len(block), len(shown))
	}
}

func TestBlockBounds(t *testing.T) {
	stat := func(name, start, end string) []byte {
		return []byte("7 (" + name + ") S" + strings.Repeat(" 0", 46) + " " + start + " " + end + " 0\n")
	}
	for _, name := range []string{"plain", "a) S 1 2", "((", ""} {
		if start, end, err := blockBounds(stat(name, "4096", "8192")); err != nil || start != 4096 || end != 8192 {
			t.Errorf("%q: %d to %d, %v", name, start, end, err)
		}
	}
	for _, bad := range [][]byte{
		nil, []byte("7 (x) S 0 0"), stat("x", "0", "0"), stat("x", "8192", "4096"), stat("x", "1", "99999999999"), stat("x", "a", "b"), stat("x", "1", "-1"),
	} {
		if _, _, err := blockBounds(bad); !errors.Is(err, errBounds) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestEraseBlock(t *testing.T) {
	check := func(block string, want string, report Report, search bool, old map[string]string) {
		t.Helper()
		b := []byte(block)
		var r Report
		if err := eraseBlock(b, old, search, &r); err != nil {
			t.Fatal(err)
		}
		if string(b) != want || r != report {
			t.Errorf("%q became %q, %+v; want %q, %+v", block, b, r, want, report)
		}
	}
	one := map[string]string{"A": "secret"}
	check("", "", Report{}, false, one)
	check("A=secret\x00B=secret\x00", "A=\x00\x00\x00\x00\x00\x00\x00B=secret\x00", Report{Kernel: 1}, false, one)
	check("AA=secret\x00A\x00=secret\x00XA=secret", "AA=secret\x00A\x00=secret\x00XA=secret", Report{}, false, one)
	check("A=secret", "A=\x00\x00\x00\x00\x00\x00", Report{Kernel: 1}, false, one) // without its end
	check("A=\x00", "A=\x00", Report{Kernel: 1}, false, map[string]string{"A": ""})
}

func TestEraseStraysHitsCopiesOfTheEntryOnly(t *testing.T) {
	entry := []byte("STRAY_" + rand.Text() + "=" + rand.Text())
	at := bytes.IndexByte(entry, '=') + 1
	value := entry[at:]
	original := string(entry)
	copies := [][]byte{bytes.Clone(entry), bytes.Clone(entry)}
	other := bytes.Clone(entry)
	other[0] = 's' // of another name
	entry[0] = 'S'
	n, err := eraseStrays(entry, value)
	if err != nil {
		t.Fatal(err)
	}
	// The string is a copy too, and the compiler may have kept another.
	if n < 3 {
		t.Errorf("%d copies erased, want 3", n)
	}
	for i, c := range copies {
		if !bytes.Equal(c[:at], entry[:at]) || !bytes.Equal(c[at:], make([]byte, len(value))) {
			t.Errorf("copy %d: %q", i, c)
		}
	}
	if original[at:] != string(make([]byte, len(value))) {
		t.Errorf("the string: %q", original)
	}
	if bytes.IndexByte(entry, 0) >= 0 || bytes.IndexByte(other, 0) >= 0 {
		t.Errorf("the entry itself or another one was hit: %q, %q", entry, other)
	}
}

func TestWritable(t *testing.T) {
	check := func(line string, want bool) {
		t.Helper()
		if _, _, ok := writable(line); ok != want {
			t.Errorf("%q: %t", line, ok)
		}
	}
	check("7f00-7f10 rw-p 00000000 00:00 0 [stack]", true)
	check("7f00-7f10 r--p 00000000 00:00 0", false)
	check("7f00-7f10 ---p 00000000 00:00 0", false)
	check("zz-7f10 rw-p 00000000 00:00 0", false)
	check("", false)
}

func TestReadOnceSaysWhatItCouldNotRead(t *testing.T) {
	for _, path := range []string{t.TempDir(), t.TempDir() + "/absent"} {
		if _, err := readOnce(path, make([]byte, 8)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestMakeNonDumpable(t *testing.T) {
	if dumpable(t) != 1 {
		needs.Missing(t, "a dumpable process", "the test binary is non-dumpable from its start")
	}
	defer unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	t.Setenv("KEY_ONE", "plain")
	r, err := Replace([]Replacement{{"KEY_ONE", "sealed"}}, Options{KeepDumpable: true})
	if err != nil || r.NonDumpable || dumpable(t) != 1 {
		t.Errorf("kept dumpable: %+v, %v, %d", r, err, dumpable(t))
	}
	if r, err = Replace([]Replacement{{"KEY_ONE", "sealed again"}}, Options{}); err != nil || !r.NonDumpable || dumpable(t) != 0 {
		t.Errorf("closed: %+v, %v, %d", r, err, dumpable(t))
	}
	if err := MakeNonDumpable(); err != nil || dumpable(t) != 0 {
		t.Errorf("again: %v, %d", err, dumpable(t))
	}
}

func dumpable(t *testing.T) int {
	t.Helper()
	n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
