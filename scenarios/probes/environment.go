package probes

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// environment is attack T1: what a dependency sees that logs its environment.
func environment(_ context.Context, _ Inside, args json.RawMessage) (any, error) {
	prey, err := decode[evidence.Prey](args)
	if err != nil {
		return nil, err
	}
	var s evidence.Sight
	searchVariables(&s, prey)
	return s, nil
}

// searchVariables looks at the environment as the language's runtime has it.
func searchVariables(s *evidence.Sight, prey evidence.Prey) {
	data := strings.Join(os.Environ(), "\x00")
	s.Looked("os.Environ", len(data), nil)
	s.Search("os.Environ", []byte(data), prey)
}

// procEnviron is attack T2: the environment as the kernel keeps it, of the
// process and of each of its threads. A process that is not dumpable is closed
// to its own ordinary user there; code inside just opens it again, so the probe
// does that too and looks a second time.
func procEnviron(_ context.Context, _ Inside, args json.RawMessage) (any, error) {
	prey, err := decode[evidence.Prey](args)
	if err != nil {
		return nil, err
	}
	var s evidence.Sight
	s.ReadEnvirons("self", prey)
	if err := makeDumpable(); err != nil {
		return nil, err
	}
	s.ReadEnvirons("self", prey)
	return s, nil
}

// temporaryFile is the forgotten file of OWASP's A3: one invocation writes what
// it knows for debugging, a later one, of somebody else, reads all that lies
// there.
func temporaryFile(_ context.Context, _ Inside, args json.RawMessage) (any, error) {
	type order struct {
		evidence.Prey
		Write bool
	}
	o, err := decode[order](args)
	if err != nil {
		return nil, err
	}
	if o.Write {
		dump := strings.Join(os.Environ(), "\n")
		return len(dump), os.WriteFile(filepath.Join(os.TempDir(), "debug.txt"), []byte(dump), 0o600)
	}
	var s evidence.Sight
	err = s.ReadFiles(os.TempDir(), o.Prey)
	return s, err
}
