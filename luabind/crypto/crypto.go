// Package crypto is the module that a script gets from require "crypto": hashes, signatures, sealed texts, base64 and hex.
package crypto

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

const (
	// maxString is the longest string that a function makes (bytes), as in the string library.
	maxString = 64 << 20
	// maxRandom is the most random bytes of one call.
	maxRandom = 1 << 20
)

// What things take in steps of 50 ns, measured; bytes are those that one step goes through.
const (
	bytesPerStep  = 16
	curveSteps    = 2500
	rsaSteps      = 20000 // with a private key of 2048 bits: reading it and signing; it grows with the cube
	rsaCheckSteps = 500   // with a public key of 2048 bits
)

// hashes are those that hmac knows, and the module has functions for.
var hashes = map[string]func() hash.Hash{
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// Open makes the module.
func Open(L *lua.LState) int {
	module := L.NewTable()
	for name, newHash := range hashes {
		module.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			s := text(luabind.Args{L: L, Name: "crypto." + name}, 1, "s")
			return pushBytes(L, sum(newHash(), s))
		}))
	}
	for name, fn := range map[string]lua.LGFunction{
		"hmac": hmacOf, "hex": toHex, "unhex": fromHex, "base64": toBase64, "unbase64": fromBase64,
		"random": random, "equal": equal,
		"ed25519_keypair": ed25519Keypair, "ed25519_sign": ed25519Sign, "ed25519_verify": ed25519Verify,
		"rsa_sign": rsaSign, "rsa_verify": rsaVerify,
		"x25519_keypair": x25519Keypair, "seal": sealText, "open": openText, "key_id": keyID,
	} {
		module.RawSetString(name, L.NewFunction(fn))
	}
	L.Push(module)
	return 1
}

// text takes a string and charges for going through it once.
func text(a luabind.Args, n int, arg string) string {
	s := a.String(n, arg)
	guard.FuelOf(a.L).Charge(a.L, 1+len(s)/bytesPerStep)
	return s
}

func pushBytes(L *lua.LState, b []byte) int {
	L.Push(lua.LString(b))
	return 1
}

// failed gives nil and why, for what is wrong with data.
func failed(L *lua.LState, problem string) int {
	L.Push(lua.LNil)
	L.Push(lua.LString(problem))
	return 2
}

// sum hashes a string piece by piece: Write would otherwise need a copy of it all.
func sum(h hash.Hash, s string) []byte {
	var piece [4096]byte
	for len(s) > 0 {
		n := copy(piece[:], s)
		h.Write(piece[:n])
		s = s[n:]
	}
	return h.Sum(nil)
}

func hmacOf(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.hmac"}
	name := a.String(1, "algorithm")
	newHash, ok := hashes[name]
	if !ok {
		a.Fail(1, "algorithm", fmt.Sprintf("sha256, sha512, sha1 or md5 expected, got %.20q", name))
	}
	key := text(a, 2, "key")
	guard.FuelOf(L).Alloc(L, len(key))
	return pushBytes(L, sum(hmac.New(newHash, []byte(key)), text(a, 3, "s")))
}

func toHex(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.hex"}
	s := text(a, 1, "s")
	if len(s) > maxString/2 {
		a.Fail(1, "s", "too long: the result would be larger than 64 MiB")
	}
	guard.FuelOf(L).Alloc(L, 5*len(s))
	return pushBytes(L, hex.AppendEncode(nil, []byte(s)))
}

func fromHex(L *lua.LState) int {
	s := text(luabind.Args{L: L, Name: "crypto.unhex"}, 1, "s")
	guard.FuelOf(L).Alloc(L, 2*len(s))
	b, err := hex.DecodeString(s)
	if err != nil {
		return failed(L, "not hexadecimal: "+err.Error())
	}
	return pushBytes(L, b)
}

func random(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.random"}
	n := a.Integer(1, "n", 0)
	if n > maxRandom {
		a.Fail(1, "n", fmt.Sprintf("at most %d, got %d", maxRandom, n))
	}
	guard.FuelOf(L).Charge(L, n/bytesPerStep)
	guard.FuelOf(L).Alloc(L, 2*n)
	b := make([]byte, n)
	rand.Read(b) // ends the process rather than fail
	return pushBytes(L, b)
}

func equal(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.equal"}
	x, y := text(a, 1, "a"), text(a, 2, "b")
	same := false
	if len(x) == len(y) {
		guard.FuelOf(L).Alloc(L, 2*len(x))
		same = subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1
	}
	L.Push(lua.LBool(same))
	return 1
}
