//go:build !linux

package lambda

import "syscall"

// childAttributes returns nil: a child ends by itself when its Runtime API no longer
// answers.
func childAttributes() *syscall.SysProcAttr { return nil }
