package attack

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/platforms/local"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// sockets are what the kernel shows of an instance's sockets.
type sockets struct {
	unix  []unixSocket
	ports []openPort
}

type unixSocket struct {
	path string // in the file system, or abstract with "@"; "" for one without a name
	ours bool   // held by a process of the instance
}

type openPort struct {
	protocol string
	number   int
	ours     bool
}

// noBroker is the result of attacks on a broker where there is none.
func noBroker() Result { return notApplicable("the variant has no broker") }

// connectToBroker is T23.
func connectToBroker() Attack {
	return Attack{
		Description: results.Description{
			ID: "T23", Title: "Another user connects to the broker", Adversary: results.A1,
			Dimensions: []results.Dimension{results.Confidentiality, results.AntiForgery},
			Properties: []results.Property{results.ContextBinding},
			Tries:      "looks, as another ordinary user, for a socket of the broker by name, lists and opens the descriptors of broker and function, and takes one out of them by pidfd_getfd(2)",
			Explain: `The broker and its function are joined by a pair of sockets (socketpair(2)) that listens nowhere and has no path and no port. Linux gives the broker's end an abstract name by itself, since it asks for the credentials of senders (unix(7), autobind); whoever connects to that is refused, because a pair takes no connections. What is left is to take an end out of one of the two processes, which the kernel allows only to who may trace them.

A socket that the harness opens beside them under an abstract name proves that the attacker can connect to what has a name. Root may do all of this, so the attacker is an ordinary user, another than the function's.

By hand: as another user, ss -xp; ls -l /proc/PID/fd.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if !brokered(variant) {
				return noBroker(), nil
			}
			if lab.User() == nil {
				return Result{}, cannot("only root can start attackers as another user")
			}
			decoy := "@dtbench-decoy-" + rand.Text()
			l, err := net.Listen("unix", decoy)
			if err != nil {
				return Result{}, cannot("a decoy socket: %w", err)
			}
			defer l.Close()
			var r Result
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				pids, seen, err := t.reach(ctx)
				if err != nil {
					return err
				}
				if r, err = lab.connect(ctx, pids, seen, decoy); err != nil {
					return err
				}
				users, err := usersOf(pids)
				r.Evidence = append(r.Evidence, users)
				return err
			})
			return r, err
		},
	}
}

// reach is what can be reached of an instance that has opened a value once.
func (t *Target) reach(ctx context.Context) (pids []int, seen sockets, err error) {
	if err := t.Invoke(ctx, ordinaryEvent, nil); err != nil {
		return nil, seen, err
	}
	if pids, err = processesOf(t.PID()); err != nil {
		return nil, seen, err
	}
	if len(pids) < 2 {
		return nil, seen, fmt.Errorf("process %d has no broker", t.PID())
	}
	seen, err = socketsOf(pids)
	return pids, seen, err
}

func (l *Lab) connect(ctx context.Context, pids []int, seen sockets, decoy string) (Result, error) {
	r := Result{Outcome: results.Denied}
	unnamed, named := 0, []string{decoy}
	for _, s := range seen.unix {
		switch {
		case s.ours && s.path == "":
			unnamed++
		case s.ours:
			named = append(named, s.path)
		}
	}
	if unnamed == 0 {
		return r, fmt.Errorf("the socket pair of function and broker was not found among %d sockets", len(seen.unix))
	}
	r.Evidence = append(r.Evidence, fmt.Sprintf("Unix sockets of the instance's %d processes: %d without a name, %d with a name that the kernel gave", len(pids), unnamed, len(named)-1))
	var reached, refused []string
	for _, pid := range pids {
		var s evidence.Sight
		if err := l.outsider(ctx, &other, &s, append([]string{"connect", fmt.Sprint(pid)}, named...)...); err != nil {
			return r, err
		}
		connected := slices.DeleteFunc(s.Read, func(place string) bool { return strings.HasSuffix(place, decoy) })
		if len(connected) == len(s.Read) {
			return r, cannot("the attacker cannot even connect to a socket with a name: %q", s.Refused)
		}
		reached, refused = append(reached, connected...), append(refused, s.Refused...)
	}
	r.Evidence = append(r.Evidence, "refused: "+strings.Join(alike(refused), ", "))
	if len(reached) > 0 {
		r.Outcome, r.Detail = results.Broken, "another user gets hold of a socket"
		r.Evidence = append(r.Evidence, "reached: "+strings.Join(alike(reached), ", "))
	} else {
		r.Detail = fmt.Sprintf("nothing of the pair takes a connection, and no descriptor of it can be taken by user %d", other.UID)
	}
	r.Evidence = append(r.Evidence, "control: the same user connected to a socket with a name beside them")
	return r, nil
}

// usersOf says as whom function and broker run.
func usersOf(pids []int) (string, error) {
	var all []string
	for i, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return "", err
		}
		_, rest, _ := strings.Cut(string(status), "\nUid:")
		line, _, _ := strings.Cut(rest, "\n")
		ids := strings.Fields(line) // real, effective, saved, file system
		if len(ids) != 4 {
			return "", fmt.Errorf("/proc/%d/status: Uid:%s", pid, line)
		}
		all = append(all, fmt.Sprintf("the %s runs as user %s", part(i), ids[1]))
	}
	return strings.Join(all, ", ") + "; only a function that root starts can have its broker under another", nil
}

// other is an ordinary user that owns nothing, beside the lab's.
var other = local.User{UID: 65533, GID: 65533}

// forgeRequests is T24.
func forgeRequests() Attack {
	return Attack{
		Description: results.Description{
			ID: "T24", Title: "Requests forged through the function reach the broker (SSRF)", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "looks for ports of the broker, and has the function fetch what it finds, and files of the broker in /proc",
			Explain: `A secrets agent that listens on localhost, as vendors' extensions do, answers whoever can have the function send a request. The broker listens nowhere: all listening ports and unconnected datagram sockets of the machine are listed, and none is the broker's.

A server that the harness opens beside it proves that ports are seen and that the function does fetch what it is told. Then the function is told to fetch the files of function and broker below /proc, since a forged URL may begin with "file:" as well: none of the broker's may be read.

By hand: ss -tulpn while an instance is idle.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if !brokered(variant) {
				return noBroker(), nil
			}
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				return Result{}, err
			}
			decoy := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "decoy") })}
			go func() { _ = decoy.Serve(l) }() // ends with Close
			defer decoy.Close()
			var r Result
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				r, err = t.fetchBroker(ctx, l.Addr().(*net.TCPAddr).Port)
				return err
			})
			return r, err
		},
	}
}

