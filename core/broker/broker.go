package broker

import (
	"errors"
	"os"
	"strconv"

	"github.com/dtbench/dtbench/core"
)

// Variable is set in the environment of a broker, and nothing else is but what sets the
// Go runtime (GODEBUG, GOGC, GOMAXPROCS): it holds the number of the descriptor that joins
// it to its function.
const Variable = "DTBENCH_BROKER"

// ProcessName is what ps shows for a broker.
const ProcessName = "dtbench-broker"

var (
	// ErrUnsupported is wrapped by [Start] and [Serve] on systems other than Linux.
	ErrUnsupported = errors.New("broker: needs Linux")

	// ErrStart is wrapped by every error of [Start]. The function must not go on:
	// plaintext may be left in its memory.
	ErrStart = errors.New("broker: cannot start")

	// ErrServe is wrapped by every error of [Serve]. No error text holds a secret.
	ErrServe = errors.New("broker: cannot serve")
)

// Setup tells the broker what it may do. It is called there, once, and reads
// plain settings from what the function was started with: the declared keys are
// hidden from it.
type Setup func(setting func(name string) string) (Config, error)

// Config is what a broker may do. The zero value reveals each declared key once
// per request.
type Config struct {
	// Budget is how often one request may open each declared key, unless the
	// policy says otherwise for that key. Zero means 1; -1 means without end.
	Budget int

	// Operations is what the broker does with values on the function's behalf.
	Operations []Operation
}

// Operation uses a value where the function does not see it.
type Operation struct {
	Name string
	// Key is the data key whose value it uses. That value is not revealed by
	// [Client.Use] any more. If the key is not declared the operation is refused.
	Key string
	// Prepare checks what the function asks for, before anything is opened, and
	// returns what to do. An error of either is a refusal; the function learns
	// no more than that. Neither may keep input or value. Output must be made of
	// what the function may see.
	Prepare func(input []byte) (do func(value []byte) (output []byte, err error), err error)
}

// maxOutput bounds the output of an operation, in bytes.
const maxOutput = 4 << 10

// State is what a broker says of itself when it is ready.
type State struct {
	PID int `json:"pid"`
	UID int `json:"uid"`
	// Separated says that the broker runs as another user than the function.
	Separated bool `json:"separated"`
	// Peer is how the broker knows its function: SO_PEERCRED+SO_PEERPIDFD,
	// SO_PEERCRED+pidfd_open, or SO_PEERCRED where the kernel has no pidfds. The
	// sender of each message is checked whatever it is.
	Peer string `json:"peer"`
	// Limit says why the broker is not separated; empty if it is.
	Limit string `json:"limit,omitempty"`
}

// fields are what a greeting says.
func (s State) fields() (pid, uid, peer []byte) {
	return strconv.AppendInt(nil, int64(s.PID), 10), strconv.AppendInt(nil, int64(s.UID), 10), []byte(s.Peer)
}

// setFields reads them. That the process id is the one that we started and the
// user id the one that we asked for is for the caller to know.
func (s *State) setFields(pid, uid, peer []byte) error {
	var err1, err2 error
	s.PID, err1 = strconv.Atoi(string(pid))
	s.UID, err2 = strconv.Atoi(string(uid))
	s.Peer = string(peer)
	s.Separated = s.UID != os.Getuid()
	return errors.Join(err1, err2)
}

// Serve turns the process into a broker if [Start] made it for that, and then
// returns when the function has ended, or an error that the function was not told.
// It must be the first statement of main, which ends the process when it returns
// true; in the function it returns false at once.
func Serve(setup Setup) (served bool, err error) {
	descriptor, ok := os.LookupEnv(Variable)
	if !ok {
		return false, nil
	}
	return true, serve(setup, descriptor)
}

// denial is the one public error, of a refusal and of a dead broker alike.
var denial = core.ErrDenied
