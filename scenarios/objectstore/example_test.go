package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/dtbench/dtbench/scenarios/objectstore"
)

func Example() {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
	}))
	defer store.Close()

	client := &objectstore.Client{
		Endpoint:  store.URL, // an IP address: path style
		Region:    "us-east-1",
		Bucket:    "results",
		AccessKey: "AKIAIOSFODNN7EXAMPLE",
	}
	secret := []byte("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	err := client.Put(context.Background(), "run 1/answer.json", []byte(`{"ok":true}`), secret)
	clear(secret) // the client kept nothing of it

	if errors.Is(err, objectstore.ErrDenied) {
		fmt.Println("wrong credentials")
	}
	fmt.Println(err)
	// Output:
	// PUT /results/run%201/answer.json
	// <nil>
}
