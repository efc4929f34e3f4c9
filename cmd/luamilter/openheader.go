package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"luamilter/engine/mta"
	"luamilter/luabind/crypto/seal"
)

// openHeaderFlags are the flags of open-header.
type openHeaderFlags struct {
	key    string
	newKey string
	field  string
}

func (f *openHeaderFlags) parse(args []string, out io.Writer) (file string, err error) {
	fs := newFlags("open-header")
	fs.StringVar(&f.key, "key", "", "`FILE` with the private key")
	fs.StringVar(&f.field, "field", "X-Connection-Info", "`NAME` of the header field")
	fs.StringVar(&f.newKey, "new-key", "", "make a key: `FILE` for the private one, which must not be there yet")
	// A key from the environment is no reason not to make one.
	fs.Lookup("key").Annotations = map[string][]string{oppositeKey: {"new-key"}}
	if err := parse(fs, args, out, openHeaderHelp); err != nil {
		return "", err
	}
	switch {
	case f.key == "" && f.newKey == "":
		return "", usageErrorf("no key: give --key FILE, or --new-key FILE to make one")
	case f.key != "" && f.newKey != "":
		return "", usageErrorf("either --key or --new-key")
	case f.newKey != "" && fs.NArg() > 0:
		return "", usageErrorf("--new-key takes no argument %q", fs.Arg(0))
	case fs.NArg() > 1:
		return "", usageErrorf("more than one file: %q", fs.Arg(1))
	case fs.NArg() == 0:
		return "-", nil
	}
	return fs.Arg(0), nil
}

// openHeaderCommand prints what scripts/encrypted_header.lua has put into a header field.
func openHeaderCommand(args []string, out, errOut io.Writer) error {
	var f openHeaderFlags
	file, err := f.parse(args, out)
	if err != nil {
		return err
	}
	if f.newKey != "" {
		return newHeaderKey(f.newKey, out)
	}
	data, err := os.ReadFile(f.key)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	key, err := seal.PrivateKey(data)
	if err != nil {
		return fmt.Errorf("read key %s: %w", f.key, err)
	}
	text, err := readInput("mail", file)
	if err != nil {
		return err
	}
	found, failed := 0, false
	mail := mta.ParseMail(text)
	for h := range mail.Shown {
		if !strings.EqualFold(h.Name, f.field) {
			continue
		}
		found++
		line, err := openField(key, h.Value)
		if err != nil {
			fmt.Fprintf(errOut, "luamilter: %s: field %d of the name %s: %s\n", file, found, f.field, err)
			failed = true
			continue
		}
		fmt.Fprintf(out, "%s\n", line)
	}
	if found == 0 {
		return fmt.Errorf("%s: there is no field %s", file, f.field)
	}
	if failed {
		return errReported
	}
	return nil
}

// openField gives the JSON in the value of a field, as one line that is safe to print: whoever knows the public key can seal
// one that is not.
func openField(key *ecdh.PrivateKey, value string) (string, error) {
	sealed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil {
		return "", fmt.Errorf("not in base64: %w", err)
	}
	opened, err := seal.Open(key, sealed, nil)
	if err != nil {
		return "", err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, opened); err != nil {
		return "", fmt.Errorf("what it holds is no JSON: %w", err)
	}
	return string(printableJSON(line.Bytes())), nil
}

// newHeaderKey writes a new private key that only its owner may read, and prints the setting of scripts/encrypted_header.lua
// that goes with it. It never writes over a key.
func newHeaderKey(path string, out io.Writer) error {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	err = pem.Encode(file, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("write key: %w", err)
	}
	fmt.Fprintf(out, "local public_key = %q\n", base64.StdEncoding.EncodeToString(key.PublicKey().Bytes()))
	return nil
}

const openHeaderHelp = `Prints, as a line of JSON for each, what the filter encrypted_header.lua has put into header fields
of a mail; only the owner of the private key can.

Usage:
  luamilter open-header --key FILE [--field NAME] [MAIL]
  luamilter open-header --new-key FILE

MAIL is a file with a mail, or with its header; - is standard input, which is read if there is
none. With --new-key it makes a key, and prints the public one as a line for the filter.

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine; 1 there is no such field, or one that this key does not open; 2 wrong usage.
`
