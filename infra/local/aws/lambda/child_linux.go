package lambda

import "syscall"

// childAttributes makes the kernel kill a child when this process dies, and puts the child
// in its own process group: Ctrl-C in a terminal signals the whole group, and in-flight
// invocations should end first.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
