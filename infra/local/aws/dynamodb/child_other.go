//go:build !linux

package dynamodb

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

// terminate kills the engine, because not all systems have a softer way. No data is lost.
func terminate(p *os.Process) error { return p.Kill() }
