package core

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootTime is GetTickCount64, which counts sleep and is good to some 15 ms.
func bootTime() time.Duration { return windows.DurationSinceBoot() }
