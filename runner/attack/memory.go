package attack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

var outsiderProgram = build.ProbeProgram("outsider").Name

// readSibling is T3.
func readSibling() Attack {
	return Attack{
		Description: results.Description{
			ID: "T3", Title: "A sibling of the same user reads environ and memory, or attaches", Adversary: results.A1,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "reads /proc/PID/environ of every thread and /proc/PID/mem from another process of the same ordinary user, and attaches by ptrace(2)",
			Explain: `Processes of one user may look into each other unless they are non-dumpable (PR_SET_DUMPABLE). The sibling is a program of its own, started by the harness as the function's user. It looks before the first access and after one.

A function of the benchmark variant is attacked in the same way beside it: where the sibling cannot read even that (Yama, a container), nothing is known and the cell is could-not-run. Root is let in always, so none of the processes runs as root.

By hand: as the function's user, tr '\0' '\n' </proc/PID/environ; gdb -p PID.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if err := lab.needsOrdinaryUser(); err != nil {
				return Result{}, err
			}
			control, err := lab.siblingLooks(ctx, scenarios.Baseline)
			if err != nil {
				return Result{}, err
			}
			if len(control[0].stolen()) == 0 {
				return Result{}, cannot("the sibling finds no credential even where there is no protection: %q", control[0].sight.Refused)
			}
			looks, err := lab.siblingLooks(ctx, variant)
			if err != nil {
				return Result{}, err
			}
			r, err := judge(looks, true, "the sibling reads the credentials", "the sibling is kept out by the kernel")
			if r = unlessLetIn(r, looks...); r.Outcome == results.Hold {
				r.Evidence = append(r.Evidence, fmt.Sprintf("control: of a benchmark instance beside it a sibling read %d of %d credentials", len(control[0].stolen()), len(control[0].target.Canaries)))
			}
			return r, err
		},
	}
}

// siblingLooks lets a sibling look at every process of an instance, before the
// first access and after one.
func (l *Lab) siblingLooks(ctx context.Context, variant string) (looks []look, err error) {
	err = l.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
		for _, when := range atRest {
			if err := when.reach(ctx, t); err != nil {
				return err
			}
			pids, err := processesOf(t.PID())
			if err != nil {
				return err
			}
			for i, pid := range pids {
				var s evidence.Sight
				if err := l.outsider(ctx, l.User(), &s, "read", prey.Marker, fmt.Sprint(prey.Length), fmt.Sprint(pid)); err != nil {
					return err
				}
				looks = append(looks, look{t, "a sibling, at the " + part(i) + " " + when.name, s})
			}
		}
		return nil
	})
	return looks, err
}

// part names a process of an instance, in the order of processesOf.
func part(i int) string {
	return [...]string{"function", "broker"}[min(i, 1)]
}

// atRest are the two moments at which no value is open.
var atRest = []struct {
	name  string
	reach func(context.Context, *Target) error
}{
	{"before the first access", func(ctx context.Context, t *Target) error { return t.Probe(ctx, "nothing", nil, nil) }},
	{"after a release", func(ctx context.Context, t *Target) error { return t.Invoke(ctx, ordinaryEvent, nil) }},
}

// ordinaryEvent is what the function is there for.
var ordinaryEvent = []byte(`{"source":"dtbench","message":"hello"}`)

// scanAtRest is T4.
func scanAtRest() Attack {
	return Attack{
		Description: results.Description{
			ID: "T4", Title: "A scan of the memory at rest", Adversary: results.A2,
			AsRoot:     true,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "stops every process of the instance and searches all of its memory for the credentials, whole and in halves, before the first access and after a release",
			Explain: `What an attacker finds who gets at a part of the memory by a core file, a snapshot, a swapped page or a bug that reads too far. To judge all of it the scanner has the rights of root (CAP_SYS_PTRACE), which such an attacker has not; while a value is open it would find that, and nobody stops it.

Beside the canaries lies a decoy that nobody protects. A scan that does not find the decoy in memory and in the environ of every thread proves nothing, and the cell is could-not-run.

Under benchmark the credentials are on the initial stack and in the runtime's copy. The literal variant leaves both behind (our reading). The hardened core erases both at the start and wipes what it lends.

By hand: as root, gcore PID; strings core.PID | grep canary.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			r := Result{Outcome: results.Hold, Detail: "no copy, whole or half, before the first access or after a release"}
			err := lab.asEveryUser(ctx, Deployment{Variant: variant}, func(t *Target, who string) error {
				for _, when := range atRest {
					if err := when.reach(ctx, t); err != nil {
						return err
					}
					pids, err := processesOf(t.PID())
					if err != nil {
						return err
					}
					for i, pid := range pids {
						seen, err := t.scan(pid)
						if err != nil {
							return cannot("a scan needs CAP_SYS_PTRACE and must find its decoy: %w", err)
						}
						whole, parts := copies(t, seen)
						r.Evidence = append(r.Evidence, fmt.Sprintf("as %s, the %s %s: %d copies, %d halves by themselves, %d copies of the decoy, in %.1f MB and %d environs",
							who, part(i), when.name, len(whole), len(parts), seen.Decoys, float64(seen.Bytes)/1e6, seen.Threads))
						if found := append(whole, parts...); len(found) > 0 {
							r.Outcome, r.Detail = results.Leak, "the credentials are in memory at rest"
							r.Evidence = append(r.Evidence, strings.Join(alike(found), ", "))
						}
					}
				}
				return nil
			})
			return r, err
		},
	}
}

// scan searches one process of the instance. A broker's environment holds no
// decoy, as it holds nothing of the function's; the variable by which it knows
// itself takes its place there.
func (t *Target) scan(pid int) (memscan.Result, error) {
	decoy := []byte(t.Decoy.Value)
	if pid == t.PID() {
		return memscan.Scan(pid, decoy, needles(t))
	}
	return memscan.ScanApart(pid, decoy, []byte(broker.Variable), needles(t))
}

const firstHalf, secondHalf = "the first half of ", "the second half of "

// needles are the canaries, and their halves: a copy whose other half was
// overwritten is as bad.
func needles(t *Target) map[string][]byte {
	all := map[string][]byte{}
	for name, c := range t.Canaries {
		value := []byte(c.Value)
		all[name] = value
		all[firstHalf+name] = value[:len(value)/2]
		all[secondHalf+name] = value[len(value)/2:]
	}
	return all
}

// copies are the places of whole canaries, and of halves beyond those that the
// whole ones have.
func copies(t *Target, seen memscan.Result) (whole, parts []string) {
	for _, name := range slices.Sorted(maps.Keys(t.Canaries)) {
		for _, half := range []string{firstHalf, secondHalf} {
			for range seen.Count(half+name) - seen.Count(name) {
				parts = append(parts, half+name)
			}
		}
		for _, h := range seen.Hits {
			if h.Needle == name {
				h.Address = 0
				whole = append(whole, h.String())
			}
		}
	}
	return whole, parts
}
