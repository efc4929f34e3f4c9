package archive

import "golang.org/x/sys/unix"

// setLock belongs to the open file, not to the process.
const setLock = unix.F_OFD_SETLK
