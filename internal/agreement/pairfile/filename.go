package pairfile

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// Extension is the extension of import files. Case does not matter.
const Extension = ".csv"

// ParseFileName checks the name of an import file, the last part of its key (R3.1, R3.3). It
// returns every violation, with the field "fileName".
func ParseFileName(name string) []errs.Violation {
	var violations []errs.Violation
	add := func(code string, args ...string) {
		violations = append(violations, errs.Violation{Code: code, Field: "fileName", Value: text.Quote(name), Args: errs.Pairs(args...)})
	}
	if n := utf8.RuneCountInString(name); n > FileNameMaxChars {
		add("file_name_too_long", "max", strconv.Itoa(FileNameMaxChars), "length", strconv.Itoa(n))
	}
	stem := max(len(name)-len(Extension), 0)
	if !strings.EqualFold(name[stem:], Extension) || strings.TrimSpace(name[:stem]) == "" {
		add("file_name_extension")
	}
	if strings.ContainsAny(name, `/\`) {
		add("file_name_slash")
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		add("file_name_control")
	}
	return violations
}
