//go:build !linux

package local

import "github.com/dtbench/dtbench/platforms"

// Open returns ErrUnsupported on this system.
func Open(Options) (platforms.Platform, error) { return nil, ErrUnsupported }
