package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// readMail reads a mail file; - is standard input.
func readMail(file string) (string, error) {
	var data []byte
	var err error
	if file == "-" {
		data, err = io.ReadAll(os.Stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	var reason *os.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	if err != nil {
		return "", fmt.Errorf("read mail %s: %w", file, err)
	}
	return string(data), nil
}
