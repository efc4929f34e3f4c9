package crypto_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHashes(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"md5 (RFC 1321)", `crypto.hex(crypto.md5("abc"))`, `"900150983cd24fb0d6963f7d28e17f72"`},
		{"sha1 (FIPS 180)", `crypto.hex(crypto.sha1("abc"))`, `"a9993e364706816aba3e25717850c26c9cd0d89d"`},
		{"sha256 (FIPS 180)", `crypto.hex(crypto.sha256("abc"))`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
		{"sha512 (FIPS 180)", `crypto.hex(crypto.sha512("abc")):sub(1, 32)`, `"ddaf35a193617abacc417349ae204131"`},
		{"of nothing", `crypto.hex(crypto.sha256("")):sub(1, 16)`, `"e3b0c44298fc1c14"`},
		{"of more than one piece", `crypto.hex(crypto.sha1(("a"):rep(1000000)))`, `"34aa973cd4c4daa4f61eeb2bdbad27316534016f"`},
		{"hmac (RFC 4231 case 2)", `crypto.hex(crypto.hmac("sha256", "Jefe", "what do ya want for nothing?"))`,
			`"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"`},
		{"hmac with md5 (RFC 2104)", `crypto.hex(crypto.hmac("md5", "Jefe", "what do ya want for nothing?"))`, `"750c783e6ab0b503eaa86e310a5db738"`},
		{"equal", `crypto.equal("a", "a"), crypto.equal("a", "b"), crypto.equal("a", "ab"), crypto.equal("", "")`, `true false false true`},
		{"random", `#crypto.random(0), #crypto.random(1048576), crypto.random(16) == crypto.random(16)`, `0 1048576 false`},
	})
}

func TestHexAndBase64(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"hex", `crypto.hex("\0\255a")`, `"00ff61"`},
		{"unhex of either case", `crypto.unhex("00fFFf")`, `"\x00\xff\xff"`},
		{"half a byte", `crypto.unhex("0")`, `nil "not hexadecimal: encoding/hex: odd length hex string"`},
		{"no digit", `crypto.unhex("0g")`, `nil "not hexadecimal: encoding/hex: invalid byte: U+0067 'g'"`},
		{"base64", `crypto.base64("\251\255\254a")`, `"+//+YQ=="`},
		{"for URLs", `crypto.base64("\251\255\254a", { url = true, padding = false })`, `"-__-YQ"`},
		{"in lines", `crypto.base64(("x"):rep(9), { wrap = 5 })`, `"eHh4e\nHh4eH\nh4"`},
		{"in lines that fit", `crypto.base64("xxx", { wrap = 4 })`, `"eHh4"`},
		{"of nothing", `crypto.base64("", { wrap = 4 })`, `""`},
		{"unbase64", `crypto.unbase64("+//+YQ==")`, `"\xfb\xff\xfea"`},
		{"without padding", `crypto.unbase64("+//+YQ")`, `"\xfb\xff\xfea"`},
		{"folded", `crypto.unbase64(" eHh4\r\n\teHh4 ")`, `"xxxxxx"`},
		{"of URLs", `crypto.unbase64("-__-", { url = true })`, `"\xfb\xff\xfe"`},
		{"the other alphabet", `crypto.unbase64("-__-")`, `nil "not base64: at input byte 0, white space not counted"`},
		{"padding too early", `crypto.unbase64("YQ==YQ==")`, `nil "not base64: at input byte 4, white space not counted"`},
		{"bits left over", `crypto.unbase64("YR==")`, `nil "not base64: at input byte 2, white space not counted"`},
		{"bytes that are not UTF-8", `crypto.unbase64("\255")`, `nil "not base64: at input byte 0, white space not counted"`},
		{"back from lines", `crypto.unbase64(crypto.base64("some text, and more", { wrap = 7 }))`, `"some text, and more"`},
	})
}

func TestEd25519(t *testing.T) {
	const seed = `crypto.unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")`
	const public = `crypto.unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")`
	expect(t, []struct{ name, lua, want string }{
		{"RFC 8032 section 7.1, test 1", `crypto.hex(crypto.ed25519_sign(` + seed + `, "")):sub(1, 32)`, `"e5564300c360ac729086e2cc806e828a"`},
		{"verified", `crypto.ed25519_verify(` + public + `, "", crypto.ed25519_sign(` + seed + `, ""))`, `true`},
		{"seed and a wrong public key", `crypto.ed25519_verify(` + public + `, "", crypto.ed25519_sign(` + seed + ` .. ("x"):rep(32), ""))`, `true`},
		{"another text", `crypto.ed25519_verify(` + public + `, "x", crypto.ed25519_sign(` + seed + `, ""))`, `false`},
		{"a signature of a wrong length", `crypto.ed25519_verify(` + public + `, "", "x")`, `false`},
		{"a broken public key", `crypto.ed25519_verify("x", "", "x")`, `nil "key: neither PEM nor DER"`},
		{"a new pair", `(function()
			local private, public = crypto.ed25519_keypair()
			return crypto.ed25519_verify(public, "s", crypto.ed25519_sign(private, "s")), private:match("^[^\n]*"), public:match("^[^\n]*")
		end)()`, `true "-----BEGIN PRIVATE KEY-----" "-----BEGIN PUBLIC KEY-----"`},
		{"a public key of X25519", `(function()
			local _, public = crypto.x25519_keypair()
			return crypto.ed25519_verify(public, "s", "x")
		end)()`, `nil "key: a public key, but not of Ed25519"`},
	})
}

