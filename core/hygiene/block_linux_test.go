package hygiene

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
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
