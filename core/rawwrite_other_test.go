//go:build !unix

package core

import "os"

func rawWrite(f *os.File, p []byte) error {
	_, err := f.Write(p)
	return err
}
