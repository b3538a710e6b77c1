//go:build unix

package core

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A process that is killed as soon as the value is out has left the record of
// it: by default, on standard output (T19).
func TestGrantIsRecordedBeforeTheValueIsOut(t *testing.T) {
	const variable = "DTBENCH_CORE_KILL"
	if os.Getenv(variable) != "" {
		g, err := FromEnvironment(Config{Environment: twoSecrets()})
		if err != nil {
			t.Fatal(err)
		}
		g.Use(requestID, "API_KEY", func([]byte) error {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		})
		time.Sleep(time.Minute)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestGrantIsRecordedBeforeTheValueIsOut$")
	cmd.Env = append(os.Environ(), variable+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it was not killed")
	}
	if !bytes.Contains(out, []byte(`"result":"granted"`)) || bytes.Contains(out, []byte(`"event":"closed"`)) {
		t.Errorf("standard output holds\n%s", out)
	}
}
