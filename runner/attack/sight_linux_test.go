package attack

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/memscan"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
	"github.com/dtbench/dtbench/scenarios/probes/outside"
)

// A look that could have seen nothing proves nothing: never hold without the
// decoy, or without the refusal that keeps the attacker out.
func TestJudge(t *testing.T) {
	canary := Canary{Name: "KEY", Value: CanaryMarker + strings.Repeat("A", 26)}
	decoy := Canary{Name: "DECOY", Value: CanaryMarker + strings.Repeat("B", 26)}
	target := &Target{Canaries: map[string]Canary{"KEY": canary}, Decoy: decoy}
	see := func(data string, refused ...string) look {
		s := evidence.Sight{Refused: refused}
		s.Search("here", []byte(data), prey)
		return look{target, "somebody", s}
	}
	check := func(closed bool, want results.Outcome, looks ...look) {
		t.Helper()
		r, err := judge(looks, closed, "leak", "hold")
		if (err == nil) != (want != "") || err == nil && r.Outcome != want {
			t.Errorf("%q, %v; want %q", r.Outcome, err, want)
		}
		if all := r.Detail + strings.Join(r.Evidence, ""); strings.Contains(all, CanaryMarker) {
			t.Errorf("the evidence holds a canary: %s", all)
		}
	}
	check(false, results.Leak, see("KEY="+canary.Value+" "+decoy.Value))
	check(false, results.Leak, see(canary.Value)) // whatever else it missed
	check(false, results.Hold, see(decoy.Value))
	check(false, "", see("ciphertext"))
	check(false, "", see("", "closed"))
	check(false, "", see(decoy.Value), see("")) // each of them
	check(true, results.Hold, see("", "closed"))
	check(true, "", see(""))
	check(true, results.Leak, see("", "closed"), see(canary.Value))
}

func TestJudgeAccesses(t *testing.T) {
	target := &Target{Canaries: map[string]Canary{}}
	for _, name := range []string{FirstKey, undeclared, usedOnly} {
		target.Canaries[name] = Canary{Name: name, Value: "value of " + name}
	}
	// How often what was granted: declared, undeclared, used only, signed, invented.
	check := func(variant string, want results.Outcome, granted ...int) {
		t.Helper()
		got := make([]probes.Accesses, 5)
		for i, name := range []string{FirstKey, undeclared, usedOnly, "", FirstKey} {
			if got[i].Granted = granted[i]; granted[i] > 0 {
				got[i].SHA256 = target.Canaries[name].SHA256()
			}
		}
		r, err := judgeAccesses(target, variant, got)
		if (err == nil) != (want != "") || err == nil && r.Outcome != want {
			t.Errorf("%s, %v: %q, %v; want %q", variant, granted, r.Outcome, err, want)
		}
	}
	check(scenarios.Baseline, results.Leak, 6, 1, 1, 0, 6)
	check("optimized", results.Broken, 3, 1, 1, 0, 3)
	check("optimized", results.Broken, 3, 0, 0, 0, 0)
	check("optimized", results.Hold, 0, 0, 0, 0, 0)
	check("broker", results.Denied, 3, 0, 0, 1, 3)
	check("broker", results.Denied, 0, 0, 0, 1, 0)
	check("broker", "", 3, 0, 0, 0, 3) // or a broker that does nothing would hold
	check("broker", results.Broken, 4, 0, 0, 1, 0)
	check("broker", results.Broken, 3, 1, 0, 1, 3)
	check("broker", results.Broken, 3, 0, 1, 1, 3)
	check("broker", results.Broken, 3, 0, 0, 1, 4)
}

