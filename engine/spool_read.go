//go:build !unix

package engine

import "os"

// mapFile gives the bytes of a file.
func mapFile(f *os.File, size int) ([]byte, error) {
	data := make([]byte, size)
	_, err := f.ReadAt(data, 0)
	return data, err
}

func unmapFile([]byte) error { return nil }
