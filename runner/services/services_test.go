package services

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
	"github.com/dtbench/dtbench/scenarios/objectstore"
)

// programs builds the real services.
func programs(t *testing.T) func(string) string {
	t.Helper()
	binaries := buildtest.Programs(t, build.ServiceProgram("dtstore"), build.ServiceProgram("dttarget"))
	return func(name string) string { return binaries[name].Path }
}

// put writes an object with what a function would be given.
func put(settings, secrets map[string]string) error {
	c := objectstore.Client{
		Endpoint: settings[scenarios.StoreEndpoint], Region: settings[scenarios.StoreRegion],
		Bucket: settings[scenarios.StoreBucket], AccessKey: settings[scenarios.StoreAccessKey],
	}
	return c.Put(context.Background(), settings[scenarios.StoreObject], []byte("body"), []byte(secrets[scenarios.StoreSecretKey]))
}

func TestTheEmbeddedServicesWorkWithWhatAFunctionIsGiven(t *testing.T) {
	work := t.TempDir()
	s, err := Start(context.Background(), Options{
		Scenarios: scenarios.All(), Programs: programs(t), ObjectSize: 2048, Latency: "none", WorkDir: work,
	})
	if err != nil {
		t.Fatal(err)
	}
	network := scenarios.All()[2]
	settings, secrets := s.Environment(network, scenarios.Variants()[1])
	if err := put(settings, secrets); err != nil {
		t.Error(err)
	}
	found, _ := filepath.Glob(filepath.Join(work, "store", "objects", "dtbench", "dtbench", "*", "network-optimized"))
	if len(found) != 1 {
		t.Errorf("the object is not on disk: %v", found)
	}
	if got := settings[scenarios.EncryptionKeys]; got != "TARGET_KEY,STORE_SECRET_KEY" {
		t.Errorf("%s=%q", scenarios.EncryptionKeys, got)
	}
	if plain, _ := s.Environment(network, scenarios.Variants()[0]); plain[scenarios.EncryptionKeys] != "" {
		t.Error("the benchmark variant is told what to protect")
	}
	if resp, err := http.Get(settings[scenarios.TargetURL]); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("an unsigned request: %v %v", resp, err)
	}
	for name, value := range settings {
		for secret, hidden := range secrets {
			if strings.Contains(value, hidden) {
				t.Errorf("the plain setting %s holds the secret %s", name, secret)
			}
		}
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := put(settings, secrets); !errors.Is(err, objectstore.ErrUnreachable) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOnlyWhatIsNeededStarts(t *testing.T) {
	s, err := Start(context.Background(), Options{
		Scenarios: scenarios.All()[:1], Programs: func(name string) string { t.Errorf("%s was started", name); return "" }, Latency: "none",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, secrets := s.Environment(scenarios.All()[0], scenarios.Variants()[0]); len(secrets[scenarios.APIKey]) < 32 {
		t.Error("hello gets no API key")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// ownStore runs a store as a user would.
func ownStore(t *testing.T, root string) Store {
	t.Helper()
	s := &Services{options: Options{Programs: programs(t), WorkDir: root}, objects: map[string]bool{}, closing: make(chan struct{})}
	if err := s.startStore(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.store
}

func TestAStoreOfTheUsersIsCheckedAndLeftClean(t *testing.T) {
	root := t.TempDir()
	own := ownStore(t, root)
	start := func(change func(*Store)) (*Services, error) {
		store := own
		change(&store)
		return Start(context.Background(), Options{Scenarios: scenarios.All()[1:2], Store: &store, Latency: "none"})
	}
	refused := func(what string, want error, change func(*Store)) {
		t.Helper()
		_, err := start(change)
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		} else if strings.Contains(err.Error(), own.SecretKey) {
			t.Errorf("%s: the error holds the secret", what)
		}
	}
	refused("wrong secret", objectstore.ErrDenied, func(s *Store) { s.SecretKey = "wrong" })
	refused("wrong access key", objectstore.ErrDenied, func(s *Store) { s.AccessKey = "nobody" })
	refused("no such bucket", objectstore.ErrNoBucket, func(s *Store) { s.Bucket = "nowhere" })
	refused("nobody listens", objectstore.ErrUnreachable, func(s *Store) { s.Endpoint = "http://127.0.0.1:9" })
	refused("not a URL", objectstore.ErrInvalid, func(s *Store) { s.Endpoint = "http://host/path" })

	s, err := start(func(*Store) {})
	if err != nil {
		t.Fatal(err)
	}
	settings, secrets := s.Environment(scenarios.All()[1], scenarios.Variants()[0])
	if err := put(settings, secrets); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(root, "store", "objects", own.Bucket), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, "/probe") {
			t.Errorf("left in the user's store: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestATargetThatRefusesIsTold(t *testing.T) {
	target := httptest.NewServer(http.NotFoundHandler())
	defer target.Close()
	s := &Services{options: Options{Target: &Target{URL: target.URL, Key: "k"}, Latency: "none"}, closing: make(chan struct{})}
	if err := s.startTarget(context.Background()); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

func TestTheDelayIsInsertedRecordedAndTransparent(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.Host+" "+r.URL.RequestURI()+" "+string(body))
	}))
	defer backend.Close()
	s := &Services{options: Options{Latency: "same-region", Seed: 1}, closing: make(chan struct{})}
	url, err := s.delayed("target", backend.URL, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	began := time.Now()
	resp, err := http.Post(url+"/a/b?c=d", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	took := time.Since(began)
	got, _ := io.ReadAll(resp.Body)
	if want := "POST " + strings.TrimPrefix(url, "http://") + " /a/b?c=d hello"; string(got) != want {
		t.Errorf("the backend saw %q, want %q", got, want)
	}
	d := s.Delays()
	if len(d) != 1 || d[0].Service != "target" || d[0].MS <= 0 || took < time.Duration(d[0].MS*float64(time.Millisecond)) {
		t.Errorf("%v recorded, the request took %s", d, took)
	}
	if len(s.Delays()) != 0 {
		t.Error("the record is not taken")
	}
}

func TestTheDelaysHaveTheMeanAndSpreadOfTheModel(t *testing.T) {
	for service, model := range sameRegion {
		s := newSampler(model, 7, 1)
		const n = 200_000
		var sum, squares float64
		for range n {
			v := float64(s.next())
			sum += v
			squares += v * v
		}
		mean := sum / n
		cv := math.Sqrt(squares/n-mean*mean) / mean
		if math.Abs(mean/float64(model.Mean)-1) > 0.01 || math.Abs(cv/model.CV-1) > 0.02 {
			t.Errorf("%s: mean %s and CV %.3f, the model says %s and %.3f", service, time.Duration(mean), cv, model.Mean, model.CV)
		}
	}
	a, b, c := newSampler(sameRegion["store"], 1, 1), newSampler(sameRegion["store"], 1, 1), newSampler(sameRegion["store"], 2, 1)
	if x, y, z := a.next(), b.next(), c.next(); x != y || x == z {
		t.Errorf("seeds 1, 1, 2 give %s, %s, %s", x, y, z)
	}
}

func TestAServiceThatEndsByItselfIsTold(t *testing.T) {
	died := make(chan error, 2)
	s, err := Start(context.Background(), Options{
		Scenarios: scenarios.All()[1:2], Programs: programs(t), Latency: "none", WorkDir: t.TempDir(), Died: func(err error) { died <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := os.FindProcess(s.children[0].PID()); err != nil || p.Kill() != nil {
		t.Fatal("the store could not be killed")
	}
	if err := <-died; !errors.Is(err, ErrDied) || !strings.Contains(err.Error(), "object store") {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err == nil {
		t.Error("Close does not say how the store ended")
	}
}
