package literal_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core"
	scheme "github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
)

type settings map[string]string

func (s settings) get(name string) string { return s[name] }

func TestSettings(t *testing.T) {
	check := func(s settings, want scheme.Options) {
		t.Helper()
		got, err := literal.Options(s.get)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v; want %+v", s, got, err, want)
		}
	}
	check(settings{"AWS_LAMBDA_LOG_STREAM_NAME": "stream"}, scheme.Options{InstanceID: "stream"})
	check(settings{"FC_INSTANCE_ID": "c-1"}, scheme.Options{InstanceID: "c-1"})
	check(settings{"AWS_LAMBDA_LOG_STREAM_NAME": "stream", scenarios.LiteralInstanceID: "i"}, scheme.Options{InstanceID: "i"})
	check(settings{
		scenarios.LiteralInstanceID: "i", scenarios.LiteralRule: "$md5($requestid,$instanceid)", scenarios.LiteralSeparator: "|",
		scenarios.LiteralStatic: `{"static_secret":"x"}`, scenarios.LiteralInsert: "grant", scenarios.LiteralWindow: "30s",
	}, scheme.Options{
		InstanceID: "i", Rule: "$md5($requestid,$instanceid)", Separator: "|",
		Parameters: map[string]string{"static_secret": "x"}, InsertOnGrant: true, Window: 30 * time.Second,
	})
	check(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralInsert: "check"}, scheme.Options{InstanceID: "i"})
}

func TestWrongSettings(t *testing.T) {
	check := func(s settings, names string) {
		t.Helper()
		_, err := literal.Options(s.get)
		if !errors.Is(err, literal.ErrSetting) || !strings.Contains(err.Error(), names) {
			t.Errorf("%v: %v", s, err)
		}
	}
	check(settings{}, scenarios.LiteralInstanceID)
	check(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralStatic: "{"}, scenarios.LiteralStatic)
	check(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralInsert: "later"}, scenarios.LiteralInsert)
	check(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralWindow: "ten"}, scenarios.LiteralWindow)
	check(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralWindow: "1ms"}, scenarios.LiteralWindow)
}

// With the paper's sample rule, deployed by a setting, one token opens another
// data key.
func TestTheRuleIsTakenAtItsWord(t *testing.T) {
	t.Setenv("FIRST_KEY", "first value")
	t.Setenv("SECOND_KEY", "second value")
	t.Setenv(core.KeysVariable, "FIRST_KEY,SECOND_KEY")
	g, err := literal.New(settings{scenarios.LiteralInstanceID: "i", scenarios.LiteralRule: "$md5($requestid,$instanceid)"}.get)
	if err != nil {
		t.Fatal(err)
	}
	token, err := g.Issue("request", "FIRST_KEY")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	if err := g.Open("request", "SECOND_KEY", token, func(v []byte) error { got = string(v); return nil }); err != nil || got != "second value" {
		t.Errorf("%q, %v", got, err)
	}
}
