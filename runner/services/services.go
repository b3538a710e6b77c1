// Package services provides what the scenarios work against: an object store
// and a network target, embedded as child processes by default, the user's own
// by choice, with an optional delay in front of both.
package services

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/requestsig"
	"github.com/dtbench/dtbench/scenarios/services/child"
)

// ErrTarget: the network target does not answer a signed request with 200.
var ErrTarget = errors.New("the network target cannot be used")

// Embedded names the embedded services in results, and InProcess those that a
// simulated platform answers for itself.
const (
	Embedded  = "embedded"
	InProcess = "in-process"
)

// Store is an object store of the user's.
type Store struct {
	Endpoint  string // scheme://host[:port]
	Region    string
	Bucket    string // must exist
	AccessKey string
	SecretKey string
}

// Target is an HTTP service of the user's. It gets GET requests signed as
// scenarios/requestsig describes.
type Target struct {
	URL string
	Key string
}

// Options say what to provide.
type Options struct {
	Scenarios  []scenarios.Scenario // decide what is needed
	Store      *Store               // nil: embedded
	Target     *Target              // nil: embedded
	Programs   func(name string) string
	ObjectSize int64 // bytes of the target's answer
	Latency    string
	Seed       uint64
	WorkDir    string // for the embedded store's objects; the caller removes it
	// Died is told, from another goroutine, when an embedded service ends on its
	// own; may be nil.
	Died func(error)
}

// Services are running and reachable.
type Services struct {
	options  Options
	runID    string
	apiKey   string
	store    Store  // as functions reach it
	target   Target // as functions reach it
	objects  map[string]bool
	children []*child.Running
	proxies  []*delayProxy
	delays   delayLog
	closing  chan struct{}
	closed   sync.Once
}

