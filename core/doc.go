// Package core is the dynamic-token core: it keeps the credentials of a
// serverless function out of its environment variables and hands one out only
// against a token that is good for one request, one instance, one value, a few
// seconds and one use.
//
// The idea is that of Liu et al., "Dynamic token encryption for preventing
// permission leakage in serverless architectures", PeerJ Computer Science
// 11:e3029, 2025, sections "Dynamic token generation mechanism" and "Encryption
// and decryption process" (Eq. 1, Algorithm 1). It works in three steps:
//
//   - [FromEnvironment] runs once, at start-up. It seals every variable that
//     ENCRYPTION_KEYS names (AES-256-GCM, NIST SP 800-38D, with the name and
//     the instance as associated data) and leaves the ciphertext in its place.
//   - [Guard.Issue] makes a decryption token: HMAC-SHA256 (RFC 2104) over
//     request id, instance id, nonce, timestamp and data key.
//   - [Guard.Open] verifies the token (MAC, then time, then nonce) and lends the
//     value to a callback, in a buffer that is wiped when the callback ends.
//
// [Guard.Use] is Issue and Open in one call, and all that a function needs.
//
// # Where it departs from the paper
//
// Eq. (1) is an unkeyed hash of concatenated fields. Here the hash is keyed
// with a key that never leaves the instance, or whoever sees a request id could
// compute a token; every field is framed by its length, or a byte moved from one
// field to the next would make a second token out of a used one; and Algorithm
// 1 is run in the opposite order, for the reason given at its place.
// The instance id is drawn by the guard and not taken from the platform: a
// restarted or cloned instance must not honour the tokens of the first.
//
// # What it does not stop
//
//   - Code that runs inside the function and calls this package: it gets the
//     value exactly as the function does. No scheme inside one process stops it;
//     package broker puts the core into another, which bounds it.
//   - Root, and whoever may read the memory of the process.
//   - A callback that keeps, copies, logs or sends the value. Vendor SDKs copy it.
//
// Ciphertext shows the length of its value.
//
// # Further
//
// A [Policy] says per function and per data key which rule, window, budget and
// audit detail apply, which further factors are looked at, and what refusals
// lead to; the platform hands it over. Every decision is recorded (package
// audit), by default as a line on standard output that is written before the
// value is released. Plaintext is erased from the memory of the process
// (package hygiene). core/SPEC.md specifies all of it; core/literal is the
// scheme as the paper has it, which is not safe.
//
// A snapshot that is restored twice keeps one instance id and one set of keys
// until the guard notices, by a gap between wall time and boot time, or is told,
// by [Guard.AfterRestore].
package core
