package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"math"
)

//go:embed survey.json
var survey []byte

// The groups that the paper's sentences about its survey speak of.
const (
	GroupAll      = "all"      // every respondent
	GroupAttacked = "attacked" // those who answered question 1 with yes
)

// Survey is what the text gives of the user survey: Fig. 5 itself is an image.
type Survey struct {
	Respondents     int          `json:"respondents"`
	RespondentsText string       `json:"respondents_text"`
	Table           int          `json:"table"` // of the questions
	Questions       []Question   `json:"questions"`
	Percentages     []Percentage `json:"percentages"`
	// OtherUsers are the figures for the users who were not attacked, with which
	// the text compares. The paper gives none.
	OtherUsers []Percentage `json:"other_users"`
}

// Question is one line of Table 7.
type Question struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// Percentage is one percentage of the text, as printed.
type Percentage struct {
	Name     string `json:"name"`     // ours, to refer to it
	Question int    `json:"question"` // 0 for the composition of the sample
	// Quotes names the percentage that this one repeats elsewhere.
	Quotes      string  `json:"quotes,omitempty"`
	Percent     float64 `json:"percent"`
	Decimals    int     `json:"decimals"`              // digits after the point, as printed
	Approximate bool    `json:"approximate,omitempty"` // "about", "approximately"
	Group       string  `json:"group"`                 // of whom the sentence speaks: GroupAll or GroupAttacked
	Answer      string  `json:"answer"`                // what those people say, in a few words
	Where       string  `json:"where"`
	Text        string  `json:"text"` // the words of the paper
}

// LoadSurvey returns the survey, a fresh copy with every call. An error means
// that the embedded file is damaged.
func LoadSurvey() (Survey, error) {
	s, err := decodeSurvey(bytes.NewReader(survey))
	if err != nil {
		return Survey{}, fmt.Errorf("survey of the paper: %w", err)
	}
	return s, nil
}

func decodeSurvey(r io.Reader) (Survey, error) {
	var s Survey
	if err := decodeStrictly(r, &s); err != nil {
		return Survey{}, err
	}
	if s.Respondents <= 0 {
		return Survey{}, fmt.Errorf("%d respondents", s.Respondents)
	}
	for i, p := range append(append([]Percentage(nil), s.Percentages...), s.OtherUsers...) {
		switch {
		case p.Name == "" || p.Where == "" || p.Text == "" || p.Answer == "":
			return Survey{}, fmt.Errorf("percentage %d (%q) lacks its name, answer, place or text", i+1, p.Name)
		case !(p.Percent >= 0 && p.Percent <= 100) || p.Decimals < 0 || p.Decimals > 6:
			return Survey{}, fmt.Errorf("percentage %q: %v with %d decimals", p.Name, p.Percent, p.Decimals)
		case p.Question < 0 || p.Question > len(s.Questions):
			return Survey{}, fmt.Errorf("percentage %q: no question %d", p.Name, p.Question)
		}
		if _, ok := s.Percentage(p.Quotes); p.Quotes != "" && !ok {
			return Survey{}, fmt.Errorf("percentage %q quotes %q, which is not there", p.Name, p.Quotes)
		}
	}
	return s, nil
}

// Percentage returns the percentage of that name, and whether there is one.
func (s Survey) Percentage(name string) (Percentage, bool) {
	for _, p := range s.Percentages {
		if p.Name == name {
			return p, true
		}
	}
	return Percentage{}, false
}

// GroupSizes returns the sizes that a group can have: the respondents, or every
// count of them that the percentage of the attacked allows. It is empty for a
// group whose size cannot be told.
func (s Survey) GroupSizes(group string) []int {
	switch group {
	case GroupAll:
		return []int{s.Respondents}
	case GroupAttacked:
		if p, ok := s.Percentage("attacked"); ok {
			return p.Counts(s.Respondents)
		}
	}
	return nil
}

// Counts returns every number of people k out of n that rounds to the
// percentage as printed, in ascending order. A tie may be rounded either way.
func (p Percentage) Counts(n int) []int {
	scale := math.Pow10(p.Decimals)
	// In integers: |100·k/n − percent| ≤ half a unit of the last digit.
	printed := int(math.Round(p.Percent * scale))
	var ks []int
	for k := 0; n > 0 && k <= n; k++ {
		if off := 2 * (100*int(scale)*k - printed*n); off >= -n && off <= n {
			ks = append(ks, k)
		}
	}
	return ks
}

// LeastBase returns the smallest number of people that some count of them can
// give the percentage as printed, and that count. It looks no further than
// most, and returns 0, 0 when there is none.
func (p Percentage) LeastBase(most int) (n, k int) {
	for n := 1; n <= most; n++ {
		if ks := p.Counts(n); len(ks) > 0 {
			return n, ks[0]
		}
	}
	return 0, 0
}
