// Package filelock lets one process at a time use a file or a folder, and lets
// the others know that they must wait.
package filelock

import (
	"errors"
	"os"
)

// ErrHeld: another process holds the lock.
var ErrHeld = errors.New("locked by another process")

// Try takes the lock that the file at path stands for, creating the file, or
// returns ErrHeld at once. It ends with unlock or with the process, however
// that ends. On systems without flock it always succeeds.
func Try(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// TryRemoving is Try for a lock file that is to be gone afterwards.
func TryRemoving(path string) (unlock func(), err error) {
	release, err := Try(path)
	if err != nil {
		return nil, err
	}
	return func() {
		_ = os.Remove(path) // before the lock ends: what comes later makes its own file
		release()
	}, nil
}
