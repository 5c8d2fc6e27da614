package httpapi

import (
	"fmt"
	"strings"

	"trueup/internal/i18n"
)

// ETag returns the tag of one version of a resource in one language. It begins with the version,
// which If-Match is compared with; parts are numbers that the response depends on and the version
// does not cover.
func ETag(lang i18n.Lang, version int64, parts ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `"%d`, version)
	for _, part := range parts {
		fmt.Fprintf(&b, ".%d", part)
	}
	fmt.Fprintf(&b, `-%s"`, lang)
	return b.String()
}

// Matches reports whether an If-None-Match header contains the tag. It uses the weak comparison
// of RFC 9110, because proxies that compress mark a tag as weak.
func Matches(ifNoneMatch, tag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
