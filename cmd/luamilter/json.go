package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
)

// asJSON is a value on one line of JSON that is safe to print.
func asJSON(value any) ([]byte, error) { return encodeJSON(value, "") }

// encodeJSON is a value in JSON that is safe to print: on one line, or indented by so much.
func encodeJSON(value any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // addresses stand in <>
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return printableJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// printableJSON escapes in valid JSON what a terminal would not print but obey, which stands in strings only. Package json lets
// DEL, the C1 controls and those of the direction of writing through.
func printableJSON(text []byte) []byte {
	obeyed := func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }
	if !bytes.ContainsFunc(text, obeyed) {
		return text
	}
	var safe bytes.Buffer
	for _, r := range string(text) {
		switch {
		case !obeyed(r):
			safe.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&safe, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&safe, `\u%04x`, r)
		}
	}
	return safe.Bytes()
}
