package objectstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"testing"
	"time"
)

// The two halves give the request that one process would have signed.
func TestSigningApart(t *testing.T) {
	c := exampleClient()
	body, secret := []byte("content"), []byte(awsSecretKey)
	whole, err := c.SignPut(context.Background(), "folder/object name", body, secret)
	if err != nil {
		t.Fatal(err)
	}
	authorizer, err := c.PutAuthorizer("folder/object name")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authorizer.Authorize(sha256.Sum256([]byte("what came before")), secret); err != nil {
		t.Fatal(err)
	}
	apart, err := c.SignPutBy(context.Background(), "folder/object name", body, func(payload [sha256.Size]byte) (Authorization, error) {
		return authorizer.Authorize(payload, secret)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(whole.Header, apart.Header) || whole.URL.String() != apart.URL.String() || whole.Host != apart.Host || whole.Method != apart.Method {
		t.Errorf("%v %s\n%v %s", whole.Header, whole.URL, apart.Header, apart.URL)
	}
}

func TestSigningApartRefuses(t *testing.T) {
	c := exampleClient()
	no := errors.New("no")
	if _, err := c.SignPutBy(context.Background(), "o", nil, func([sha256.Size]byte) (Authorization, error) { return Authorization{}, no }); err != no {
		t.Errorf("the authorizer's error: %v", err)
	}
	if _, err := c.SignPutBy(context.Background(), "", nil, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
	if _, err := c.PutAuthorizer(""); !errors.Is(err, ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
	authorizer, err := c.PutAuthorizer("o")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authorizer.Authorize([sha256.Size]byte{}, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("no secret: %v", err)
	}
}

func exampleClient() *Client {
	return &Client{Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Bucket: "bucket", AccessKey: awsAccessKey, Now: func() time.Time { return awsDate }}
}
