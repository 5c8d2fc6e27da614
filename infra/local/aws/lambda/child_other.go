//go:build !linux

package lambda

import "syscall"

// childAttributes has nothing to add: a child ends by itself when its Runtime
// API does not answer any more.
func childAttributes() *syscall.SysProcAttr { return nil }
