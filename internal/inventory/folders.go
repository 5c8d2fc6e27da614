package inventory

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"trueup/internal/text"
)

// listWords are words in names of files and folders that describe the content and name no PC, in the
// form of text.Letters, without digits.
var listWords = []string{
	"software", "installed", "programs", "program", "applications", "application", "apps", "app", "products", "product", "inventory", "list",
	"export", "report", "data", "output", "results", "wmic", "winget", "osquery", "packages", "package", "uninstall", "registry", "all",
	"geinstalleerde", "programmas", "inventaris", "lijst", "toepassingen", "logiciels", "logiciel", "programmes", "inventaire", "liste",
	"programme", "anwendungen", "inventar", "installierte", "installes", //nolint:misspell // French
}

// isListName reports whether a name is no PC's: every word of it is one of listWords, such as
// installed-software (2), or it is a date.
func isListName(name string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	letters := false
	for _, word := range words {
		word = strings.TrimRight(text.Letters(word), "0123456789")
		if word != "" && !slices.Contains(listWords, word) {
			return false
		}
		letters = letters || word != ""
	}
	return letters || isDate(words)
}

// isDate reports whether numbers are a date, or a year.
func isDate(numbers []string) bool {
	for _, n := range numbers {
		if (len(n) == 4 || len(n) == 6 || len(n) == 8) && (strings.HasPrefix(n, "20") || strings.HasPrefix(n, "19")) {
			return true
		}
	}
	return false
}

// listFile is the name of a file in an archive: its folders, and its name without extension.
type listFile struct{ folder, base string }

func newListFile(name string) listFile {
	folder, base := path.Split(strings.ReplaceAll(text.Readable(name), `\`, "/")) // some programs write backslashes
	return listFile{folder: strings.Trim(folder, "/"), base: strings.TrimSuffix(base, path.Ext(base))}
}

// pc returns the name of the PC whose list the file is. inFolder tells that its folder has it: the
// innermost one that is no list name.
func (f listFile) pc(inFolder bool) string {
	if !inFolder || f.folder == "" {
		return f.base
	}
	parts := strings.Split(f.folder, "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if !isListName(parts[i]) {
			return parts[i]
		}
	}
	return f.folder
}

// namedByFolder returns the base names, folded, of the files of an archive that are named by their
// folder: the list of PC1 may be PC1.csv, or PC1/software.csv.
//
// A folder names the PC if the name of the file only says what is in it; also if there are more
// folders with such names than names, and these folders have no other files. So old/PC1.csv and
// new/PC1.csv are one PC if new/PC2.csv is there, too.
func namedByFolder(files []listFile) map[string]bool {
	in := map[string]map[string]bool{} // folders, by base name
	for _, f := range files {
		base := text.Fold(f.base)
		if in[base] == nil {
			in[base] = map[string]bool{}
		}
		in[base][f.folder] = true
	}
	by := map[string]bool{}
	common, mixed, names := map[string]bool{}, map[string]bool{}, 0 // folders with names that several have, and with others
	for base, folders := range in {
		switch by[base] = isListName(base); {
		case by[base]:
		case len(folders) > 1:
			names++
			for folder := range folders {
				common[folder] = true
			}
		default:
			for folder := range folders {
				mixed[folder] = true
			}
		}
	}
	for base, folders := range in {
		if by[base] || len(folders) == 1 || len(common) <= names {
			continue
		}
		by[base] = true
		for folder := range folders {
			by[base] = by[base] && !mixed[folder]
		}
	}
	return by
}
