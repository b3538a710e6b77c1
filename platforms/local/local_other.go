//go:build !linux

package local

import "github.com/dtbench/dtbench/platforms"

// Open returns ErrUnsupported on this system.
func Open(Options) (platforms.Platform, error) { return nil, ErrUnsupported }

// PID returns 0 on this system.
func PID(platforms.Instance) int { return 0 }
