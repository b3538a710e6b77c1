package dtbench_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/audit"
)

// Whoever meets an error finds it on the page, by name and by text.
func TestEveryErrorIsInTheTroubleshootingPage(t *testing.T) {
	data, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	sentinel := regexp.MustCompile(`(?m)^(?:var|\t)\s*(Err[A-Z]\w*)\s*=\s*errors\.New\("([^"]+)"\)`)
	found := 0
	for _, dir := range []string{"core", "platforms"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "platforms/") && filepath.Dir(path) != "platforms" {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range sentinel.FindAllStringSubmatch(string(source), -1) {
				found++
				name, text := filepath.Base(filepath.Dir(path))+"."+m[1], m[2]
				text, _, _ = strings.Cut(text, ";") // the page has its own advice
				if !strings.Contains(page, "`"+name+"`") || !strings.Contains(page, "`"+text+"`") {
					t.Errorf("docs/troubleshooting.md lacks %s, %q", name, text)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 25 {
		t.Errorf("only %d errors were found", found)
	}
	reasons := 0
	for r := audit.Reason(1); r.String() != fmt.Sprintf("%T(%d)", r, r); r++ {
		reasons++
		if !strings.Contains(page, "`"+r.String()+"`") {
			t.Errorf("docs/troubleshooting.md lacks the reason %s", r)
		}
	}
	if reasons < 20 {
		t.Errorf("only %d reasons were found", reasons)
	}
}
