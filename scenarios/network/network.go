// Package network is the paper's combined scenario: a request to another
// service, authenticated by a signature, and an object-storage write of its
// answer.
package network

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/requestsig"
	"github.com/dtbench/dtbench/scenarios/storage"
)

// maxAnswer bounds what is read from the target (8 MiB).
const maxAnswer = 8 << 20

// Result says what was fetched and written.
type Result struct {
	Bytes int `json:"bytes"`
}

// New reads the target and the store from the settings.
func New(setting func(string) string) (function.Handler, error) {
	return Over(storage.Outside{})(setting)
}

// Over is New over another way out.
func Over(outside storage.Outside) function.Setup {
	return func(setting func(string) string) (function.Handler, error) { return handler(outside, setting) }
}

func handler(outside storage.Outside, setting func(string) string) (function.Handler, error) {
	target := setting(scenarios.TargetURL)
	if u, err := url.Parse(target); err != nil || u.Host == "" {
		return nil, fmt.Errorf("%s: want a URL", scenarios.TargetURL)
	}
	writer, err := outside.Writer(setting)
	if err != nil {
		return nil, err
	}
	client, now := outside.Client(), outside.Now
	if now == nil {
		now = time.Now
	}
	return func(ctx context.Context, req function.Request, secrets function.Secrets) (any, error) {
		body, err := fetch(ctx, client, now, target, req.ID, secrets)
		if err != nil {
			return nil, err
		}
		if err := writer.Write(ctx, req.ID, body, secrets); err != nil {
			return nil, err
		}
		return Result{Bytes: len(body)}, nil
	}, nil
}

func fetch(ctx context.Context, client *http.Client, now func() time.Time, target, requestID string, secrets function.Secrets) ([]byte, error) {
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	err = secrets.Use(requestID, scenarios.TargetKey, func(key []byte) error {
		return requestsig.Sign(get, key, now())
	})
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(get)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the target answered %s", answer.Status)
	}
	return body, nil
}
