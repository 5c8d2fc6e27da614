package inventory

import (
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"trueup/internal/text"
)

// listWords are words in names of files and folders that describe the content and name no PC, in the
// form of text.Letters. false for those that names of PCs begin with, too, such as APP-01.
var listWords = map[string]bool{
	"software": true, "installed": true, "programs": true, "program": true, "applications": true, "application": true, "inventory": true,
	"wmic": true, "winget": true, "osquery": true, "packages": true, "package": true, "uninstall": true, "registry": true,
	"apps": false, "app": false, "products": false, "product": false, "list": false, "export": false, "report": false, "data": false,
	"output": false, "results": false, "all": false,
	"geinstalleerde": true, "programmas": true, "inventaris": true, "lijst": false, "toepassingen": true,
	"logiciels": true, "logiciel": true, "programmes": true, "inventaire": true, "liste": false, "programme": true,
	"anwendungen": true, "inventar": true, "installierte": true, "installes": true, //nolint:misspell // French
}

// copyOf matches what browsers and file managers append to the name of a second copy.
var copyOf = text.Pattern(` ?\(\d{1,3}\)$`)

// timeOf matches a date and a time without a space between them.
var timeOf = text.Pattern(`(\d{2})[Tt](\d{2})`)

// quarterOf matches a quarter or a half of a year, also in Dutch and French, and the year before or after.
var quarterOf = text.Pattern(`^((19|20)\d\d)?[qkt][1-4]((19|20)\d\d)?$|^((19|20)\d\d)?[hs][12]((19|20)\d\d)?$`)

// yearOf matches a year.
var yearOf = text.Pattern(`^(19|20)\d\d$`)

// months are the names of months, in the form of text.Letters. false for those that are names of people, too.
var months = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields("january february march april may june july august september october november december " +
		"januari februari maart mei juni juli augustus oktober " +
		"janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre " + //nolint:misspell // French
		"januar jänner februar marz dezember " +
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre " +
		"janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro") {
		all[text.Letters(name)] = true
	}
	for _, name := range strings.Fields("jan feb mar apr jun jul aug sep sept oct nov dec mrt okt janv fevr avr juil") {
		all[name] = false
	}
	return all
}()

// isListName reports whether a name is no PC's. Every word of it is one of listWords, such as
// installed-software (2), or it is a date. A number makes it a PC's, such as APP01 or APP-01, unless
// more says that it is a list: a date, a year, a quarter, a month, another word, or a word that begins no
// PC's name.
func isListName(name string) bool {
	name = timeOf().ReplaceAllString(copyOf().ReplaceAllString(strings.TrimSpace(name), ""), "$1 $2")
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var numbers []string
	known, certain, joined := 0, false, 0
	period, short := false, false // a quarter or a month, and an abbreviated month
	for _, word := range words {
		folded := text.Letters(word)
		letters := strings.TrimRight(folded, "0123456789")
		sure, isKnown := listWords[letters]
		whole, isMonth := months[folded]
		switch {
		case isMonth:
			period, short = period || whole, short || !whole
		case quarterOf().MatchString(folded):
			period = true
		case letters == "":
			numbers = append(numbers, folded)
		case !isKnown:
			return false
		case letters != folded:
			joined++
		default:
			known++
			certain = certain || sure
		}
	}
	switch {
	case isDate(numbers):
		return true
	case period || short:
		return slices.ContainsFunc(numbers, yearOf().MatchString) || period && known > 0
	case len(numbers) > 0 && joined == 0 && !slices.ContainsFunc(numbers, func(n string) bool { return !yearOf().MatchString(n) }):
		return known > 0
	case joined > 0:
		return known > 0
	case len(numbers) > 0:
		return certain || known > 1
	}
	return known > 0
}

// isDate reports whether numbers begin with a date: a year, a month and a day in this order, the
// reverse or the American one, in one number or three, or a year and a month. A time may follow.
func isDate(numbers []string) bool {
	n := append(slices.Clone(numbers), "", "", "")
	switch {
	case len(n[0]) == 8 || len(n[0]) == 12 || len(n[0]) == 14:
		return isDay(n[0][:4], n[0][4:6], n[0][6:8])
	case len(n[0]) == 4 && n[2] == "":
		return isDay(n[0], n[1], "1")
	}
	return isDay(n[0], n[1], n[2]) || isDay(n[2], n[1], n[0]) || isDay(n[2], n[0], n[1])
}

// isDay reports whether numbers are a day of this century or the one before.
func isDay(year, month, day string) bool {
	_, err := time.Parse("2006-1-2", year+"-"+month+"-"+day)
	return err == nil && (strings.HasPrefix(year, "20") || strings.HasPrefix(year, "19"))
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
