package power

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/dtbench/dtbench/results/paper"
)

// MostCV is the largest coefficient of variation that is looked at.
const MostCV = 10.0

// noise knows how far apart the trimmed means of two arms come to lie when both
// draw from one lognormal law.
type noise struct {
	cvs      []float64 // ascending
	critical []float64 // exceeded by |ln ratio| in one case of twenty, ascending
}

// newNoise tabulates the critical values by simulation. Every spread uses the
// same standard normal draws, which makes the table smooth.
func newNoise(seed uint64) noise {
	const repetitions, points = 4000, 60
	rng := rand.New(rand.NewPCG(seed, 0x6e6f697365))
	normals := make([][2][]float64, repetitions)
	for i := range normals {
		for arm := range normals[i] {
			z := make([]float64, paper.Runs)
			for k := range z {
				z[k] = rng.NormFloat64()
			}
			slices.Sort(z) // exp keeps the order: what is trimmed stays the same
			normals[i][arm] = z[paper.Trim : paper.Runs-paper.Trim]
		}
	}
	var n noise
	apart := make([]float64, repetitions)
	for p := range points {
		cv := 0.001 * math.Pow(MostCV/0.001, float64(p)/(points-1))
		sigma := math.Sqrt(math.Log1p(cv * cv))
		for i, arms := range normals {
			apart[i] = math.Abs(logMean(arms[0], sigma) - logMean(arms[1], sigma))
		}
		slices.Sort(apart)
		n.cvs = append(n.cvs, cv)
		n.critical = append(n.critical, apart[repetitions*95/100])
	}
	return n
}

// logMean is the logarithm of the sum of exp(sigma·z).
func logMean(zs []float64, sigma float64) float64 {
	sum := 0.0
	for _, z := range zs {
		sum += math.Exp(sigma * z)
	}
	return math.Log(sum)
}

// neededCV is the least coefficient of variation for which a change of that
// percentage is nothing unusual (p >= 0.05 if nothing differs), infinite beyond
// MostCV.
func (n noise) neededCV(percent float64) float64 {
	size := math.Abs(math.Log1p(percent / 100))
	i, _ := slices.BinarySearch(n.critical, size)
	switch {
	case i == len(n.critical):
		return math.Inf(1)
	case i == 0:
		return n.cvs[0] * size / n.critical[0] // proportional for small spreads
	}
	share := (size - n.critical[i-1]) / (n.critical[i] - n.critical[i-1])
	return n.cvs[i-1] + share*(n.cvs[i]-n.cvs[i-1])
}
