// Dtstore is the object store of the storage and network scenarios: versitygw, a real S3 server with real Signature
// Version 4, over a directory of plain files. It keeps the contract of package child: one line on standard output when
// the bucket takes objects, end with standard input.
//
// Usage:
//
//	DTSTORE_ACCESS_KEY=… DTSTORE_SECRET_KEY=… dtstore --root DIR --bucket NAME [--region R] [--metadata auto|xattr|sidecar]
//
// Everything it writes lies below DIR: objects as files in DIR/objects/NAME, and, where the file system has no extended
// attributes, their metadata in DIR/meta. Objects survive it; whoever named DIR removes it. A DIR that was used with one
// kind of metadata does not work with the other. The secret is the store's
// own copy and is not protected: what is measured and attacked is the function.
package main

import (
	"os"

	"github.com/dtbench/dtbench/scenarios/services/child"
)

func main() {
	process := child.Process{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(child.Main("dtstore", process, serve))
}
