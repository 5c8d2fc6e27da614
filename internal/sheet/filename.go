package sheet

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// FileNameMaxChars is the maximum length of the name of a file of rows, in characters (R3.3).
const FileNameMaxChars = 128

// CheckFileName checks the name of a file of rows, the last part of its key. The name must end in one of
// the extensions, in any case, with text before it; otherwise the code of the violation is
// wrongExtension. It returns every violation, with the field "fileName".
func CheckFileName(name, wrongExtension string, extensions ...string) []errs.Violation {
	var violations []errs.Violation
	add := func(code string, args ...string) {
		violations = append(violations, errs.Violation{Code: code, Field: "fileName", Value: text.Quote(name), Args: errs.Pairs(args...)})
	}
	if n := utf8.RuneCountInString(name); n > FileNameMaxChars {
		add("file_name_too_long", "max", strconv.Itoa(FileNameMaxChars), "length", strconv.Itoa(n))
	}
	if !slices.ContainsFunc(extensions, func(extension string) bool { return hasExtension(name, extension) }) {
		add(wrongExtension)
	}
	if strings.ContainsAny(name, `/\`) {
		add("file_name_slash")
	}
	if strings.ContainsFunc(name, text.IsInvisible) {
		add("file_name_control")
	}
	return violations
}

func hasExtension(name, extension string) bool {
	stem := max(len(name)-len(extension), 0)
	return strings.EqualFold(name[stem:], extension) && strings.TrimSpace(name[:stem]) != ""
}
