package results

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// journalOf writes head and entries and returns the path, closed.
func journalOf(t *testing.T, head *File, entries ...Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.json.journal")
	j, err := CreateJournal(path, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAJournalIsTheFileItLeadsTo(t *testing.T) {
	head := example(0)
	head.Experiment.Runs = 3
	want := example(0)
	want.Experiment.Runs = 3
	want.Status = Interrupted
	order := 0
	entries := []Entry{
		{Pair: pair("benchmark", 0, &order)},
		{Dropped: &Reason{CellKey{"hello", "optimized", Hot}, "timed out"}},
		{Dropped: &Reason{CellKey{"hello", "optimized", Hot}, "timed out"}},
		{Stopped: &Reason{CellKey{"hello", "optimized", Hot}, "gave up"}},
		{Single: &Single{"hello", "optimized", Sample{Order: 3, Instance: "x", Invocation: 1, TotalMS: 1}}},
	}
	for _, e := range entries {
		if err := want.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadJournal(journalOf(t, head, entries...))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if d := got.Cell(CellKey{"hello", "optimized", Hot}).Dropped; len(d) != 1 || d[0].Count != 2 {
		t.Errorf("two equal drops became %v", d)
	}
}

func TestATornLastLineIsLeftOut(t *testing.T) {
	path := journalOf(t, example(3), Entry{Dropped: &Reason{CellKey{"hello", "benchmark", Hot}, "lost"}})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < 40; cut++ {
		if err := os.WriteFile(path, whole[:len(whole)-cut], 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := ReadJournal(path)
		if err != nil {
			t.Fatalf("%d bytes short: %v", cut, err)
		}
		if len(f.Cell(CellKey{"hello", "benchmark", Hot}).Dropped) != 0 {
			t.Fatalf("%d bytes short: the torn line counts", cut)
		}
	}
}

func TestADamagedJournalIsRefusedByLine(t *testing.T) {
	path := journalOf(t, example(3), Entry{Stopped: &Reason{CellKey{"hello", "benchmark", Hot}, "x"}})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(data), "\n")
	check := func(name, content, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJournal(path); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want one that says %q", name, err, want)
		}
	}
	check("empty", "", "no complete first line")
	check("torn head", head[:50], "no complete first line")
	check("garbage between", head+"\n???\n{}\n", "line 2")
	check("a line that says nothing", head+"\n{}\n", "line 2")
	check("a cell that is not there", head+"\n"+`{"stopped":{"scenario":"x","variant":"y","start":"hot","reason":"z"}}`+"\n", "no cell x/y/hot")
}

func TestAPairReplacesAColdSampleWithoutHot(t *testing.T) {
	f := example(0)
	f.Experiment.Runs = 2
	order := 0
	for k := range 2 {
		single := pair("benchmark", k, &order).Cold
		if err := f.Apply(Entry{Single: &Single{"hello", "benchmark", single}}); err != nil {
			t.Fatal(err)
		}
	}
	for k := 2; k < 4; k++ {
		if err := f.Apply(Entry{Pair: pair("benchmark", k, &order)}); err != nil {
			t.Fatal(err)
		}
	}
	cold, hot := f.Cell(CellKey{"hello", "benchmark", Cold}), f.Cell(CellKey{"hello", "benchmark", Hot})
	if len(cold.Samples) != 2 || len(hot.Samples) != 2 {
		t.Fatalf("%d cold, %d hot", len(cold.Samples), len(hot.Samples))
	}
	for i := range cold.Samples {
		if cold.Samples[i].Instance != hot.Samples[i].Instance {
			t.Errorf("sample %d: cold of %s, hot of %s", i, cold.Samples[i].Instance, hot.Samples[i].Instance)
		}
	}
}

func TestRemoveTakesTheJournalAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, err := CreateJournal(path, example(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}
