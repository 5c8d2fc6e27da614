package agreement

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/errs"
)

// FileExtension is how the name of an import file ends, in any case.
const FileExtension = ".csv"

// ParseFileName checks the name of an import file, the last part of its key
// (R3.1, R3.3), and returns every violation with the field "fileName".
func ParseFileName(name string) []errs.Violation {
	var c checker
	add := func(code string, args ...string) { c.add(code, "fileName", name, args...) }
	if n := utf8.RuneCountInString(name); n > FileNameMaxChars {
		add("file_name_too_long", "max", strconv.Itoa(FileNameMaxChars), "length", strconv.Itoa(n))
	}
	stem := max(len(name)-len(FileExtension), 0)
	if !strings.EqualFold(name[stem:], FileExtension) || strings.TrimSpace(name[:stem]) == "" {
		add("file_name_extension")
	}
	if strings.ContainsAny(name, `/\`) {
		add("file_name_slash")
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		add("file_name_control")
	}
	return c.violations
}
