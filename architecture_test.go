// Package dtbench_test holds what concerns the whole module: who may import
// whom, and that the documents show what the reference results say.
package dtbench_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dtbench/dtbench/"

// list runs go list and returns its lines, the module prefix cut off.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), module))
	}
	if len(lines) == 0 {
		t.Fatalf("go list %v: no packages", args)
	}
	return lines
}

// Data flows one way: what stands left may import what stands right of it,
// itself included.
var mayImport = map[string][]string{
	"core":      {"core"},
	"scenarios": {"scenarios", "core"},
	"platforms": {"platforms", "scenarios", "core"},
	"runner":    {"runner", "platforms", "scenarios", "core", "results"},
	"results":   {"results"},
	"report":    {"report", "results"},
	"cmd":       {"cmd", "runner", "platforms", "scenarios", "core", "results", "report"},
	"internal":  {"internal"},
}

func TestImportsFlowOneWay(t *testing.T) {
	lines := list(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}", "./...")
	checked := 0
	for _, line := range lines {
		fields := strings.Fields(line)
		pkg := strings.TrimSuffix(fields[0], "_test")
		layer := top(pkg)
		allowed, ok := mayImport[layer]
		if !ok {
			if pkg != strings.TrimSuffix(module, "/") {
				t.Errorf("%s is in no layer", pkg)
			}
			continue
		}
		for _, imported := range fields[1:] {
			rest, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			checked++
			to := top(rest)
			switch {
			case to == "internal": // test helpers
			case to == "results" && top2(pkg) == "platforms/simulated": // calibrated on the published tables
			case !slices.Contains(allowed, to):
				t.Errorf("%s imports %s: %s may import only %s", pkg, rest, layer, strings.Join(allowed, ", "))
			case layer == "platforms" && to == "platforms" && isAdapter(pkg) && isAdapter(rest) && top2(pkg) != top2(rest):
				t.Errorf("%s imports %s: platforms never import each other", pkg, rest)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d imports were checked", checked)
	}
}

func top(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }

func top2(pkg string) string {
	parts := strings.Split(pkg, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// isAdapter is true for platforms/local and the like: not for the root, the
// registry and the conformance suite.
func isAdapter(pkg string) bool {
	p := top2(pkg)
	return strings.Contains(p, "/") && p != "platforms/registry" && p != "platforms/platformtest"
}

func TestCoreUsesTheStandardLibraryAndCryptoOnly(t *testing.T) {
	for _, dep := range list(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./core") {
		if top(dep) != "core" && dep != "" && !strings.HasPrefix(dep, "golang.org/x/crypto/") && !strings.HasPrefix(dep, "golang.org/x/sys/") {
			t.Errorf("core depends on %s", dep)
		}
	}
}

// What a function links is paid for at every cold start.
func TestFunctionsLinkOnlyWhatTheyNeed(t *testing.T) {
	allowed := []string{"scenarios", "core", "github.com/aws/aws-lambda-go/", "golang.org/x/sys/", "golang.org/x/crypto/"}
	functions := 0
	for _, pkg := range list(t, "./scenarios/functions/...") {
		functions++
		for _, dep := range list(t, "-deps", "-tags", "lambda.norpc", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+pkg) {
			if dep == "" {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(dep, a) }) {
				t.Errorf("%s links %s", pkg, dep)
			}
			if strings.HasPrefix(dep, "scenarios/build") || strings.HasPrefix(dep, "scenarios/services") {
				t.Errorf("%s links %s, which is for the harness", pkg, dep)
			}
			if strings.HasPrefix(dep, "scenarios/probes") {
				t.Errorf("%s links attack code: %s", pkg, dep)
			}
			if top(dep) == "core" && strings.HasSuffix(pkg, "-benchmark") {
				t.Errorf("%s links the token core", pkg)
			}
		}
	}
	if functions < 6 {
		t.Errorf("only %d functions were found", functions)
	}
}

// Only commands print, read arguments or exit: the command line, the functions
// and the services. The token core writes its audit records to standard output,
// where every platform collects them, and ends an instance under attack; its
// broker ends with the function, and the function with it.
func TestOnlyCommandsExit(t *testing.T) {
	excepted := []string{"core/exit.go", "core/start.go", "core/audit/sink.go", "core/broker/exit_linux.go"}
	forbidden := regexp.MustCompile(`os\.(Exit|Args|Stdout|Stderr)\b|fmt\.Print`)
	files := 0
	for _, dir := range []string{"core", "platforms/local", "platforms/simulated", "platforms/registry", "runner", "results", "report"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte("\npackage main\n")) {
				return err // a command
			}
			if found := forbidden.Find(data); found != nil && !slices.Contains(excepted, path) {
				t.Errorf("%s: a library uses %s", path, found)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 30 {
		t.Errorf("only %d files were read", files)
	}
}
