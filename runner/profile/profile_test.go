package profile

import (
	"context"
	"errors"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/scenarios/python"
)

// A measurement on this machine gives a valid profile that repeats the stored
// one's finding: what an HTTP client has loaded is not loaded again. Memory is
// compared, which does not depend on how busy the machine is.
func TestAMeasurementGivesAProfile(t *testing.T) {
	needs.Linux(t)
	needs.Python(t)
	if testing.Short() {
		t.Skip("a hundred processes")
	}
	s, err := Python(context.Background(), Options{Processes: profiles.MinProcesses, Command: "go test", Version: "(devel)", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := profiles.FromSamples(s)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != profiles.PaperPython || p.Runtime == "" || p.ModuleMS <= 0 || p.AccessMS <= 0 || p.NonceBytes <= 0 {
		t.Errorf("%+v", p)
	}
	if o := p.MemoryOverlap("storage"); o < 0.5 {
		t.Errorf("overlap of memory in storage %v", o)
	}
	again, err := profiles.LoadSamples(profiles.PaperPython)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Series) != len(s.Series) {
		t.Errorf("%d series, %d are stored: measure again", len(s.Series), len(again.Series))
	}
}

// The registry's tables have entries of 16 bytes and are between 3/8 and 3/4 full
// (core/nonceset.go); a little is added by their heads.
func TestANonceOfTheCoreTakesWhatItsTableSays(t *testing.T) {
	s, err := Go(context.Background(), Options{Processes: profiles.MinProcesses, Command: "go test", Version: "(devel)", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	e, ok := s.Find(profiles.NonceBytes, profiles.Bare, profiles.Native)
	if !ok || e.Median < 16/0.75 || e.Median > 1.25*16/0.375 {
		t.Errorf("%+v", e)
	}
	if _, err := Go(context.Background(), Options{Processes: 1}); err == nil {
		t.Error("too few guards")
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	needs.Linux(t)
	if _, err := Python(context.Background(), Options{Processes: profiles.MinProcesses - 1}); err == nil {
		t.Error("too few processes")
	}
	t.Run("cancelled", func(t *testing.T) {
		needs.Python(t)
		stop := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(stop)
		if _, err := Python(ctx, Options{Processes: profiles.MinProcesses, Command: "go test", Version: "(devel)"}); !errors.Is(err, stop) {
			t.Errorf("a cancelled measurement: %v", err)
		}
	})
	t.Setenv("PATH", t.TempDir())
	if _, err := Python(context.Background(), Options{Processes: profiles.MinProcesses}); !errors.Is(err, python.ErrMissing) {
		t.Errorf("without python3: %v", err)
	}
}
