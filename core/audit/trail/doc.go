// Package trail reads what package audit wrote: it verifies the chain, says in
// words why an access was refused, counts failures, and maps records to the
// formats of SIEM products. A function does not link it.
//
// The text of a file is not trusted: a field with a control character, which
// could act on a terminal, counts as a break.
package trail
