package manifest

import (
	"slices"
	"time"

	"trueup/internal/intake/kind"
)

// Prefixes returns the prefixes of the keys in the uploads bucket that call f: those of the kinds
// of files that it receives.
func (f Function) Prefixes() (prefixes []string) {
	for _, k := range kind.Of(f.Name) {
		prefixes = append(prefixes, k.Prefix)
	}
	return prefixes
}

// Asynchronous reports whether f is called asynchronously. Such a function needs a dead-letter
// queue to keep failed events.
func (f Function) Asynchronous() bool {
	return f.Trigger == Objects || f.Every > 0 || f.Nightly ||
		slices.ContainsFunc(Functions, func(caller Function) bool { return slices.Contains(caller.Calls, f.Name) })
}

// MaxWait is how long an event waits for its function at most, with all retries. A file waits up to
// one more Hidden.
const MaxWait = 6 * time.Hour

// Hidden returns how long a file is hidden from other deliveries after it was delivered, and thus
// the delay before a failed delivery is repeated. It is longer than the timeout, so that a file is
// not delivered again while its function still runs (ADR 0027).
func (f Function) Hidden() time.Duration { return f.Timeout + time.Minute }

// Deliveries returns how often a file is delivered before it goes to the dead-letter queue: for
// MaxWait, and at least five times, as AWS recommends, because a delivery that Lambda throttles
// counts, too.
func (f Function) Deliveries() int {
	return max(5, int((MaxWait+f.Hidden()-1)/f.Hidden()))
}

// CallsItself reports whether a call of f can lead to another call of f, also through other
// functions. Lambda stops such a chain after 16 calls unless the function allows it.
func (f Function) CallsItself() bool {
	seen := map[string]bool{}
	var leads func(name string) bool
	leads = func(name string) bool {
		if name == f.Name {
			return true
		}
		called, _ := Find(name)
		if seen[name] {
			return false
		}
		seen[name] = true
		return slices.ContainsFunc(called.Calls, leads)
	}
	return slices.ContainsFunc(f.Calls, leads)
}

// Find returns the function with the name.
func Find(name string) (Function, bool) {
	for _, f := range Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}
