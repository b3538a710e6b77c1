// Package monotonic reads the clock that the harness and the functions share.
//
// On Linux that is CLOCK_MONOTONIC, which all processes of one machine read
// alike, so that an instant taken in a function can be subtracted from one
// taken in the harness. Elsewhere the origin is the start of the process:
// differences within a process are right, across processes they mean nothing,
// and the local platform, the only one that needs them, refuses to run there.
package monotonic
