//go:build !linux

package broker

import (
	"fmt"
	"runtime"
)

// Client is the function's side of a broker.
type Client struct{}

// Start returns an error that wraps [ErrUnsupported].
func Start() (*Client, error) {
	return nil, fmt.Errorf("%w: %w, this is %s", ErrStart, ErrUnsupported, runtime.GOOS)
}

func serve(Setup, string) error {
	return fmt.Errorf("%w: %w, this is %s", ErrServe, ErrUnsupported, runtime.GOOS)
}

// State returns nothing here, as the other methods do.
func (*Client) State() State { return State{} }

// Begin does nothing here.
func (*Client) Begin(string) {}

// End does nothing here.
func (*Client) End() {}

// Use denies.
func (*Client) Use(string, string, func([]byte) error) error { return denial }

// Run denies.
func (*Client) Run(string, string, string, []byte) ([]byte, error) { return nil, denial }

// Close does nothing here.
func (*Client) Close() {}
