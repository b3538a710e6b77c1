// Command measure measures the samples behind the cost profiles again. make
// reference calls it, and derives the profiles from them and from the reference run
// (go test ./results/profiles -update).
package main

import (
	"bytes"
	"context"
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
	out := flag.String("out", filepath.Join("results", "profiles", "samples"), "folder of the samples")
	processes := flag.Int("processes", 31, "processes per context and build, and guards in Go")
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
	o := profile.Options{
		Processes: processes, Command: fmt.Sprintf("go run ./runner/profile/measure -processes %d", processes),
		Version: origin.Version, Commit: origin.Commit, Dirty: origin.Dirty, Seed: 1,
	}
	for _, measure := range []func(context.Context, profile.Options) (*profiles.Samples, error){profile.Go, profile.Python} {
		samples, err := measure(ctx, o)
		if err != nil {
			return err
		}
		for _, warning := range samples.Warnings {
			fmt.Fprintf(os.Stderr, "measure: %s\n", warning)
		}
		var text bytes.Buffer
		if err := samples.Write(&text); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, samples.Profile+".json"), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
