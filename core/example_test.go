package core_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/dtbench/dtbench/core"
)

// A function that logs to standard output needs no policy for it: that is the
// default. Here it would stand among what the examples print.
var toStderr = &core.Policy{Audit: core.AuditPolicy{Sink: "stderr"}}

// What a function does: seal at start-up, open where the value is needed.
func Example() {
	os.Setenv("ENCRYPTION_KEYS", "DB_PASSWORD") // by the operator, in the function's configuration
	os.Setenv("DB_PASSWORD", "hunter2")

	guard, err := core.FromEnvironment(core.Config{Policy: toStderr})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close()
	fmt.Println("environment:", os.Getenv("DB_PASSWORD")[:4]+"…")

	// In the handler, with the request id of the invocation.
	err = guard.Use("8476a536-e9f4-11e8-9739-2dfe598c3fcd", "DB_PASSWORD", func(password []byte) error {
		fmt.Println("connecting with", len(password), "bytes")
		return nil
	})
	fmt.Println("error:", err)

	// Output:
	// environment: dt1.…
	// connecting with 7 bytes
	// error: <nil>
}

// Issue and Open apart: a token is good for one use, and prints as nothing.
func ExampleGuard_Open() {
	os.Setenv("ENCRYPTION_KEYS", "API_KEY")
	os.Setenv("API_KEY", "sk-live-0123")
	guard, err := core.FromEnvironment(core.Config{Policy: toStderr})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close()

	token, err := guard.Issue("request-1", "API_KEY")
	fmt.Println(token, err)

	use := func(value []byte) error { return nil }
	fmt.Println("another request:", errors.Is(guard.Open("request-2", "API_KEY", token, use), core.ErrDenied))
	fmt.Println("first use:", guard.Open("request-1", "API_KEY", token, use))
	fmt.Println("second use:", guard.Open("request-1", "API_KEY", token, use))

	// Output:
	// [redacted] <nil>
	// another request: true
	// first use: <nil>
	// second use: core: access denied
}
