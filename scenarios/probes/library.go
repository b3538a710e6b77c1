package probes

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Access is one call of the library.
type Access struct {
	Key     string `json:"key"`
	Request string `json:"request,omitempty"` // empty: the id of this invocation
	Times   int    `json:"times"`             // how often in a row
	// Sign asks for the signature of a write of this object instead of the value.
	Sign string `json:"sign,omitempty"`
}

// Accesses is what came of them.
type Accesses struct {
	Key     string `json:"key"`
	Request string `json:"request,omitempty"` // as ordered
	Sign    bool   `json:"sign,omitempty"`    // signatures were asked for
	Granted int    `json:"granted"`
	Refused int    `json:"refused"`
	Reason  string `json:"reason,omitempty"` // of the last refusal
	SHA256  string `json:"sha256,omitempty"` // of the value
}

var errNoSigner = errors.New("the variant signs nothing by itself")

// use is attack T6: code inside the function calls the library as the function
// does. Where the library wants to know which request runs, the code tells it of
// one that it has invented.
func use(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	orders, err := decode[[]Access](args)
	if err != nil {
		return nil, err
	}
	signer, signs := in.Secrets.(function.Signer)
	results := make([]Accesses, len(orders))
	for i, o := range orders {
		r := &results[i]
		r.Key, r.Request, r.Sign = o.Key, o.Request, o.Sign != ""
		if o.Request == "" {
			o.Request = in.Request.ID
		} else if library, ok := in.Secrets.(interface{ Begin(requestID string) }); ok {
			library.Begin(o.Request)
		}
		for range o.Times {
			var err error
			switch {
			case o.Sign != "" && signs:
				_, err = signer.SignPut(o.Request, o.Key, o.Sign, sha256.Sum256(nil))
			case o.Sign != "":
				err = errNoSigner
			default:
				err = in.Secrets.Use(o.Request, o.Key, func(value []byte) error {
					r.SHA256 = evidence.Hash(value)
					return nil
				})
			}
			if err != nil {
				r.Refused++
				r.Reason = err.Error()
				continue
			}
			r.Granted++
		}
	}
	return results, nil
}

// dieAfterGrant is attack T19: it opens a value so many times, and the process
// is killed at the moment when it has the last of them in its hands.
func dieAfterGrant(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	a, err := decode[Access](args)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		err := in.Secrets.Use(in.Request.ID, a.Key, func([]byte) error {
			if n >= a.Times {
				return killSelf()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}
