package local

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The Runtime API as its documentation describes it, spoken to by hand.
func TestRuntimeAPI(t *testing.T) {
	a, err := newRuntimeAPI(3 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	base := "http://" + a.address() + "/2018-06-01/runtime/"
	post := func(path, body string, want int) {
		t.Helper()
		resp, err := http.Post(base+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("POST %s: %s, want %d", path, resp.Status, want)
		}
	}

	a.events <- event{id: "r-1", body: []byte(`{"n":1}`)}
	before := time.Now()
	resp, err := http.Get(base + "invocation/next")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if string(body) != `{"n":1}` || resp.StatusCode != http.StatusOK {
		t.Errorf("event %q, %s", body, resp.Status)
	}
	if id := resp.Header.Get("Lambda-Runtime-Aws-Request-Id"); id != "r-1" {
		t.Errorf("request id %q", id)
	}
	deadline, err := strconv.ParseInt(resp.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	if left := time.UnixMilli(deadline).Sub(before); err != nil || left < 2*time.Second || left > time.Minute {
		t.Errorf("the deadline is in %s: %v", left, err)
	}
	if resp.Header.Get("Lambda-Runtime-Invoked-Function-Arn") == "" {
		t.Error("no function ARN")
	}
	<-a.asked

	post("invocation/r-1/response", `{"ok":true}`, http.StatusAccepted)
	post("invocation/r-1/response", `{"again":true}`, http.StatusForbidden)
	if out := <-a.outcomes; out.id != "r-1" || string(out.body) != `{"ok":true}` || out.at == 0 || out.failure != nil {
		t.Errorf("outcome %+v", out)
	}

	post("invocation/r-2/error", `{"errorMessage":"m","errorType":"T","stackTrace":[]}`, http.StatusAccepted)
	if out := <-a.outcomes; out.failure == nil || out.failure.Message != "m" || out.failure.Type != "T" {
		t.Errorf("outcome %+v", out)
	}
	post("init/error", `{"errorMessage":"m","errorType":"T"}`, http.StatusAccepted)
	if f := <-a.initFail; f.Message != "m" {
		t.Errorf("init error %+v", f)
	}
	large := bytes.Repeat([]byte("x"), maxAnswerBytes+1)
	post("invocation/r-3/response", string(large), http.StatusRequestEntityTooLarge)
	if out := <-a.outcomes; out.failure == nil || out.failure.Type != "Function.ResponseSizeTooLarge" {
		t.Errorf("outcome %+v", out)
	}
	post("nothing/here", "", http.StatusNotFound)
}
