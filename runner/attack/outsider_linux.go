package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/dtbench/dtbench/platforms/local"
)

// outsider runs the program that attacks from a process of its own, as user, or
// as who runs the harness where that is nil, and decodes what it saw.
func (l *Lab) outsider(ctx context.Context, user *local.User, result any, args ...string) error {
	path, err := l.Program(outsiderProgram)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{} // nothing of the harness's
	cmd.Dir = filepath.Dir(path)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if user != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID}
	}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return fmt.Errorf("%s: %w", outsiderProgram, err)
	}
	return json.Unmarshal(out, result)
}

// needsOrdinaryUser refuses where attackers would have root's rights, which hide
// what stops an ordinary one.
func (l *Lab) needsOrdinaryUser() error {
	if os.Geteuid() == 0 && l.User() == nil {
		return cannot("the attacker would be root, whom nothing stops")
	}
	return nil
}

// processesOf lists a process and its descendants, such as a broker.
func processesOf(pid int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// proc_pid_stat(5); the name may hold anything.
		rest := string(data[strings.LastIndexByte(string(data), ')')+1:])
		child, err1 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if f := strings.Fields(rest); err1 == nil && len(f) > 1 && f[0] != "Z" {
			parents[child], _ = strconv.Atoi(f[1])
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		for child, parent := range parents {
			if parent == all[i] && !slices.Contains(all, child) {
				all = append(all, child)
			}
		}
	}
	if _, alive := parents[pid]; !alive {
		return nil, fmt.Errorf("process %d is gone", pid)
	}
	return all, nil
}
