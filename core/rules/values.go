package rules

// Values are the built-in dynamic parameters of one computation. Under Hardened
// Nonce has NonceSize and Timestamp TimestampSize bytes (Unix time in
// nanoseconds, big endian); under Literal both are the texts that the paper
// speaks of. Every other field may be empty and of any length.
type Values struct {
	RequestID       string // $requestid: the platform's id of the request
	InstanceID      string // $instanceid
	DataKey         string // $datakey: the name of the protected value
	FunctionName    string // $functionname
	FunctionVersion string // $functionversion
	Region          string // $region
	AccountID       string // $accountid: the owner of the function
	Platform        string // $platform: local, aliyun, tencent, aws
	Caller          string // $caller: who sent the event
	CallChain       string // $callchain: the digest of the chain of callers
	Nonce           []byte // $nonce
	Timestamp       []byte // $timestamp
}

// builtins maps a name to its value. Nonce and timestamp are copied into the
// evaluator, so that the caller's need not be on the heap.
var builtins = map[string]func(e *Evaluator, buffer []byte) []byte{
	"requestid":       func(e *Evaluator, b []byte) []byte { return append(b, e.values.RequestID...) },
	"instanceid":      func(e *Evaluator, b []byte) []byte { return append(b, e.values.InstanceID...) },
	"datakey":         func(e *Evaluator, b []byte) []byte { return append(b, e.values.DataKey...) },
	"functionname":    func(e *Evaluator, b []byte) []byte { return append(b, e.values.FunctionName...) },
	"functionversion": func(e *Evaluator, b []byte) []byte { return append(b, e.values.FunctionVersion...) },
	"region":          func(e *Evaluator, b []byte) []byte { return append(b, e.values.Region...) },
	"accountid":       func(e *Evaluator, b []byte) []byte { return append(b, e.values.AccountID...) },
	"platform":        func(e *Evaluator, b []byte) []byte { return append(b, e.values.Platform...) },
	"caller":          func(e *Evaluator, b []byte) []byte { return append(b, e.values.Caller...) },
	"callchain":       func(e *Evaluator, b []byte) []byte { return append(b, e.values.CallChain...) },
	"nonce":           func(e *Evaluator, b []byte) []byte { return append(b, e.nonce...) },
	"timestamp":       func(e *Evaluator, b []byte) []byte { return append(b, e.timestamp...) },
}

// bound lists what a hardened result always depends on, in the order of Eq. (1).
var bound = [...]string{"requestid", "instanceid", "nonce", "timestamp", "datakey"}