// rsaKeys is Lua that sets pkcs1, pkcs8, pkix and public1, the same key in all its forms.
func rsaKeys(t *testing.T, bits int) string {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var src strings.Builder
	for name, der := range map[string][]byte{
		"pkcs1": x509.MarshalPKCS1PrivateKey(key), "pkcs8": pkcs8, "pkix": pkix, "public1": x509.MarshalPKCS1PublicKey(&key.PublicKey),
	} {
		fmt.Fprintf(&src, "local %s = [[%s]] ", name, strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "KEY", Bytes: der})), "\n", "\\n"))
		fmt.Fprintf(&src, "%s = %[1]s:gsub('\\\\n', '\\n') ", name)
	}
	return src.String()
}

func TestRSA(t *testing.T) {
	keys := rsaKeys(t, 2048)
	tests := []struct{ name, lua, want string }{
		{"PKCS #1 keys", `crypto.rsa_verify(public1, "s", crypto.rsa_sign(pkcs1, "s"))`, `true`},
		{"PKCS #8 and PKIX keys", `crypto.rsa_verify(pkix, "s", crypto.rsa_sign(pkcs8, "s"))`, `true`},
		{"PKCS #1 v1.5 signs the same way each time", `crypto.rsa_sign(pkcs1, "s") == crypto.rsa_sign(pkcs8, "s", "sha256")`, `true`},
		{"a key without PEM, as in a DKIM record", `crypto.rsa_verify(crypto.unbase64((pkix:gsub("%-%-%-%-%-[^-]*%-%-%-%-%-", ""))), "s", crypto.rsa_sign(pkcs1, "s"))`, `true`},
		{"sha512", `crypto.rsa_verify(pkix, "s", crypto.rsa_sign(pkcs1, "s", "sha512"), "sha512")`, `true`},
		{"another hash", `crypto.rsa_verify(pkix, "s", crypto.rsa_sign(pkcs1, "s", "sha512"))`, `false`},
		{"another text", `crypto.rsa_verify(pkix, "t", crypto.rsa_sign(pkcs1, "s"))`, `false`},
		{"PSS", `crypto.rsa_verify(pkix, "s", crypto.rsa_sign(pkcs1, "s", { pss = true }), { pss = true })`, `true`},
		{"PSS is no PKCS #1 v1.5", `crypto.rsa_verify(pkix, "s", crypto.rsa_sign(pkcs1, "s", { pss = true, hash = "sha256" }))`, `false`},
		{"a signature of a wrong length", `crypto.rsa_verify(pkix, "s", "x")`, `false`},
		{"a broken public key", `crypto.rsa_verify("0", "s", "x")`, `nil "key: no public key: asn1: syntax error: truncated tag or length"`},
		{"no key at all", `crypto.rsa_verify("", "s", "x")`, `nil "key: neither PEM nor DER"`},
		{"a file as a key", `crypto.rsa_verify(("x"):rep(20000), "s", "x")`, `nil "key: 20000 bytes are too long for a key"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run(t, time.Minute, keys+"got("+tt.lua+")")
			if err != nil {
				t.Fatal(err)
			}
			if got[0] != tt.want {
				t.Errorf("%s: got %s, want %s", tt.lua, got[0], tt.want)
			}
		})
	}
}

func TestRSAKeysThatAreTooSmall(t *testing.T) {
	keys := rsaKeys(t, 512)
	got, err := run(t, time.Minute, keys+`got(crypto.rsa_verify(pkix, "s", "x"))`)
	if want := `nil "key: an RSA key of 512 bits; 1024 to 8192 are allowed"`; err != nil || got[0] != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	_, err = run(t, time.Minute, keys+`crypto.rsa_sign(pkcs1, "s")`)
	if want := `an RSA key of 512 bits; 1024 to 8192 are allowed`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSeal(t *testing.T) {
	const pair = `local private, public = crypto.x25519_keypair() `
	tests := []struct{ name, lua, want string }{
		{"there and back", `crypto.open(private, crypto.seal(public, "text"))`, `"text"`},
		{"nothing", `crypto.open(private, crypto.seal(public, ""))`, `""`},
		{"with more data", `crypto.open(private, crypto.seal(public, "text", "more"), "more")`, `"text"`},
		{"with other data", `crypto.open(private, crypto.seal(public, "text", "more"))`, `nil "damaged, or sealed with other additional data"`},
		{"never the same", `crypto.seal(public, "text") == crypto.seal(public, "text")`, `false`},
		{"57 bytes longer", `#crypto.seal(public, "text")`, `61`},
		{"begins with version and key id", `crypto.seal(public, "").sub(crypto.seal(public, ""), 1, 9) == "\1" .. crypto.key_id(public)`, `true`},
		{"a changed byte", `crypto.open(private, (crypto.seal(public, "text"):gsub(".$", function(c) return string.char((c:byte() + 1) % 256) end)))`,
			`nil "damaged, or sealed with other additional data"`},
		{"too short", `crypto.open(private, "\1")`, `nil "1 bytes are too short for a sealed text"`},
		{"another version", `crypto.open(private, ("\2"):rep(100))`, `nil "version 2 of sealed texts is not known"`},
		{"another key", `select(2, crypto.open((crypto.x25519_keypair()), crypto.seal(public, ""))):match("^sealed for the key %x+, not for %x+$") ~= nil`, `true`},
		{"a point of low order", `crypto.open(private, "\1" .. crypto.key_id(public) .. ("\0"):rep(100))`, `nil "damaged, or sealed with other additional data"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run(t, time.Minute, pair+"got("+tt.lua+")")
			if err != nil {
				t.Fatal(err)
			}
			if got[0] != tt.want {
				t.Errorf("%s: got %s, want %s", tt.lua, got[0], tt.want)
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	foreign := fmt.Sprintf(`crypto.unhex("%x")`, der)
	expectError(t, []struct{ name, lua, want string }{
		{"no text", `crypto.sha256()`, `bad argument #1 to 'crypto.sha256' (s: string expected, got no value)`},
		{"an unknown hash", `crypto.hmac("sha3", "k", "s")`, `(algorithm: sha256, sha512, sha1 or md5 expected, got "sha3")`},
		{"too much random", `crypto.random(1048577)`, `(n: at most 1048576, got 1048577)`},
		{"random below zero", `crypto.random(-1)`, `(n: a whole number from 0 on expected, got -1)`},
		{"an unknown option", `crypto.base64("", { lines = 1 })`, `there is no option lines`},
		{"a wrong option", `crypto.base64("", { url = 1 })`, `url is a boolean, not a number`},
		{"lines of nothing", `crypto.base64("", { wrap = 0 })`, `wrap is a whole number from 1 to 1000, not 0`},
		{"options of a wrong type", `crypto.unbase64("", 1)`, `options: table expected, got number`},
		{"a broken private key", `crypto.ed25519_sign("x", "s")`, `bad argument #1 to 'crypto.ed25519_sign' (key: neither PEM nor DER)`},
		{"a private key of another kind", `crypto.ed25519_sign(` + foreign + `, "s")`, `a private key, but not of Ed25519`},
		{"the same for RSA", `crypto.rsa_sign(` + foreign + `, "s")`, `a private key, but not of RSA`},
		{"a wrong hash", `crypto.rsa_verify("x", "s", "x", "md5")`, `(hash: sha256 or sha512 expected, got "md5")`},
		{"a broken key to seal", `crypto.seal("x", "s")`, `(key: an X25519 key is 32 bytes or PEM)`},
		{"a key of low order", `crypto.seal(("\0"):rep(32), "s")`, `bad argument #1 to 'crypto.seal' (key: seal: `},
		{"a broken key to open", `crypto.open("x", "s")`, `(key: an X25519 key is 32 bytes or PEM)`},
		{"a private key in place of the public", `crypto.seal((crypto.x25519_keypair()), "s")`, `(key: no public key: `},
		{"a key of Ed25519", `crypto.open((crypto.ed25519_keypair()), "s")`, `(key: a private key, but not of X25519)`},
		{"a file as a key", `crypto.seal(("x"):rep(100000), "s")`, `(key: 100000 bytes are too long for a key)`},
		{"a key id of nothing", `crypto.key_id("x")`, `bad argument #1 to 'crypto.key_id'`},
	})
}

func TestLongWorkIsInterrupted(t *testing.T) {
	for name, lua := range map[string]string{
		"hashing":   `local s = ("x"):rep(2^22) while true do crypto.sha512(s) end`,
		"encoding":  `local s = ("x"):rep(2^22) while true do crypto.unbase64(crypto.base64(s, { wrap = 1 })) end`,
		"signing":   `local key = crypto.ed25519_keypair() while true do crypto.ed25519_sign(key, "s") end`,
		"sealing":   `local _, key = crypto.x25519_keypair() while true do crypto.seal(key, "s") end`,
		"checking":  `while true do crypto.rsa_verify("0", "s", "x") end`,
		"comparing": `local s = ("x"):rep(2^22) while true do crypto.equal(s, s) end`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := run(t, 100*time.Millisecond, lua); err == nil || !strings.Contains(err.Error(), "time limit") {
				t.Errorf("got %v, want that it ran past its time limit", err)
			}
		})
	}
}
