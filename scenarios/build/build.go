// Package build turns the functions under test, and the services that they
// need, into executables.
//
// The programs come from the first of three places: prebuilt beside the
// dtbench executable (a release), the source tree around the working directory
// (development), or the module version that dtbench itself was built from (an
// installed dtbench). The last two need the Go toolchain and keep their output
// in the user's cache directory, where an unchanged program is not built again.
package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/dtbench/dtbench/internal/filelock"
	"github.com/dtbench/dtbench/scenarios"
)

// Module is the path of the module that holds the programs.
const Module = "github.com/dtbench/dtbench"

// Errors of Programs; both are wrapped with what went wrong.
var (
	// ErrNoToolchain: the programs must be built and there is no go command.
	ErrNoToolchain = errors.New("the go command was not found, and there are no prebuilt functions beside dtbench")
	// ErrBuild: the go command failed; the text ends with its last lines.
	ErrBuild = errors.New("building the functions failed")
	// ErrNoSource: nothing to build from. It wraps ErrBuild.
	ErrNoSource = fmt.Errorf("%w: this dtbench was built without a module version, so it can only run inside its source tree or beside prebuilt functions", ErrBuild)
)

// buildFlags are those with which every program is built, so that a function
// measured here is byte for byte the one that is deployed. The tag lambda.norpc
// drops the old Go 1.x runtime from aws-lambda-go.
func buildFlags(tag string) []string {
	tags := "lambda.norpc"
	if tag != "" {
		tags += "," + tag
	}
	return []string{"-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w"}
}

// Program is one executable: its name and its package below Module.
type Program struct {
	Name    string
	Package string
	Tag     string // a build tag without which there is no such program; mostly none
}

// FunctionProgram names the main package of a scenario in a variant.
func FunctionProgram(scenario, variant string) Program {
	name := scenario + "-" + variant
	return Program{Name: name, Package: "scenarios/functions/" + name}
}

// ServiceProgram names the main package of a service: dtstore or dttarget.
func ServiceProgram(name string) Program {
	return Program{Name: name, Package: "scenarios/services/" + name}
}

// ProbeProgram names the main package of a variant with attack code inside, or
// of "outsider", attack code in a process of its own; for runner/attack.
func ProbeProgram(variant string) Program {
	name := "probe-" + variant
	return Program{Name: name, Package: "scenarios/probes/" + name}
}

// ClockTag is the build tag of probe builds whose clocks an attack steers. No
// release has them.
const ClockTag = "dtbench_clock"

// ClockProgram names the main package of a probe build whose clocks are steered.
func ClockProgram(variant string) Program {
	name := "clock-" + variant
	return Program{Name: name, Package: "scenarios/probes/" + name, Tag: ClockTag}
}

// ClockPrograms names those of the variants whose tokens an attacker can get hold
// of; those of the broker variant do not leave its second process.
func ClockPrograms(variants []scenarios.Variant) []Program {
	var programs []Program
	for _, v := range variants {
		if v.Protects && v.Name != "broker" {
			programs = append(programs, ClockProgram(v.Name))
		}
	}
	return programs
}

// AttackPrograms names what attacks on the variants need.
func AttackPrograms(variants []scenarios.Variant) []Program {
	var programs []Program
	for _, v := range variants {
		programs = append(programs, ProbeProgram(v.Name))
	}
	return append(programs, ProbeProgram("outsider"))
}

// AllPrograms names every function of the scenarios in the variants, and the
// services.
func AllPrograms(all []scenarios.Scenario, variants []scenarios.Variant) []Program {
	var programs []Program
	for _, s := range all {
		for _, v := range variants {
			programs = append(programs, FunctionProgram(s.Name, v.Name))
		}
	}
	return append(programs, ServiceProgram("dtstore"), ServiceProgram("dttarget"))
}

// Binary is a program that is ready to run.
type Binary struct {
	Path   string
	SHA256 string // hex
	Bytes  int64
	Go     string // toolchain that built it, such as go1.26.8
	// Interpreter is the command that runs Path where that is a script, as in
	// platforms.Function.
	Interpreter []string
}

// Options say where to look and whom to tell.
type Options struct {
	// Executable is the running dtbench; prebuilt programs lie beside it.
	Executable string
	// Version is dtbench's own module version, "(devel)" or "" where unknown.
	Version string
	// WorkDir is where the search for a source tree begins.
	WorkDir string
	// Revision builds from this commit, branch or tag of the source tree's git
	// repository instead of from the files as they are; "" builds from those.
	Revision string
	// Notify is told, in a sentence, before work that takes long; may be nil.
	Notify func(string)
}

