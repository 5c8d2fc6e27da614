package stack

import "trueup/internal/manifest"

// Environment is that of a function with those settings.
func (s *Stack) Environment(settings ...string) []string {
	return s.environment(manifest.Function{Settings: settings}, Options{})
}
