package archive

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Waiting for a lock: others hold it for as long as writing a message takes.
const (
	firstWait = time.Millisecond
	mostWait  = 50 * time.Millisecond
)

// lock takes the fcntl lock of the file, the one that all who write mbox files take: Postfix, procmail, Dovecot, and every
// program that follows Debian's policy, which has it before a dot lock. A dot lock is not taken besides: a process that dies
// would leave it behind and stop all mail to that file. Of the two kinds of fcntl locks Linux takes the one that belongs to the open
// file (F_OFD_SETLK): it keeps out other goroutines as well, and the lock of the other kind that another program has.
//
// It is tried again and again rather than waited for in the kernel, where neither ctx nor work could end that.
func lock(ctx context.Context, f *os.File, work func(n int)) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	for wait := firstWait; ; wait = min(2*wait, mostWait) {
		var failed error
		if err := conn.Control(func(fd uintptr) {
			failed = unix.FcntlFlock(fd, setLock, &unix.Flock_t{Type: unix.F_WRLCK})
		}); err != nil {
			return err
		}
		switch failed {
		case unix.EAGAIN, unix.EACCES, unix.EINTR:
		case nil:
			return nil
		default:
			return &os.PathError{Op: "lock", Path: f.Name(), Err: failed}
		}
		work(0)
		select {
		case <-ctx.Done():
			return errLocked
		case <-time.After(wait):
		}
	}
}