// Origin says which source the programs were built from.
type Origin struct {
	Version string `json:"version"`          // of the module, "(devel)" for a source tree
	Commit  string `json:"commit,omitempty"` // git hash, where known
	Dirty   bool   `json:"dirty"`            // the tree's Go and Python files differ from Commit
}

// Programs makes programs available in dir, which must exist, and returns them
// by name. The copies in dir are the caller's: a later build cannot change
// them. Without programs it only says where they would come from, and needs no
// toolchain.
func Programs(ctx context.Context, o Options, dir string, programs []Program) (map[string]Binary, Origin, error) {
	if len(programs) == 0 {
		origin, err := o.origin(ctx)
		return nil, origin, err
	}
	from, err := o.locate(ctx, programs)
	if err != nil {
		return nil, Origin{}, err
	}
	defer from.unlock()
	binaries := make(map[string]Binary, len(programs))
	for _, p := range programs {
		b, err := install(filepath.Join(from.dir, p.Name), filepath.Join(dir, p.Name))
		if err != nil {
			return nil, Origin{}, fmt.Errorf("program %s: %w", p.Name, err)
		}
		if want, ok := from.hashes[p.Name]; ok && want != b.SHA256 {
			return nil, Origin{}, fmt.Errorf("program %s: %s differs from its manifest; unpack the release again", p.Name, filepath.Join(from.dir, p.Name))
		}
		binaries[p.Name] = b
	}
	return binaries, from.origin, nil
}

// place is a folder that holds the programs, locked against other builders.
type place struct {
	dir    string
	hashes map[string]string // what a manifest promises; nil without one
	origin Origin
	unlock func()
}

func (o Options) locate(ctx context.Context, programs []Program) (place, error) {
	if o.Executable != "" && o.Revision == "" {
		p, err := prebuilt(filepath.Dir(o.Executable), programs)
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return p, err
		}
	}
	root, err := sourceTree(o.WorkDir)
	if err != nil {
		return place{}, err
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return place{}, ErrNoToolchain
	}
	switch {
	case o.Revision != "" && root == "":
		return place{}, fmt.Errorf("%w: %q can only be built inside dtbench's source tree", ErrRevision, o.Revision)
	case o.Revision != "":
		return o.buildRevision(ctx, goCommand, root, programs)
	case root != "":
		return o.buildTree(ctx, goCommand, root, programs)
	case strings.HasPrefix(o.Version, "v"):
		return o.installVersion(ctx, goCommand, programs)
	default:
		return place{}, ErrNoSource
	}
}

// origin is the first of the three places, without what is in it.
func (o Options) origin(ctx context.Context) (Origin, error) {
	if o.Executable != "" {
		p, err := prebuilt(filepath.Dir(o.Executable), nil)
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return p.origin, err
		}
	}
	root, err := sourceTree(o.WorkDir)
	if err != nil || root != "" {
		return treeOrigin(ctx, root), err
	}
	return Origin{Version: cmp.Or(o.Version, "(devel)")}, nil
}

// sourceTree returns the root of the module around dir, "" where there is none.
func sourceTree(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(data), "module "+Module+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// buildTree builds from the source tree at root. The output folder is kept per
// tree: go build looks at what is there and links only what has changed.
func (o Options) buildTree(ctx context.Context, goCommand, root string, programs []Program) (place, error) {
	key := sha256.Sum256([]byte(root))
	p, err := o.cache(ctx, "tree-"+hex.EncodeToString(key[:6]))
	if err != nil {
		return place{}, err
	}
	p.origin = treeOrigin(ctx, root)
	return p, o.compile(ctx, p, goCommand, root, programs)
}

// compile builds programs from the source tree at root into p.
func (o Options) compile(ctx context.Context, p place, goCommand, root string, programs []Program) error {
	for _, alike := range byTag(programs) {
		args := append([]string{"build", "-o", p.dir + string(filepath.Separator)}, buildFlags(alike[0].Tag)...)
		for _, program := range alike {
			args = append(args, "./"+program.Package)
		}
		if err := o.run(ctx, p, goCommand, root, nil, args, alike); err != nil {
			return err
		}
	}
	return nil
}

// byTag groups programs so that one go command can build each group.
func byTag(programs []Program) [][]Program {
	var tags []string
	groups := map[string][]Program{}
	for _, p := range programs {
		if groups[p.Tag] == nil {
			tags = append(tags, p.Tag)
		}
		groups[p.Tag] = append(groups[p.Tag], p)
	}
	var all [][]Program
	for _, tag := range tags {
		all = append(all, groups[tag])
	}
	return all
}

// treeOrigin asks git. A tree without git, or a machine without it, has an
// unknown commit.
func treeOrigin(ctx context.Context, root string) Origin {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	o := Origin{Version: "(devel)"}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return o
	}
	changes, err := git("status", "--porcelain", "--", "*.go", "*.py", "go.mod", "go.sum")
	o.Commit, o.Dirty = commit, err != nil || changes != ""
	return o
}

