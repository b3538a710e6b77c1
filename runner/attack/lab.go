package attack

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// Names of the variables that hold canaries in every deployment. The second is
// another data key, for attacks that want more than they are due.
const (
	FirstKey  = scenarios.APIKey
	SecondKey = scenarios.TargetKey
)

// Canaries begin with CanaryMarker and have CanaryLength bytes.
const (
	CanaryMarker = "canary-"
	CanaryLength = len(CanaryMarker) + 26 // of rand.Text
)

// LabOptions are what a lab is made of.
type LabOptions struct {
	// Programs gives the path of a program by its name.
	Programs func(name string) (path string, ok bool)
	// Timeout of an invocation; attacks that work for long inside the function
	// need more than a function has. Zero means a minute.
	Timeout time.Duration
	// User is the ordinary user as whom instances and attackers run where the
	// harness is root; nil is the user who runs it.
	User *local.User
	// WorkDir is a folder for what attacks write; every user may enter it.
	WorkDir string
	// Seed of every choice at random that is the attack's own.
	Seed uint64
}

// Lab deploys instances to attack. It may be used concurrently.
type Lab struct {
	o LabOptions

	// overlay is laid over every policy, so that tests can weaken what attacks are
	// to find weak.
	overlay map[string]any

	mu       sync.Mutex
	canaries []string
}

// NewLab returns a lab.
func NewLab(o LabOptions) *Lab {
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	return &Lab{o: o}
}

// Seed is the seed of what an attack draws.
func (l *Lab) Seed() uint64 { return l.o.Seed }

// WorkDir is a folder for what attacks write.
func (l *Lab) WorkDir() string { return l.o.WorkDir }

// User is as whom instances and attackers run: nil is the user who runs the
// harness.
func (l *Lab) User() *local.User { return l.o.User }

// Program is the path of a program.
func (l *Lab) Program(name string) (string, error) {
	path, ok := l.o.Programs(name)
	if !ok {
		return "", cannot("the program %s was not built", name)
	}
	return path, nil
}

// redact takes canaries out of a text.
func (l *Lab) redact(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.canaries {
		text = strings.ReplaceAll(text, c, "[canary]")
	}
	return text
}

// Canary is a planted secret.
type Canary struct {
	Name  string
	Value string
}

// SHA256 is the hash of the value, which proves a theft.
func (c Canary) SHA256() string {
	sum := sha256.Sum256([]byte(c.Value))
	return hex.EncodeToString(sum[:])
}

// Proof is a line of evidence: the value was read.
func (c Canary) Proof() string { return "sha256 of " + c.Name + ": " + c.SHA256() }

// Deployment is one instance to be.
type Deployment struct {
	Variant string
	// Program is the program's name; empty means the probe build of the variant.
	Program string
	// Settings are plain variables beside those that every deployment has.
	Settings map[string]string
	// Policy is the policy document of a variant that takes one; nil means that of
	// the defaults.
	Policy []byte
	// Unlisted are canaries under names that ENCRYPTION_KEYS does not list.
	Unlisted []string
	// Timeout is that of the lab where zero.
	Timeout time.Duration
	// clocks says that the program is the variant's probe build with steered clocks.
	clocks bool
	// AsHost runs the instance as the user who runs the harness, whatever
	// LabOptions.User says.
	AsHost bool
}

// Target is a deployed instance. It is used by one goroutine.
type Target struct {
	Canaries map[string]Canary // by name, those under unlisted names too
	// Decoy is a value of the canaries' form that nobody protects: who does not
	// find it has not looked.
	Decoy Canary

	lab        *Lab
	deployment Deployment
	twin       *Target // see thief

	name     string
	platform platforms.Platform
	instance platforms.Instance
	output   *output
	// LastRequest is the platform's id of the last request that was answered.
	LastRequest string
}

