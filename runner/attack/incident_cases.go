package attack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

func poisonedDependency() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "poisoned-dependency", Title: "A poisoned dependency sends what it finds to its author", Source: "section \"Attack model analysis\", Fig. 3 left; OWASP A9", Adversary: results.A2,
			Story:    "A library that the function uses is replaced by one with malicious code. At the next invocation that code collects the environment, its own copy and the kernel's, and posts it to a server of its author by HTTP. The server here listens on 127.0.0.1; what arrives there decides.",
			Lesson:   "Replacing a variable is not enough: what the kernel shows is what execve(2) was given, and the literal scheme leaves it there. A dependency that is written for this library asks the library instead; that is the incident deserialization.",
			AsRoot:   true,
			Expected: expect(results.Leak, results.Leak, results.Hold, results.Hold),
		},
		Reading: true,
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			server, err := newSink()
			if err != nil {
				return Result{}, err
			}
			defer server.close()
			var looks []look
			err = lab.asEveryUser(ctx, Deployment{Variant: variant}, func(t *Target, who string) error {
				if err := t.Probe(ctx, "send", map[string]string{"url": server.url}, nil); err != nil {
					return err
				}
				loot := server.take()
				var s evidence.Sight
				s.Looked("loot that arrived by HTTP", len(loot), nil)
				s.Search("loot that arrived by HTTP", loot, prey)
				looks = append(looks, look{t, "the server, from a function of " + who, s})
				return nil
			})
			if err != nil {
				return Result{}, err
			}
			return judge(looks, false, "the credentials arrive at the attacker's server", "what arrives is ciphertext and erased bytes")
		},
	}
}

// sink is the attacker's server.
type sink struct {
	server *http.Server
	url    string

	mu   sync.Mutex
	loot []byte
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{url: "http://" + l.Addr().String() + "/"}
	s.server = &http.Server{Handler: s}
	go func() { _ = s.server.Serve(l) }() // ends with close
	return s, nil
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const most = 1 << 20
	loot, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loot = append(s.loot, loot...)
}

// take returns what arrived since the last call.
func (s *sink) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	loot := s.loot
	s.loot = nil
	return loot
}

func (s *sink) close() { _ = s.server.Close() }

// The names of the platform's temporary credentials in the WebIDE incident. The
// paper gives none: those of before the upgrade are ours, those of after are
// Function Compute's.
var (
	namesBefore = []string{"ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"}
	namesAfter  = renamed
)

func webIDE() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "webide", Title: "A WebIDE whose clean-up misses a renamed key", Source: "section \"Security threat analysis of serverless platforms\", Fig. 3 right; OWASP A3, A5", Adversary: results.A2,
			Story:    "The start-up code of a WebIDE needs the platform's temporary credentials, then clears them by name and runs the code of a tenant. Act 1: the names are those that the clean-up knows, and ENCRYPTION_KEYS too. Act 2: the platform was upgraded and has renamed them; nobody told either. The tenant's code looks at the variables and at /proc/self/environ.",
			Lesson:   "A clean-up by name protects the names that it knows. The hardened core knows the platforms' names of today; one that a platform invents tomorrow is sealed by a pattern in the policy, reported by an alert if it looks like a secret's (T25), or missed. And act 1 shows that the clean-up never did what it was for: a variable that is unset is still in the kernel's block, unless its bytes were erased there. A tenant who knows the library asks that instead (the incident deserialization): give tenants a process of their own.",
			Expected: expect(results.Leak, results.Leak, results.Hold, results.Hold),
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			var looks []look
			var seen []string
			for i, names := range [][]string{namesBefore, namesAfter} {
				d := Deployment{Variant: variant, Unlisted: names}
				if i == 0 && protects(variant) {
					keys := slices.Concat([]string{FirstKey, SecondKey}, names)
					d.Settings = map[string]string{scenarios.EncryptionKeys: strings.Join(keys, ",")}
				}
				look, counts, err := lab.runTenant(ctx, d)
				if err != nil {
					return Result{}, err
				}
				act := fmt.Sprintf("act %d", i+1)
				look.who += " in " + act
				looks, seen = append(looks, look), append(seen, act+": "+counts)
			}
			r, err := judge(looks, false, "the tenant reads the platform's credentials: the clean-up did not know their new names",
				"what is listed was sealed at start-up, and so were the platform's new names, which the core knows, whatever the clean-up does")
			r.Evidence = append(seen, r.Evidence...)
			return r, err
		},
	}
}

