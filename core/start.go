package core

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/hygiene"
)

// FromEnvironment seals the variables that ENCRYPTION_KEYS, cfg.Keys and the
// policy name, and those under which the platforms hand over credentials, and
// replaces each by its ciphertext ("dt1.…"); on Linux it erases the plaintext
// from the memory of the process and makes the process non-dumpable. It returns
// the guard that opens the values. Instance id and keys are drawn anew, in
// memory only: the ciphertext is of no use to any other guard.
//
// Call it first thing in main, before other code reads the environment. It keeps
// cfg.Environment for Replace and AfterRestore.
//
// The error wraps [ErrConfig] when nothing is named, a list or the policy is
// malformed or names a variable twice, when a variable is unset, empty or
// already holds ciphertext, when cfg is out of range, or the audit sink cannot
// be opened; the variables are then untouched, but for the descriptor of the
// policy. Any other error comes from cfg.Random, cfg.Environment or package
// hygiene; plaintext may then be left, so the function must not go on.
func FromEnvironment(cfg Config) (*Guard, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	policy, err := findPolicy(cfg.Environment, cfg.Policy)
	if err != nil {
		return nil, err
	}
	names, err := protectedNames(cfg.Environment, cfg.Keys, policy)
	if err != nil {
		return nil, err
	}
	findings, err := inspect(cfg.Environment, names, policy)
	if err != nil {
		return nil, err
	}
	var injected, suspicious []string
	for _, f := range findings {
		switch f.Class {
		case hygiene.Platform:
			injected = append(injected, f.Name)
		case hygiene.Suspicious:
			suspicious = append(suspicious, f.Name)
		case hygiene.Declared:
			if !oneOf(f.Name, names...) {
				names = append(names, f.Name) // by a pattern
			}
		}
	}
	names = append(names, injected...)

	s, err := newState(cfg, policy, names)
	if err != nil {
		return nil, err
	}
	if err := s.seal(names); err != nil {
		s.wipe()
		return nil, err
	}
	if err := s.openLog(cfg); err != nil {
		s.wipe()
		return nil, err
	}
	erased, err := s.hide(names, cfg.KeepDumpable)
	if err != nil {
		s.wipe()
		s.closeLog()
		return nil, err
	}

	s.event(audit.Sealed, erased, "")
	for _, name := range injected {
		s.event(audit.Sealed, audit.PlatformInjection, name)
	}
	for _, name := range suspicious {
		s.event(audit.Unlisted, audit.SecretLikeName, name)
	}
	return &Guard{&s}, nil
}

// newState makes a guard without values.
func newState(cfg Config, policy *Policy, names []string) (*state, error) {
	s := &state{
		random:      cfg.Random,
		environment: cfg.Environment,
		exit:        cfg.Exit,
		policy:      policy,
		values:      make(map[string]*sealedValue),
		born:        cfg.Clock(),
	}
	s.clocks.wall, s.clocks.boot, s.clocks.base = cfg.Clock, cfg.BootClock, cfg.base
	s.clocks.settle()
	s.scratches.New = newScratch
	s.response.policy = policy.Response.complete()
	s.context()

	set, err := newRuleSet(policy, s.function, s.version)
	if err != nil {
		return nil, err
	}
	window := int64(cfg.Window)
	perKey := make([]keyRules, len(names))
	budgets := false
	for i, name := range append(names[:len(names):len(names)], "") {
		r, algorithm := policy.rulesFor(name, cfg.Window)
		if r.rule, err = set.with(algorithm); err != nil {
			return nil, fmt.Errorf("%w: policy: algorithm of %s: %w", ErrConfig, name, err)
		}
		r.algorithm = audit.NewName(set.algorithm(r.rule))
		if name == "" {
			s.unknown = r
			break
		}
		perKey[i] = r
		window = max(window, r.window)
		budgets = budgets || r.budget >= 0
	}
	s.rules = set.rules
	s.plain = newPlainRule(set, s.function, s.version)
	s.bindsChain = set.chain

	now := s.born.UnixNano()
	s.registry.init(cfg.MaxNonces, window, now)
	if policy.CallChain.Action != "" {
		s.chains = newCallChains(policy.CallChain)
	}
	if policy.Behaviour.Action != "" {
		s.behaviour = newBehaviour(policy.Behaviour)
	}
	if budgets || s.behaviour != nil {
		s.requests = newRequestTable(policy.requestLifetime(window))
	}
	for i, name := range names {
		s.values[name] = &sealedValue{rules: perKey[i]}
	}
	return s, s.drawKeys()
}

// seal encrypts the values of the variables.
func (s *state) seal(names []string) error {
	for _, name := range names {
		value, err := readValue(s.environment, name)
		if err != nil {
			return err
		}
		plain := []byte(value)
		sealed := s.sealer.seal(s.instance, name, plain)
		clear(plain)
		sealed.rules = s.values[name].rules
		s.values[name] = sealed
	}
	return nil
}

