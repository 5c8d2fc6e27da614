package httpapi

import (
	"fmt"
	"strings"

	"trueup/internal/i18n"
)

// ETag names one version of a resource as one language shows it. It begins
// with the version, which is what a later If-Match is compared with; parts are
// what else the answer shows and the version does not cover.
func ETag(lang i18n.Lang, version int64, parts ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `"%d`, version)
	for _, part := range parts {
		fmt.Fprintf(&b, ".%d", part)
	}
	fmt.Fprintf(&b, `-%s"`, lang)
	return b.String()
}

// Matches reports whether an If-None-Match header names the tag, compared
// weakly as RFC 9110 asks: proxies that compress mark a tag as weak.
func Matches(ifNoneMatch, tag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
