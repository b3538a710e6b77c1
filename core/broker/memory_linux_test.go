//go:build !race

// The race detector's runtime is C code that copies the environment before main;
// what links it cannot be erased without a search.

package broker_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
)

// At rest, before the first access and after every one, neither process holds a
// copy, and the broker's own environment never did. The broker is under a storm of
// signals all the while.
func TestNoCopyInEitherProcess(t *testing.T) {
	needs.Ptrace(t)
	decoy := "decoy-" + rand.Text()
	key, signed, injected := secret(), secret(), secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY,SIGNED", "KEY="+key, "SIGNED="+signed, "AWS_SESSION_TOKEN="+injected, "OPERATION=1", "DECOY="+decoy)
	needles := map[string][]byte{}
	for name, value := range map[string]string{"KEY": key, "SIGNED": signed, "AWS_SESSION_TOKEN": injected} {
		needles[name], needles[name+", first half"], needles[name+", second half"] = []byte(value), []byte(value[:len(value)/2]), []byte(value[len(value)/2:])
	}
	delete(needles, "KEY, first half") // "canary-…": its beginning is in every binary of the test
	pid := brokerOf(t, r)
	scan := func(when string) {
		t.Helper()
		f, err := memscan.Scan(r.cmd.Process.Pid, []byte(decoy), needles)
		if err != nil || len(f.Hits) > 0 {
			t.Errorf("%s: the function holds %v, %v", when, f.Hits, err)
		}
		b, err := memscan.ScanApart(pid, []byte(decoy), []byte(broker.Variable+"="), needles)
		if err != nil || len(b.Hits) > 0 {
			t.Errorf("%s: the broker holds %v, %v", when, b.Hits, err)
		}
	}
	scan("before")
	// As on a busy machine, only more so: the runtime sends this signal to a thread
	// that is slow, and the broker gets to what it does after an answer when the
	// function has long gone on.
	defer storm(t, pid, 0)()
	for i := range 30 {
		request := fmt.Sprint("r", i)
		r.do(order{Do: "begin", Request: request})
		r.expect(order{Do: "use", Request: request, Key: "KEY"}, 0, masked(key))
		if a := r.do(order{Do: "run", Request: request, Key: "SIGNED", Op: "reverse", Input: "please"}); a.Denied > 0 {
			t.Error("denied")
		}
		scan("after " + request)
	}
}
