package gate

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestParseThreshold(t *testing.T) {
	check := func(s string, want float64) {
		t.Helper()
		if got, err := ParseThreshold(s); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, err, want)
		}
	}
	check("10%", 0.1)
	check(" 7.5 % ", 0.075)
	check("250%", 2.5)
	for _, bad := range []string{"", "10", "0.1", "%", "ten%", "0%", "-5%", "NaN%", "Inf%", "1e9%", "10%%"} {
		if _, err := ParseThreshold(bad); !errors.Is(err, ErrOption) {
			t.Errorf("%q: %v, want ErrOption", bad, err)
		}
	}
}

func TestReadExceptions(t *testing.T) {
	got, err := ReadExceptions(strings.NewReader(`{"exceptions": [
		{"scenario": "storage", "variant": "optimized", "start": "cold", "metric": "time_ms", "threshold": "25%", "reason": "new store"},
		{"threshold": "5%", "reason": "strict"}]}`))
	want := []Exception{
		{Scenario: "storage", Variant: "optimized", Start: results.Cold, Metric: results.MetricTime, Threshold: 0.25, Reason: "new store"},
		{Threshold: 0.05, Reason: "strict"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	refuse := func(data, want string) {
		t.Helper()
		if _, err := ReadExceptions(strings.NewReader(data)); !errors.Is(err, ErrThresholds) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
	refuse(``, "EOF")
	refuse(`{"exceptions": [`, "unexpected EOF")
	refuse(`{}`, `no "exceptions"`)
	refuse(`{"exceptions": []} {}`, "more follows")
	refuse(`{"exception": []}`, `unknown field "exception"`)
	refuse(`{"exceptions": [{"scenarios": "storage", "threshold": "5%", "reason": "r"}]}`, `unknown field "scenarios"`)
	refuse(`{"exceptions": [{"threshold": "5%", "reason": "r"}, {"threshold": "5%"}]}`, "exceptions[1]: reason is missing")
	refuse(`{"exceptions": [{"threshold": "5%", "reason": "  "}]}`, "exceptions[0]: reason is missing")
	refuse(`{"exceptions": [{"reason": "r"}]}`, "exceptions[0]: threshold is missing")
	refuse(`{"exceptions": [{"threshold": 5, "reason": "r"}]}`, "exceptions[0]: threshold is not a string")
	refuse(`{"exceptions": [{"threshold": "5%", "reason": null}]}`, "exceptions[0]: reason is not a string")
	refuse(`{"exceptions": null}`, "exceptions is not an array")
	refuse(`{"exceptions": {}}`, "exceptions is not an array")
	refuse(`{"exceptions": [7]}`, "exceptions[0]: the exception is not an object")
	for _, data := range []string{`[]`, `null`, `"x"`, `7`} {
		refuse(data, "not valid thresholds: the document is not an object")
	}
	// What two readers could understand in two ways.
	refuse(`{"exceptions": [], "exceptions": []}`, `field "exceptions" stands there twice`)
	refuse(`{"Exceptions": []}`, `unknown field "Exceptions": it is written "exceptions"`)
	refuse(`{"exceptions": [{"threshold": "5%", "threshold": "90%", "reason": "r"}]}`, `exceptions[0]: field "threshold" stands there twice`)
	refuse(`{"exceptions": [{"threshold": "5%", "thre\u0073hold": "90%", "reason": "r"}]}`, `exceptions[0]: field "threshold" stands there twice`)
	refuse(`{"exceptions": [{"threshold": "5%", "reason": "r"}, {"threshold": "5%", "START": "hot", "reason": "r"}]}`,
		`exceptions[1]: unknown field "START": it is written "start"`)
	refuse(`{"exceptions": [{"threshold": "5", "reason": "r"}]}`, `"5" is not a percentage`)
	refuse(`{"exceptions": [{"threshold": "5%", "start": "warm", "reason": "r"}]}`, `unknown start "warm": choose cold, hot`)
	refuse(`{"exceptions": [{"threshold": "5%", "metric": "time", "reason": "r"}]}`, `unknown metric "time": choose time_ms, memory_mb`)
	refuse(`{"exceptions": [{"threshold": "5%", "variant": "", "reason": "r"}]}`, "variant is empty")
}

func TestExceptionsMustMatchOneWay(t *testing.T) {
	refuse := func(want string, exceptions ...Exception) {
		t.Helper()
		file := craft{seed: 1}.file()
		_, err := Compare(Side{"b", file}, Side{"h", file}, Options{Exceptions: exceptions})
		if !errors.Is(err, ErrThresholds) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refuse("exceptions[0] (storage jwt cold) matches no cell", Exception{Scenario: "storage", Variant: "jwt", Start: "cold", Threshold: 0.2, Reason: "r"})
	refuse("exceptions[0] and exceptions[2] both match hello benchmark cold time_ms",
		Exception{Scenario: "hello", Threshold: 0.2, Reason: "r"}, Exception{Threshold: 0.3, Reason: "r"}, Exception{Start: "cold", Threshold: 0.2, Reason: "r"})
}

func FuzzReadExceptions(f *testing.F) {
	f.Add([]byte(`{"exceptions": [{"metric": "memory_mb", "threshold": "5%", "reason": "r"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		exceptions, err := ReadExceptions(strings.NewReader(string(data)))
		if err != nil && !errors.Is(err, ErrThresholds) {
			t.Fatal(err)
		}
		for _, e := range exceptions {
			if strings.TrimSpace(e.Reason) == "" || checkThreshold(e.Threshold) != nil {
				t.Fatalf("accepted %+v", e)
			}
		}
	})
}
