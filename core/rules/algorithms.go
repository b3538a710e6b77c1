package rules

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
)

type algorithm struct {
	name     string
	new      func() hash.Hash
	size     int // bytes
	keyed    bool
	weak     bool // collisions are practical
	approved bool // by FIPS 140-3 (FIPS 180-4, FIPS 202)
}

const keyedPrefix = "hmac_"

// keyedName is the name of the HMAC of the algorithm.
func (a *algorithm) keyedName() string { return keyedPrefix + strings.TrimPrefix(a.name, keyedPrefix) }

var plain = [...]algorithm{
	{name: "md5", new: md5.New, size: md5.Size, weak: true},
	{name: "sha1", new: sha1.New, size: sha1.Size, weak: true},
	{name: "sha256", new: sha256.New, size: sha256.Size, approved: true},
	{name: "sha512", new: sha512.New, size: sha512.Size, approved: true},
	{name: "sha3_256", new: func() hash.Hash { return sha3.New256() }, size: 32, approved: true},
	{name: "sha3_512", new: func() hash.Hash { return sha3.New512() }, size: 64, approved: true},
	{name: "blake2b", new: newBlake2b, size: blake2b.Size},
	{name: "blake2s", new: newBlake2s, size: blake2s.Size},
}

// algorithms holds every algorithm, plain and then keyed.
var algorithms = func() (all [2 * len(plain)]algorithm) {
	copy(all[:], plain[:])
	for i, a := range plain {
		a.name, a.keyed = keyedPrefix+a.name, true
		all[len(plain)+i] = a
	}
	return all
}()

func findAlgorithm(name string) *algorithm {
	for i := range algorithms {
		if algorithms[i].name == name {
			return &algorithms[i]
		}
	}
	return nil
}

// The only error of both is a key that is too long.
func newBlake2b() hash.Hash { h, _ := blake2b.New512(nil); return h }
func newBlake2s() hash.Hash { h, _ := blake2s.New256(nil); return h }
