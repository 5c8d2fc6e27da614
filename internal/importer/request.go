package importer

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// checkRequest checks the file's key and metadata.
func (a *attempt) checkRequest() []sheet.Finding {
	var findings []sheet.Finding
	imp := &a.imp
	switch given := OnError(strings.ToLower(strings.TrimSpace(string(imp.OnError)))); given {
	case "":
		imp.OnError = OnErrorReject
	case OnErrorReject, OnErrorSkip:
		imp.OnError = given
	default:
		findings = append(findings, whole("on_error_unknown", "value", string(imp.OnError)))
	}
	if program := agreement.Program(strings.ToLower(strings.TrimSpace(string(imp.Program)))); slices.Contains(agreement.Programs, program) {
		imp.Program = program
	}
	if imp.Group == "" {
		return findings
	}
	if strings.Contains(imp.Group, "/") {
		return append(findings, whole("folder_too_deep", "folder", imp.Group))
	}
	name, violations := agreement.ParseName(imp.Group, false)
	if len(violations) > 0 {
		return append(findings, whole("group_name_invalid", "group", imp.Group))
	}
	imp.Group = name
	if isUnassigned(name) {
		imp.Group = ""
	}
	return findings
}

// isUnassigned reports whether a name is that of the built-in group, in any language.
func isUnassigned(name string) bool {
	return group.IsReserved(name) || slices.ContainsFunc(i18n.Langs, func(lang i18n.Lang) bool {
		return text.Fold(name) == text.Fold(i18n.Text(lang, i18n.UnassignedAgreements, nil))
	})
}

func whole(code string, args ...string) sheet.Finding {
	return sheet.Finding{Severity: sheet.SeverityError, Code: code, Args: errs.Pairs(args...)}
}
