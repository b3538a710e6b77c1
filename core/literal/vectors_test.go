package literal_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/literal"
)

// The vectors that core/SPEC.md describes, through Compute and through Open.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Literal []struct {
			Comment    string            `json:"comment"`
			Rule       string            `json:"rule"`
			Separator  string            `json:"separator"`
			Parameters map[string]string `json:"parameters"`
			RequestID  string            `json:"request_id"`
			InstanceID string            `json:"instance_id"`
			Nonce      string            `json:"nonce"`
			Timestamp  string            `json:"timestamp"`
			DataKey    string            `json:"data_key"`
			Token      string            `json:"token"`
		} `json:"literal"`
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors.Literal) == 0 {
		t.Fatalf("%d vectors, %v", len(vectors.Literal), err)
	}
	for _, v := range vectors.Literal {
		g, err := literal.UnsafeFromEnvironment(literal.Options{
			Rule: v.Rule, Separator: v.Separator, Parameters: v.Parameters, InstanceID: v.InstanceID,
			Clock:       func() time.Time { return now },
			Environment: variables{core.KeysVariable: v.DataKey, v.DataKey: "value"},
		})
		if err != nil {
			t.Fatalf("%s: %v", v.Comment, err)
		}
		if got, err := g.Compute(v.RequestID, v.DataKey, v.Nonce, v.Timestamp); got != v.Token || err != nil {
			t.Errorf("%s: %s, %v, want %s", v.Comment, got, err, v.Token)
		}
		token := literal.Token{DecryptToken: v.Token, Nonce: v.Nonce, Timestamp: v.Timestamp}
		if err := g.Open(v.RequestID, v.DataKey, token, func([]byte) error { return nil }); err != nil {
			t.Errorf("%s: %v", v.Comment, err)
		}
	}
}
