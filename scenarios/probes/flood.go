package probes

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dtbench/dtbench/core"
)

// Forms of a token's text.
const (
	CoreForm    = "core"    // of core.Token
	LiteralForm = "literal" // of core/literal: digits.nonce.seconds
)

// Flood orders bad tokens, each of which is well-formed, timely and has a MAC
// drawn at random. The loop is inside the function, as it would take a caller
// hours to send so many.
type Flood struct {
	Request string `json:"request"`
	Key     string `json:"key"`
	Form    string `json:"form"`
	Count   int    `json:"count"`
	Workers int    `json:"workers"` // at a time; zero is one
	// Victim is a token whose nonce every bad token carries; empty means a fresh
	// nonce for each.
	Victim string `json:"victim"`
	Seed   uint64 `json:"seed"`
}

// Flooded is what became of them.
type Flooded struct {
	Refused    int    `json:"refused"`
	Granted    int    `json:"granted"`
	HeapBefore uint64 `json:"heap_before"` // bytes in use by this process, after a collection
	HeapAfter  uint64 `json:"heap_after"`
}

// flood gives the probe "flood".
func flood(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Flood](args)
	if err != nil {
		return nil, err
	}
	tokens, err := in.tokens()
	if err != nil {
		return nil, err
	}
	o.Workers = max(1, o.Workers)
	forgers := make([]forger, o.Workers)
	for i := range forgers {
		if forgers[i], err = newForger(o.Form, o.Victim, o.Seed+uint64(i)); err != nil {
			return nil, err
		}
	}
	f := Flooded{HeapBefore: heap()}
	granted := make([]int, o.Workers)
	var wg sync.WaitGroup
	for i := range o.Workers {
		wg.Go(func() {
			for n := i; n < o.Count; n += o.Workers {
				if tokens.OpenText(o.Request, o.Key, forgers[i](), func([]byte) error { return nil }) == nil {
					granted[i]++
				}
			}
		})
	}
	wg.Wait()
	f.HeapAfter = heap()
	for _, n := range granted {
		f.Granted += n
	}
	f.Refused = o.Count - f.Granted
	return f, nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one only marked for finalizers and pools
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// forger makes the next bad token. Its randomness need not be good.
type forger func() string

func newForger(form, victim string, seed uint64) (forger, error) {
	random := rand.New(rand.NewPCG(seed, 0))
	draw := func(b []byte) {
		for i := range b {
			b[i] = byte(random.Uint32())
		}
	}
	switch form {
	case LiteralForm:
		_, rest, _ := strings.Cut(victim, ".")
		return func() string {
			var mac [32]byte
			draw(mac[:])
			if victim != "" {
				return hex.EncodeToString(mac[:]) + "." + rest
			}
			var nonce [16]byte
			draw(nonce[:])
			return hex.EncodeToString(mac[:]) + "." + hex.EncodeToString(nonce[:]) + "." + strconv.FormatInt(time.Now().Unix(), 10)
		}, nil
	case CoreForm:
		var token [core.TokenSize]byte
		const version, nonceEnd, timeEnd = 1, 17, 25 // core/SPEC.md, "Token"
		if victim != "" {
			decoded, err := base64.RawURLEncoding.DecodeString(victim)
			if err != nil || len(decoded) != len(token) {
				return nil, fmt.Errorf("probes: the victim's token is none")
			}
			copy(token[:], decoded)
		}
		return func() string {
			if victim == "" {
				token[0] = version
				draw(token[1:nonceEnd])
				binary.BigEndian.PutUint64(token[nonceEnd:timeEnd], uint64(time.Now().UnixNano()))
			}
			draw(token[timeEnd:])
			return base64.RawURLEncoding.EncodeToString(token[:])
		}, nil
	}
	return nil, fmt.Errorf("probes: no form of token is called %q", form)
}
