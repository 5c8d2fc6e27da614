package dynamodb

import (
	"os"
	"syscall"
)

// childAttributes makes the kernel kill the engine when this process dies, and puts the
// engine in its own process group: Ctrl-C in a terminal signals the whole group, and the
// engine must stop after everything that uses it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
