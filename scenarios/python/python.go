// Package python holds the functions under test once more, in Python: a stand-in
// for the paper's prototype, whose functions ran on CPython 3.8 and are
// unpublished. It finds an interpreter, unpacks the scripts, which are part of the
// dtbench executable, and says which of them make up a function.
//
// The scripts use the standard library of CPython 3.8 to 3.13 only. A function's
// initialisation lasts from the first statement of its script, which reads the
// clock before it imports anything else, to the request for the first event: the
// imports are part of it, the start of the interpreter is not.
package python

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/scenarios"
)

//go:embed *.py
var scripts embed.FS

// Errors of Find and Unpack.
var (
	// ErrMissing: there is no python3 that can run the functions.
	ErrMissing = errors.New("no CPython 3.8 or later was found")
	// ErrScripts: the interpreter could not prepare the scripts.
	ErrScripts = errors.New("preparing the Python functions failed")
)

// flags shut out what belongs to the machine and not to the function: PYTHON…
// variables (-E), the user's packages (-s), and site with its sitecustomize and .pth
// files, which may run anything at every start (-S); what was compiled before is
// used and nothing is written (-B). -I is not among them because it would hide the
// script's own folder as well.
var flags = []string{"-E", "-s", "-S", "-B"}

// Interpreter is a CPython.
type Interpreter struct {
	Path    string // absolute, of the executable itself and not of a shim
	Version string // such as CPython 3.11.7
}

// Find asks the python3 of the path where its executable is and what version it
// has. A shim, as version managers install them, would add tens of milliseconds
// to every start. The error matches ErrMissing, or is the cause of ctx.
func Find(ctx context.Context) (Interpreter, error) {
	path, err := exec.LookPath("python3")
	if err != nil {
		return Interpreter{}, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return describe(ctx, path)
}

func describe(ctx context.Context, path string) (Interpreter, error) {
	const question = `import json, sys
print(json.dumps([sys.executable, sys.implementation.name] + list(sys.version_info[:3])))`
	out, err := exec.CommandContext(ctx, path, append(slices.Clone(flags), "-c", question)...).Output()
	if cause := context.Cause(ctx); cause != nil {
		return Interpreter{}, cause
	}
	if err != nil {
		return Interpreter{}, fmt.Errorf("%w: %s does not run: %w", ErrMissing, path, err)
	}
	var executable, implementation string
	var major, minor, micro int
	if err := json.Unmarshal(out, &[]any{&executable, &implementation, &major, &minor, &micro}); err != nil {
		return Interpreter{}, fmt.Errorf("%w: %s does not say what it is", ErrMissing, path)
	}
	version := fmt.Sprintf("%d.%d.%d", major, minor, micro)
	if implementation != "cpython" || major != 3 || minor < 8 || executable == "" {
		return Interpreter{}, fmt.Errorf("%w: %s is %s %s", ErrMissing, path, implementation, version)
	}
	return Interpreter{Path: executable, Version: "CPython " + version}, nil
}

// Command is the interpreter with the flags that every function runs under; a
// script follows.
func (i Interpreter) Command() []string { return append([]string{i.Path}, flags...) }

// Variants returns the variants that there are in Python.
func Variants() []scenarios.Variant {
	return slices.DeleteFunc(scenarios.Variants(), func(v scenarios.Variant) bool {
		_, ok := modules[v.Name]
		return !ok
	})
}

// modules are the files that the functions import, by variant and by scenario.
var modules = map[string][]string{
	scenarios.Baseline: {"plain_secrets.py"},
	"optimized":        {"dynamic_token.py"},

	"hello":   {"hello.py"},
	"storage": {"storage.py", "object_store.py", "http_client.py"},
	"network": {"network.py", "request_signature.py", "storage.py", "object_store.py", "http_client.py"},
}

// File is one script of a function.
type File struct {
	Name   string
	SHA256 string // hex
	Bytes  int64
}

// Files lists what a function consists of, its main script first.
func Files(scenario, variant string) ([]File, error) {
	names := append([]string{MainScript(scenario, variant), "frame.py", "lambda_api.py"}, modules[variant]...)
	var files []File
	for _, name := range append(names, modules[scenario]...) {
		data, err := scripts.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s has no Python function in the variant %s: %w", scenario, variant, err)
		}
		sum := sha256.Sum256(data)
		files = append(files, File{Name: name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data))})
	}
	return files, nil
}

// MainScript names the script that a function is started with.
func MainScript(scenario, variant string) string { return scenario + "_" + variant + ".py" }

// Form is how the scripts lie in a folder.
type Form string

const (
	// Cached is each source with its compiled form beside it, as an installed
	// package has it. It is how functions run: a platform that mounts code for
	// reading only would otherwise compile it at every cold start.
	Cached Form = "cached"
	// Binary is the compiled form alone: the paper's prototype was "embedded in
	// binary form".
	Binary Form = "binary"
)

// Unpack writes all scripts to dir, which must exist, in the form wanted. In
// Binary their names end in .pyc. The error matches ErrScripts where the
// interpreter failed.
func (i Interpreter) Unpack(ctx context.Context, dir string, form Form) error {
	names, err := fs.Glob(scripts, "*.py")
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := scripts.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	const compile = `import os, py_compile, sys
binary = sys.argv[1] == "binary"
for name in sys.argv[2:]:
    py_compile.compile(name, cfile=name + "c" if binary else None, doraise=True)
    if binary:
        os.remove(name)`
	command := append(i.Command(), "-c", compile, string(form))
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], names...)...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	err = cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return fmt.Errorf("%w: %w: %s", ErrScripts, err, lines[len(lines)-1])
	}
	return nil
}
