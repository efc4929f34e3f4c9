package crypto

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
)

func FuzzKeys(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		f.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	f.Add(x509.MarshalPKCS1PrivateKey(key))
	for _, v := range []any{&key.PublicKey, public} {
		der, err := x509.MarshalPKIXPublicKey(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := string(data)
		if key, err := ed25519Public(s); err == nil && len(key) != ed25519.PublicKeySize {
			t.Errorf("%x: got an Ed25519 key of %d bytes", data, len(key))
		}
		if key, err := ed25519Private(s); err == nil && len(key) != ed25519.PrivateKeySize {
			t.Errorf("%x: got a private Ed25519 key of %d bytes", data, len(key))
		}
		if key, err := rsaPublic(s); err == nil && (key.N.BitLen() < minRSA || key.N.BitLen() > maxRSA) {
			t.Errorf("%x: got an RSA key of %d bits", data, key.N.BitLen())
		}
		if key, err := rsaPrivate(s); err == nil && (key.N.BitLen() < minRSA || key.N.BitLen() > maxRSA) {
			t.Errorf("%x: got a private RSA key of %d bits", data, key.N.BitLen())
		}
	})
}
