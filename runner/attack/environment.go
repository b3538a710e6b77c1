package attack

import (
	"context"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// dumpEnvironment is T1.
func dumpEnvironment() Attack {
	return Attack{
		Description: results.Description{
			ID: "T1", Title: "A dependency dumps os.Environ()", Adversary: results.A2,
			AsRoot:     true,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "reads every environment variable from inside the function, as a debug log does",
			Explain: `The function is deployed with two canaries for credentials and runs code that lists its environment variables and looks for values of the canaries' form. A decoy that nobody protects proves that it looked.

Under benchmark the variables hold the credentials. Every other variant has replaced them by ciphertext before the handler runs; the key is in memory (in the broker variant, in another process).

By hand: write a handler that prints os.Environ() and invoke it once in each variant.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			looks, err := lab.probeAsEveryUser(ctx, variant, "environment")
			if err != nil {
				return Result{}, err
			}
			return judge(looks, false, "the variables hold the credentials", "the variables hold ciphertext")
		},
	}
}

// readOwnEnviron is T2.
func readOwnEnviron() Attack {
	return Attack{
		Description: results.Description{
			ID: "T2", Title: "/proc/self/environ and that of every thread, after start-up", Adversary: results.A2,
			AsRoot:     true,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "reads the environment block that the kernel shows, of the process and of each thread, and does so again after making the process dumpable",
			Explain: `os.Setenv and os.Unsetenv change a copy that the language's runtime keeps. The block that execve(2) put on the stack stays as it was, and /proc/self/environ, as well as /proc/self/task/*/environ, shows it for the life of the process.

The literal variant replaces the variables and nothing more (our reading: the paper does not say more), so the block still holds the plaintext. The hardened core overwrites the bytes in place before anything else copies them; the process is closed to its own ordinary user besides, which code inside can undo by prctl(2). The probe undoes it and looks again, so that what holds is the erasure.

By hand: run any program that calls os.Unsetenv, then: tr '\0' '\n' </proc/PID/environ`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			looks, err := lab.probeAsEveryUser(ctx, variant, "proc-environ")
			if err != nil {
				return Result{}, err
			}
			return judge(looks, false, "the kernel's environment block holds the credentials", "the bytes of the credentials are erased in the kernel's block")
		},
	}
}

// probeAsEveryUser orders a probe that looks for prey in a fresh instance.
func (l *Lab) probeAsEveryUser(ctx context.Context, variant, probe string) (looks []look, err error) {
	err = l.asEveryUser(ctx, Deployment{Variant: variant}, func(t *Target, who string) error {
		var s evidence.Sight
		if err := t.Probe(ctx, probe, prey, &s); err != nil {
			return err
		}
		looks = append(looks, look{t, who, s})
		return nil
	})
	return looks, err
}

// readParent is T20.
func readParent() Attack {
	return Attack{
		Description: results.Description{
			ID: "T20", Title: "A child process reads its parent's environ and memory", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "has the function start a program, which reads /proc/PPID/environ and /proc/PPID/mem of the function",
			Explain: `Functions start programs: a converter, a shell, a compiler. Each may read the environment block and the memory of the process that started it, as long as both have the same user and the parent is dumpable.

A program that looks around is started twice: with the function as it is, and after code inside has made the function dumpable again. Root would be let in whatever is set, so function and child run as an ordinary user.

By hand: have the function run sh -c 'tr "\0" "\n" </proc/$PPID/environ'.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if err := lab.needsOrdinaryUser(); err != nil {
				return Result{}, err
			}
			outsider, err := lab.Program(outsiderProgram)
			if err != nil {
				return Result{}, err
			}
			var looks []look
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				var sights [2]evidence.Sight
				if err := t.Probe(ctx, "child", probes.Outside{Prey: prey, Program: outsider}, &sights); err != nil {
					return err
				}
				looks = []look{{t, "a child", sights[0]}, {t, "a child of a parent made dumpable", sights[1]}}
				return nil
			})
			if err != nil {
				return Result{}, err
			}
			if !looks[1].sawDecoy() && len(looks[1].stolen()) == 0 {
				return Result{}, cannot("a child cannot read even a dumpable parent here: %q", looks[1].sight.Refused)
			}
			r, err := judge(looks, true, "the child reads the credentials of its parent", "the child is kept out, and finds nothing after code inside let it in")
			return unlessLetIn(r, looks[0]), err
		},
	}
}
