package faultproxy

import "time"

// WhileHeld makes each TransactWriteItems call f instead of the pause in which it holds its
// items. It must be called before the first request.
func (p *Proxy) WhileHeld(f func()) { p.pause = func(time.Duration) { f() } }
