package report

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/dtbench/dtbench/results"
)

// quantity writes a time or a memory size: two decimals from 1 up, as the paper
// prints them, and three significant digits below.
func quantity(v float64) string {
	if v == 0 || math.Abs(v) >= 0.9995 {
		return fmt.Sprintf("%.2f", v)
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return fmt.Sprintf("%.*f", min(decimals, 9), v)
}

// signed is quantity with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + quantity(v)
	}
	return quantity(v)
}

// percentage writes a change in percent, with its sign and without the unit:
// two decimals below 10, one below 100, none above.
func percentage(v float64) string {
	s := strings.TrimSuffix(magnitude(v), ".")
	switch {
	case strings.Trim(s, "-0.") == "":
		return strings.TrimPrefix(s, "-") // neither +0.00 nor -0.00
	case v > 0:
		return "+" + s
	}
	return s
}

// magnitude is percentage without a plus sign.
func magnitude(v float64) string {
	switch m := math.Abs(v); {
	case m < 9.995:
		return fmt.Sprintf("%.2f", v)
	case m < 99.95:
		return fmt.Sprintf("%.1f", v)
	case m < 1e7:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1e", v)
}

func interval(ci [2]float64) string {
	return percentage(ci[0]) + " to " + percentage(ci[1])
}

func probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// verdict is the word of the verdict for the metric: slower and faster make no
// sense of memory.
func verdict(o results.Overhead) string {
	if o.Metric == results.MetricMemory {
		switch o.Verdict {
		case results.Slower:
			return "more"
		case results.Faster:
			return "less"
		}
	}
	return string(o.Verdict)
}

// label is a variant as a row title.
func label(variant string) string {
	r := []rune(clean(variant))
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// clean makes text of a file harmless on a terminal and single-lined in a
// table: control characters (escape sequences, line breaks) become spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// span writes "15" for a range of one number and "9 to 15" otherwise.
func span(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
