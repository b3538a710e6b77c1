package probes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"unsafe"

	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Swap orders that two ciphertexts change places while the function uses the first.
type Swap struct {
	First, Second string
	// Memory has them changed where the guard keeps them, and not in the environment.
	Memory bool
}

// Swapped is what the function got as the first value.
type Swapped struct {
	Sum     string `json:"sum"`     // SHA-256, "" where it was refused
	Refusal string `json:"refusal"` // "" where it was granted
}

// swap gives the probe "swap".
func swap(_ context.Context, in Inside, args json.RawMessage) (_ any, err error) {
	o, err := decode[Swap](args)
	if err != nil {
		return nil, err
	}
	exchange := exchangeVariables
	if o.Memory {
		exchange = exchangeBoxes
	}
	if err := exchange(in.Secrets, o.First, o.Second); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, exchange(in.Secrets, o.First, o.Second)) }()
	var s Swapped
	if err := in.Secrets.Use(in.Request.ID, o.First, func(value []byte) error {
		s.Sum = evidence.Hash(value)
		return nil
	}); err != nil {
		s.Refusal = err.Error()
	}
	return s, nil
}

func exchangeVariables(_ function.Secrets, first, second string) error {
	one, other := os.Getenv(first), os.Getenv(second)
	return errors.Join(os.Setenv(first, other), os.Setenv(second, one))
}

// exchangeBoxes writes to the memory of a core.Guard, as a bug elsewhere in the
// function that lets somebody write there would.
func exchangeBoxes(guard function.Secrets, first, second string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("probes: the guard keeps its values elsewhere: %v", r)
		}
	}()
	values := reflect.ValueOf(guard).Elem().FieldByName("state").Elem().Elem().FieldByName("values")
	box := func(name string) *[]byte {
		value := values.MapIndex(reflect.ValueOf(name))
		field, ok := value.Type().Elem().FieldByName("box")
		if !ok {
			panic("no ciphertext")
		}
		return (*[]byte)(unsafe.Add(value.UnsafePointer(), field.Offset))
	}
	one, other := box(first), box(second)
	*one, *other = *other, *one
	return nil
}

// restore gives the probe "restore": what the platform's hook after a restore
// from a snapshot calls.
func restore(_ context.Context, in Inside, _ json.RawMessage) (any, error) {
	guard, ok := in.Secrets.(interface{ AfterRestore() error })
	if !ok {
		return nil, errors.New("probes: the variant has no hook for a restore")
	}
	return nil, guard.AfterRestore()
}
