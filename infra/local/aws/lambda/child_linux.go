package lambda

import "syscall"

// childAttributes makes a child die with us, and keeps it out of our process
// group: Ctrl-C in a terminal reaches the whole group, and invocations in
// progress should end first.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
