// Package audit records every decision of the token core: what was asked, what
// was decided and why, in one schema, as JSON lines under a hash chain.
//
// The idea is Algorithm 2 of Liu et al., PeerJ Computer Science 11:e3029, 2025
// (section "Audit log recording"): a sanitized structured record with the
// function's context goes into a bounded buffer in memory, a background process
// flushes it, critical events flush at once, and failures carry more detail
// than successes.
//
// # Where it departs from the paper
//
// Algorithm 2 returns before the record is anywhere but in memory, so a process
// killed after a grant leaves no trace of it. [Strict], the default, writes the
// record of a grant before the value is released, and waits for the sink no
// longer than [Options.GrantBound]; if that is not enough the grant is
// withdrawn. [Async] is the algorithm as published.
//
// The paper removes token values from the record ("sanitize"). Here a record
// has no place for them: a [Record] is made of numbers, enumerations, [Name]
// and [ID], and both of these show what does not look like an identifier as a
// digest. No field takes a token, a nonce or a value.
//
// # The chain
//
// Each line ends in "hash": SHA-256, or with [Options.ChainKey] HMAC-SHA256,
// over the previous line's hash and the line up to there. A [Log] has a random
// chain id and numbers its records from 1; the first is "opened", the last
// "closed". Lines of several chains may be mixed in one file. [Verify] finds
// every change of a byte, deletion, insertion and reordering, and names the
// first line that does not fit.
//
// It does not find: the end cut off at a line end, unless the closing record is
// demanded or the last hash is known from elsewhere ([Log.Head]); a chain that
// is gone altogether; and, without a key, a chain that somebody computed anew
// from the place of the change.
//
// # What it does not do
//
// It does not send records anywhere: in a serverless function the platform
// collects standard output. It does not keep somebody who runs code inside the
// function from writing false records, nor one who holds the key from
// rewriting true ones. A request id or caller that an attacker chose is shown
// as it is when it looks like one.
package audit
