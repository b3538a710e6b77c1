// Package broker is the broker variant: the dynamic-token core in a process of
// its own (core/broker). The handler borrows a value for the length of a
// callback, as in the optimized variant; the key of the object store it never
// gets: the broker signs the write.
//
// What the broker signs is a PUT of the object that STORE_OBJECT names, or of one
// below it, in the declared bucket at the declared endpoint, dated by the broker's
// own clock, for one content. That stops code in the function from reading,
// listing or deleting objects, from writing elsewhere, and from taking the key
// along. It does not stop it from writing what it likes to the declared object
// within the budget of a request, nor from sending the same write again for as
// long as stores accept its date, 15 minutes.
package broker

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/storage"
)

// SignPut is the name of the operation that signs a write to the store.
const SignPut = "sign-put"

// Main is the first statement of a function's main. In the broker's process it
// does not return.
func Main() {
	served, err := broker.Serve(Setup)
	switch {
	case !served:
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Open starts the broker and hands the environment of this process over to it.
func Open() (function.Secrets, error) {
	client, err := broker.Start()
	if err != nil {
		return nil, err
	}
	if s := client.State(); !s.Separated {
		fmt.Fprintf(os.Stderr, "broker: process %d runs as the function's own user: %s\n", s.PID, s.Limit)
	}
	return Secrets{client}, nil
}

// Secrets is the way to the secrets through a broker.
type Secrets struct{ *broker.Client }

var (
	_ function.Secrets  = Secrets{}
	_ function.Signer   = Secrets{}
	_ function.Requests = Secrets{}
)

// SignPut has the broker sign. The question is the sum of the content and the
// object's key, the answer the date, a line end and the Authorization header.
func (s Secrets) SignPut(requestID, name, object string, payload [sha256.Size]byte) (h function.PutHeaders, err error) {
	output, err := s.Run(requestID, name, SignPut, append(payload[:], object...))
	if err == nil {
		h.Date, h.Authorization, _ = strings.Cut(string(output), "\n")
	}
	return h, err
}

var errQuestion = errors.New("not the declared object, or no sum of a content")

// below tells whether an object is the declared one or lies below it. To S3 "a/../b"
// is a name like any other; a store on a file system could take it for b.
func below(declared, object string) bool {
	return object == declared || strings.HasPrefix(object, declared+"/") && path.Clean(object) == object
}

// Setup runs in the broker. It declares what is signed.
func Setup(setting func(string) string) (broker.Config, error) {
	var c broker.Config
	if text := setting(scenarios.BrokerBudget); text != "" {
		var err error
		if c.Budget, err = strconv.Atoi(text); err != nil || c.Budget < -1 || c.Budget == 0 {
			return c, fmt.Errorf("%s=%q: want a number from 1 on, or -1 for no end", scenarios.BrokerBudget, text)
		}
	}
	declared := setting(scenarios.StoreObject)
	if declared == "" {
		return c, nil // a function without a store
	}
	store := storage.Store(setting)
	usual, err := store.PutAuthorizer(declared)
	if err != nil {
		return c, err
	}
	c.Operations = []broker.Operation{{
		Name: SignPut, Key: scenarios.StoreSecretKey,
		Prepare: func(input []byte) (func([]byte) ([]byte, error), error) {
			if len(input) < sha256.Size {
				return nil, errQuestion
			}
			payload, object := [sha256.Size]byte(input), string(input[sha256.Size:])
			if !below(declared, object) {
				return nil, errQuestion
			}
			authorizer := usual
			if object != declared {
				var err error
				if authorizer, err = store.PutAuthorizer(object); err != nil {
					return nil, err
				}
			}
			return func(secret []byte) ([]byte, error) {
				a, err := authorizer.Authorize(payload, secret)
				return []byte(a.Date + "\n" + a.Header), err
			}, nil
		},
	}}
	return c, nil
}