// installVersion builds the module version that this dtbench is.
func (o Options) installVersion(ctx context.Context, goCommand string, programs []Program) (place, error) {
	p, err := o.cache(ctx, o.Version)
	if err != nil {
		return place{}, err
	}
	p.origin = Origin{Version: o.Version}
	if len(missing(p.dir, programs)) == 0 {
		return p, nil // a version never changes
	}
	for _, alike := range byTag(programs) {
		args := append([]string{"install"}, buildFlags(alike[0].Tag)...)
		for _, program := range alike {
			args = append(args, Module+"/"+program.Package+"@"+o.Version)
		}
		if err := o.run(ctx, p, goCommand, p.dir, []string{"GOBIN=" + p.dir}, args, alike); err != nil {
			return p, err
		}
	}
	return p, nil
}

// cache makes and locks a folder in the user's cache directory.
func (o Options) cache(ctx context.Context, name string) (place, error) {
	base, err := os.UserCacheDir()
	if err != nil { // no HOME: nothing can be kept
		dir, err := os.MkdirTemp("", "dtbench-build-")
		return place{dir: dir, unlock: func() { _ = os.RemoveAll(dir) }}, err
	}
	dir := filepath.Join(base, "dtbench", name+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return place{}, err
	}
	for told := false; ; told = true {
		unlock, err := filelock.Try(filepath.Join(dir, ".lock"))
		if err == nil {
			return place{dir: dir, unlock: unlock}, nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return place{}, err
		}
		if !told && o.Notify != nil {
			o.Notify("another dtbench is building the same programs; waiting for it")
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return place{}, context.Cause(ctx)
		}
	}
}

func missing(dir string, programs []Program) []Program {
	return slices.DeleteFunc(slices.Clone(programs), func(p Program) bool {
		_, err := os.Stat(filepath.Join(dir, p.Name))
		return err == nil
	})
}

// kinds says what programs are, for who waits for them.
func kinds(programs []Program) string {
	var words []string
	for _, p := range programs {
		word := "functions"
		switch {
		case strings.HasPrefix(p.Package, "scenarios/services/"):
			word = "services beside them"
		case p.Tag == ClockTag:
			word = "functions with steered clocks"
		case strings.HasPrefix(p.Package, "scenarios/probes/"):
			word = "functions with attack code inside, attackers"
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// run calls the go command; on failure it unlocks p.
func (o Options) run(ctx context.Context, p place, goCommand, dir string, env, args []string, programs []Program) error {
	if o.Notify != nil {
		if absent := missing(p.dir, programs); len(absent) > 0 {
			o.Notify(fmt.Sprintf("building %d programs (%s); the first time this compiles their libraries and takes a few minutes", len(absent), kinds(absent)))
		}
	}
	// Interrupted in its first moments, the go command would leave its own behind.
	temporary, err := os.MkdirTemp("", "dtbench-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	cmd := exec.CommandContext(ctx, goCommand, args...)
	cmd.Dir = dir
	// The user's own flags, workspace or cgo settings must not change what
	// is measured. GOFLAGS is not empty, because an empty one gives way to what
	// go env -w has stored.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GOTMPDIR="+temporary, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOAMD64=v1", "GOARM64=v8.0")
	cmd.Env = append(cmd.Env, env...)
	// A killed go command would leave its temporary folder behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	p.unlock()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fmt.Errorf("%w: go %s: %w: %s", ErrBuild, args[0], err, lastLines(string(out), 5))
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, " | ")
}

// install copies src to dst and describes it.
func install(src, dst string) (Binary, error) {
	in, err := os.Open(src)
	if err != nil {
		return Binary{}, err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return Binary{}, err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, hash), in)
	if err = errors.Join(err, out.Close()); err != nil {
		return Binary{}, err
	}
	info, err := buildinfo.ReadFile(dst)
	if err != nil {
		return Binary{}, err
	}
	return Binary{Path: dst, SHA256: hex.EncodeToString(hash.Sum(nil)), Bytes: n, Go: info.GoVersion}, nil
}
