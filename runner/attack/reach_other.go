//go:build !linux

package attack

func socketsOf([]int) (sockets, error) { return sockets{}, cannotHere() }