// Start starts what is needed and proves that it works: an object is written
// with the store's credentials, the target is called. Errors match
// objectstore's, or ErrTarget, or say which service did not start.
func Start(ctx context.Context, o Options) (_ *Services, err error) {
	s := &Services{options: o, runID: randomHex(4), apiKey: randomHex(20), objects: map[string]bool{}, closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if slices.ContainsFunc(o.Scenarios, func(sc scenarios.Scenario) bool { return sc.Store }) {
		if err := s.startStore(ctx); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(o.Scenarios, func(sc scenarios.Scenario) bool { return sc.Target }) {
		if err := s.startTarget(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Fixed are services that something else provides and answers for, such as a
// simulated platform; nothing is started and nothing is tried.
func Fixed(store Store, target Target, objectSize int64) *Services {
	return &Services{
		options: Options{ObjectSize: objectSize}, runID: "simulated", apiKey: randomHex(20),
		store: store, target: target, objects: map[string]bool{}, closing: make(chan struct{}),
	}
}

func (s *Services) startStore(ctx context.Context) error {
	if s.options.Store != nil {
		s.store = *s.options.Store
	} else {
		s.store = Store{Region: "us-east-1", Bucket: "dtbench", AccessKey: "dtbench" + randomHex(6), SecretKey: randomHex(20)}
		env := []string{"DTSTORE_ACCESS_KEY=" + s.store.AccessKey, "DTSTORE_SECRET_KEY=" + s.store.SecretKey}
		var err error
		s.store.Endpoint, err = s.startChild(ctx, "object store", child.Command{
			Path: s.options.Programs("dtstore"), Env: env,
			Args: []string{"--root", filepath.Join(s.options.WorkDir, "store"), "--bucket", s.store.Bucket, "--region", s.store.Region},
		})
		if err != nil {
			return fmt.Errorf("the embedded object store: %w", err)
		}
	}
	if err := s.client().Put(ctx, s.object("probe"), []byte("dtbench"), []byte(s.store.SecretKey)); err != nil {
		s.objects = nil // nothing was written, nothing is to be removed
		return err
	}
	var err error
	s.store.Endpoint, err = s.delayed("store", s.store.Endpoint, 1)
	return err
}

func (s *Services) startTarget(ctx context.Context) error {
	if s.options.Target != nil {
		s.target = *s.options.Target
	} else {
		s.target.Key = randomHex(20)
		endpoint, err := s.startChild(ctx, "network target", child.Command{
			Path: s.options.Programs("dttarget"), Env: []string{"DTTARGET_KEY=" + s.target.Key},
			Args: []string{"--size", strconv.FormatInt(s.options.ObjectSize, 10)},
		})
		if err != nil {
			return fmt.Errorf("the embedded network target: %w", err)
		}
		s.target.URL = endpoint + "/"
	}
	if err := s.callTarget(ctx); err != nil {
		return err
	}
	u, err := url.Parse(s.target.URL)
	if err != nil {
		return err
	}
	base, err := s.delayed("target", u.Scheme+"://"+u.Host, 2)
	if err != nil {
		return err
	}
	s.target.URL = base + u.RequestURI()
	return nil
}

// ErrDied: an embedded service ended before it was asked to.
var ErrDied = errors.New("an embedded service ended by itself")

func (s *Services) startChild(ctx context.Context, name string, c child.Command) (endpoint string, err error) {
	running, err := child.Start(ctx, c)
	if err != nil {
		return "", err
	}
	s.children = append(s.children, running)
	go func() {
		select {
		case <-running.Done():
			if s.options.Died != nil {
				s.options.Died(fmt.Errorf("%w: the %s", ErrDied, name))
			}
		case <-s.closing:
		}
	}()
	return running.Endpoint, nil
}

func (s *Services) callTarget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.target.URL, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	if err := requestsig.Sign(req, []byte(s.target.Key), time.Now()); err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s answered %s to a signed request", ErrTarget, req.URL.Redacted(), resp.Status)
	}
	return nil
}

// delayed puts the latency model in front of a service, where one is asked for.
func (s *Services) delayed(service, backend string, stream uint64) (string, error) {
	if s.options.Latency != "same-region" {
		return backend, nil
	}
	p, err := newDelayProxy(service, backend, newSampler(sameRegion[service], s.options.Seed, stream), &s.delays)
	if err != nil {
		return "", fmt.Errorf("putting a delay in front of the %s: %w", service, err)
	}
	s.proxies = append(s.proxies, p)
	return p.url, nil
}

// Delays returns and forgets the waits injected since the last call.
func (s *Services) Delays() []results.Delay { return s.delays.take() }

// Environment gives a function its plain settings and its secrets.
func (s *Services) Environment(sc scenarios.Scenario, v scenarios.Variant) (settings, secrets map[string]string) {
	settings = map[string]string{scenarios.ObjectSize: strconv.FormatInt(s.options.ObjectSize, 10)}
	if sc.Store {
		settings[scenarios.StoreEndpoint] = s.store.Endpoint
		settings[scenarios.StoreRegion] = s.store.Region
		settings[scenarios.StoreBucket] = s.store.Bucket
		settings[scenarios.StoreAccessKey] = s.store.AccessKey
		settings[scenarios.StoreObject] = s.object(sc.Name + "-" + v.Name)
	}
	if sc.Target {
		settings[scenarios.TargetURL] = s.target.URL
	}
	if v.Protects {
		list := ""
		for _, name := range sc.Secrets {
			list += "," + name
		}
		settings[scenarios.EncryptionKeys] = list[1:]
	}
	all := map[string]string{
		scenarios.APIKey: s.apiKey, scenarios.StoreSecretKey: s.store.SecretKey, scenarios.TargetKey: s.target.Key,
	}
	secrets = map[string]string{}
	for _, name := range sc.Secrets {
		secrets[name] = all[name]
	}
	return settings, secrets
}

// object names an object of this run and remembers that it must go.
func (s *Services) object(name string) string {
	key := "dtbench/" + s.runID + "/" + name
	s.objects[key] = true
	return key
}

func (s *Services) client() *objectstore.Client {
	return &objectstore.Client{
		Endpoint: s.store.Endpoint, Region: s.store.Region, Bucket: s.store.Bucket, AccessKey: s.store.AccessKey,
		HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second},
	}
}

// Close removes the objects of this run from a store of the user's, ends the
// children and closes the proxies. It may be called again.
func (s *Services) Close() error {
	s.closed.Do(func() { close(s.closing) })
	var errs []error
	for _, p := range s.proxies {
		errs = append(errs, p.close())
	}
	if own := s.options.Store; own != nil {
		s.store.Endpoint = own.Endpoint // not through the delay
		for key := range s.objects {
			if err := s.client().Delete(context.Background(), key, []byte(own.SecretKey)); err != nil {
				errs = append(errs, fmt.Errorf("the object %s stays in the bucket: %w", key, err))
			}
		}
	}
	for _, c := range s.children {
		errs = append(errs, c.Stop())
	}
	s.proxies, s.children, s.objects = nil, nil, nil
	return errors.Join(errs...)
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
