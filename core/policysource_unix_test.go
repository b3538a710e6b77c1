//go:build unix

package core

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhereThePolicyComesFrom(t *testing.T) {
	text := `{"policy": "dtbench/policy/v1", "function": "%s", "audit": {"mode": "off"}}`
	of := func(name string) string { return strings.Replace(text, "%s", name, 1) }
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(of("file")), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(env map[string]string, own *Policy, want string) {
		t.Helper()
		v := twoSecrets()
		for name, value := range env {
			v.values[name] = value
		}
		g, err := FromEnvironment(Config{Environment: v, Policy: own})
		if err != nil {
			t.Errorf("%s: %v", want, err)
			return
		}
		if got := internals(g).function; got != want {
			t.Errorf("the policy of %q, want %q", got, want)
		}
		if _, ok := v.values[PolicyFDVariable]; ok {
			t.Error("the variable of the descriptor is still there")
		}
	}
	all := func() map[string]string {
		return map[string]string{PolicyFDVariable: descriptor(t, of("descriptor")), PolicyFileVariable: path, PolicyVariable: of("environment")}
	}
	env := all()
	fd := number(env[PolicyFDVariable])
	check(env, nil, "descriptor")
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err == nil {
		t.Error("the descriptor is still open")
	}
	env = all()
	fd = number(env[PolicyFDVariable])
	both := twoSecrets()
	both.values[PolicyFDVariable] = env[PolicyFDVariable]
	_, err := FromEnvironment(Config{Environment: both, Policy: &Policy{Function: "code", Audit: AuditPolicy{Mode: AuditOff}}})
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), PolicyFDVariable) || !strings.Contains(err.Error(), "Config.Policy") {
		t.Errorf("a descriptor and a policy in code: %v", err)
	}
	if err := syscall.Fstat(fd, &stat); err == nil {
		t.Error("the descriptor of a policy that is refused is still open")
	}
	env = all()
	delete(env, PolicyFDVariable)
	check(env, nil, "file")
	delete(env, PolicyFileVariable)
	check(env, nil, "environment")
	check(env, &Policy{Function: "code", Audit: AuditPolicy{Mode: AuditOff}}, "code")

	refused := func(name, value, want string) {
		t.Helper()
		v := twoSecrets()
		v.values[name] = value
		if _, err := FromEnvironment(Config{Environment: v}); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	refused(PolicyFDVariable, "x", "from 3 on")
	refused(PolicyFDVariable, "2", "from 3 on")
	refused(PolicyFDVariable, "-1", "from 3 on")
	refused(PolicyFDVariable, "99999", PolicyFDVariable)
	refused(PolicyFDVariable, descriptor(t, "{"), "ends too early")
	refused(PolicyFileVariable, filepath.Join(t.TempDir(), "none"), PolicyFileVariable)
	refused(PolicyFileVariable, t.TempDir(), PolicyFileVariable)
	refused(PolicyVariable, "{}", "not marked")
}

// descriptor returns the number of a pipe that holds text.
func descriptor(t *testing.T, text string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	fd, err := syscall.Dup(int(r.Fd())) // one that only the guard closes
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return strconv.Itoa(fd)
}

func number(text string) int { n, _ := strconv.Atoi(text); return n }

// Somebody kept the writing end: the start fails, and does not hang.
func TestPolicyWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for policyPatience")
	}
	t.Parallel()
	for _, blocking := range []bool{true, false} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if _, err := w.WriteString(`{"policy": "dtbench/policy/v1"}`); err != nil {
			t.Fatal(err)
		}
		fd, err := syscall.Dup(int(r.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if err := syscall.SetNonblock(fd, !blocking); err != nil {
			t.Fatal(err)
		}
		v := twoSecrets()
		v.values[PolicyFDVariable] = strconv.Itoa(fd)
		start := time.Now()
		_, err = FromEnvironment(Config{Environment: v})
		if took := time.Since(start); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "writing end") || took > 2*policyPatience {
			t.Errorf("blocking: %v: %v after %v", blocking, err, took)
		}
	}
}
