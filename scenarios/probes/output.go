package probes

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

// chatter is a part of attack T18: a careless dependency that prints all that
// it can get hold of, on standard output and standard error, in every form that
// package fmt has, and as JSON.
func chatter(_ context.Context, in Inside, _ json.RawMessage) (any, error) {
	encoded, err := json.Marshal(in.Secrets)
	if err != nil {
		encoded = []byte(err.Error())
	}
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		l := log.New(f, "debug: ", 0)
		l.Printf("environment %q", os.Environ())
		l.Printf("secrets %v | %+v | %#v | %s | %x | %d | %s", in.Secrets, in.Secrets, in.Secrets, in.Secrets, in.Secrets, in.Secrets, encoded)
		l.Printf("everything %+v %#v", in, in)
	}
	return len(encoded), nil
}

// Crash says how a function is to end.
type Crash struct {
	Dir  string `json:"dir"`  // where a core file may go
	Core bool   `json:"core"` // leave one
}

// crash is a part of attack T18: the function panics with all that it knows in
// the text. The panic of a handler is caught by the runtime and goes to the
// platform; that of another goroutine ends the process and, where a core file is
// asked for, leaves one.
func crash(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	f, err := decode[Crash](args)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%v %+v", in.Secrets, in)
	if !f.Core {
		panic(text)
	}
	if err := allowCore(f.Dir); err != nil {
		return nil, err
	}
	go panic(text)
	select {}
}
