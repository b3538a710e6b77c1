package build

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/dtbench/dtbench/internal/needs"
)

var hello = FunctionProgram("hello", "benchmark")

func TestASourceTreeIsFoundFromBelow(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sourceTree("."); err != nil || got != root {
		t.Errorf("got %q, %v; want %q", got, err, root)
	}
	if got, err := sourceTree(t.TempDir()); err != nil || got != "" {
		t.Errorf("outside: got %q, %v", got, err)
	}
}

func TestWhatIsBuiltIsTheCallers(t *testing.T) {
	dir := t.TempDir()
	var told []string
	binaries, origin, err := Programs(context.Background(), Options{WorkDir: ".", Notify: func(s string) { told = append(told, s) }}, dir, []Program{hello})
	if err != nil {
		t.Fatal(err)
	}
	b := binaries[hello.Name]
	if b.Path != filepath.Join(dir, hello.Name) || len(b.SHA256) != 64 || b.Bytes == 0 || !strings.HasPrefix(b.Go, "go1.") || origin.Version != "(devel)" {
		t.Errorf("%+v of %+v", b, origin)
	}
	if b.Bytes > 8_000_000 {
		t.Errorf("the hello function has %d bytes, more than 8 MB", b.Bytes)
	}
	again, _, err := Programs(context.Background(), Options{WorkDir: ".", Notify: func(string) { t.Error("built twice") }}, t.TempDir(), []Program{hello})
	if err != nil || again[hello.Name].SHA256 != b.SHA256 {
		t.Errorf("a second build differs: %v", err)
	}
	out, err := exec.Command(b.Path, "--probe").Output()
	if runtime.GOOS == "linux" && (err != nil || string(out) != ".") {
		t.Errorf("--probe wrote %q: %v", out, err)
	}
}

// Who waits for a build is told what is built.
func TestKinds(t *testing.T) {
	check := func(want string, programs ...Program) {
		t.Helper()
		if got := kinds(programs); got != want {
			t.Errorf("%v: %q, want %q", programs, got, want)
		}
	}
	check("functions", hello)
	check("functions, services beside them", hello, FunctionProgram("hello", "broker"), ServiceProgram("dtstore"), ServiceProgram("dttarget"))
	check("functions with attack code inside, attackers", ProbeProgram("literal"), ProbeProgram("outsider"))
	check("functions with steered clocks", ClockProgram("literal"))
}

func TestACompilerErrorIsTold(t *testing.T) {
	_, _, err := Programs(context.Background(), Options{WorkDir: "."}, t.TempDir(), []Program{{Name: "x", Package: "scenarios/functions/does-not-exist"}})
	if !errors.Is(err, ErrBuild) || !strings.Contains(err.Error(), "does-not-exist") {
		t.Errorf("got %v", err)
	}
}

