//go:build !linux

package archive

import "golang.org/x/sys/unix"

// setLock belongs to the process: other programs are kept out, not the other states of this one.
const setLock = unix.F_SETLK
