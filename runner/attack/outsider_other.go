//go:build !linux

package attack

import (
	"context"

	"github.com/dtbench/dtbench/platforms/local"
)

func (l *Lab) outsider(context.Context, *local.User, any, ...string) error { return cannotHere() }

func (l *Lab) needsOrdinaryUser() error { return cannotHere() }

func processesOf(int) ([]int, error) { return nil, cannotHere() }

func cannotHere() error { return cannot("%w", local.ErrUnsupported) }
