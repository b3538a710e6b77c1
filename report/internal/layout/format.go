// Package layout holds what every report writes its figures with: tables for
// terminals and for Markdown, line breaks, and the forms of numbers.
//
// Text that comes from a file goes through Clean before a terminal and through
// Escape before Markdown. MarkdownTable escapes its cells; NewTable expects
// clean ones.
package layout

import (
	"fmt"
	"math"
	"strings"
	"unicode"
)

// Quantity writes a time or a memory size: two decimals from 1 up, as the paper
// prints them, and three significant digits below.
func Quantity(v float64) string {
	if v == 0 || math.Abs(v) >= 0.9995 {
		return fmt.Sprintf("%.2f", v)
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return fmt.Sprintf("%.*f", min(decimals, 9), v)
}

// Signed is Quantity with its sign.
func Signed(v float64) string {
	if v > 0 {
		return "+" + Quantity(v)
	}
	return Quantity(v)
}

// Percentage writes a change in percent, with its sign and without the unit:
// two decimals below 10, one below 100, none above.
func Percentage(v float64) string {
	s := strings.TrimSuffix(Magnitude(v), ".")
	switch {
	case strings.Trim(s, "-0.") == "":
		return strings.TrimPrefix(s, "-") // neither +0.00 nor -0.00
	case v > 0:
		return "+" + s
	}
	return s
}

// Magnitude is Percentage without a plus sign.
func Magnitude(v float64) string {
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

// Interval writes two ends in percent, without the unit.
func Interval(ci [2]float64) string {
	return Percentage(ci[0]) + " to " + Percentage(ci[1])
}

// Probability writes a p-value with three decimals.
func Probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// Clean makes text of a file harmless on a terminal and single-lined in a
// table: control characters (escape sequences, line breaks) become spaces.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// Count writes a number with its noun, in the plural unless it is 1.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Span writes "15" for a range of one number and "9 to 15" otherwise.
func Span(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
