//go:build !linux

package outside

import "errors"

var errSystem = errors.New("needs Linux")

func attach(string) error { return errSystem }

func listDescriptors(int) error { return errSystem }

func openDescriptors(int) error { return errSystem }

func takeDescriptors(int) error { return errSystem }

func dial(string) error { return errSystem }
