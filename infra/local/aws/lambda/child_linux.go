package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// childAttributes makes the kernel kill a child when this process dies, and puts the child
// in its own process group: Ctrl-C in a terminal signals the whole group, and in-flight
// invocations should end first.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// memoryOf returns the most memory, in bytes, that a process has used since it started: the peak of
// its resident set. It is 0 if the process has ended.
func memoryOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	kilobytes, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	n, _ := strconv.ParseInt(string(kilobytes), 10, 64) // 0 for a process that is ending
	return n << 10
}
