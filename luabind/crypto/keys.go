package crypto

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxKeyFile = 16 << 10 // bytes of PEM or DER
	minRSA     = 1024     // bits; RFC 8301 section 3.2
	maxRSA     = 8192     // signing takes the cube of it
)

// der is what a PEM block holds; a key may also be given without PEM.
func der(s string) ([]byte, error) {
	if len(s) > maxKeyFile {
		return nil, fmt.Errorf("%d bytes are too long for a key", len(s))
	}
	if block, _ := pem.Decode([]byte(s)); block != nil {
		return block.Bytes, nil
	}
	if s == "" || s[0] != 0x30 { // a SEQUENCE of ASN.1
		return nil, errors.New("neither PEM nor DER")
	}
	return []byte(s), nil
}

// ed25519Private reads a seed of 32 bytes, seed and public key (64 bytes), or PKCS #8 (RFC 8410).
func ed25519Private(s string) (ed25519.PrivateKey, error) {
	if len(s) == ed25519.SeedSize || len(s) == ed25519.PrivateKeySize {
		// The public half is made again: a wrong one would give the private key away.
		return ed25519.NewKeyFromSeed([]byte(s[:ed25519.SeedSize])), nil
	}
	b, err := der(s)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("no private key: %w", err)
	}
	if key, ok := key.(ed25519.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("a private key, but not of Ed25519")
}

// ed25519Public reads 32 bytes or SubjectPublicKeyInfo (RFC 8410).
func ed25519Public(s string) (ed25519.PublicKey, error) {
	if len(s) == ed25519.PublicKeySize {
		return ed25519.PublicKey(s), nil
	}
	b, err := der(s)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("no public key: %w", err)
	}
	if key, ok := key.(ed25519.PublicKey); ok {
		return key, nil
	}
	return nil, errors.New("a public key, but not of Ed25519")
}

// rsaPrivate reads PKCS #1 or PKCS #8.
func rsaPrivate(s string) (*rsa.PrivateKey, error) {
	b, err := der(s)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(b); err == nil {
		return key, checkRSA(&key.PublicKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("no private key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("a private key, but not of RSA")
	}
	return key, checkRSA(&key.PublicKey)
}

// rsaPublic reads SubjectPublicKeyInfo, as a DKIM record has it, or PKCS #1.
func rsaPublic(s string) (*rsa.PublicKey, error) {
	b, err := der(s)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PublicKey(b); err == nil {
		return key, checkRSA(key)
	}
	parsed, err := x509.ParsePKIXPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("no public key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("a public key, but not of RSA")
	}
	return key, checkRSA(key)
}

func checkRSA(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
		return fmt.Errorf("an RSA key of %d bits; %d to %d are allowed", bits, minRSA, maxRSA)
	}
	return nil
}

// pushKeypair pushes a private and a public key in PEM (PKCS #8, SubjectPublicKeyInfo).
func pushKeypair(L *lua.LState, name string, private, public any) int {
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		L.RaiseError("%s: %s", name, err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		L.RaiseError("%s: %s", name, err)
	}
	pushBytes(L, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}))
	pushBytes(L, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}))
	return 2
}
