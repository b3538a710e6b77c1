package model

import (
	"fmt"
	"math"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
)

// secretAccesses is n_s: hello and storage use one secret, network two (the
// list of package scenarios, which a test holds this against).
var secretAccesses = map[string]float64{"hello": 1, "storage": 1, "network": 2}

// Calibrate fits the model to the benchmark rows of the published tables under
// one preset, so that the expectation of the published statistic is each
// published figure, and takes the token mechanism's cost from the profile. It
// reads no optimized row. Errors wrap ErrPreset, ErrCalibration, or
// profiles.ErrInvalid.
//
// What the eight benchmark means identify, and how the rest is settled:
//
//   - W of hello: the hot hello row of each platform. W of the other scenarios is
//     taken to be the same, with the spread of warm processor-bound functions.
//   - storage: the hot storage row less W; network: the hot network row less W
//     and storage.
//   - U: each cold row of aliyun less its hot parts. tencent's hello has
//     aliyun's U, and P + R is the rest of its cold row.
//   - scenarios without a published row on a platform take aliyun's parts.
func Calibrate(parameters Parameters, preset Preset, published paper.Published, profile profiles.Profile) (*Model, error) {
	if err := profile.Validate(); err != nil {
		return nil, err
	}
	v, err := parameters.under(preset)
	if err != nil {
		return nil, err
	}
	c := calibration{
		values: v, model: &Model{
			preset: preset, provenance: results.Simulated,
			drift: drift{v.batchDrift, v.runDrift, v.runDriftAutocorrelation},
			quota: NewQuota(parameters.Quota.VCPU, parameters.Quota.PeriodMS),
			laws:  map[Cell]law{}, published: map[Cell]figures{}, metering: parameters.metering(),
		},
	}
	for _, t := range published.Tables {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			if row, ok := t.Cell(benchmark, start); ok {
				c.model.published[Cell{t.Platform, t.Scenario, benchmark, start}] = figures{row.TimeMS, row.MemoryMB}
			}
		}
	}
	if err := c.aliyun(parameters); err != nil {
		return nil, err
	}
	if err := c.tencent(parameters); err != nil {
		return nil, err
	}
	for cell, l := range c.model.laws {
		c.model.laws[Cell{cell.Platform, cell.Scenario, optimized, cell.Start}] = c.withToken(l, cell, profile)
	}
	data, err := profile.Encode()
	if err != nil {
		return nil, err
	}
	c.model.hash = hashOf([]byte("calibrated"), parameters.data, c.model.publishedBytes(), data)
	return c.model, nil
}

type calibration struct {
	values values
	model  *Model
}

// aliyun solves the platform whose start is not metered.
func (c *calibration) aliyun(parameters Parameters) error {
	p, err := parameters.Platform("aliyun")
	if err != nil {
		return err
	}
	base := law{startMetered: p.StartMetered, resolution: p.ResolutionMS, memorySD: c.values.memorySD}
	base.provision, base.runtime = c.starts(c.values.startMS)

	hello := base
	if err := c.solve("aliyun", "hello", results.Hot, &hello, &hello.work, Lognormal(1, c.values.helloCV)); err != nil {
		return err
	}
	work := hello.work.Mean()
	storage, network := base, base
	storage.work, network.work = Lognormal(work, c.values.warmCV), Lognormal(work, c.values.warmCV)
	write := Lognormal(1, c.values.storageCV).WithTail(c.values.tailProbability, c.values.tailExponent)
	if err := c.solve("aliyun", "storage", results.Hot, &storage, &storage.storage, write); err != nil {
		return err
	}
	network.storage = storage.storage
	if err := c.solve("aliyun", "network", results.Hot, &network, &network.network, Lognormal(1, c.values.networkCV)); err != nil {
		return err
	}
	for scenario, l := range map[string]law{"hello": hello, "storage": storage, "network": network} {
		if err := c.solve("aliyun", scenario, results.Cold, &l, &l.startup, Lognormal(1, c.values.coldCV)); err != nil {
			return err
		}
	}
	return nil
}

// tencent solves hello on the platform whose start is metered, and extrapolates
// the rest from aliyun.
func (c *calibration) tencent(parameters Parameters) error {
	p, err := parameters.Platform("tencent")
	if err != nil {
		return err
	}
	hello := law{startMetered: p.StartMetered, resolution: p.ResolutionMS, memorySD: c.values.memorySD}
	if err := c.solve("tencent", "hello", results.Hot, &hello, &hello.work, Lognormal(1, c.values.helloCV)); err != nil {
		return err
	}
	hello.startup = c.law("aliyun", "hello", results.Cold).startup
	if err := c.solveStart("tencent", "hello", &hello); err != nil {
		return err
	}
	for _, scenario := range []string{"storage", "network"} {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			l := c.law("aliyun", scenario, start)
			own, other := c.law("tencent", "hello", start), c.law("aliyun", "hello", start)
			l.startMetered, l.resolution, l.basis = p.StartMetered, p.ResolutionMS, Extrapolated
			l.provision, l.runtime = own.provision, own.runtime
			// What the runtime itself takes differs between the platforms.
			l.memory = max(0, l.memory+own.memory-other.memory)
			c.model.laws[Cell{"tencent", scenario, benchmark, start}] = l
		}
	}
	return nil
}

