package crypto

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

func ed25519Keypair(L *lua.LState) int {
	guard.FuelOf(L).Charge(L, curveSteps)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		L.RaiseError("crypto.ed25519_keypair: %s", err)
	}
	return pushKeypair(L, "crypto.ed25519_keypair", private, public)
}

func ed25519Sign(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.ed25519_sign"}
	guard.FuelOf(L).Charge(L, curveSteps)
	key, err := ed25519Private(a.String(1, "key"))
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	s := text(a, 2, "s")
	guard.FuelOf(L).Charge(L, len(s)/bytesPerStep) // it is hashed twice
	guard.FuelOf(L).Alloc(L, len(s))
	return pushBytes(L, ed25519.Sign(key, []byte(s)))
}

func ed25519Verify(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.ed25519_verify"}
	guard.FuelOf(L).Charge(L, curveSteps)
	key, err := ed25519Public(a.String(1, "key"))
	s, signature := text(a, 2, "s"), a.String(3, "signature")
	if err != nil {
		return failed(L, "key: "+err.Error())
	}
	guard.FuelOf(L).Alloc(L, len(s)+len(signature))
	L.Push(lua.LBool(ed25519.Verify(key, []byte(s), []byte(signature))))
	return 1
}

// scheme is how an RSA signature is made.
type scheme struct {
	hash crypto.Hash
	pss  bool // RSASSA-PSS with a salt as long as the hash, instead of RSASSA-PKCS1-v1_5 (RFC 8017)
}

// schemeArg takes an optional argument: the name of the hash, or a table of hash and pss.
func schemeArg(a luabind.Args, n int) scheme {
	o := options{a: a, n: n}
	name := a.L.Get(n)
	if name.Type() != lua.LTString {
		o.read("hash", "pss")
		name = o.get("hash")
	}
	sc := scheme{pss: o.boolean("pss", false)}
	switch name {
	case lua.LNil, lua.LString("sha256"):
		sc.hash = crypto.SHA256
	case lua.LString("sha512"):
		sc.hash = crypto.SHA512
	default:
		a.Fail(n, "hash", fmt.Sprintf("sha256 or sha512 expected, got %.20q", name.String()))
	}
	return sc
}

// rsaWork is what an operation takes with a key of so many bits.
func rsaWork(steps, bits int) int {
	size := max(bits/256, 4)
	return steps * size * size * size / 512
}

func rsaSign(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.rsa_sign"}
	source := a.String(1, "key")
	guard.FuelOf(L).Charge(L, min(len(source), maxKeyFile)*4)
	key, err := rsaPrivate(source)
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	guard.FuelOf(L).Charge(L, rsaWork(rsaSteps, key.N.BitLen()))
	s, sc := text(a, 2, "s"), schemeArg(a, 3)
	digest := sum(sc.hash.New(), s)
	var signature []byte
	if sc.pss {
		signature, err = rsa.SignPSS(rand.Reader, key, sc.hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		signature, err = rsa.SignPKCS1v15(nil, key, sc.hash, digest)
	}
	if err != nil {
		a.Fail(1, "key", err.Error())
	}
	return pushBytes(L, signature)
}

func rsaVerify(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.rsa_verify"}
	source, s, signature, sc := a.String(1, "key"), text(a, 2, "s"), a.String(3, "signature"), schemeArg(a, 4)
	key, err := rsaPublic(source)
	if err != nil {
		return failed(L, "key: "+err.Error())
	}
	guard.FuelOf(L).Charge(L, rsaWork(rsaCheckSteps, key.N.BitLen()))
	if len(signature) != key.Size() {
		L.Push(lua.LFalse)
		return 1
	}
	digest := sum(sc.hash.New(), s)
	if sc.pss {
		err = rsa.VerifyPSS(key, sc.hash, digest, []byte(signature), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto})
	} else {
		err = rsa.VerifyPKCS1v15(key, sc.hash, digest, []byte(signature))
	}
	L.Push(lua.LBool(err == nil))
	return 1
}
