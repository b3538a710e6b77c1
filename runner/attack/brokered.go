package attack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// What the attacks on tokens come to where no token leaves the core's process:
// what a thief could repeat there is an access, a message that asks for a key on
// behalf of the request that runs.

func (t *Target) turns(ctx context.Context, turns ...probes.Turn) (all []probes.Turned, err error) {
	if err := t.Probe(ctx, "turns", turns, &all); err != nil {
		return nil, err
	}
	if len(all) != len(turns) {
		return nil, fmt.Errorf("%d turns were taken, %d ordered", len(all), len(turns))
	}
	return all, nil
}

// requestNames are ids of requests that run once each.
func requestNames(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = "request-" + strconv.Itoa(i)
	}
	return names
}

// replayAccesses makes one access for each of count requests, and then the same
// again, as when the platform delivers a request twice, and with the boundary of
// request and key moved. It counts the requests that got a value a second time.
func (t *Target) replayAccesses(ctx context.Context, count int) (again int, err error) {
	names := requestNames(count)
	first := make([]probes.Turn, count)
	for i, name := range names {
		first[i] = probes.Turn{Running: name, Request: name, Key: FirstKey, Times: 1}
	}
	done, err := t.turns(ctx, first...)
	if err != nil {
		return 0, err
	}
	for i, d := range done {
		if d.Granted != 1 || len(t.Stolen(d.Sums...)) != 1 {
			return 0, fmt.Errorf("request %d got its value %d times", i, d.Granted)
		}
	}
	var second []probes.Turn
	for _, name := range names {
		second = append(second,
			probes.Turn{Running: name, Request: name, Key: FirstKey, Times: 1},
			probes.Turn{Running: name, Request: name[:len(name)-1], Key: name[len(name)-1:] + FirstKey, Times: 1},
			probes.Turn{Running: name, Request: name + FirstKey[:1], Key: FirstKey[1:], Times: 1},
		)
	}
	if done, err = t.turns(ctx, second...); err != nil {
		return 0, err
	}
	for i := range names {
		if done[3*i].Granted+done[3*i+1].Granted+done[3*i+2].Granted > 0 {
			again++
		}
	}
	return again, nil
}

// beyondBudget counts how often a request that has opened both of its keys opens
// the second again.
func (t *Target) beyondBudget(ctx context.Context, times int) (int, error) {
	const running = "running"
	done, err := t.turns(ctx,
		probes.Turn{Running: running, Request: running, Key: FirstKey, Times: 1},
		probes.Turn{Running: running, Request: running, Key: SecondKey, Times: 1},
		probes.Turn{Running: running, Request: running, Key: SecondKey, Times: times},
	)
	if err != nil {
		return 0, err
	}
	if done[0].Granted+done[1].Granted != 2 {
		return 0, fmt.Errorf("a request was refused its due")
	}
	return done[2].Granted, nil
}

// floodBroker sends refused accesses, and measures the broker's process from
// outside: it does not tell its heap.
func floodBroker(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
	t, err := lab.Deploy(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)})
	if err != nil {
		return r, err
	}
	defer t.Close()
	// Each costs a round trip between two processes: fewer than of tokens.
	const settle, count = 20_000, 100_000
	flood := func(n int) (probes.Turned, error) {
		all, err := t.turns(ctx, probes.Turn{Running: "flood", Request: "another", Key: FirstKey, Times: n})
		if err != nil {
			return probes.Turned{}, err
		}
		return all[0], nil
	}
	if _, err := flood(settle); err != nil {
		return r, err
	}
	pid, err := brokerOf(t.PID())
	if err != nil {
		return r, err
	}
	// The most that the collector lets it have when there is nothing to keep.
	var before int64
	for range 4 {
		if _, err := flood(settle); err != nil {
			return r, err
		}
		now, err := residentBytes(pid)
		if err != nil {
			return r, err
		}
		before = max(before, now)
	}
	bad, err := flood(count)
	if err != nil {
		return r, err
	}
	after, err := residentBytes(pid)
	if err != nil {
		return r, err
	}
	victim, err := t.turns(ctx, probes.Turn{Running: "victim", Request: "victim", Key: FirstKey, Times: 1})
	if err != nil {
		return r, err
	}
	grown := float64(after - before)
	fate := "served"
	r.Outcome = results.Hold
	if victim[0].Granted != 1 {
		fate = "refused"
	}
	if victim[0].Granted != 1 || bad.Granted > 0 || grown > floodBytes {
		r.Outcome = results.Broken
	}
	r.Detail = fmt.Sprintf("%d refused accesses grew the broker by %.2f MB; the victim's request was %s", count-bad.Granted, grown/1e6, fate)
	r.Evidence = append(t.lent(rightful, victim[0].Sums...), fmt.Sprintf("resident memory of the broker's process: %d bytes before, %d after", before, after))
	r.Quantities = []results.Quantity{{
		ID: floodID, Title: floodTitle, Value: grown / 1e6, Unit: "MB", Source: results.Measured,
		Detail: fmt.Sprintf("resident memory of the broker's process, before and after %d refused accesses", count),
	}}
	return r, nil
}

// raceAccesses lets goroutines ask at once for the one access that a request may
// make.
func (t *Target) raceAccesses(ctx context.Context, races, goroutines int) (twice, never int, all string, err error) {
	orders := make([]probes.Turn, races)
	for i, name := range requestNames(races) {
		orders[i] = probes.Turn{Running: name, Request: name, Key: FirstKey, Times: 1, Goroutines: goroutines}
	}
	done, err := t.turns(ctx, orders...)
	if err != nil {
		return 0, 0, "", err
	}
	grants := map[int]int{}
	for _, d := range done {
		grants[d.Granted]++
	}
	return countRaces(grants, races)
}

// refusedAccesses are the texts of refusals for whatever reason, and how many
// accesses beyond the declared ones were granted.
func (t *Target) refusedAccesses(ctx context.Context) (texts []string, granted int, err error) {
	const running = "running"
	done, err := t.turns(ctx,
		probes.Turn{Running: running, Request: running, Key: FirstKey, Times: 1}, // its due
		probes.Turn{Running: running, Request: running, Key: FirstKey, Times: 1}, // beyond its budget
		probes.Turn{Running: running, Request: "another", Key: FirstKey, Times: 1},
		probes.Turn{Running: running, Request: running, Key: "NO_SUCH_KEY", Times: 1},
		probes.Turn{Running: "", Request: running, Key: FirstKey, Times: 1}, // none runs
		probes.Turn{Running: running, Request: running, Key: "", Times: 1},
	)
	if err != nil {
		return nil, 0, err
	}
	if done[0].Granted != 1 {
		return nil, 0, fmt.Errorf("a request was refused its due")
	}
	found := map[string]bool{}
	for _, d := range done[1:] {
		granted += d.Granted
		for text := range d.Refusals {
			found[text] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), granted, nil
}

// brokerOf is the second process of a function.
func brokerOf(pid int) (int, error) {
	children, err := memscan.Children(pid, broker.ProcessName)
	if err == nil && len(children) != 1 {
		err = fmt.Errorf("%d processes are a broker of the function", len(children))
	}
	if err != nil {
		return 0, err
	}
	return children[0], nil
}

// residentBytes is the resident memory of a process (proc_pid_status(5), which
// everybody may read).
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	number, _, found := strings.Cut(strings.TrimSpace(rest), " kB")
	if !found {
		return 0, fmt.Errorf("process %d says nothing of its resident memory", pid)
	}
	kilobytes, err := strconv.ParseInt(number, 10, 64)
	return kilobytes << 10, err
}