// starts are P and R with that mean of their sum.
func (c *calibration) starts(mean float64) (provision, runtime Distribution) {
	share := c.values.provisioningShare
	return Shifted(mean*share, c.values.coldCV, c.values.startFloor), Shifted(mean*(1-share), c.values.coldCV, c.values.startFloor)
}

func (c *calibration) law(platform, scenario string, start results.Start) law {
	return c.model.laws[Cell{platform, scenario, benchmark, start}]
}

// solve scales unit, the law of the unknown part with mean about 1, until the
// cell's expected statistic is the published one, and keeps the law.
func (c *calibration) solve(platform, scenario string, start results.Start, l *law, unknown *Distribution, unit Distribution) error {
	return c.root(Cell{platform, scenario, benchmark, start}, l, func(scale float64) { *unknown = unit.Scaled(scale) })
}

// solveStart does that for P + R.
func (c *calibration) solveStart(platform, scenario string, l *law) error {
	return c.root(Cell{platform, scenario, benchmark, results.Cold}, l, func(scale float64) { l.provision, l.runtime = c.starts(scale) })
}

func (c *calibration) root(cell Cell, l *law, set func(scale float64)) error {
	target, ok := c.model.published[cell]
	if !ok {
		return fmt.Errorf("%w: the published tables lack %s", ErrCalibration, cell)
	}
	if cell.Start == results.Hot {
		l.startup = Distribution{}
	}
	want := target.timeMS / c.model.drift.inflation()
	largest := -1
	excess := func(scale float64) float64 {
		set(scale)
		at := l.forStart(cell.Start)
		if largest < 0 {
			return at.expected(c.model.quota, at.largest(c.model.quota)) - want
		}
		return at.expected(c.model.quota, largest) - want
	}
	// The expectation is nearly linear in the scale: secants find it. Which part
	// the quadrature takes as the largest is settled after the first, or it could
	// jump at the solution.
	x0, x1 := 0.0, want
	y0, y1 := excess(x0), excess(x1)
	if y0 >= 0 {
		return fmt.Errorf("%w: the other parts of %s leave nothing of its %v ms", ErrCalibration, cell, target.timeMS)
	}
	for range 30 {
		x2 := max(x1-y1*(x1-x0)/(y1-y0), x1/1000)
		x0, y0, x1 = x1, y1, x2
		y1 = excess(x1)
		if math.Abs(y1) <= 1e-8*want || y1 == y0 {
			break
		}
		if largest < 0 {
			largest = l.forStart(cell.Start).largest(c.model.quota)
			y1 = excess(x1)
		}
	}
	if math.Abs(y1) > 1e-6*want {
		return fmt.Errorf("%w: no solution for %s", ErrCalibration, cell)
	}
	l.memory = target.memoryMB
	c.model.laws[cell] = l.forStart(cell.Start)
	return nil
}

// forStart leaves out what an invocation with that temperature does not have.
func (l law) forStart(start results.Start) law {
	if start == results.Hot {
		l.provision, l.runtime, l.startup, l.initialise = Distribution{}, Distribution{}, Distribution{}, Distribution{}
	}
	return l
}

// nonces is how many accesses the registry remembers after a sample: cold is an
// instance's first invocation, hot its third.
func nonces(start results.Start, accesses float64) float64 {
	if start == results.Hot {
		return 3 * accesses
	}
	return accesses
}

// withToken is the law with the mechanism in it. Its initialisation spreads as
// cold starts do, its accesses as warm processor-bound functions do.
func (c *calibration) withToken(l law, cell Cell, profile profiles.Profile) law {
	t := overlapped(profile, cell.Scenario, c.values.processorFactor)
	l.accesses = secretAccesses[cell.Scenario]
	l.access = Lognormal(t.access, c.values.warmCV)
	if cell.Start == results.Cold {
		l.initialise = Lognormal(t.initialise, c.values.coldCV)
	}
	l.memoryToken = t.memory + nonces(cell.Start, l.accesses)*t.nonce
	return l
}

// publishedBytes are the figures that the model is fitted to, in a fixed order.
func (m *Model) publishedBytes() []byte {
	var out []byte
	for _, cell := range sortedCells(m.published) {
		f := m.published[cell]
		out = fmt.Appendf(out, "%s %v %v\n", cell, f.timeMS, f.memoryMB)
	}
	return out
}
