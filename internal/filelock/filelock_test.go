package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestOneHolderAtATime(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // documented: always succeeds
	}
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := TryRemoving(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("a second holder: %v", err)
	}
	unlock()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}
	unlock, err = Try(path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := Try(filepath.Join(path, "below", "a", "file")); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("an impossible place: %v", err)
	}
}
