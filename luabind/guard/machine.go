package guard

import (
	"bytes"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// machineMemory reads what the kernel allows this process: the least of its cgroups' limits (v2 and v1) and the RAM. root
// is "/" but in tests.
func machineMemory(root string) int64 {
	least := int64(math.MaxInt64)
	for _, file := range cgroupLimits(root) {
		if text, err := os.ReadFile(root + file); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
				least = min(least, n)
			}
		}
	}
	if text, err := os.ReadFile(root + "proc/meminfo"); err == nil {
		if n := memTotal(text); n > 0 {
			least = min(least, n)
		}
	}
	if least == math.MaxInt64 {
		return 1 << 30 // not Linux: a small machine is the safe guess
	}
	return least
}

// cgroupLimits are the files that may hold a limit for this process: those of its own cgroup and of all above it, where
// systemd's MemoryMax= and a container's limit stand (cgroups(7), /proc/PID/cgroup).
func cgroupLimits(root string) []string {
	var files []string
	above := func(folder, group, file string) {
		for group = path.Clean("/" + group); ; group = path.Dir(group) {
			files = append(files, path.Join(folder, group, file))
			if group == "/" {
				return
			}
		}
	}
	text, _ := os.ReadFile(root + "proc/self/cgroup")
	for line := range bytes.Lines(text) {
		number, rest, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch {
		case number == "0" && controllers == "":
			above("sys/fs/cgroup", group, "memory.max")
		case strings.Contains(","+controllers+",", ",memory,"):
			above("sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
		}
	}
	// In a container the folder may be mounted so that it is the group itself.
	return append(files, "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
}

func memTotal(meminfo []byte) int64 {
	for line := range bytes.Lines(meminfo) {
		fields := strings.Fields(string(line))
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n * 1024
		}
	}
	return 0
}
