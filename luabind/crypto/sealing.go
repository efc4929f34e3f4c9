package crypto

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/crypto/seal"
	"luamilter/luabind/guard"
)

func x25519Keypair(L *lua.LState) int {
	guard.FuelOf(L).Charge(L, curveSteps)
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		L.RaiseError("crypto.x25519_keypair: %s", err)
	}
	return pushKeypair(L, "crypto.x25519_keypair", private, private.PublicKey())
}

// keyData is argument 1, a key.
func keyData(a luabind.Args) []byte {
	s := text(a, 1, "key")
	if len(s) > maxKeyFile {
		a.Fail(1, "key", fmt.Sprintf("%d bytes are too long for a key", len(s)))
	}
	return []byte(s)
}

// aad is the optional additional data.
func aad(a luabind.Args, n int) []byte {
	if a.Absent(n) {
		return nil
	}
	s := text(a, n, "aad")
	guard.FuelOf(a.L).Alloc(a.L, 2*len(s))
	return []byte(s)
}

func sealText(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.seal"}
	guard.FuelOf(L).Charge(L, 2*curveSteps)
	key, err := seal.PublicKey(keyData(a))
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	s := text(a, 2, "text")
	if len(s) > maxString-seal.Overhead {
		a.Fail(2, "text", "too long: the result would be larger than 64 MiB")
	}
	more := aad(a, 3)
	guard.FuelOf(L).Alloc(L, 3*len(s))
	sealed, err := seal.Seal(key, []byte(s), more)
	if err != nil { // a public key of low order
		a.Fail(1, "key", err.Error())
	}
	return pushBytes(L, sealed)
}

func openText(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.open"}
	guard.FuelOf(L).Charge(L, 2*curveSteps)
	key, err := seal.PrivateKey(keyData(a))
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	sealed, more := text(a, 2, "sealed"), aad(a, 3)
	guard.FuelOf(L).Alloc(L, 3*len(sealed))
	opened, err := seal.Open(key, []byte(sealed), more)
	if err != nil {
		return failed(L, err.Error())
	}
	return pushBytes(L, opened)
}

// keyID is crypto.key_id(public key).
func keyID(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.key_id"}
	key, err := seal.PublicKey(keyData(a))
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	id := seal.KeyID(key)
	return pushBytes(L, id[:])
}
