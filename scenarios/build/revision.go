package build

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrRevision: Options.Revision names nothing that can be built here.
var ErrRevision = errors.New("no such revision")

// buildRevision builds from a commit of the repository at root. The tree is
// taken out with git archive, which leaves no trace in the repository; what was
// built from a commit is kept, since a commit never changes.
func (o Options) buildRevision(ctx context.Context, goCommand, root string, programs []Program) (place, error) {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--verify", "--quiet", "--end-of-options", o.Revision+"^{commit}").Output()
	commit := strings.TrimSpace(string(out))
	if err != nil || commit == "" {
		return place{}, fmt.Errorf("%w: %q is no commit, branch or tag of this repository", ErrRevision, o.Revision)
	}
	p, err := o.cache(ctx, "commit-"+commit)
	if err != nil {
		return place{}, err
	}
	p.origin = Origin{Version: "(devel)", Commit: commit}
	if len(missing(p.dir, programs)) == 0 {
		return p, nil
	}
	source, err := os.MkdirTemp("", "dtbench-source-")
	if err != nil {
		p.unlock()
		return place{}, err
	}
	defer os.RemoveAll(source)
	if err := extract(ctx, root, commit, source); err != nil {
		p.unlock()
		return place{}, fmt.Errorf("%w: %s: %w", ErrRevision, o.Revision, err)
	}
	for _, program := range programs {
		if _, err := os.Stat(filepath.Join(source, filepath.FromSlash(program.Package))); err != nil {
			p.unlock()
			return place{}, fmt.Errorf("%w: %s has no %s", ErrRevision, o.Revision, program.Package)
		}
	}
	return p, o.compile(ctx, p, goCommand, source, programs)
}

// extract writes the tree of commit below dir.
func extract(ctx context.Context, root, commit, dir string) (err error) {
	cmd := exec.CommandContext(ctx, "git", "-C", root, "archive", "--format=tar", commit)
	archive, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_, _ = io.Copy(io.Discard, archive) // Wait wants the pipe read
		err = errors.Join(err, cmd.Wait())
	}()
	for files := tar.NewReader(archive); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("the archive names %q, outside of itself", h.Name)
		}
		path := filepath.Join(dir, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o755)
		case tar.TypeReg:
			err = writeFile(path, files)
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(path string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
