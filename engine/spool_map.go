//go:build unix

package engine

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile gives the bytes of a file, which must not be empty. They are read when they are looked at.
func mapFile(f *os.File, size int) ([]byte, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var data []byte
	var mapErr error
	err = conn.Control(func(fd uintptr) {
		data, mapErr = unix.Mmap(int(fd), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	})
	if err == nil {
		err = mapErr
	}
	return data, err
}

func unmapFile(data []byte) error { return unix.Munmap(data) }
