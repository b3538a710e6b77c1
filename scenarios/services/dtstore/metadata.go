package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
)

// newMetadata chooses where the store keeps content types, checksums and the like: in extended attributes, which cost one
// system call each, or, where the file system refuses them, in files beside the objects.
func (c config) newMetadata() (meta.MetadataStorer, error) {
	if c.metadata == "sidecar" {
		return meta.NewSideCar(c.sidecar())
	}
	err := tryAttributes(c.objects())
	if err == nil {
		return meta.XattrMeta{}, nil
	}
	if c.metadata == "xattr" {
		return nil, fmt.Errorf("extended attributes in %s: %w", c.root, err)
	}
	return meta.NewSideCar(c.sidecar())
}

// tryAttributes sets an attribute on a directory and on a file in dir, as the store will on buckets and objects, and
// reads both back. Asking for an attribute that is not there (meta.XattrMeta.Test) is not enough: file systems
// exist that answer and do not store.
func tryAttributes(dir string) error {
	bucket, err := os.MkdirTemp(dir, ".attributes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bucket)
	if err := os.WriteFile(filepath.Join(bucket, "object"), nil, 0o600); err != nil {
		return err
	}
	for _, object := range []string{"", "object"} {
		const name = "dtstore"
		want := []byte("value")
		if err := (meta.XattrMeta{}).StoreAttribute(nil, bucket, object, name, want); err != nil {
			return err
		}
		got, err := meta.XattrMeta{}.RetrieveAttribute(nil, bucket, object, name)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("stored %q, read %q", want, got)
		}
	}
	return nil
}
