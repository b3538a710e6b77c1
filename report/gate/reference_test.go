package gate

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// The figures in the JSON are those that SciPy, NumPy and R give for the same
// samples: report/stats/testdata says how they were made. Cases with times of
// zero variance and with other trims than the file's are left out.
func TestFiguresAgreeWithReferences(t *testing.T) {
	type yuen struct{ P float64 }
	var primary, ranks struct {
		Cases []struct {
			Name            string
			Trim            int
			X, Y            []float64
			TrimmedX        float64 `json:"trimmed_x"`
			TrimmedY        float64 `json:"trimmed_y"`
			Rho             float64
			Interval        [2]float64
			TOST, MDE       float64
			RunsNeeded      int `json:"runs_needed"`
			Extreme, Splits *float64
			Delta, Shift    float64
			MannWhitney     float64 `json:"mann_whitney"`
			Yuen            yuen
			YuenLogs        *yuen `json:"yuen_logs"`
		}
	}
	for file, into := range map[string]any{"reference.json": &primary, "sensitivity.json": &ranks} {
		data, err := os.ReadFile("../stats/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	compared := 0
	for i, ref := range primary.Cases {
		other := ranks.Cases[i] // of the same name, in the same order
		if ref.Trim != 1 || ref.Extreme == nil || len(ref.X) != len(ref.Y) || other.Name != ref.Name {
			continue
		}
		compared++
		file := func(values []float64) *results.File {
			f := craft{scenarios: []string{"hello"}, variants: []string{"optimized"}, runs: len(values)}.file()
			for i := range f.Cells[0].Samples {
				f.Cells[0].Samples[i].TotalMS = values[i]
				f.Cells[1].Samples[i].TotalMS = values[i] // so that Holm's family is two
			}
			return f
		}
		var out strings.Builder
		// The least sizes are too small to alarm; their figures count all the same.
		if err := compare(t, file(ref.Y), file(ref.X), Options{Force: true}).Write(&out, "json", 0); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Cells []struct {
				Base, Head, Ratio float64
				CI95              [2]float64
				PermutationP      float64  `json:"permutation_p"`
				MannWhitneyP      float64  `json:"mann_whitney_p"`
				HodgesLehmann     float64  `json:"hodges_lehmann"`
				CliffsDelta       float64  `json:"cliffs_delta"`
				YuenP             float64  `json:"yuen_p"`
				YuenLogP          *float64 `json:"yuen_log_p"`
				TOSTP             float64  `json:"tost_p"`
				PHolm             float64  `json:"p_holm"`
				MDE               float64  `json:"minimum_detectable_percent"`
				RunsNeeded        int      `json:"runs_needed"`
			}
		}
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want float64) {
			t.Helper()
			if math.IsNaN(got) || math.Abs(got-want) > 1e-9*max(math.Abs(want), 1e-12) {
				t.Errorf("%s: %s = %.17g, want %.17g", ref.Name, what, got, want)
			}
		}
		c := got.Cells[0]
		near("base", c.Base, ref.TrimmedY)
		near("head", c.Head, ref.TrimmedX)
		near("ratio", c.Ratio, ref.Rho)
		near("low", c.CI95[0], ref.Interval[0])
		near("high", c.CI95[1], ref.Interval[1])
		near("permutation p", c.PermutationP, *ref.Extreme / *ref.Splits)
		near("p of Holm", c.PHolm, min(1, 2**ref.Extreme / *ref.Splits))
		near("equivalence", c.TOSTP, ref.TOST)
		near("minimum detectable", c.MDE, 100*ref.MDE)
		near("ranks", c.MannWhitneyP, other.MannWhitney)
		near("delta", c.CliffsDelta, other.Delta)
		near("shift", c.HodgesLehmann, other.Shift)
		near("Yuen", c.YuenP, other.Yuen.P)
		near("Yuen on logs", *c.YuenLogP, other.YuenLogs.P)
		if c.RunsNeeded != ref.RunsNeeded {
			t.Errorf("%s: runs needed %d, want %d", ref.Name, c.RunsNeeded, ref.RunsNeeded)
		}
	}
	if compared < 7 {
		t.Errorf("only %d cases were compared", compared)
	}
}
