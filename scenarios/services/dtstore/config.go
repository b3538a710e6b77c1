package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dtbench/dtbench/scenarios/services/child"
)

// The environment variables of the credentials.
const (
	accessKeyVariable = "DTSTORE_ACCESS_KEY"
	secretKeyVariable = "DTSTORE_SECRET_KEY"
)

// config is what the store is told.
type config struct {
	root      string // absolute
	bucket    string
	region    string
	metadata  string // auto, xattr or sidecar
	accessKey string
	secretKey string
}

func parse(args []string, getenv func(string) string) (config, error) {
	c := config{accessKey: getenv(accessKeyVariable), secretKey: getenv(secretKeyVariable)}
	flags := flag.NewFlagSet("dtstore", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // child.Main prints the error, once
	flags.StringVar(&c.root, "root", "", "")
	flags.StringVar(&c.bucket, "bucket", "", "")
	flags.StringVar(&c.region, "region", "us-east-1", "")
	flags.StringVar(&c.metadata, "metadata", "auto", "")

	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case c.root == "":
		err = errors.New("--root is missing")
	case c.bucket == "" || strings.ContainsAny(c.bucket, `/\`) || strings.HasPrefix(c.bucket, "."):
		err = errors.New("--bucket is missing or not the name of a bucket")
	case c.metadata != "auto" && c.metadata != "xattr" && c.metadata != "sidecar":
		err = fmt.Errorf("--metadata %q: want auto, xattr or sidecar", c.metadata)
	case c.accessKey == "":
		err = errors.New(accessKeyVariable + " is not set")
	case c.secretKey == "":
		err = errors.New(secretKeyVariable + " is not set")
	default:
		c.root, err = filepath.Abs(c.root)
	}
	if err != nil {
		return config{}, fmt.Errorf("%w: %w", child.ErrUsage, err)
	}
	return c, nil
}

// objects is the directory of the buckets, sidecar that of their metadata; the gateway wants neither within the other.
func (c config) objects() string { return filepath.Join(c.root, "objects") }
func (c config) sidecar() string { return filepath.Join(c.root, "meta") }

func (c config) makeDirectories() error {
	for _, dir := range []string{c.objects(), c.sidecar()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}