func TestAlike(t *testing.T) {
	got := alike([]string{"/proc/12/environ: x", "/proc/13/environ: x", "/proc/12/task/4/environ", "API_KEY in environ of thread 7"})
	want := []string{"/proc/N/environ: x (2×)", "/proc/N/task/N/environ", "API_KEY in environ of thread N"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhose(t *testing.T) {
	got := whose("file:///proc/12/environ: x, file:///proc/123/mem, file:///proc/1/fd", 12, []int{12, 123})
	if want := "file:///proc/FUNCTION/environ: x, file://" + brokerFiles + "mem, file:///proc/1/fd"; got != want {
		t.Errorf("%q", got)
	}
}

// A half counts where it is not a part of a whole canary.
func TestCopies(t *testing.T) {
	target := &Target{Canaries: map[string]Canary{"KEY": {Name: "KEY", Value: "0123456789abcdef"}}}
	hit := func(needle string) memscan.Hit { return memscan.Hit{Needle: needle, Place: "[stack]", Address: 1} }
	whole, parts := copies(target, memscan.Result{Hits: []memscan.Hit{hit("KEY"), hit(firstHalf + "KEY"), hit(secondHalf + "KEY"), hit(secondHalf + "KEY")}})
	if len(whole) != 1 || len(parts) != 1 || parts[0] != secondHalf+"KEY" {
		t.Errorf("%q, %q", whole, parts)
	}
}

// What T23 and T24 look for is found where it is there: sockets with a name,
// descriptors that can be taken, ports. The process is this test's own.
func TestWhatCanBeReachedIsFound(t *testing.T) {
	self := os.Getpid()
	name := "@dtbench-test-" + strconv.Itoa(self)
	named, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	port, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	seen, err := socketsOf([]int{self})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(seen.unix, unixSocket{path: name, ours: true}) {
		t.Error("the socket with a name was not found")
	}
	number := port.Addr().(*net.TCPAddr).Port
	if !slices.ContainsFunc(seen.ports, func(p openPort) bool { return p.protocol == "tcp" && p.number == number && p.ours }) {
		t.Error("the port was not found")
	}
	s := outside.Connect([]string{strconv.Itoa(self)}, []string{name})
	for _, place := range []string{"/proc/" + strconv.Itoa(self) + "/fd", "pidfd_getfd of " + strconv.Itoa(self), "connect to " + name} {
		if !slices.Contains(s.Read, place) {
			t.Errorf("%s was not reached: %q", place, s.Refused)
		}
	}
	pids, err := processesOf(self)
	if err != nil || pids[0] != self {
		t.Errorf("processes %v, %v", pids, err)
	}
	if _, err := processesOf(1 << 30); err == nil {
		t.Error("a process that is not there")
	}
}

// After attacks that crash functions, start children and write files, nothing is
// left: no process, no file, no socket.
func TestAttacksLeaveNothingBehind(t *testing.T) {
	lab := newTestLab(t)
	expected, err := results.Expected()
	if err != nil {
		t.Fatal(err)
	}
	var attacks []Attack
	for _, a := range All() {
		if slices.Contains([]string{"T3", "T18", "T19", "T20", "T23", "T24"}, a.ID) {
			attacks = append(attacks, a)
		}
	}
	if _, _, err := Run(t.Context(), Config{Attacks: attacks, Variants: []string{"benchmark", "broker"}, Expected: expected, Lab: lab}); err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(t.Context(), Config{Variants: []string{"benchmark", "broker"}, Lab: lab}, Incidents()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		build.ProbeProgram("benchmark").Name, build.ProbeProgram("broker").Name, outsiderProgram, "dtbench-broker",
	} {
		for _, parent := range []int{os.Getpid(), 1} {
			pids, err := memscan.Children(parent, name)
			// One that has ended waits for init to take note; some inits take their time.
			pids = slices.DeleteFunc(pids, func(pid int) bool { _, err := processesOf(pid); return err != nil })
			if err != nil || len(pids) > 0 {
				t.Errorf("processes called %s: %v, %v", name, pids, err)
			}
		}
	}
	if files, err := os.ReadDir(lab.WorkDir()); err != nil || len(files) > 0 {
		t.Errorf("files: %v, %v", files, err)
	}
	if sockets, err := os.ReadFile("/proc/net/unix"); err != nil || strings.Contains(string(sockets), "@dtbench-decoy-") {
		t.Errorf("a decoy listens: %v", err)
	}
}
