package inventory

import (
	"regexp"
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Developers have lists of the packages of a programming language or an editor. They have names and
// versions as lists of programs have, but nothing in them is a program of a PC. Packages of Linux
// distributions are programs.

// developerError says that a file is a list of packages of a tool such as pip.
func developerError(tool string) *errs.Error {
	return errs.New(errs.Invalid, "inventory_developer", "tool", tool)
}

// developerTexts are the lists of packages that tools write as text. Each of the first lines
// matches, and not all of them are paths.
var developerTexts = []struct {
	tool  string
	lines func() *regexp.Regexp
}{
	{"pip", text.Pattern(`^(-e \S+|[\w.-]+(\[[\w, .-]*\])?(===?\S+| @ \S+)( *;.*| *--hash=\S+| *\\)*| *--hash=\S+.*)$`)},
	{"gem", text.Pattern(`^(\*\*\* LOCAL GEMS \*\*\*|[\w.-]+ \((default: )?\d+\.[\w.:, -]*\))$`)},
	{"npm", text.Pattern(`^(/\S*|[A-Za-z]:\\\S*|[│|\s]*[├└+` + "`" + `][─-]+[┬-]* (UNMET |extraneous)?.*@.*|[\w@/.-]+@\d\S*( \S+)?|\(empty\))$`)},
	{"cargo", text.Pattern(`^([\w-]+ v\d+\.\d+\.\d+\S*( \(.*\))?:| {4}\S+)$`)},
	{"composer", text.Pattern(`^[\w.-]+/[\w.-]+ +v?\d+\.\S+( .*)?$`)},
	{"go", text.Pattern(`^[\w-]+(\.[\w-]+)+(/\S+)* v\d+\.\d+\.\d+\S*( => .*)?$`)},
}

// developerHeaders are the headers of the tables of packages that tools write as text, by the first
// words of a line.
var developerHeaders = []struct{ tool, words string }{
	{"conda", "# packages in environment at"},
	{"conda", "# Name Version Build"},
	{"dotnet", "Package Id Version Commands"},
	{"poetry", "name version description license"},
}

// pipHeaders are the names of the columns of pip's table, and of the keys of its JSON.
var pipHeaders = []string{"package", "name", "version", "latest", "latestversion", "type", "latestfiletype", "editableprojectlocation", "location", "installer"}

// developerText returns the tool whose list of packages a text is; empty for another text. It is known
// by its first lines.
func developerText(head []byte) (tool string) {
	var lines []string
	for _, text := range firstLines(head) {
		for _, h := range developerHeaders {
			if strings.HasPrefix(strings.Join(strings.Fields(text), " "), h.words) {
				return h.tool
			}
		}
		if !strings.HasPrefix(text, "#") {
			lines = append(lines, text)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	if isPipHeader(strings.FieldsFunc(strings.ReplaceAll(lines[0], "Editable project location", "Location"), isBetweenWords)) {
		return "pip"
	}
	for _, d := range developerTexts {
		paths := !slices.ContainsFunc(lines, func(line string) bool { return strings.Trim(line[:1], "/ ") != "" && !strings.Contains(line, `:\`) })
		if !paths && !slices.ContainsFunc(lines, func(line string) bool { return !d.lines().MatchString(line) }) {
			return d.tool
		}
	}
	return ""
}

// isBetweenWords reports whether a character stands between the cells of a row in any kind of table.
func isBetweenWords(r rune) bool { return strings.ContainsRune(sheet.StreamSeparators+" \"\ufeff", r) }

// isPipHeader reports whether a table has the columns of pip, and no others. Lists of distributions have more.
func isPipHeader(header []string) bool {
	return len(header) > 1 && columnName(header[0]) == "package" && columnName(header[1]) == "version" &&
		!slices.ContainsFunc(header, func(name string) bool { return !slices.Contains(pipHeaders, columnName(name)) })
}

// developerDocuments are the files of packages in JSON, by the start of the file.
var developerDocuments = []struct {
	tool  string
	start func() *regexp.Regexp
}{
	{"conda", text.Pattern(`"(build_string|dist_name)"\s*:`)},
	{"pip", text.Pattern(`"pip_version"\s*:`)},
	{"npm", text.Pattern(`"(lockfileVersion|devDependencies)"\s*:|^\s*\{(\s*"\w+"\s*:\s*("[^"]*"|[\w.]+)\s*,)*\s*"dependencies"\s*:\s*\{`)},
	{"cargo", text.Pattern(`"(manifest_path|crate_types)"\s*:`)},
	{"composer", text.Pattern(`"(packages-dev|content-hash)"\s*:|"direct-dependency"\s*:`)},
	{"CycloneDX", text.Pattern(`"bomFormat"\s*:`)},
	{"SPDX", text.Pattern(`"spdxVersion"\s*:`)},
}

// developerName matches names that are in most lists of packages of Python and in no list of programs.
var developerName = text.Pattern(`(?i)"name"\s*:\s*"(pip|setuptools|wheel|certifi|charset[-_]normalizer|idna|urllib3|requests|typing[-_]extensions|markupsafe|jinja2|python[-_]dateutil|pyyaml|numpy|six)"`)

// developerDocument returns the tool whose list of packages a file of JSON is, by its start; empty for
// another file.
func developerDocument(head []byte) (tool string) {
	for _, d := range developerDocuments {
		if d.start().Match(head) {
			return d.tool
		}
	}
	if developerName().Match(head) {
		return "pip"
	}
	return ""
}

// isDeveloperRow reports whether rows with these keys are of the list of packages that their file seems
// to be: they have the keys of pip or conda, and no others.
func isDeveloperRow(keys []string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(pipHeaders, columnName(key)) }) ||
		slices.ContainsFunc(keys, func(key string) bool { return columnName(key) == "buildstring" || columnName(key) == "distname" })
}
