package probes

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/dtbench/dtbench/scenarios/function"
)

type noSecrets struct{}

func (noSecrets) Use(string, string, func([]byte) error) error { return errors.New("none") }

func TestEventsReachTheirProbeAndOthersTheHandler(t *testing.T) {
	var secrets function.Secrets = noSecrets{}
	handler := func(context.Context, function.Request, function.Secrets) (any, error) { return "handled", nil }
	wrapped := wrap(handler, &secrets)
	check := func(event string, want any, wantErr error) {
		t.Helper()
		got, err := wrapped(context.Background(), function.Request{ID: "r", Event: []byte(event)}, noSecrets{})
		if got != want || !errors.Is(err, wantErr) {
			t.Errorf("%s: %v, %v; want %v, %v", event, got, err, want, wantErr)
		}
	}
	for _, event := range []string{`{"message":"hello"}`, `{"probe":""}`, `[]`, `"probe"`, `nothing`} {
		check(event, "handled", nil)
	}
	check(`{"probe":"no such probe"}`, nil, ErrUnknown)
	check(`{"probe":"nothing"}`, nil, nil)

	event, err := Event("use", []Access{{Key: "KEY", Times: 2}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := wrapped(context.Background(), function.Request{ID: "r", Event: event}, noSecrets{})
	if a, ok := got.([]Accesses); err != nil || !ok || len(a) != 1 || a[0].Refused != 2 || a[0].Reason != "none" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := wrapped(context.Background(), function.Request{Event: []byte(`{"probe":"use","args":"no list"}`)}, noSecrets{}); err == nil {
		t.Error("arguments of another form are taken")
	}
}

func TestLootStaysOnThisMachine(t *testing.T) {
	for _, address := range []string{"http://example.com/", "http://127.0.0.1@example.com/", "http://127.0.0.2/", "", ":"} {
		args, err := json.Marshal(map[string]string{"url": address})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := send(context.Background(), Inside{}, args); err == nil {
			t.Errorf("loot may go to %q", address)
		}
	}
}
