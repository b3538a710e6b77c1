// Command measure measures the cost profile paper-python again: the samples and
// the profile that follows from them. make reference calls it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/runner/profile"
	"github.com/dtbench/dtbench/scenarios/build"
)

func main() {
	out := flag.String("out", "results/profiles", "folder of the profiles")
	processes := flag.Int("processes", 31, "processes per context and build")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *out, *processes); err != nil {
		fmt.Fprintf(os.Stderr, "measure: %v\n", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, out string, processes int) error {
	_, origin, err := build.Programs(ctx, build.Options{WorkDir: "."}, "", nil)
	if err != nil {
		return err
	}
	samples, err := profile.Python(ctx, profile.Options{
		Processes: processes, Command: fmt.Sprintf("go run ./runner/profile/measure -processes %d", processes),
		Version: origin.Version, Commit: origin.Commit, Dirty: origin.Dirty, Seed: 1,
	})
	if err != nil {
		return err
	}
	derived, err := profiles.FromSamples(samples)
	if err != nil {
		return err
	}
	text, err := derived.Encode()
	if err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := samples.Write(&raw); err != nil {
		return err
	}
	for _, warning := range samples.Warnings {
		fmt.Fprintf(os.Stderr, "measure: %s\n", warning)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(out, "samples", samples.Profile+".json"), raw.Bytes(), 0o644),
		os.WriteFile(filepath.Join(out, samples.Profile+".json"), text, 0o644))
}
