package core

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sync"
)

// CallChainPolicy is the first further factor of a verification: who called
// whom until this function was reached. The paper names "multi-factor
// verification" and "call chain features" without an algorithm; this is ours.
// The chain comes with the event, from the outermost caller to the last, and is
// bound into the token by a framed digest; the factor asks whether that chain
// is one of the known ones. It is as good as the party that wrote the chain
// into the event.
type CallChainPolicy struct {
	// Action on an unknown chain. Empty turns the factor off.
	Action Action `json:"action,omitempty"`

	// Chains are the known ones. The empty chain is a direct invocation.
	Chains [][]string `json:"chains,omitempty"`

	// Learn takes the chains of so many first grants for known, 4096
	// different ones at most.
	Learn int `json:"learn,omitempty"`
}

// BehaviourPolicy is the second further factor: whether a request opens values
// in the order, of the kinds, as often and as fast as this function does. The
// algorithm is ours too. What is declared holds; what is not is learned over
// the first requests and then held to: the pairs of successive data keys, the
// set of keys, the most openings of one request, and twice the most openings in
// one second of the instance.
type BehaviourPolicy struct {
	// Action on a deviation. Empty turns the factor off.
	Action Action `json:"action,omitempty"`

	// Learn is the number of requests to learn from, 0 for none: then what is
	// not declared is not checked.
	Learn int `json:"learn,omitempty"`

	// Order lists data keys in the order in which a request may first open
	// them. Keys that it lacks may come any time.
	Order []string `json:"order,omitempty"`

	// Sets lists the sets of keys that one request may open.
	Sets [][]string `json:"sets,omitempty"`

	// MaxPerRequest and MaxPerSecond bound the openings of one request, and
	// those of the instance within one second.
	MaxPerRequest int `json:"max_per_request,omitempty"`
	MaxPerSecond  int `json:"max_per_second,omitempty"`
}

func (p CallChainPolicy) check() error {
	if !oneOf(p.Action, "", Observe, Alert, Deny) {
		return errors.New("call_chain: action is not observe, alert or deny")
	}
	if p.Learn < 0 {
		return errors.New("call_chain: learn is negative")
	}
	for _, chain := range p.Chains {
		if !isCallChain(chain) {
			return fmt.Errorf("call_chain: a chain has at most %d callers of 1 to %d bytes", maxCallers, maxCaller)
		}
	}
	return nil
}

func (p BehaviourPolicy) check(keys map[string]KeyPolicy) error {
	if !oneOf(p.Action, "", Observe, Alert, Deny) {
		return errors.New("behaviour: action is not observe, alert or deny")
	}
	if p.Learn < 0 || p.MaxPerRequest < 0 || p.MaxPerSecond < 0 {
		return errors.New("behaviour: a negative number")
	}
	for _, list := range append([][]string{p.Order}, p.Sets...) {
		for _, name := range list {
			if !isName(name) {
				return errors.New("behaviour: an entry is not the name of a variable")
			}
		}
	}
	return nil
}

const (
	maxCallers = 32
	maxCaller  = 256 // bytes
	maxChains  = 4096
)

func isCallChain(chain []string) bool {
	if len(chain) > maxCallers {
		return false
	}
	for _, caller := range chain {
		if len(caller) == 0 || len(caller) > maxCaller {
			return false
		}
	}
	return true
}

// chainDigest is SHA-256 over the framed callers, in hexadecimal digits.
func chainDigest(chain []string) string {
	frame := appendField(nil, chainLabel)
	for _, caller := range chain {
		frame = appendField(frame, caller)
	}
	sum := sha256.Sum256(frame)
	return hex.EncodeToString(sum[:])
}

// finding is the outcome of one factor, as the audit record has it.
type finding string

const (
	notChecked finding = ""
	known      finding = "known"
	learned    finding = "learned"

	unknownChain finding = "unknown call chain"
	wrongOrder   finding = "keys out of order"
	wrongPair    finding = "unusual succession of keys"
	wrongSet     finding = "unusual set of keys"
	tooMany      finding = "too many openings in the request"
	tooFast      finding = "too many openings in a second"
)

