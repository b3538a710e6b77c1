package services

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/dtbench/dtbench/results"
)

// Latency is a model of the wait between a function and one service.
type Latency struct {
	Mean time.Duration
	CV   float64 // coefficient of variation of the lognormal distribution
}

// sameRegion holds the model of --latency same-region. The storage mean is the
// paper's benchmark hot write (Table 5) less its hello world (Table 3), 59.33 −
// 1.12 ms, with the central spread for storage writes; the target's mean is our
// assumption for a service in the same region, with the central spread for
// networks.
var sameRegion = map[string]Latency{
	"store":  {Mean: 58210 * time.Microsecond, CV: 0.60},
	"target": {Mean: 5 * time.Millisecond, CV: 0.20},
}

// LatencyModels names the choices of --latency.
func LatencyModels() []string { return []string{"none", "same-region"} }

// sampler draws the waits of one service, in an order fixed by the seed.
type sampler struct {
	mu        sync.Mutex
	rng       *rand.Rand
	mu0, sigm float64
}

// newSampler fits the lognormal: σ² = ln(1 + CV²), μ = ln(mean) − σ²/2.
func newSampler(l Latency, seed, stream uint64) *sampler {
	s2 := math.Log(1 + l.CV*l.CV)
	return &sampler{
		rng:  rand.New(rand.NewPCG(seed, stream)),
		mu0:  math.Log(float64(l.Mean)) - s2/2,
		sigm: math.Sqrt(s2),
	}
}

func (s *sampler) next() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(math.Exp(s.mu0 + s.sigm*s.rng.NormFloat64()))
}

// delayLog collects the waits that were injected since it was last taken.
type delayLog struct {
	mu     sync.Mutex
	delays []results.Delay
}

func (l *delayLog) add(service string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delays = append(l.delays, results.Delay{Service: service, MS: float64(d) / float64(time.Millisecond)})
}

func (l *delayLog) take() []results.Delay {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.delays
	l.delays = nil
	return d
}

// delayProxy is a reverse proxy on 127.0.0.1 that waits before it passes a
// request on. It keeps the Host header, which signatures cover.
type delayProxy struct {
	server *http.Server
	url    string
}

func newDelayProxy(service, backend string, s *sampler, log *delayLog) (*delayProxy, error) {
	to, err := url.Parse(backend)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{}, // keeps connections; no proxy from the environment
	}
	p := &delayProxy{url: "http://" + l.Addr().String()}
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := s.next()
		if wait(r.Context(), d) == nil {
			log.add(service, d)
			proxy.ServeHTTP(w, r)
		}
	})}
	go func() { _ = p.server.Serve(l) }() // ends with Close
	return p, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *delayProxy) close() error {
	if err := p.server.Close(); err != nil {
		return fmt.Errorf("latency proxy: %w", err)
	}
	return nil
}
