//go:build !linux

package probes

import "errors"

var errSystem = errors.New("probes: needs Linux")

func makeDumpable() error { return errSystem }

func killSelf() error { return errSystem }

func allowCore(string) error { return errSystem }