// runTenant deploys a WebIDE whose platform gives credentials under the names in
// d.Unlisted, and tells what the tenant sees of them.
func (l *Lab) runTenant(ctx context.Context, d Deployment) (tenant look, counts string, err error) {
	err = l.with(ctx, d, func(t *Target) error {
		order := struct {
			evidence.Prey
			Clear []string
		}{prey, namesBefore}
		var s evidence.Sight
		if err := t.Probe(ctx, "tenant", order, &s); err != nil {
			return err
		}
		// The tenant wants the platform's credentials, the other two are its own.
		variables, block := 0, 0
		for _, name := range d.Unlisted {
			for _, f := range s.Of(t.Canaries[name].SHA256()) {
				switch f.Place {
				case "os.Environ":
					variables++
				case "/proc/self/environ":
					block++
				}
			}
		}
		counts = fmt.Sprintf("of %d credentials the tenant finds %d in its variables and %d in /proc/self/environ", len(d.Unlisted), variables, block)
		tenant = look{t, "the tenant", s}
		return nil
	})
	return tenant, counts, err
}

func deploymentTool() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "deployment-tool", Title: "A deployment tool loads a malicious component", Source: "section \"Security threat analysis of serverless platforms\", Fig. 3 right; OWASP A6, A9", Adversary: results.A2,
			Story:    "A deployment tool that runs in the cloud loads the components that its user's configuration names, and runs each as a program with the environment of the tool. A malicious one reads its own environment, then the environment and the memory of the tool.",
			Lesson:   "A child inherits what its parent's environment holds at that moment, and may read what it held at the start. Give components an environment of their own, and keep the parent closed.",
			Expected: expect(results.Leak, results.Leak, results.Hold, results.Hold),
		},
		Reading: true,
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if err := lab.needsOrdinaryUser(); err != nil {
				return Result{}, err
			}
			component, err := lab.Program(outsiderProgram)
			if err != nil {
				return Result{}, err
			}
			var looks []look
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				var s evidence.Sight
				err := t.Probe(ctx, "component", probes.Outside{Prey: prey, Program: component}, &s)
				looks = append(looks, look{t, "the component", s})
				return err
			})
			if err != nil {
				return Result{}, err
			}
			return judge(looks, false, "the component reads the credentials of the tool", "the component inherits ciphertext, and the tool is closed to it")
		},
	}
}

func urlParse() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "url-parse", Title: "A poisoned URL parser forges requests (SSRF)", Source: "section \"Qualitative evaluation of defense effect\"; OWASP A9", Adversary: results.A2,
			Story:    "The function checks a URL of the event with a library that lies about its host, and fetches it. The attacker has it fetch a server that only the function can reach, and a URL that begins with \"file:\" and ends in /proc/self/environ.",
			Lesson:   "No variant stops a forged request. It decides what the request can bring home.",
			AsRoot:   true,
			Expected: expect(results.Leak, results.Leak, results.Hold, results.Hold),
		},
		Reading: true,
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			internal, err := newSink()
			if err != nil {
				return Result{}, err
			}
			defer internal.close()
			// The host is what stands behind the last @; a parser that takes what
			// stands before it sees an allowed one.
			forged := strings.Replace(internal.url, "http://", "http://allowed.example@", 1)
			order := struct {
				evidence.Prey
				URLs []string
			}{prey, []string{forged, "file:///proc/self/environ"}}
			var looks []look
			err = lab.asEveryUser(ctx, Deployment{Variant: variant}, func(t *Target, who string) error {
				var s evidence.Sight
				if err := t.Probe(ctx, "fetch", order, &s); err != nil {
					return err
				}
				if !slices.Contains(s.Read, forged) {
					return fmt.Errorf("the internal server was not reached: %q", s.Refused)
				}
				looks = append(looks, look{t, "the function, as " + who, s})
				return nil
			})
			if err != nil {
				return Result{}, err
			}
			r, err := judge(looks, true, "the forged request brings the credentials out of /proc/self/environ", "the forged request reaches the internal server, and finds no credential in /proc/self/environ")
			r.Evidence = append(r.Evidence, "the internal server was reached in every case: no variant stops the request itself")
			return r, err
		},
	}
}