func (t *Target) fetchBroker(ctx context.Context, decoy int) (Result, error) {
	pids, seen, err := t.reach(ctx)
	if err != nil {
		return Result{}, err
	}
	r := Result{Outcome: results.Denied, Detail: "there is no address to send a request to"}
	url := func(number int) string { return fmt.Sprintf("http://127.0.0.1:%d/", number) }
	order := struct {
		evidence.Prey
		URLs []string
	}{Prey: prey, URLs: []string{url(decoy)}}
	listening, foreign := 0, false
	for _, p := range seen.ports {
		foreign = foreign || p.protocol == "tcp" && p.number == decoy && !p.ours
		if p.ours {
			listening++
			r.Evidence = append(r.Evidence, fmt.Sprintf("the instance listens on %s port %d", p.protocol, p.number))
			order.URLs = append(order.URLs, url(p.number))
		}
	}
	if !foreign {
		return r, cannot("the decoy's port %d is not among the %d ports that are seen", decoy, len(seen.ports))
	}
	for _, pid := range pids {
		for _, file := range []string{"environ", "mem", "fd/0"} {
			order.URLs = append(order.URLs, fmt.Sprintf("file:///proc/%d/%s", pid, file))
		}
	}
	var s evidence.Sight
	if err := t.Probe(ctx, "fetch", order, &s); err != nil {
		return r, err
	}
	if !slices.Contains(s.Read, url(decoy)) {
		return r, fmt.Errorf("the function does not fetch what it is told: %q", s.Refused)
	}
	r.Evidence = append(r.Evidence, fmt.Sprintf("%d ports of the machine looked at, %d of the instance's", len(seen.ports), listening),
		"control: the function fetched a page from a port of the harness")
	named := func(places []string) string { return whose(strings.Join(places, ", "), t.PID(), pids) }
	if fetched := slices.DeleteFunc(s.Read, func(place string) bool { return place == url(decoy) }); len(fetched) > 0 {
		r.Evidence = append(r.Evidence, "fetched besides: "+named(fetched))
	}
	r.Evidence = append(r.Evidence, "refused: "+named(s.Refused))
	seenBy := look{target: t, who: "the function", sight: s}
	switch proofs := seenBy.stolen(); {
	case len(proofs) > 0:
		r.Outcome, r.Detail = results.Leak, "a forged request brings a credential"
		r.Evidence = append(r.Evidence, proofs...)
	case listening > 0:
		r.Outcome, r.Detail = results.Broken, "the broker can be reached by a request"
	case strings.Contains(named(s.Read), brokerFiles):
		r.Outcome, r.Detail = results.Broken, "a forged request reads a file of the broker"
	}
	return r, nil
}

// brokerFiles begins the names of a broker's files in evidence.
const brokerFiles = "/proc/BROKER/"

// whose puts the part that a process of an instance has in place of its number.
func whose(text string, function int, pids []int) string {
	for _, pid := range pids {
		part := brokerFiles
		if pid == function {
			part = "/proc/FUNCTION/"
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("/proc/%d/", pid), part)
	}
	return text
}