// Deploy prepares an instance with fresh canaries; the first call of Probe or
// Invoke starts it. The caller closes it.
func (l *Lab) Deploy(ctx context.Context, d Deployment) (*Target, error) {
	program := d.Program
	if program == "" {
		program = build.ProbeProgram(d.Variant).Name
	}
	path, err := l.Program(program)
	if err != nil {
		return nil, err
	}
	t := &Target{lab: l, deployment: d, name: program, Canaries: map[string]Canary{}, output: &output{}}
	fn := platforms.Function{Name: program, Binary: path, Settings: maps.Clone(d.Settings), Policy: d.Policy}
	if fn.Policy == nil && takesPolicy(d.Variant) {
		fn.Policy = policy()
	}
	if l.overlay != nil && fn.Policy != nil {
		var document map[string]any
		if err := json.Unmarshal(fn.Policy, &document); err != nil {
			return nil, err
		}
		fn.Policy = policy(document, l.overlay)
	}
	if fn.Settings == nil {
		fn.Settings = map[string]string{}
	}
	t.Decoy = Canary{Name: "DECOY", Value: CanaryMarker + rand.Text()}
	fn.Settings[t.Decoy.Name] = t.Decoy.Value
	listed := []string{FirstKey, SecondKey}
	for _, name := range append(listed, d.Unlisted...) {
		c := Canary{Name: name, Value: CanaryMarker + rand.Text()}
		t.Canaries[name] = c
		// As a plain setting, since the platform would redact a secret in what
		// the function writes, and the attacker reads that as it is.
		fn.Settings[name] = c.Value
		l.mu.Lock()
		l.canaries = append(l.canaries, c.Value)
		l.mu.Unlock()
	}
	if protects(d.Variant) {
		if _, given := fn.Settings[scenarios.EncryptionKeys]; !given {
			fn.Settings[scenarios.EncryptionKeys] = strings.Join(listed, ",")
		}
	}
	timeout := d.Timeout
	if timeout == 0 {
		timeout = l.o.Timeout
	}
	options := local.Options{Timeout: timeout, Log: t.output, User: l.o.User}
	if d.AsHost {
		options.User = nil
	}
	if t.platform, err = local.Open(options); err != nil {
		return nil, err
	}
	if t.instance, err = t.platform.Prepare(ctx, fn); err != nil {
		return nil, errors.Join(err, t.platform.Close())
	}
	return t, nil
}

func protects(variant string) bool {
	i := slices.IndexFunc(scenarios.Variants(), func(v scenarios.Variant) bool { return v.Name == variant })
	return i >= 0 && scenarios.Variants()[i].Protects
}

// Probe has the named probe run inside the instance and decodes its result
// into result, which may be nil.
func (t *Target) Probe(ctx context.Context, name string, args, result any) error {
	event, err := probes.Event(name, args)
	if err != nil {
		return err
	}
	return t.Invoke(ctx, event, result)
}

// Invoke delivers an event and decodes the handler's result into result, which
// may be nil. Errors of the function are those of package platforms.
func (t *Target) Invoke(ctx context.Context, event []byte, result any) error {
	inv, err := t.instance.Invoke(ctx, event)
	if err != nil {
		return err
	}
	t.LastRequest = inv.RequestID
	if result == nil {
		return nil
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(inv.Answer, &answer); err != nil {
		return fmt.Errorf("%s: answer: %w", t.name, err)
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("%s: result: %w", t.name, err)
	}
	return nil
}

// PID is the number of the instance's process, 0 before it started.
func (t *Target) PID() int { return local.PID(t.instance) }

// Output is what the instance wrote so far on standard output and error, as it
// wrote it.
func (t *Target) Output() string { return t.output.String() }

// Stolen names the canaries whose hash is among sums (lower-case hexadecimal),
// sorted.
func (t *Target) Stolen(sums ...string) []Canary {
	var stolen []Canary
	for _, name := range slices.Sorted(maps.Keys(t.Canaries)) {
		if c := t.Canaries[name]; slices.Contains(sums, c.SHA256()) {
			stolen = append(stolen, c)
		}
	}
	return stolen
}

// Close ends the instance and removes its traces. It may be called again.
func (t *Target) Close() error {
	var err error
	if t.twin != nil {
		err = t.twin.Close()
	}
	return errors.Join(err, t.instance.Close(), t.platform.Close())
}

// output collects what an instance writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Folder makes a folder for one attack that every user may use; the caller
// removes it.
func (l *Lab) Folder() (string, error) {
	dir, err := os.MkdirTemp(l.o.WorkDir, "attack-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o777)
}
