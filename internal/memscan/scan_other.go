//go:build !linux

package memscan

import "errors"

var errSystem = errors.New("memscan: needs Linux")

// Scan returns an error on this system.
func Scan(int, []byte, map[string][]byte) (Result, error) { return Result{}, errSystem }

// ScanApart returns an error on this system.
func ScanApart(int, []byte, []byte, map[string][]byte) (Result, error) { return Result{}, errSystem }

// Family returns an error on this system.
func Family(int, int, []byte, string, []byte, map[string][]byte) (Result, error) {
	return Result{}, errSystem
}

// Children returns an error on this system.
func Children(int, string) ([]int, error) { return nil, errSystem }
