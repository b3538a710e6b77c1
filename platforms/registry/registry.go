// Package registry lists the platforms that this version of dtbench has.
package registry

import (
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
)

// Entry is one platform.
type Entry struct {
	Name    string
	Summary string // for help
	// Open sets the platform up.
	Open func(local.Options) (platforms.Platform, error)
}

// All returns the platforms in the order in which help names them.
func All() []Entry {
	return []Entry{
		{Name: local.Name, Summary: "real processes on this machine (Linux)", Open: local.Open},
	}
}