func (f finding) bad() bool { return f != notChecked && f != known && f != learned }

// callChains is the state of the first factor.
type callChains struct {
	action Action
	mu     sync.Mutex
	left   int // grants to learn from
	known  map[string]bool
}

func newCallChains(p CallChainPolicy) *callChains {
	c := &callChains{action: p.Action, left: p.Learn, known: make(map[string]bool)}
	for _, chain := range p.Chains {
		c.known[chainDigest(chain)] = true
	}
	return c
}

func (c *callChains) verify(digest string) finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	learning := c.left > 0
	if learning {
		c.left--
	}
	switch {
	case c.known[digest]:
		return known
	case learning && len(c.known) < maxChains:
		c.known[digest] = true
		return learned
	}
	return unknownChain
}

// behaviour is the state of the second factor. The requests themselves are kept
// in a requestTable.
type behaviour struct {
	policy BehaviourPolicy
	place  map[string]int // of a key in the order

	mu         sync.Mutex
	left       int // requests to learn from
	pairs      map[[2]string]bool
	sets       map[string]bool // declared sets are looked through instead
	perRequest int
	perSecond  int
	second     int64 // the second that opened counts
	opened     int
}

func newBehaviour(p BehaviourPolicy) *behaviour {
	b := &behaviour{policy: p, place: make(map[string]int), left: p.Learn, pairs: make(map[[2]string]bool), sets: make(map[string]bool)}
	for i, name := range p.Order {
		b.place[name] = i + 1
	}
	return b
}

// verify judges that a request opens key, which is not counted yet, and counts
// it unless it is to be denied: a denied opening has not happened, or asking
// again would find it among what is known. The caller holds the lock of the
// request table, so r does not change meanwhile. A deviation is not learned.
func (b *behaviour) verify(r *requestState, key string, now int64) finding {
	b.mu.Lock()
	defer b.mu.Unlock()
	if second := now / 1e9; second != b.second {
		b.second, b.opened = second, 0
	}
	pair := [2]string{r.last, key}
	teaches := r.teaches || r.total == 0 && b.left > 0
	found := b.judge(r, key, pair, teaches)
	if found.bad() && b.policy.Action == Deny {
		return found
	}
	if teaches && !r.teaches {
		b.left--
		r.teaches = true
	}
	r.count(key)
	r.last = key
	b.opened++
	r.furthest = max(r.furthest, b.place[key])
	if found == learned {
		b.pairs[pair] = true
		b.sets[key] = true
		b.perRequest = max(b.perRequest, r.total)
		b.perSecond = max(b.perSecond, b.opened)
	}
	return found
}

// judge changes nothing.
func (b *behaviour) judge(r *requestState, key string, pair [2]string, teaches bool) finding {
	total, opened := r.total+1, b.opened+1
	if at := b.place[key]; at > 0 && at < r.furthest && r.opened(key) == 0 {
		return wrongOrder
	}
	switch { // what is declared
	case len(b.policy.Sets) > 0 && !r.fitsOneOf(b.policy.Sets, key):
		return wrongSet
	case total > limit(b.policy.MaxPerRequest):
		return tooMany
	case opened > limit(b.policy.MaxPerSecond):
		return tooFast
	}
	switch { // what is learned
	case b.policy.Learn == 0:
		return known
	case teaches:
		return learned
	case !b.sets[key]:
		return wrongSet
	case !b.pairs[pair]:
		return wrongPair
	case b.policy.MaxPerRequest == 0 && total > b.perRequest:
		return tooMany
	case b.policy.MaxPerSecond == 0 && opened > 2*b.perSecond:
		return tooFast
	}
	return known
}

// limit reads 0 as no limit.
func limit(n int) int {
	if n == 0 {
		return math.MaxInt
	}
	return n
}