func temporaryFile() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "temporary-file", Title: "A forgotten file in the temporary directory", Source: "section \"Qualitative evaluation of defense effect\"; OWASP A3", Adversary: results.A2,
			Story:    "One invocation writes its environment to the temporary directory for debugging and leaves it there. A later invocation of the same instance, whose event somebody else sent, reads every file that it finds there.",
			Lesson:   "Sealed variables are of no use to the later reader, in any variant that seals. A secret that the function itself writes to a file was lent to it before, and nothing protects it there.",
			Expected: expect(results.Leak, results.Hold, results.Hold, results.Hold),
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (_ Result, err error) {
			dir, err := lab.Folder()
			if err != nil {
				return Result{}, err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			var looks []look
			err = lab.with(ctx, Deployment{Variant: variant, Settings: map[string]string{"TMPDIR": dir}}, func(t *Target) error {
				type order struct {
					evidence.Prey
					Write bool
				}
				if err := t.Probe(ctx, "temporary-file", order{prey, true}, nil); err != nil {
					return err
				}
				var s evidence.Sight
				if err := t.Probe(ctx, "temporary-file", order{prey, false}, &s); err != nil {
					return err
				}
				looks = append(looks, look{t, "the later invocation", s})
				return nil
			})
			if err != nil {
				return Result{}, err
			}
			return judge(looks, false, "the file holds the credentials", "the file holds ciphertext, which opens nowhere else; a secret that the function itself writes there is as open as ever")
		},
	}
}

func publicUpload() Incident {
	return Incident{
		Incident: results.Incident{
			Name: "public-upload", Title: "A public upload triggers the function", Source: "section \"Qualitative evaluation of defense effect\"; OWASP A6",
			Story:    "A bucket is open to uploads by everybody, and an upload triggers the function. The attacker uploads, and the function uses its credential on the attacker's data.",
			Lesson:   "The credential does not get out, and is misused all the same. The paper expects that \"only legitimate requests can execute sensitive operations\"; but the token is issued in the function, for whichever request came. Authenticate the trigger; a budget and the behaviour factor bound the damage.",
			Expected: expect(results.Broken, results.Broken, results.Broken, results.Broken),
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			event := []byte(`{"source":"bucket","object":"uploaded by nobody in particular"}`)
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				var answer hello.Result
				if err := t.Invoke(ctx, event, &answer); err != nil {
					return err
				}
				mac := hmac.New(sha256.New, []byte(t.Canaries[FirstKey].Value))
				mac.Write(event)
				served := answer.Signature == hex.EncodeToString(mac.Sum(nil))
				r = Result{Outcome: results.Hold, Detail: "the function did not serve the event"}
				if served {
					r.Outcome = results.Broken
					r.Detail = "the function signs the attacker's data with its credential: no variant knows who sent an event. The paper expects tokens to stop this; they are issued for every request alike. Authenticate the trigger"
					r.Evidence = []string{"the answer is the HMAC of the attacker's event under the function's key; the key itself does not get out"}
				}
				return nil
			})
			return r, err
		},
	}
}
