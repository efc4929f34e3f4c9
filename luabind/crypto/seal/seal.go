// Package seal encrypts a text for the owner of an X25519 key, such as a header field that only the postmaster may read.
//
// What is sealed has, byte for byte: the version 1; 8 bytes of key ID; 32 bytes of a public key that is used once; the
// ciphertext, as long as the text; 16 bytes of tag. Key (32 bytes) and nonce (12 bytes) of AES-256-GCM are the 44 bytes of
// HKDF-SHA256 (RFC 5869) with the X25519 shared secret (RFC 7748) as input, both public keys (the one used once first) as
// salt, and "luamilter seal v1" as info. Its additional data are the first 41 bytes and what the caller gives.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	version    = 1
	idSize     = 8
	keySize    = 32 // of AES-256, and of X25519 keys
	nonceSize  = 12
	tagSize    = 16
	headerSize = 1 + idSize + keySize
	info       = "luamilter seal v1"

	// Overhead is by how many bytes a sealed text is longer.
	Overhead = headerSize + tagSize
)

// ErrDamaged is what Open says of a text that was changed, or sealed with other additional data.
var ErrDamaged = errors.New("damaged, or sealed with other additional data")

// KeyID names a key: the first 8 bytes of the SHA-256 of its public key.
func KeyID(public *ecdh.PublicKey) [idSize]byte {
	sum := sha256.Sum256(public.Bytes())
	return [idSize]byte(sum[:idSize])
}

// Seal encrypts a text for the owner of a key. aad is not part of the result and must be the same for Open; it may be nil.
func Seal(public *ecdh.PublicKey, text, aad []byte) ([]byte, error) {
	once, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	secret, err := once.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	id := KeyID(public)
	out := make([]byte, 0, Overhead+len(text))
	out = append(out, version)
	out = append(out, id[:]...)
	out = append(out, once.PublicKey().Bytes()...)
	gcm, nonce, err := derive(secret, out[1+idSize:], public)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return gcm.Seal(out, nonce, text, additional(out, aad)), nil
}

// Open decrypts what Seal made. The error says whether it is no sealed text, for another key, or ErrDamaged.
func Open(private *ecdh.PrivateKey, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, fmt.Errorf("%d bytes are too short for a sealed text", len(sealed))
	}
	if sealed[0] != version {
		return nil, fmt.Errorf("version %d of sealed texts is not known", sealed[0])
	}
	header := sealed[:headerSize]
	if id := KeyID(private.PublicKey()); !bytes.Equal(header[1:1+idSize], id[:]) {
		return nil, fmt.Errorf("sealed for the key %x, not for %x", header[1:1+idSize], id)
	}
	once, err := ecdh.X25519().NewPublicKey(header[1+idSize:])
	if err != nil {
		return nil, ErrDamaged
	}
	secret, err := private.ECDH(once)
	if err != nil { // a point of low order
		return nil, ErrDamaged
	}
	gcm, nonce, err := derive(secret, once.Bytes(), private.PublicKey())
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	text, err := gcm.Open(nil, nonce, sealed[headerSize:], additional(header, aad))
	if err != nil {
		return nil, ErrDamaged
	}
	return text, nil
}

// additional copies, so that the header's own array is not written to.
func additional(header, aad []byte) []byte {
	return append(append(make([]byte, 0, len(header)+len(aad)), header...), aad...)
}

func derive(secret, once []byte, public *ecdh.PublicKey) (gcm cipher.AEAD, nonce []byte, err error) {
	salt := append(append(make([]byte, 0, 2*keySize), once...), public.Bytes()...)
	key, err := hkdf.Key(sha256.New, secret, salt, info, keySize+nonceSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key[:keySize])
	if err != nil {
		return nil, nil, err
	}
	gcm, err = cipher.NewGCM(block)
	return gcm, key[keySize:], err
}

// maxKeyFile is more than an X25519 key in PEM takes (bytes).
const maxKeyFile = 4096

// PublicKey reads an X25519 public key: 32 bytes, or PEM (SubjectPublicKeyInfo, RFC 8410).
func PublicKey(data []byte) (*ecdh.PublicKey, error) {
	if len(data) == keySize {
		return ecdh.X25519().NewPublicKey(data)
	}
	der, err := decode(data)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("no public key: %w", err)
	}
	if key, ok := parsed.(*ecdh.PublicKey); ok && key.Curve() == ecdh.X25519() {
		return key, nil
	}
	return nil, errors.New("a public key, but not of X25519")
}

// PrivateKey reads an X25519 private key: 32 bytes, or PEM (PKCS #8, RFC 8410), as `openssl genpkey -algorithm x25519` writes.
func PrivateKey(data []byte) (*ecdh.PrivateKey, error) {
	if len(data) == keySize {
		return ecdh.X25519().NewPrivateKey(data)
	}
	der, err := decode(data)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("no private key: %w", err)
	}
	if key, ok := parsed.(*ecdh.PrivateKey); ok && key.Curve() == ecdh.X25519() {
		return key, nil
	}
	return nil, errors.New("a private key, but not of X25519")
}

func decode(data []byte) ([]byte, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("%d bytes are too long for an X25519 key", len(data))
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("an X25519 key is %d bytes or PEM", keySize)
	}
	return block.Bytes, nil
}