// eraseEnvironment is a variable for tests of systems that cannot do it.
var eraseEnvironment = hygiene.Replace

// hide puts the ciphertext in the place of the plaintext. The reason is
// [audit.NotErased] where the system cannot erase the plaintext as well.
func (s *state) hide(names []string, keepDumpable bool) (audit.Reason, error) {
	if _, ours := s.environment.(processEnvironment); ours {
		replacements := make([]hygiene.Replacement, len(names))
		for i, name := range names {
			replacements[i] = hygiene.Replacement{Name: name, Text: s.values[name].text()}
		}
		_, err := eraseEnvironment(replacements, hygiene.Options{KeepDumpable: keepDumpable})
		switch {
		case errors.Is(err, hygiene.ErrUnsupported):
			return audit.NotErased, nil
		case err != nil:
			return 0, fmt.Errorf("core: %w", err)
		}
		return 0, nil
	}
	for i, name := range names {
		if err := s.environment.Setenv(name, s.values[name].text()); err != nil {
			return 0, fmt.Errorf("core: replace %s by its ciphertext (%d of %d variables done): %w", name, i, len(names), err)
		}
	}
	return 0, nil
}

// context finds out which function this is: from the policy, else from the
// variables that the platforms set.
func (s *state) context() {
	s.function, s.version, s.region = s.policy.Function, s.policy.Version, s.policy.Region
	for _, names := range platformVariables {
		function, ok := s.environment.LookupEnv(names.function)
		if !ok || len(function) > maxContext {
			continue
		}
		s.platform = names.platform
		take := func(field *string, name string) {
			if value, ok := s.environment.LookupEnv(name); ok && *field == "" && len(value) <= maxContext {
				*field = value
			}
		}
		take(&s.function, names.function)
		take(&s.version, names.version)
		take(&s.region, names.region)
		return
	}
}

// platformVariables are the names in the AWS Lambda Developer Guide ("Defined
// runtime environment variables"), and those of Function Compute and SCF.
var platformVariables = [...]struct{ platform, function, version, region string }{
	{"aws", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_REGION"},
	{"aliyun", "FC_FUNCTION_NAME", "FC_QUALIFIER", "FC_REGION"},
	{"tencent", "SCF_FUNCTIONNAME", "SCF_FUNCTIONVERSION", "TENCENTCLOUD_REGION"},
}

// openLog opens the log that the policy asks for.
func (s *state) openLog(cfg Config) error {
	p := s.policy.Audit
	if cfg.Audit != nil || p.Mode == AuditOff {
		s.log = cfg.Audit
		return nil
	}
	o := audit.Options{
		GrantBound: time.Duration(p.GrantBound), Clock: s.clocks.wall, OnAlert: cfg.OnAlert, ChainKey: cfg.AuditChainKey,
		CriticalFailures: criticalFailures(s.response.policy.AlertAfter),
		Context: audit.Context{
			Function: audit.Identify(s.function), Version: audit.Identify(s.version),
			Instance: audit.Identify(s.instanceID), Region: audit.Identify(s.region), Platform: audit.Identify(s.platform),
		},
	}
	if p.Mode == AuditAsync {
		o.Mode = audit.Async
	}
	var err error
	if p.Template != "" {
		var t audit.Template
		if t, err = audit.FindTemplate(p.Template); err == nil {
			o, err = t.Apply(o, cfg.AuditFieldKey)
		}
		if err != nil {
			return fmt.Errorf("%w: audit template: %w", ErrConfig, err)
		}
	}
	if o.Sink, err = openSink(p.Sink); err != nil {
		return fmt.Errorf("%w: audit sink: %w", ErrConfig, err)
	}
	if s.log, err = audit.New(o); err != nil {
		_ = o.Sink.Close()
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s.sink, s.ownsLog = o.Sink, true
	return nil
}

// criticalFailures is from how many refusals in a row on a refusal is critical:
// as many as raise an alert, and never if none do.
func criticalFailures(alertAfter int) uint32 {
	if alertAfter < 0 {
		return audit.NeverCritical
	}
	return uint32(min(int64(alertAfter), int64(audit.NeverCritical)))
}

// openSink opens what AuditPolicy.Sink names. Standard output is the default
// because it is what every platform collects without being asked.
func openSink(name string) (*audit.Sink, error) {
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case name == "" || name == "stdout":
		return audit.NewSink(os.Stdout), nil
	case name == "stderr":
		return audit.NewSink(os.Stderr), nil
	case kind == "file" && rest != "":
		return audit.OpenFile(rest)
	case kind == "fd":
		if fd, err := strconv.Atoi(rest); err == nil && fd > 2 && fd < 1<<20 {
			if f := os.NewFile(uintptr(fd), "audit"); f != nil {
				if _, err := f.Stat(); err != nil {
					return nil, errors.New("the descriptor is not open")
				}
				return audit.NewSink(f), nil
			}
		}
	}
	return nil, errors.New("not stdout, stderr, file:PATH or fd:N")
}
