package survey

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/results/paper"
)

func load(t *testing.T) paper.Survey {
	t.Helper()
	s, err := paper.LoadSurvey()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// written is what write makes, held against testdata/name.
func written(t *testing.T, name string, write func(io.Writer, paper.Survey) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, load(t)); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", name), b.Bytes())
	return b.String()
}

func TestMarkdown(t *testing.T) {
	text := written(t, "survey.md", Markdown)
	for _, want := range []string{Source, "30/111", "no count of 111 (possible from 37/45 on)", "about 80 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestFigureSaysWhereItsNumbersComeFrom(t *testing.T) {
	text := written(t, "survey.svg", SVG)
	if n := strings.Count(text, Source); n < 2 { // title for those who cannot see it, and on the figure
		t.Errorf("%q stands %d times", Source, n)
	}
	for _, want := range []string{"55.32 %", "no count of 30; 26/47 would", "Question 6."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, absent := range []string{"Introduction", "enterprise"} {
		if strings.Contains(text, absent) {
			t.Errorf("%q is no answer of Fig. 5", absent)
		}
	}
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := PNG(&b, load(t)); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("\x89PNG")) {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}

func TestNothingToDraw(t *testing.T) {
	s := load(t)
	s.Percentages = nil
	var b bytes.Buffer
	if err := SVG(&b, s); !errors.Is(err, ErrNothing) || b.Len() > 0 {
		t.Errorf("%v after %d bytes", err, b.Len())
	}
}

func TestRows(t *testing.T) {
	check := func(name, possible string) {
		t.Helper()
		for _, r := range Rows(load(t)) {
			if r.Name == name {
				if got := r.Possible(); got != possible {
					t.Errorf("%s: %q, want %q", name, got, possible)
				}
				return
			}
		}
		t.Errorf("no row %s", name)
	}
	check("attacked", "30/111")
	check("worried about keys", "no count of 30 (possible from 26/47 on)")
	check("uneasy about variables, quoted", "53/111")

	unknown := load(t)
	unknown.Percentages[0].Group = "others"
	if got := Rows(unknown)[0].Possible(); !strings.HasPrefix(got, "the size of the group is unknown") {
		t.Errorf("a group of unknown size: %q", got)
	}
}
