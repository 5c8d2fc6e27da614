package main

import (
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/group"
	"trueup/internal/sheet"
)

// limitPrefix is the prefix of the placeholders in limits, and of no others.
const limitPrefix = "limit"

// limits are the placeholders that every message may use. They are constant, and the reason of an
// import is stored without arguments, so they are part of the generated texts.
//
// The packages that define the limits must not import i18n, which does not compile before its
// messages are generated.
var limits = map[string]string{
	"limitFileMiB":   strconv.Itoa(pairfile.MaxBytes >> 20),
	"limitFileName":  strconv.Itoa(sheet.FileNameMaxChars),
	"limitForbidden": agreement.ForbiddenInNames,
	"limitGroups":    strconv.Itoa(group.Max),
	"limitName":      strconv.Itoa(agreement.NameMaxChars),
	"limitLines":     strconv.Itoa(pairfile.MaxLines),
	"limitRows":      strconv.Itoa(pairfile.MaxRows),
}

// withLimits replaces the placeholders of limits in one pass.
func withLimits(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if limit, ok := limits[strings.Trim(p, "{}")]; ok {
			return limit
		}
		return p
	})
}
