package broker

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/scenarios"
)

func settings(extra map[string]string) func(string) string {
	all := map[string]string{
		scenarios.StoreEndpoint: "http://127.0.0.1:9000", scenarios.StoreRegion: "us-east-1", scenarios.StoreBucket: "bucket",
		scenarios.StoreAccessKey: "id", scenarios.StoreObject: "dtbench/run/object",
	}
	return func(name string) string {
		if v, ok := extra[name]; ok {
			return v
		}
		return all[name]
	}
}

func setup(t *testing.T, extra map[string]string) broker.Config {
	t.Helper()
	c, err := Setup(settings(extra))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsSigned(t *testing.T) {
	o := setup(t, nil).Operations[0]
	if o.Name != SignPut || o.Key != scenarios.StoreSecretKey {
		t.Errorf("%s with %s", o.Name, o.Key)
	}
	payload := sha256.Sum256([]byte("content"))
	check := func(object string, want bool) {
		t.Helper()
		do, err := o.Prepare(append(payload[:], object...))
		if (err == nil) != want || (do == nil) == want {
			t.Errorf("%q: %v", object, err)
		}
		if !want {
			return
		}
		output, err := do([]byte("secret"))
		date, header, ok := strings.Cut(string(output), "\n")
		if err != nil || !ok || len(date) != len("20060102T150405Z") || !strings.HasPrefix(header, "AWS4-HMAC-SHA256 Credential=id/"+date[:8]+"/us-east-1/s3/aws4_request, ") {
			t.Errorf("%q: %q, %v", object, output, err)
		}
		if bytes.Contains(output, []byte("secret")) {
			t.Error("the key is in the answer")
		}
	}
	check("dtbench/run/object", true)
	check("dtbench/run/object/part", true)
	check("dtbench/run/object2", false)
	check("dtbench/run/other", false)
	check("dtbench/run/", false)
	check("", false)
	check("/dtbench/run/object", false)
	check("dtbench/run/object/../../other", false)
	check("dtbench/run/object/./part", false)
	check("dtbench/run/object//part", false)
	if _, err := o.Prepare(payload[:20]); err == nil {
		t.Error("half a sum")
	}
}

func TestBudget(t *testing.T) {
	check := func(text string, want int) {
		t.Helper()
		if got := setup(t, map[string]string{scenarios.BrokerBudget: text}).Budget; got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	check("", 0) // the broker's own default
	check("3", 3)
	check("-1", -1)
	for _, wrong := range []string{"0", "-2", "many"} {
		if _, err := Setup(settings(map[string]string{scenarios.BrokerBudget: wrong})); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestAFunctionWithoutAStore(t *testing.T) {
	if c := setup(t, map[string]string{scenarios.StoreObject: ""}); len(c.Operations) != 0 {
		t.Errorf("%+v", c)
	}
}
