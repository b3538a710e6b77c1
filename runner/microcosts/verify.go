package microcosts

import (
	"crypto/hmac"
	"crypto/sha256"
	"runtime"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/results"
)

// measureVerify times verifications that end in a grant, where the decryption
// of a short value follows, and the checks alone: those refusals that go through
// every check and fail the last.
func measureVerify(o Options, m *results.Microcosts) error {
	published, err := newLiteral(nil, nil)
	if err != nil {
		return err
	}
	defer published.Close()
	hardened, err := newOptimized(nil, nil)
	if err != nil {
		return err
	}
	defer hardened.Close()
	open := []operation{
		tokens(func() (literal.Token, error) { return published.Issue(requestID, dataKey) },
			func(t literal.Token) error { return published.Open(requestID, dataKey, t, discard) }),
		tokens(func() (core.Token, error) { return hardened.Issue(requestID, dataKey) },
			func(t core.Token) error { return hardened.Open(requestID, dataKey, t, discard) }),
	}

	// Processor time is that of one thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	times, err := takeTurns(o.Rounds, o.Batch, wall, forgedLiteral(published), replayedOptimized(hardened), bareHMAC(), open[0], open[1])
	if err != nil {
		return err
	}
	cpu, err := takeTurns(o.Rounds, o.Batch, cpuTime, open...)
	if err != nil {
		return err
	}
	bytes, err := takeTurns(max(1, o.Rounds/10), o.Batch, allocated, open...)
	if err != nil {
		return err
	}
	mac := times[2]
	for i, scheme := range []string{schemeLiteral, schemeOptimized} {
		m.Verify = append(m.Verify, results.VerifyCost{
			Scheme: scheme, SecretBytes: len(secret),
			Checks: summarise("ns", o.Batch, times[i]), Access: summarise("ns", o.Batch, times[3+i]),
			CPU: summarise("ns", o.Batch, cpu[i]), Bytes: summarise("bytes", o.Batch, bytes[i]),
			HMAC:  summarise("ns", o.Batch, mac),
			Ratio: summarise("1", o.Batch, each(times[i], mac, func(x, y float64) float64 { return x / y })),
		})
	}
	return nil
}

// bareHMAC is the lower limit of a keyed verification: one MAC.
func bareHMAC() operation {
	mac := hmac.New(sha256.New, make([]byte, sha256.Size))
	// Request id, instance id, nonce, timestamp and data key.
	message := make([]byte, len(requestID)+32+16+8+len(dataKey))
	sum := make([]byte, 0, sha256.Size)
	return operation{run: func(int) error {
		mac.Reset()
		mac.Write(message)
		sum = mac.Sum(sum[:0])
		return nil
	}}
}

// allocated is the number of bytes that the process has allocated so far, in the
// place of a clock. To read it stops the world, outside of what is counted.
func allocated() time.Duration {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return time.Duration(s.TotalAlloc)
}
