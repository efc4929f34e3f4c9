package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// readInput reads a file; - is standard input. An error says what it is.
func readInput(what, file string) (string, error) {
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
		return "", fmt.Errorf("read %s %s: %w", what, file, err)
	}
	return string(data), nil
}
