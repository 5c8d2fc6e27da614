package pairfile

import (
	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// ParseFileName checks the name of an import file (R3.1, R3.3), as sheet.CheckFileName does.
func ParseFileName(name string) []errs.Violation {
	return sheet.CheckFileName(name, "file_name_extension", ".csv")
}
