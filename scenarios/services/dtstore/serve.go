package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"github.com/dtbench/dtbench/scenarios/objectstore"
)

const (
	// attempts is how often a port is tried: another process can take it between the choice and the gateway's bind.
	attempts = 10
	// connections and requests that the gateway takes at the same time.
	maxConcurrent = 1024
	// shutdownTime is what the gateway gets to finish what it is writing; it would take ten seconds itself.
	shutdownTime = 2 * time.Second
)

// serve runs the store until ctx ends.
func serve(ctx context.Context, args []string, ready func(endpoint string) error) error {
	c, err := parse(args, os.Getenv)
	if err != nil {
		return err
	}
	if err := c.makeDirectories(); err != nil {
		return err
	}
	// The gateway prints notices to os.Stdout, quiet or not; only the line of the contract may appear there.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	os.Stdout = null

	return run(ctx, c, freeAddress, ready)
}

// run tries addresses until the gateway is bound to one, and serves there.
func run(ctx context.Context, c config, address func() (string, error), ready func(endpoint string) error) error {
	var err error
	for range attempts {
		var g *gateway
		if g, err = startGateway(ctx, c, address); err == nil {
			return g.serve(ctx, c, ready)
		}
		var refused *net.OpError
		if !errors.As(err, &refused) || refused.Op != "listen" || ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// gateway is a versitygw that is bound to its port. Only one may run in a process.
type gateway struct {
	endpoint string
	cancel   context.CancelFunc
	ended    chan error // receives once
}

func startGateway(ctx context.Context, c config, choose func() (string, error)) (*gateway, error) {
	address, err := choose()
	if err != nil {
		return nil, err
	}
	metadata, err := c.newMetadata()
	if err != nil {
		return nil, err
	}
	options := posix.PosixOpts{IOBufferSize: 64 << 10} // the default, 1 MiB for every GET, is for large objects
	backend, err := posix.New(c.objects(), metadata, options)
	if err != nil {
		return nil, err
	}

	ctx, cancel := context.WithCancel(ctx)
	g := &gateway{endpoint: "http://" + address, cancel: cancel, ended: make(chan error, 1)}
	listening := make(chan struct{})
	go func() {
		g.ended <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess:    c.accessKey,
			RootUserSecret:    c.secretKey,
			IAMService:        newOneAccount(c.accessKey, c.secretKey),
			Region:            c.region,
			Ports:             []string{address},
			MaxConnections:    maxConcurrent,
			MaxRequests:       maxConcurrent,
			MultipartMaxParts: 10_000,
			Quiet:             true,
			KeepAlive:         true, // without it every hot start would pay for a connection
			S3Options:         []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
		})
	}()
	select {
	case <-listening:
		return g, nil
	case err := <-g.ended:
		cancel()
		if err == nil {
			err = errors.New("the gateway ended before it listened")
		}
		return nil, err
	}
}

// serve makes the bucket, says that it is ready, and waits for the end.
func (g *gateway) serve(ctx context.Context, c config, ready func(endpoint string) error) error {
	err := prepare(ctx, c, g.endpoint)
	if err == nil {
		err = ready(g.endpoint)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err := <-g.ended:
			if err == nil && ctx.Err() == nil {
				err = errors.New("the gateway ended unasked")
			}
			return err
		}
	}
	g.cancel()
	timer := time.NewTimer(shutdownTime)
	defer timer.Stop()
	select {
	case <-g.ended:
	case <-timer.C:
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// freeAddress returns an address of 127.0.0.1 that was free a moment ago. The gateway takes no listener, only an
// address, and does not tell which port it got for port 0.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// prepare creates the bucket and puts, gets and deletes an object in it, with the credentials that the functions get.
func prepare(ctx context.Context, c config, endpoint string) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &objectstore.Client{
		Endpoint: endpoint, Region: c.region, Bucket: c.bucket, AccessKey: c.accessKey,
		HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second},
	}
	secret := []byte(c.secretKey)
	if err := client.CreateBucket(ctx, secret); err != nil {
		return fmt.Errorf("create bucket %s: %w", c.bucket, err)
	}
	const key = ".dtstore-check"
	want := []byte("dtstore writes an object before it says that it is ready")
	if err := client.Put(ctx, key, want, secret); err != nil {
		return err
	}
	got, err := client.Get(ctx, key, secret)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("wrote %q, read %q", want, got)
	}
	return client.Delete(ctx, key, secret)
}
