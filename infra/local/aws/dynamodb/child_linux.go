package dynamodb

import (
	"os"
	"syscall"
)

// childAttributes makes the engine die with us, and keeps it out of our process
// group: Ctrl-C in a terminal reaches the whole group, and we want to end the
// engine after everything that uses it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
