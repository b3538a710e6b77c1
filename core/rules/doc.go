// Package rules compiles encryption rules: the texts that say how a decryption
// token is computed, such as
//
//	$md5($requestid, $instanceid)
//	$hmac_sha256($requestid, $sha3_256($functionname, "v2"), $tenant)
//
// The idea and the notation are those of Liu et al., PeerJ Computer Science
// 11:e3029, 2025, section "Dynamic token generation mechanism": a rule combines
// built-in dynamic parameters, custom static parameters and algorithms of the
// user's choice. The paper gives the one example above and no grammar; this is
// ours.
//
// # Grammar
//
//	rule      = call .
//	call      = "$" algorithm "(" argument { "," argument } ")" .
//	argument  = call | parameter | string .
//	parameter = "$" name .
//	string    = '"' { character | escape } '"' .
//	escape    = '\"' | '\\' | '\n' | '\t' | '\x' hex hex .
//	name      = letter { letter | digit | "_" } .      (letters: a to z)
//	character = any byte from 0x20 on, but '"', '\' and 0x7f .
//	algorithm = [ "hmac_" ] ( "md5" | "sha1" | "sha256" | "sha512" | "sha3_256"
//	          | "sha3_512" | "blake2b" | "blake2s" ) .
//
// Spaces, tabs and line ends may stand between any two of these parts, not
// inside one. The text must be valid UTF-8. [MaxSize], [MaxDepth], [MaxName],
// [MaxArguments] and [MaxCalls] bound what is read; whatever is refused gives
// an [*Error] with line, column and a caret. [Rule.String] returns the
// canonical text: reading it again gives the same text.
//
// blake2b is BLAKE2b-512 and blake2s is BLAKE2s-256, both unkeyed; hmac_blake2b
// is the HMAC construction (RFC 2104) over them and not their own keyed mode,
// so that any language with an HMAC can compute it. An HMAC is keyed by the
// guard's key. A call of an algorithm with a parameter's name, or a parameter
// with an algorithm's, is refused.
//
// # Parameters
//
// [Builtin] lists the dynamic ones, which [Values] holds. Other names are
// custom static parameters, and [Options.Static] must define them. An algorithm
// or a built-in cannot be redefined.
//
// # Hardened framing
//
// Under [Hardened], a rule chooses the algorithm and adds fields; it cannot take
// any away. The outermost call is always the HMAC of its algorithm, written
// with hmac_ or without. What it covers is, each field preceded by its length
// in bytes as 32 bits in big-endian order:
//
//	request id, instance id, nonce (16 bytes), timestamp (8 bytes), data key
//	every argument of the outermost call that is none of these five, in order
//
// Its key is derived from the guard's, by HKDF-Expand (RFC 5869) with SHA-256,
// for these two, framed likewise:
//
//	label "dtbench/core rule v1"
//	SHA-256 of the canonical text of the rule
//
// An inner call is the plain hash or the HMAC, as written, under the guard's own
// key, of
//
//	label "dtbench/core rule call v1"
//	name of the algorithm
//	every argument, in order
//
// So two computations have the same bytes under the same key only if rule and
// fields are equal, or if an inner hash collides; and an inner value can never
// pass for a token. The result has [Size] bytes: a longer MAC is cut to its first 32
// bytes (RFC 2104, section 5), a shorter one is followed by zeros.
//
// # Literal concatenation
//
// Under [Literal] a rule is taken at its word, as in the paper's Eq. (1): the
// hash of the arguments one after the other, with [Options.Separator] between
// them or nothing, and nothing else. An inner call counts as its lower-case
// hexadecimal digits. It is broken (see THREATS.md, T5 to T10) and here so that
// this can be shown.
package rules
