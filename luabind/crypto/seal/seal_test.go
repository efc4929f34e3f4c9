package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"luamilter/luabind/crypto/seal"
)

func newKey(t testing.TB) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// TestFormat decrypts by the words of the package comment, with HKDF spelled out.
func TestFormat(t *testing.T) {
	key := newKey(t)
	sealed, err := seal.Seal(key.PublicKey(), []byte("the text"), []byte("more"))
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(key.PublicKey().Bytes())
	if sealed[0] != 1 || !bytes.Equal(sealed[1:9], id[:8]) || len(sealed) != 1+8+32+len("the text")+16 {
		t.Fatalf("got %x, want version, key id, and the length of all", sealed)
	}
	once, err := ecdh.X25519().NewPublicKey(sealed[9:41])
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.ECDH(once)
	if err != nil {
		t.Fatal(err)
	}
	prk := mac(append(once.Bytes(), key.PublicKey().Bytes()...), secret)
	t1 := mac(prk, []byte("luamilter seal v1"), []byte{1})
	t2 := mac(prk, t1, []byte("luamilter seal v1"), []byte{2})
	block, err := aes.NewCipher(t1)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	got, err := gcm.Open(nil, t2[:12], sealed[41:], append(bytes.Clone(sealed[:41]), "more"...))
	if err != nil || string(got) != "the text" {
		t.Errorf("got %q, %v, want the text", got, err)
	}
}

func TestEachChangedByteIsNoticed(t *testing.T) {
	key := newKey(t)
	sealed, err := seal.Seal(key.PublicKey(), []byte("the text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(sealed)
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := seal.Open(key, sealed, nil); err == nil {
			t.Errorf("byte %d: no error", i)
		}
		sealed[i] ^= 1
	}
	if !bytes.Equal(sealed, before) {
		t.Error("Open changed what it was given")
	}
	if _, err := seal.Open(key, sealed[:len(sealed)-1], nil); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("a byte short: got %v, want ErrDamaged", err)
	}
}

func TestKeys(t *testing.T) {
	key := newKey(t)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	privatePEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	for name, data := range map[string][]byte{"32 bytes": key.Bytes(), "PEM": privatePEM} {
		if got, err := seal.PrivateKey(data); err != nil || !got.Equal(key) {
			t.Errorf("private key, %s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"32 bytes": key.PublicKey().Bytes(), "PEM": publicPEM} {
		if got, err := seal.PublicKey(data); err != nil || !got.Equal(key.PublicKey()) {
			t.Errorf("public key, %s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "the public key": publicPEM, "a large file": make([]byte, 5000)} {
		if _, err := seal.PrivateKey(data); err == nil {
			t.Errorf("%s as a private key: no error", name)
		}
	}
	if _, err := seal.PublicKey(privatePEM); err == nil {
		t.Error("the private key as a public key: no error")
	}
	other := newKey(t)
	sealed, err := seal.Seal(other.PublicKey(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(key, sealed, nil); err == nil || errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another key: got %v, want that the keys differ", err)
	}
}

func FuzzOpen(f *testing.F) {
	key := newKey(f)
	good, err := seal.Seal(key.PublicKey(), []byte("text"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add(good[1:])
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if text, err := seal.Open(key, sealed, nil); err == nil && string(text) != "text" {
			t.Errorf("%x: got %q", sealed, text)
		}
		if got, err := seal.PublicKey(sealed); err == nil && len(got.Bytes()) != 32 {
			t.Errorf("%x: got the key %x", sealed, got.Bytes())
		}
	})
}
