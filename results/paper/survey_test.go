package paper

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestSurveyIsThePublishedOne(t *testing.T) {
	s, err := LoadSurvey()
	if err != nil {
		t.Fatal(err)
	}
	if s.Respondents != 111 || len(s.Questions) != 6 || len(s.OtherUsers) != 0 {
		t.Errorf("%d respondents, %d questions, %d figures for other users", s.Respondents, len(s.Questions), len(s.OtherUsers))
	}
	if !strings.Contains(s.RespondentsText, strconv.Itoa(s.Respondents)) {
		t.Errorf("%q does not state %d", s.RespondentsText, s.Respondents)
	}
	for i, q := range s.Questions {
		if q.Number != i+1 || !strings.HasSuffix(q.Text, "?") {
			t.Errorf("question %d: %+v", i+1, q)
		}
	}
	for _, p := range s.Percentages {
		if printed := fmt.Sprintf("%.*f%%", p.Decimals, p.Percent); !strings.Contains(p.Text, printed) {
			t.Errorf("%q does not state %s", p.Text, printed)
		}
	}
}

func TestCounts(t *testing.T) {
	check := func(percent float64, decimals, n int, want string) {
		t.Helper()
		p := Percentage{Percent: percent, Decimals: decimals}
		if got := strings.Trim(fmt.Sprint(p.Counts(n)), "[]"); got != want {
			t.Errorf("%v with %d decimals of %d: %q, want %q", percent, decimals, n, got, want)
		}
	}
	check(27, 0, 111, "30")
	check(80, 0, 111, "89") // 88/111 is 79.28
	check(82.22, 2, 111, "")
	check(82.22, 2, 45, "37")
	check(82.61, 2, 111, "")
	check(55.32, 2, 30, "")
	check(55.32, 2, 47, "26")
	check(50, 0, 1000, "495 496 497 498 499 500 501 502 503 504 505") // ties either way
	check(0, 0, 3, "0")
	check(100, 0, 3, "3")
	check(50, 0, 0, "")

	// Against rounding in floating point, away from ties.
	for n := 1; n <= 60; n++ {
		for percent := range 101 {
			want := ""
			for k := range n + 1 {
				exact := 100 * float64(k) / float64(n)
				if off := math.Abs(exact - float64(percent)); off < 0.5+1e-9 {
					want = strings.TrimSpace(want + " " + strconv.Itoa(k))
				}
			}
			check(float64(percent), 0, n, want)
		}
	}
}

func TestLeastBase(t *testing.T) {
	check := func(percent float64, decimals, most, n, k int) {
		t.Helper()
		p := Percentage{Percent: percent, Decimals: decimals}
		if gotN, gotK := p.LeastBase(most); gotN != n || gotK != k {
			t.Errorf("%v: %d/%d, want %d/%d", percent, gotK, gotN, k, n)
		}
	}
	check(82.61, 2, 111, 23, 19)
	check(82.22, 2, 111, 45, 37)
	check(48.57, 2, 111, 35, 17)
	check(55.32, 2, 111, 47, 26)
	check(55.32, 2, 46, 0, 0)
	check(50, 0, 9, 2, 1)
}

func TestGroupSizes(t *testing.T) {
	s, err := LoadSurvey()
	if err != nil {
		t.Fatal(err)
	}
	check := func(group, want string) {
		t.Helper()
		if got := fmt.Sprint(s.GroupSizes(group)); got != want {
			t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
	check(GroupAll, "[111]")
	check(GroupAttacked, "[30]")
	check("others", "[]")
}

func TestDamagedSurvey(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if _, err := decodeSurvey(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	check(`{`, "unexpected EOF")
	check(`{"respondents": 0}`, "0 respondents")
	const good = `"name": "a", "where": "w", "text": "t", "answer": "x", "group": "all"`
	check(`{"respondents": 3, "percentages": [{"name": "a"}]}`, "lacks its name, answer, place or text")
	check(`{"respondents": 3, "percentages": [{`+good+`, "percent": 101}]}`, "101")
	check(`{"respondents": 3, "percentages": [{`+good+`, "question": 1}]}`, "no question 1")
	check(`{"respondents": 3, "percentages": [{`+good+`, "quotes": "b"}]}`, `quotes "b"`)
	check(`{"respondents": 3, "counts": []}`, "unknown field")
}
