package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes f as indented JSON. A file that its own reader would refuse is
// an error, and nothing is written.
func Write(w io.Writer, f *File) error {
	data, err := encode(f)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// WriteFile writes f to path through a temporary file beside it and a rename,
// so that a reader sees the old file or the new one and never half of either.
func WriteFile(path string, f *File) error {
	data, err := encode(f)
	if err != nil {
		return err
	}
	return Replace(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func encode(f *File) ([]byte, error) {
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, err
	}
	if err := checkSchema(data); err != nil {
		return nil, fmt.Errorf("refusing to write: %w", err)
	}
	if err := f.Validate(); err != nil {
		return nil, fmt.Errorf("refusing to write: %w", err)
	}
	return append(data, '\n'), nil
}

// Replace makes the file at path what write produces, by temporary file and
// rename in the same directory. On any error the old file stays as it was and
// the temporary one is removed.
func Replace(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return named(err, path)
	}
	defer func() {
		if err != nil {
			err = errors.Join(named(err, path), os.Remove(tmp.Name()))
		}
	}()
	if err = write(tmp); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err = errors.Join(tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// named is a path error about a temporary file with the path that the user knows.
func named(err error, path string) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return &fs.PathError{Op: "write", Path: path, Err: p.Err}
	}
	return err
}
