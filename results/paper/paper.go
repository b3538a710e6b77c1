// Package paper holds the published figures that dtbench reproduces: Tables 3
// to 6 of Liu et al., "Dynamic token encryption for preventing permission
// leakage in serverless architectures", PeerJ Computer Science 11:e3029, 2025,
// https://doi.org/10.7717/peerj-cs.3029, published under the Creative Commons
// Attribution License.
//
// The figures are data (tables.json), digit for digit as printed. Percentages
// that the paper's text derives from them are kept beside them as Stated, also
// as printed: one of them does not follow from its table.
//
// Beside them stand the paper's claims with a predicate each (claims.json), the
// percentages of its user survey (survey.json) and the dated, sourced facts
// about paper and platforms that some predicates need (facts.json). None of
// these files holds a verdict.
package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"

	"github.com/dtbench/dtbench/results"
)

// The design of the experiment: Runs invocations in each cell, of which the Trim
// smallest and the Trim largest are dropped.
const (
	Runs = 15
	Trim = 1
)

//go:embed tables.json
var tables []byte

// Published is the content of tables.json.
type Published struct {
	Citation  Citation `json:"citation"`
	Statistic string   `json:"statistic"` // how each figure was made from samples
	Tables    []Table  `json:"tables"`
	Stated    []Stated `json:"stated"`
}

// Citation names the source as its licence asks.
type Citation struct {
	Authors   string `json:"authors"`
	Year      int    `json:"year"`
	Title     string `json:"title"`
	Journal   string `json:"journal"`
	Article   string `json:"article"` // volume and article number
	DOI       string `json:"doi"`
	Licence   string `json:"licence"`
	Copyright string `json:"copyright"`
}

// String is the citation on one line.
func (c Citation) String() string {
	return fmt.Sprintf("%s, %s, %s %s, %d, https://doi.org/%s", c.Authors, c.Title, c.Journal, c.Article, c.Year, c.DOI)
}

// Table is one published table: one scenario on one platform.
type Table struct {
	Number int `json:"table"` // 3 to 6
	// Platform is aliyun or tencent. Table 6 does not name its platform
	// (PlatformNamed is false); dtbench runs it as aliyun and says so.
	Platform      string `json:"platform"`
	PlatformNamed bool   `json:"platform_named"`
	Scenario      string `json:"scenario"` // hello, storage, network
	Cells         []Cell `json:"cells"`    // benchmark and optimized, cold and hot
}

// Cell is the mean of 13 of 15 invocations.
type Cell struct {
	Variant  string        `json:"variant"` // benchmark, optimized
	Start    results.Start `json:"start"`
	TimeMS   float64       `json:"time_ms"`
	MemoryMB float64       `json:"memory_mb"`
}

// Value returns the figure of the metric, results.MetricTime (ms) or
// results.MetricMemory (MB), and whether there is such a metric.
func (c Cell) Value(metric string) (float64, bool) {
	switch metric {
	case results.MetricTime:
		return c.TimeMS, true
	case results.MetricMemory:
		return c.MemoryMB, true
	}
	return 0, false
}

// Stated is a percentage that the paper's text derives from a table: the change
// from benchmark to optimized, negative for an improvement.
type Stated struct {
	Table    int           `json:"table"`
	Start    results.Start `json:"start"`
	Metric   string        `json:"metric"` // time_ms or memory_mb
	Percent  float64       `json:"percent"`
	Decimals int           `json:"decimals"` // digits after the point, as printed
	Text     string        `json:"text"`     // the words of the paper
}

// Load returns the published figures, a fresh copy with every call. An error
// means that the embedded file is damaged.
func Load() (Published, error) {
	p, err := decode(bytes.NewReader(tables))
	if err != nil {
		return Published{}, fmt.Errorf("published tables: %w", err)
	}
	return p, nil
}

func decode(r io.Reader) (Published, error) {
	var p Published
	if err := decodeStrictly(r, &p); err != nil {
		return Published{}, err
	}
	for _, t := range p.Tables {
		for _, variant := range []string{"benchmark", "optimized"} {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				c, ok := t.Cell(variant, start)
				if !ok || !(c.TimeMS > 0) || !(c.MemoryMB > 0) {
					return Published{}, fmt.Errorf("table %d lacks %s %s", t.Number, variant, start)
				}
			}
		}
	}
	return p, nil
}

// Table returns the table of that number, and whether there is one.
func (p Published) Table(number int) (Table, bool) {
	for _, t := range p.Tables {
		if t.Number == number {
			return t, true
		}
	}
	return Table{}, false
}

// Find returns the table of a scenario on a platform, and whether there is one.
func (p Published) Find(platform, scenario string) (Table, bool) {
	for _, t := range p.Tables {
		if t.Platform == platform && t.Scenario == scenario {
			return t, true
		}
	}
	return Table{}, false
}

// Cell returns the cell of a variant and start, and whether there is one.
func (t Table) Cell(variant string, start results.Start) (Cell, bool) {
	for _, c := range t.Cells {
		if c.Variant == variant && c.Start == start {
			return c, true
		}
	}
	return Cell{}, false
}

// Pair returns the figures of benchmark and optimized. Load refuses a table that
// lacks one; of a table made otherwise they are zero where it does.
func (t Table) Pair(start results.Start, metric string) (benchmark, optimized float64) {
	b, _ := t.Cell("benchmark", start)
	o, _ := t.Cell("optimized", start)
	benchmark, _ = b.Value(metric)
	optimized, _ = o.Value(metric)
	return benchmark, optimized
}

// Percent is the change from benchmark to optimized in percent of the
// benchmark, as the table gives it, and whether the table has the two cells.
func (t Table) Percent(start results.Start, metric string) (float64, bool) {
	b, okB := t.Cell("benchmark", start)
	o, okO := t.Cell("optimized", start)
	from, okFrom := b.Value(metric)
	to, okTo := o.Value(metric)
	if !okB || !okO || !okFrom || !okTo || from == 0 {
		return 0, false
	}
	return 100 * (to/from - 1), true
}
