package rules_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/rules"
)

// FIPS 140-only mode is set for a process, so the test starts one.
func TestFIPSOnlyRefusesWhatItDoesNotAllow(t *testing.T) {
	if os.Getenv("RULES_FIPS_CHILD") == "1" {
		inFIPSOnlyMode(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFIPSOnlyRefusesWhatItDoesNotAllow$", "-test.v")
	cmd.Env = append(os.Environ(), "RULES_FIPS_CHILD=1", "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "checked 16 algorithms") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func inFIPSOnlyMode(t *testing.T) {
	approved := "sha256 sha512 sha3_256 sha3_512 hmac_sha256 hmac_sha512 hmac_sha3_256 hmac_sha3_512"
	for _, name := range rules.Algorithms() {
		for _, text := range []string{"$" + name + "($nonce)", "$sha256($" + name + "($nonce))"} {
			r, err := rules.Compile(text, rules.Options{UnsafeAllowWeakHashes: true})
			if !strings.Contains(" "+approved+" ", " "+name+" ") {
				if !errors.Is(err, rules.ErrFIPS) || !errors.Is(err, rules.ErrRule) {
					t.Errorf("%s: got %v", text, err)
				}
				continue
			}
			if err != nil {
				t.Error(err)
				continue
			}
			sum(t, r, values()) // does not panic
		}
	}

	// The literal scheme is what a plain implementation of the paper is (T21).
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the literal md5 rule did not panic")
			}
		}()
		r, err := rules.Compile(rules.Sample, rules.Options{Mode: rules.Literal})
		if err != nil {
			t.Fatal(err)
		}
		sum(t, r, values())
	}()
	t.Logf("checked %d algorithms", len(rules.Algorithms()))
}
