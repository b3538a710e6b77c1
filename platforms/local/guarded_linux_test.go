package local

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

func TestTheExitStatusIsTheCores(t *testing.T) {
	if platforms.ExitTerminated != core.ExitTerminated || platforms.PolicyDescriptor != core.PolicyFDVariable {
		t.Error("platforms and core disagree")
	}
}

// guarded is a platform with one function under a real guard, whose policy comes
// by the descriptor and from nowhere else: no variable says what to protect.
type guarded struct {
	t        *testing.T
	platform platforms.Platform
	fn       platforms.Function
	log      *platformtest.Log
	decoy    string
}

func newGuarded(t *testing.T, policy string) *guarded {
	t.Helper()
	program := build.Program{Name: "guarded", Package: "platforms/platformtest/guarded"}
	g := &guarded{t: t, log: &platformtest.Log{}, decoy: "decoy-" + rand.Text()}
	p, err := Open(Options{Timeout: time.Minute, Log: g.log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	g.platform = p
	g.fn = platforms.Function{
		Name: "guarded", Binary: buildtest.Programs(t, program)["guarded"].Path,
		Settings: map[string]string{"DECOY": g.decoy}, Secrets: map[string]string{"KEY": "canary-" + rand.Text()},
		Policy: []byte(policy),
	}
	return g
}

func (g *guarded) instance() *instance {
	g.t.Helper()
	in, err := g.platform.Prepare(context.Background(), g.fn)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { in.Close() })
	return in.(*instance)
}

type guardedAnswer struct {
	Refused         int
	Value, Instance string
	Policy          bool
}

func (g *guarded) invoke(in *instance, event string) (a guardedAnswer, err error) {
	inv, err := in.Invoke(context.Background(), []byte(event))
	if err == nil {
		err = json.Unmarshal(inv.Answer, &struct{ Result *guardedAnswer }{&a})
	}
	return a, err
}

const terminating = `{"policy":"dtbench/policy/v1","keys":{"KEY":{}},"audit":{"mode":"off"},"response":{"terminate_after":5}}`

func TestAGuardEndsItsInstanceAndTheNextOneWorks(t *testing.T) {
	g := newGuarded(t, terminating)
	first := g.instance()
	a, err := g.invoke(first, `{"forge":4}`)
	if err != nil {
		t.Fatal(err)
	}
	if a.Refused != 4 || !strings.HasPrefix(a.Value, "dt1.") || a.Policy {
		t.Errorf("%+v", a)
	}
	for _, event := range []string{`{"forge":5}`, `{"revoke":true}`} {
		in := g.instance()
		before, err := g.invoke(in, `{}`)
		if err != nil || before.Instance == a.Instance {
			t.Fatalf("%+v, %v", before, err)
		}
		_, err = g.invoke(in, event)
		var f *platforms.FunctionError
		if !errors.Is(err, platforms.ErrTerminated) || !errors.As(err, &f) || f.Reason() != "terminated by its guard: exit status 86" {
			t.Errorf("%s: %v", event, err)
		}
		if _, err := g.invoke(in, `{}`); err == nil {
			t.Errorf("%s: a terminated instance answers", event)
		}
	}
	// The others live on, and a replacement works.
	for _, in := range []*instance{first, g.instance()} {
		if _, err := g.invoke(in, `{}`); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(g.log.String(), "terminate_after") {
		t.Error("the log holds the policy")
	}
}

// While a value is open the scan finds it, once, and after that no more: the
// zeros of the other tests are not for want of looking.
func TestAnOpenValueIsInMemoryOnceAndThenNoMore(t *testing.T) {
	needs.Ptrace(t)
	g := newGuarded(t, terminating)
	in := g.instance()
	if _, err := g.invoke(in, `{}`); err != nil {
		t.Fatal(err)
	}
	needles := map[string][]byte{"KEY": []byte(g.fn.Secrets["KEY"])}
	scan := func() memscan.Result {
		t.Helper()
		r, err := memscan.Scan(in.process.pid, []byte(g.decoy), needles)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := scan(); len(r.Hits) != 0 {
		t.Errorf("before: %v", r.Hits)
	}
	done := make(chan error)
	go func() {
		_, err := g.invoke(in, `{"hold":300}`)
		done <- err
	}()
	most := 0
	for open := true; open; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			open = false
		default:
			most = max(most, len(scan().Hits))
		}
	}
	if most != 1 {
		t.Errorf("%d copies while the value was open, want 1", most)
	}
	if r := scan(); len(r.Hits) != 0 {
		t.Errorf("after: %v", r.Hits)
	}
}

// The paper's WebIDE incident: the platform adds credentials of its own, under
// names that nobody listed. Known names are sealed like declared ones; a name
// that only looks like a secret's is reported, and stays what it is.
func TestCredentialsThatNobodyListed(t *testing.T) {
	needs.Ptrace(t)
	g := newGuarded(t, `{"policy":"dtbench/policy/v1","keys":{"KEY":{}}}`)
	needles := map[string][]byte{}
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
		"ALIBABA_CLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN",
	} {
		value := "canary-" + rand.Text()
		g.fn.Secrets[name], needles[name] = value, []byte(value)
	}
	unlisted := "canary-" + rand.Text()
	g.fn.Secrets["GITHUB_TOKEN"], needles["GITHUB_TOKEN"] = unlisted, []byte(unlisted)
	in := g.instance()
	if _, err := g.invoke(in, `{}`); err != nil {
		t.Fatal(err)
	}
	r, err := memscan.Scan(in.process.pid, []byte(g.decoy), needles)
	if err != nil {
		t.Fatal(err)
	}
	if r.Count("GITHUB_TOKEN") == 0 || r.Count("GITHUB_TOKEN") != len(r.Hits) {
		t.Errorf("found %v; want GITHUB_TOKEN only", r.Hits)
	}
	if err := in.Close(); err != nil { // and its output is all there
		t.Fatal(err)
	}
	log := g.log.String()
	for name := range needles {
		if !strings.Contains(log, name) {
			t.Errorf("the audit does not mention %s", name)
		}
	}
	if !strings.Contains(log, "secret_like_name") {
		t.Error("the audit does not report the unlisted name")
	}
	if t.Failed() {
		t.Log(log)
	}
}
