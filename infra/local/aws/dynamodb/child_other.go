//go:build !linux

package dynamodb

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

// terminate kills, which is the one way that all systems know. The data
// survives it.
func terminate(p *os.Process) error { return p.Kill() }
