package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/platforms"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// searchLeftovers is T18.
func searchLeftovers() Attack {
	return Attack{
		Description: results.Description{
			ID: "T18", Title: "Secret, token, nonce in output, audit, panic, core file, temporary files", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "makes the function talk, panic and dump core, and searches all that is left for the credentials, a live token and its nonce",
			Explain: `The function works, hands a token to whoever will present it, refuses a forged one, and logs everything that a dependency can get hold of in every form that package fmt has. Then its handler panics; then another goroutine does, with core files allowed. Standard output and error, with the audit records among them, the errors that the platform reports, the core file, and all files that the function left are searched.

Core files: a non-dumpable process leaves none, whatever ulimit says. Where no secret was found, a function of the benchmark variant crashes under the same conditions: if it leaves no core file with its credential in it either (a core_pattern that pipes to a program, a hard limit of 0), nothing is known about core files and the cell is could-not-run.

By hand: ulimit -c unlimited; GOTRACEBACK=crash; kill -ABRT PID; strings core | grep canary.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			left, err := lab.leaveTraces(ctx, variant)
			if err != nil {
				return Result{}, err
			}
			r := left.judge()
			if !left.hasSecret() {
				// No core file may be the variant's doing, or the machine's.
				control, err := lab.leaveTraces(ctx, scenarios.Baseline)
				if err != nil {
					return Result{}, err
				}
				if !holdsSecret(control.found[coreFile]) {
					return Result{}, cannot("%w", errNoCore)
				}
				r.Evidence = append(r.Evidence, "control: a benchmark instance that crashed in the same way left its credentials in a core file")
			}
			return r, nil
		},
	}
}

var errNoCore = errors.New("a crash leaves no core file here (core_pattern, or a hard limit of 0)")

// traces is what a function left.
type traces struct {
	found  map[string][]string // by channel: what of it
	bytes  map[string]int
	ending string // how the instance ended that is searched next; may be empty
}

// leaveTraces makes two instances leave what they can, and searches that: one
// ends by a panic of its handler, the other by one that dumps core.
func (l *Lab) leaveTraces(ctx context.Context, variant string) (*traces, error) {
	seen := &traces{found: map[string][]string{}, bytes: map[string]int{}}
	for _, core := range []bool{false, true} {
		if err := l.leaveTracesOnce(ctx, variant, core, seen); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (l *Lab) leaveTracesOnce(ctx context.Context, variant string, core bool, seen *traces) (err error) {
	var folders [2]string // for temporary files, for core files
	for i := range folders {
		if folders[i], err = l.Folder(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folders[i])) }()
	}
	return l.with(ctx, Deployment{Variant: variant, Settings: map[string]string{"TMPDIR": folders[0]}}, func(t *Target) error {
		words := map[string]string{}
		for name, c := range t.Canaries {
			words[secret+name] = c.Value
		}
		if err := t.Invoke(ctx, ordinaryEvent, nil); err != nil {
			return err
		}
		if hasTokens(variant) && !brokered(variant) { // no token is ever in a broker's function
			if err := liveToken(ctx, t, variant, words); err != nil {
				return err
			}
		}
		if err := t.Probe(ctx, "chatter", nil, nil); err != nil {
			return err
		}
		crashed := t.Probe(ctx, "crash", probes.Crash{Dir: folders[1], Core: core}, nil)
		if !errors.Is(crashed, platforms.ErrCrash) {
			return fmt.Errorf("the function was to crash: %w", crashed)
		}
		if err := t.instance.Close(); err != nil { // and all its output is there
			return err
		}
		if !core {
			seen.ending = "after a panic of the handler"
		} else {
			seen.ending = "after a crash"
		}
		seen.search(written, []byte(t.Output()), words)
		seen.search(reported, []byte(crashed.Error()), words)
		return errors.Join(
			seen.searchFolder(coreFile, folders[1], words),
			seen.searchFolder(temporary, folders[0], words),
		)
	})
}

// liveToken has a token issued that nobody presents, and a forged one refused.
func liveToken(ctx context.Context, t *Target, variant string, words map[string]string) error {
	stolen, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1})
	if err != nil {
		return err
	}
	token := stolen.Tokens[0]
	words["token"] = token
	if isLiteral(variant) {
		parts, err := parseLiteral(token)
		if err != nil {
			return err
		}
		words["nonce"] = parts.nonce
	} else {
		parts, err := parseCore(token)
		if err != nil {
			return err
		}
		words["nonce"] = string(parts.nonce[:])
		words["nonce in hexadecimal"] = fmt.Sprintf("%x", parts.nonce)
	}
	_, err = t.present(ctx, probes.Present{Request: stolen.Request, Key: SecondKey, Tokens: texts(token)})
	return err
}

func (s *traces) search(channel string, data []byte, words map[string]string) {
	s.bytes[channel] += len(data)
	for what, word := range words {
		if n := strings.Count(string(data), word); n > 0 {
			line := strings.TrimSuffix(fmt.Sprintf("%s in %s %s", what, channel, s.ending), " ") + fmt.Sprintf(", %d×", n)
			if strings.HasPrefix(what, secret) {
				line += ", sha256 " + evidence.Hash([]byte(word))
			}
			s.found[channel] = append(s.found[channel], line)
		}
	}
}

func (s *traces) searchFolder(channel, dir string, words map[string]string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.search(channel, data, words)
	}
	return nil
}

// hasSecret tells whether a credential was found anywhere.
func (s *traces) hasSecret() bool {
	return slices.ContainsFunc(channels, func(channel string) bool { return holdsSecret(s.found[channel]) })
}

// secret begins what is said of a credential, as opposed to a token or a nonce.
const secret = "secret "

func holdsSecret(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, secret) })
}

// The channels, and the order in which they are reported.
const (
	written   = "standard output and error"
	reported  = "reported error"
	coreFile  = "core file"
	temporary = "temporary files"
)

var channels = []string{written, reported, coreFile, temporary}

func (s *traces) judge() Result {
	r := Result{Outcome: results.Hold, Detail: "no secret, live token or nonce in what is left; no core file is written"}
	var where []string
	for _, channel := range channels {
		r.Evidence = append(r.Evidence, fmt.Sprintf("%s: %d bytes searched", channel, s.bytes[channel]))
		lines := s.found[channel]
		slices.Sort(lines)
		r.Evidence = append(r.Evidence, lines...)
		if holdsSecret(lines) {
			where = append(where, channel)
		}
		if len(lines) > 0 {
			r.Outcome = results.Leak
		}
	}
	switch {
	case r.Outcome == results.Leak && len(where) == 0:
		r.Detail = "a live token or its nonce is in what is left; the secret itself is not"
	case r.Outcome == results.Leak:
		r.Detail = "found in what is left; the secret itself in: " + strings.Join(where, ", ")
	}
	return r
}
