//go:build !linux

package lambda

import "syscall"

// childAttributes returns nil: a child ends by itself when its Runtime API no longer
// answers.
func childAttributes() *syscall.SysProcAttr { return nil }

// memoryOf returns 0: the memory limit is enforced on Linux only.
func memoryOf(int) int64 { return 0 }