func TestARevisionIsBuiltAsItWas(t *testing.T) {
	needs.Git(t)
	build := func(revision string) (Binary, Origin, error) {
		b, o, err := Programs(context.Background(), Options{WorkDir: ".", Revision: revision}, t.TempDir(), []Program{hello})
		return b[hello.Name], o, err
	}
	head, origin, err := build("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if len(origin.Commit) != 40 || origin.Dirty {
		t.Errorf("origin %+v", origin)
	}
	if again, _, err := build(origin.Commit); err != nil || again.SHA256 != head.SHA256 {
		t.Errorf("the same commit gives another binary: %v", err)
	}
	// A clean tree and its commit give the same binary: an A/A comparison
	// compares nothing but noise.
	tree, now, err := Programs(context.Background(), Options{WorkDir: "."}, t.TempDir(), []Program{hello})
	if err != nil {
		t.Fatal(err)
	}
	if !now.Dirty && tree[hello.Name].SHA256 != head.SHA256 {
		t.Error("the clean tree and HEAD give different binaries")
	}
	for _, bad := range []string{"no-such-revision", "--help"} {
		if _, _, err := build(bad); !errors.Is(err, ErrRevision) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	if _, _, err := Programs(context.Background(), Options{WorkDir: t.TempDir(), Revision: "HEAD"}, t.TempDir(), []Program{hello}); !errors.Is(err, ErrRevision) {
		t.Errorf("outside a source tree: got %v", err)
	}
}

func TestWithoutToolchainOrSourceThereIsAClearError(t *testing.T) {
	outside := Options{WorkDir: t.TempDir(), Version: "(devel)"}
	if _, _, err := Programs(context.Background(), outside, t.TempDir(), []Program{hello}); !errors.Is(err, ErrBuild) || !strings.Contains(err.Error(), "source tree") {
		t.Errorf("got %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, _, err := Programs(context.Background(), Options{WorkDir: "."}, t.TempDir(), []Program{hello}); !errors.Is(err, ErrNoToolchain) {
		t.Errorf("got %v", err)
	}
}

func TestPrebuiltProgramsAreCheckedAgainstTheirManifest(t *testing.T) {
	release := t.TempDir()
	functions := filepath.Join(release, prebuiltDir)
	if err := os.Mkdir(functions, 0o755); err != nil {
		t.Fatal(err)
	}
	built, origin, err := Programs(context.Background(), Options{WorkDir: "."}, functions, []Program{hello})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteManifest(functions, origin, built); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir()) // no toolchain
	use := func(programs ...Program) (map[string]Binary, error) {
		b, o, err := Programs(context.Background(), Options{Executable: filepath.Join(release, "dtbench"), WorkDir: t.TempDir()}, t.TempDir(), programs)
		if err == nil && o != origin {
			t.Errorf("origin %+v, want %+v", o, origin)
		}
		return b, err
	}
	if b, err := use(hello); err != nil || b[hello.Name].SHA256 != built[hello.Name].SHA256 {
		t.Errorf("got %v, %v", b, err)
	}
	refused := func(what, want string, programs ...Program) {
		t.Helper()
		if _, err := use(programs...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want one that says %q", what, err, want)
		}
	}
	refused("a program that is not there", "no prebuilt storage-benchmark", FunctionProgram("storage", "benchmark"))

	path := filepath.Join(functions, manifestName)
	change := func(edit func(*manifest)) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		edit(&m)
		if data, err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	change(func(m *manifest) { m.Programs[hello.Name] = strings.Repeat("0", 64) })
	refused("another hash", "differs from its manifest", hello)
	change(func(m *manifest) { m.GOARCH = "mips" })
	refused("another processor", "mips", hello)
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused("a torn manifest", manifestName, hello)
}

// An installed dtbench, outside of any source tree, builds its functions from
// its own module version. A proxy on disk serves this tree as that version.
func TestAnInstalledVersionBuildsItself(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles from a copy of the module")
	}
	const version = "v0.0.1-test"
	proxy := t.TempDir()
	at := filepath.Join(proxy, filepath.FromSlash(Module), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	err = errors.Join(zip.CreateFromDir(file, module.Version{Path: Module, Version: version}, root), file.Close())
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"list": version, version + ".info": `{"Version":"` + version + `"}`, version + ".mod": string(mod)} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The libraries come from the module cache of this machine, what is
	// unpacked goes into another: the version is not a real one.
	modules := goEnv(t, "GOMODCACHE")
	scratch := t.TempDir()
	t.Cleanup(func() { makeWritable(t, scratch) })
	t.Setenv("GOCACHE", goEnv(t, "GOCACHE"))
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(filepath.Join(modules, "cache", "download")))
	t.Setenv("GOMODCACHE", scratch)
	t.Setenv("GOSUMDB", "off") // the libraries were checked when they entered that cache
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	o := Options{WorkDir: t.TempDir(), Version: version}
	binaries, origin, err := Programs(context.Background(), o, t.TempDir(), []Program{hello})
	if err != nil {
		t.Fatal(err)
	}
	if origin.Version != version || binaries[hello.Name].Bytes == 0 {
		t.Errorf("%+v of %+v", binaries, origin)
	}
	o.Notify = func(string) { t.Error("built twice") }
	if _, _, err := Programs(context.Background(), o, t.TempDir(), []Program{hello}); err != nil {
		t.Error(err)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// makeWritable lets a module cache, which is read-only, be removed.
func makeWritable(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
