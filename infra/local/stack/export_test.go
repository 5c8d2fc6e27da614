package stack

import "trueup/internal/manifest"

// Environment returns the environment of a function with the given settings.
func (s *Stack) Environment(settings ...string) []string {
	return s.environment(manifest.Function{Settings: settings}, Options{})
}
