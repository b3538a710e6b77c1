package power

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results/paper"
)

// Alarm is how often the test finds a change between two arms that do not differ
// when each is measured in a batch of its own.
type Alarm struct {
	// Drift is the standard deviation of the logarithm of a batch's level: 0.07
	// moves a batch by 7 %.
	Drift float64
	// Separate is the share of alarms at a nominal 5 % when the arms are measured
	// one after the other, Interleaved when they take turns and share the drift,
	// which then cancels: the rate without drift, whatever the drift.
	Separate, Interleaved float64
	Repetitions           int
}

// drifts cover the presets of the simulated platforms: 0, 0.07 and 0.13.
var drifts = []float64{0, 0.03, 0.07, 0.13}

// WithinCV is the coefficient of variation within a batch in the simulation: the
// central preset of cold starts.
const WithinCV = 0.20

const defaultRepetitions = 250

// alarms simulates the rates by the test of every report, the permutation test
// over all splits. Every drift sees the same experiments but for its own shift.
func alarms(seed uint64, repetitions int) ([]Alarm, error) {
	if repetitions <= 0 {
		repetitions = defaultRepetitions
	}
	sigma := math.Sqrt(math.Log1p(WithinCV * WithinCV))
	hits := make([][]bool, len(drifts)) // by drift and repetition
	for i := range hits {
		hits[i] = make([]bool, repetitions)
	}
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for k := range next {
				// One stream per repetition: the number of processors changes nothing.
				rng := rand.New(rand.NewPCG(seed, 0x616c61726d<<16|uint64(k)))
				x, y := lognormal(rng, sigma), lognormal(rng, sigma)
				shift := (rng.NormFloat64() - rng.NormFloat64())
				for i, tau := range drifts {
					p, err := stats.PermutationTest(scaled(x, math.Exp(tau*shift)), y, paper.Trim, stats.Sampling{Seed: seed})
					if err != nil {
						mu.Lock()
						first = err
						mu.Unlock()
						continue
					}
					hits[i][k] = p.P < report.Alpha
				}
			}
		})
	}
	for k := range repetitions {
		next <- k
	}
	close(next)
	group.Wait()
	if first != nil {
		return nil, first
	}
	var out []Alarm
	for i, tau := range drifts {
		// Arms that take turns share the drift, which leaves their ratio as it is
		// without any.
		out = append(out, Alarm{tau, share(hits[i]), share(hits[0]), repetitions})
	}
	return out, nil
}

func lognormal(rng *rand.Rand, sigma float64) []float64 {
	xs := make([]float64, paper.Runs)
	for i := range xs {
		xs[i] = math.Exp(sigma * rng.NormFloat64())
	}
	return xs
}

func scaled(xs []float64, by float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = x * by
	}
	return out
}

func share(hits []bool) float64 {
	n := 0
	for _, h := range hits {
		if h {
			n++
		}
	}
	return float64(n) / float64(len(hits))
}
