package local

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/dtbench/dtbench/scenarios/monotonic"
)

// maxAnswerBytes is Lambda's limit on a synchronous answer (6 MB).
const maxAnswerBytes = 6 << 20

// runtimeAPI is the AWS Lambda Runtime API (version 2018-06-01) for one
// instance on its own listener. One listener per instance means that a request
// which a killed instance left pending can never take another's event.
type runtimeAPI struct {
	listener net.Listener
	server   *http.Server
	timeout  time.Duration

	events   chan event    // the next event to hand out
	asked    chan int64    // instants of requests for an event
	outcomes chan outcome  // what became of an event
	initFail chan failure  // POST /runtime/init/error
	closed   chan struct{} // ends pending requests
}

type event struct {
	id   string
	body []byte
}

// outcome is an answer, or a failure that the function reported itself.
type outcome struct {
	id      string
	at      int64 // the answer was read in full
	body    []byte
	failure *failure
}

type failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
	Stack   []any  `json:"stackTrace"`
}

func newRuntimeAPI(timeout time.Duration) (*runtimeAPI, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &runtimeAPI{
		listener: l,
		timeout:  timeout,
		events:   make(chan event, 1),
		asked:    make(chan int64, 16),
		outcomes: make(chan outcome, 1),
		initFail: make(chan failure, 1),
		closed:   make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.invocationError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.initError)
	a.server = &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = a.server.Serve(l) }() // ends with Close
	return a, nil
}

// address is what AWS_LAMBDA_RUNTIME_API holds.
func (a *runtimeAPI) address() string { return a.listener.Addr().String() }

// close ends the listener, every connection and every pending request.
func (a *runtimeAPI) close() {
	close(a.closed)
	_ = a.server.Close()
}

func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	now := monotonic.Now()
	select {
	case a.asked <- now:
	default: // a function that floods us gains nothing
	}
	select {
	case ev := <-a.events:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", ev.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(a.timeout).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
		_, _ = w.Write(ev.body)
	case <-a.closed:
	case <-r.Context().Done():
	}
}

func (a *runtimeAPI) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswerBytes))
	at := monotonic.Now()
	if err != nil {
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			return // the connection broke; the end of the process will tell
		}
		a.settle(w, outcome{id: r.PathValue("id"), at: at, failure: &failure{
			Type: "Function.ResponseSizeTooLarge", Message: "the answer exceeds " + strconv.Itoa(maxAnswerBytes) + " bytes",
		}}, http.StatusRequestEntityTooLarge)
		return
	}
	a.settle(w, outcome{id: r.PathValue("id"), at: at, body: body}, http.StatusAccepted)
}

func (a *runtimeAPI) invocationError(w http.ResponseWriter, r *http.Request) {
	a.settle(w, outcome{id: r.PathValue("id"), at: monotonic.Now(), failure: readFailure(w, r)}, http.StatusAccepted)
}

func (a *runtimeAPI) initError(w http.ResponseWriter, r *http.Request) {
	select {
	case a.initFail <- *readFailure(w, r):
	default:
	}
	accept(w, http.StatusAccepted)
}

// settle hands o to the waiting invocation. An answer that nobody waits for,
// the second for one event, is refused.
func (a *runtimeAPI) settle(w http.ResponseWriter, o outcome, status int) {
	select {
	case a.outcomes <- o:
		accept(w, status)
	default:
		http.Error(w, `{"errorType":"InvalidStateTransition"}`, http.StatusForbidden)
	}
}

func accept(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func readFailure(w http.ResponseWriter, r *http.Request) *failure {
	f := &failure{Type: r.Header.Get("Lambda-Runtime-Function-Error-Type")}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswerBytes))
	if err == nil {
		_ = json.Unmarshal(body, f) // a body of another form leaves the header's type
	}
	return f
}
