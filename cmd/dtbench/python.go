package main

import (
	"context"
	"path/filepath"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/python"
)

// Languages of the functions.
const (
	runtimeGo     = "go"
	runtimePython = "python"
)

func runtimeNames() []string { return []string{runtimeGo, runtimePython} }

// runtimeVariants are the variants that there are in a language, in the order
// of all of them.
func runtimeVariants(runtime string) []scenarios.Variant {
	if runtime == runtimePython {
		return python.Variants()
	}
	return scenarios.Variants()
}

// addPython unpacks the Python functions of the plan into dir and adds them to
// what was built: under the names of their Go counterparts, with the interpreter
// that runs them and a list of all their scripts.
func (b *programs) addPython(ctx context.Context, p *plan, dir string) error {
	interpreter, err := python.Find(ctx)
	if err != nil {
		return err
	}
	if err := interpreter.Unpack(ctx, dir, python.Cached); err != nil {
		return err
	}
	b.python = interpreter.Version
	if b.binaries == nil {
		b.binaries = map[string]build.Binary{}
	}
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			files, err := python.Files(s.Name, v.Name)
			if err != nil {
				return err
			}
			name := build.FunctionProgram(s.Name, v.Name).Name
			b.binaries[name] = build.Binary{
				Path:   filepath.Join(dir, files[0].Name),
				SHA256: files[0].SHA256, Bytes: files[0].Bytes, Interpreter: interpreter.Command(),
			}
			for _, f := range files {
				b.files[name] = append(b.files[name], results.Function{Scenario: s.Name, File: f.Name, SHA256: f.SHA256, Bytes: f.Bytes})
			}
		}
	}
	return nil
}
