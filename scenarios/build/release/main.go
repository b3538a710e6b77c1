// Command release makes a folder that runs without the Go toolchain: the
// dtbench executable, the functions and services beside it, and checksums.
// make release calls it.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
)

func main() {
	out := flag.String("out", "dist", "folder to make; what is in it is replaced")
	flag.Parse()
	if err := release(*out); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

func release(out string) error {
	functions := filepath.Join(out, "functions")
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(functions, 0o755)); err != nil {
		return err
	}
	programs := append(build.AllPrograms(scenarios.All(), scenarios.Variants()), build.AttackPrograms(scenarios.Variants())...)
	binaries, origin, err := build.Programs(context.Background(), build.Options{WorkDir: "."}, functions, programs)
	if err != nil {
		return err
	}
	if err := build.WriteManifest(functions, origin, binaries); err != nil {
		return err
	}
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=auto", "-ldflags", "-s -w", "-o", out+string(filepath.Separator), "./cmd/dtbench")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return err
	}
	return writeSums(out)
}

// writeSums writes SHA256SUMS in the form that sha256sum --check reads.
func writeSums(dir string) error {
	var sums strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		sum := sha256.Sum256(data)
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o644)
}
