package product

import (
	"slices"
	"strings"
	"unicode"
)

// isAssurance reports whether a folded name is of Software Assurance alone, which is bought for a
// licence beside it. A licence with Software Assurance is a licence, and so is one whose price needs
// Software Assurance:
//
//	office professional plus software assurance    Software Assurance alone
//	officeproplus alng sa mvl                      Software Assurance alone
//	officeproplus alng licsapk mvl                 a licence
//	visio standard 2019 lic/sa pack                a licence
//	microsoft 365 e5 from sa                       a licence
//
// The short forms count for Microsoft's names only: elsewhere, SA is a legal form.
func isAssurance(name string, ofMicrosoft bool) (alone bool) {
	if !strings.Contains(name, "sa") && !strings.Contains(name, "assurance") {
		return false
	}
	words := joinedWords(name)
	for i, w := range words {
		if w != assurance && (!ofMicrosoft || w != "sa" && w != "sapk") {
			continue
		}
		if isWith(words[:i]) || isIncluded(words[i+1:]) {
			return false
		}
		alone = true
	}
	return alone
}

// joinedWords returns the words of a folded name, and words for the signs that join them.
func joinedWords(name string) []string {
	return strings.FieldsFunc(joints.Replace(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

const assurance = "softwareassurance"

// joints writes Software Assurance as one word, and the signs between it and a licence as words.
var joints = strings.NewReplacer("software assurance", assurance, "w/o", " without ", "&", " and ", "+", " and ", "/", " and ")

var (
	conjunctions = setOf("y e et und en")
	joiners      = setOf(`and with w incl including includes inclusief inkl inklusive inclus incluant mit met avec con com from for via
		without no sans ohne zonder sin sem excl excluding upgrade upgrd upg`)
	periods = setOf(`year years yr yrs y jahr jahre jaar jaren an ans année années año años ano anos anno anni
		month months monat monate monaten maand maanden mois mes meses mês mesi active`)
	licenseWords = setOf("license licenses licence licences lic lics l lizenz lizenzen licentie licenties licencia licencias licença licenças licenza licenze")
)

// isWith reports whether the words in front of Software Assurance join it to a licence: "license &",
// "with 2 years". The licences for cores that it is for do not: "core license".
func isWith(before []string) bool {
	at := len(before)
	for at > 0 && (periods.has(before[at-1]) || conjunctions.has(before[at-1]) || isNumber(before[at-1])) {
		at--
	}
	if at == 0 {
		return false
	}
	last := before[at-1]
	isCount := at > 1 && isForm(before[at-2], "core")
	return joiners.has(last) || licenseWords.has(last) && !isCount
}

// isIncluded reports whether the words behind Software Assurance join it to a licence: "& license",
// "included".
func isIncluded(after []string) bool {
	if len(after) == 0 {
		return false
	}
	if slices.Contains([]string{"included", "incl", "inclus", "incluido", "incluida", "inbegrepen", "inklusive"}, after[0]) {
		return true
	}
	return len(after) > 1 && (after[0] == "and" || conjunctions.has(after[0])) && licenseWords.has(after[1])
}
