package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// account is the user to become after binding.
type account struct {
	name   string
	uid    int
	gid    int
	groups []int
}

// lookUpAccount finds USER or USER:GROUP, names or numbers; nil for "".
func lookUpAccount(name string) (*account, error) {
	if name == "" {
		return nil, nil
	}
	userName, groupName, hasGroup := strings.Cut(name, ":")
	u, err := user.Lookup(userName)
	if err != nil {
		if u, err = user.LookupId(userName); err != nil {
			return nil, fmt.Errorf("--user: there is no user %q", userName)
		}
	}
	a := &account{name: name}
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, fmt.Errorf("--user: %q has the user id %q", userName, u.Uid)
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, fmt.Errorf("--user: %q has the group id %q", userName, u.Gid)
	}
	if hasGroup {
		if a.gid, err = lookUpGroup(groupName); err != nil || a.gid < 0 {
			return nil, fmt.Errorf("--user: there is no group %q", groupName)
		}
		a.groups = []int{a.gid}
		return a, nil
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("--user: groups of %q: %w", userName, err)
	}
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil {
			a.groups = append(a.groups, gid)
		}
	}
	return a, nil
}

// become gives up the rights of root for good. Package syscall does it for all threads.
func (a *account) become() error {
	if a == nil || os.Getuid() == a.uid && os.Geteuid() == a.uid && os.Getgid() == a.gid {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("--user: only root can become %s; this is user %d", a.name, os.Geteuid())
	}
	if err := syscall.Setgroups(a.groups); err != nil {
		return fmt.Errorf("--user: set the groups of %s: %w", a.name, err)
	}
	if err := syscall.Setgid(a.gid); err != nil {
		return fmt.Errorf("--user: set the group of %s: %w", a.name, err)
	}
	if err := syscall.Setuid(a.uid); err != nil {
		return fmt.Errorf("--user: become %s: %w", a.name, err)
	}
	if a.uid != 0 && syscall.Setuid(0) == nil {
		return fmt.Errorf("--user: %s could become root again", a.name)
	}
	return nil
}

// writePidFile writes the process id, and gives what removes the file at the end.
func writePidFile(path string) (remove func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	own := strconv.Itoa(os.Getpid()) + "\n"
	if err := os.WriteFile(path, []byte(own), 0o644); err != nil {
		var reason *os.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, fmt.Errorf("--pid-file %s: %w", path, err)
	}
	return func() {
		// It may be the file of the process that took over by now.
		if now, err := os.ReadFile(path); err == nil && string(now) == own {
			_ = os.Remove(path) // another user may not be allowed to; the next start overwrites it
		}
	}, nil
}
