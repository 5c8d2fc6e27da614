package pairfile

import (
	"strings"
	"unicode"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// heading is what a cell of a header line names.
type heading struct {
	column sheet.Column
	// score decides between headings of the same column: the most exact one is read.
	score int
	// repeats means the same number again, as the documentation asks for under Open Value.
	repeats bool
	// contract means that the agreement is named, maybe besides the authorization.
	contract bool
	// either means the number or the name of an agreement, depending on the other columns.
	either bool
}

// word is what a word of a heading means.
type word uint16

// The meanings. The number of a program has several names: the more exact ones score more.
const (
	filler word = 1 << iota
	joiner      // between alternatives, as in "authorization or agreement number"
	numberWord
	idWord
	nameWord
	descriptionWord
	repeatWord
	authorizationWord
	contractWord
	licenseWord
	enrollmentWord
	customerWord
)

const (
	firstNumber  = authorizationWord | contractWord
	secondNumber = licenseWord | enrollmentWord | customerWord
)

// vocabulary lists the words of headings in English, Dutch and French, without accents: those of
// the documentation of Intune and of the Volume Licensing Service Center, and their abbreviations.
var vocabulary = map[word]string{
	joiner:          "or of ou and en et",
	numberWord:      "number numbers num nbr no nos nr nrs n o numero numeros nummer nummers",
	idWord:          "id ids code identifier identificatie identifiant",
	nameWord:        "name names naam namen nom noms",
	descriptionWord: "description descr desc omschrijving omschr beschrijving title titel titre label libelle intitule",
	repeatWord: "repeat repeated again same second herhaal herhaald herhaalde herhalen herhaling nogmaals opnieuw zelfde hetzelfde tweede " +
		"repeter repetez repete repetee repetition meme encore nouveau deuxieme",
	authorizationWord: "authorization authorisation auth authoriz autorisatie autorisaties autoris aut machtiging machtigings " +
		"autorisation dautorisation lautorisation",
	contractWord: "agreement agr agmt agrmt agreem contract contracts contr ctr overeenkomst overeenk ovk ovkst " +
		"accord daccord laccord contrat",
	licenseWord: "license licence licensing lic licentie",
	enrollmentWord: "enrollment enrolment enroll enrol enr registration reg regist inschrijving inschrijvings inschrijf inschr inschrijv registratie registraties inscription dinscription linscription inscr insc " +
		"enregistrement denregistrement adhesion dadhesion",
	customerWord: "customer cust klant client",
	filler: "the a an s your this its for to from with by in on as if any please enter fill specify provide related associated corresponding matching linked " +
		"required optional mandatory friendly display public volume vl vlsc microsoft ms open select enterprise plus pair pairs set sets " +
		"de het een uw je van voor bij met als indien te typ voer geef vul op bijbehorend bijbehorende bijhorend bijhorende gerelateerd gerelateerde verwant verwante " +
		"gekoppeld gekoppelde overeenkomstig overeenkomstige betreffende verplicht verplichte vereist optioneel optionele facultatief vriendelijke beschrijvende weergave openbaar paar " +
		"le la les l un une du des d votre pour avec par si au aux entrez tapez saisissez indiquez saisir associe associee associes associees lie liee correspondant correspondante " + //nolint:misspell // French
		"connexe requis requise obligatoire facultatif facultative optionnel optionnelle convivial conviviale descriptif affichage daffichage publique paire paires",
}

// meanings is vocabulary by word.
var meanings = func() map[string]word {
	all := make(map[string]word, 256)
	for meaning, words := range vocabulary {
		for w := range strings.FieldsSeq(words) {
			all[w] |= meaning
		}
	}
	return all
}()

// headingOf returns what a header cell names, regardless of case, accents and punctuation; false
// if it names no column.
func headingOf(cell string) (heading, bool) {
	if len(cell) < 2 || len(cell) > agreement.NameMaxChars {
		return heading{}, false
	}
	if sheet.IsMessages(cell) {
		return heading{column: ColumnMessages}, true
	}
	parts, ok := partsOf(cell)
	if !ok {
		return heading{}, false
	}
	var all word
	for _, part := range parts {
		all |= part
	}
	if all&(nameWord|descriptionWord) != 0 {
		return nameHeading(all)
	}
	return numberHeading(parts, all)
}

// nameHeading returns the heading of a name. A customer, an enrollment
// or a license has a name of its own, which is not the agreement's.
func nameHeading(all word) (heading, bool) {
	named := all&contractWord != 0
	if all&(numberWord|idWord|repeatWord|authorizationWord) != 0 || all&secondNumber != 0 && !named {
		return heading{}, false
	}
	h := heading{column: ColumnName, score: 2}
	if all&nameWord != 0 {
		h.score = 4
	}
	if named {
		h.score++
	}
	return h, true
}

// withNumber is the score of a word for number or id. A heading without one may name a type or an
// owner, so it never beats a heading with one.
const withNumber = 64

// numberHeading returns the heading of a number: its parts are alternatives, and all of them name
// the same number of the pair.
func numberHeading(parts []word, all word) (heading, bool) {
	h := heading{repeats: all&repeatWord != 0, contract: all&contractWord != 0}
	named := 0
	for _, part := range parts {
		column, rank := numberOf(part)
		if rank == 0 {
			continue
		}
		if named++; named > 1 && column != h.column {
			return heading{}, false
		}
		h.column, h.score = column, max(h.score, 8*rank)
	}
	form := 0
	switch {
	case all&numberWord != 0:
		form = withNumber + 4
	case all&idWord != 0:
		form = withNumber + 2
	}
	switch {
	case named == 0 && !(h.repeats && form > 0): // only "number"
		return heading{}, false
	case named == 1 && form == 0 && all&customerWord != 0 && all&(firstNumber|licenseWord|enrollmentWord) == 0: // the customer, not its number
		return heading{}, false
	case h.repeats && h.column != ColumnLicense:
		return heading{column: ColumnLicense, repeats: true, score: form}, true
	}
	h.either = named == 1 && form == 0 && all&contractWord != 0
	h.score += form
	if named == 1 {
		h.score++
	}
	return h, true
}

// numberOf returns the number that the words of a part name, and how exact its name is; 0 if they
// name none. "License agreement number" is the agreement's, not the license's.
func numberOf(part word) (column sheet.Column, rank int) {
	switch {
	case part&authorizationWord != 0:
		return ColumnAuthorization, 2
	case part&contractWord != 0 && part&enrollmentWord == 0:
		return ColumnAuthorization, 1
	case part&licenseWord != 0:
		return ColumnLicense, 3
	case part&enrollmentWord != 0:
		return ColumnLicense, 2
	case part&customerWord != 0:
		return ColumnLicense, 1
	}
	return sheet.ColumnNone, 0
}

// partsOf returns the meanings of the words of a heading, for each of its alternatives; false if a
// word is unknown.
func partsOf(cell string) (parts []word, ok bool) {
	parts = []word{0}
	cell = phrases.Replace(normal(cell))
	for _, alternative := range strings.FieldsFunc(cell, func(r rune) bool { return r == '/' || r == '|' || r == '&' || r == '+' }) {
		parts = append(parts, 0)
		for _, token := range strings.FieldsFunc(alternative, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if strings.Contains(" "+vocabulary[joiner]+" ", " "+token+" ") {
				parts = append(parts, 0)
				continue
			}
			meaning, known := split(token)
			if !known {
				return nil, false
			}
			parts[len(parts)-1] |= meaning
		}
	}
	return parts, true
}

// phrases has what a heading means by more or less than a word, and endings in brackets.
var phrases = strings.NewReplacer("#", " number ", "open value", "open", "(e)", "", "(s)", "", "(es)", "", "(en)", "", "(n)", "")

// normal returns a heading in small letters without accents.
func normal(cell string) string { return strings.ToLower(text.WithoutAccents(text.Readable(cell))) }

// tokenMax is longer than every word that consists of known ones.
const tokenMax = 64

// split returns the meanings of the words that a token consists of: "overeenkomstnummer" and
// "AgreementNumber" have two. Letters that stand for a word do so only alone.
func split(token string) (meaning word, ok bool) {
	if m, known := meanings[token]; known || len(token) > tokenMax {
		return m, known
	}
	return splitRest(token, &[tokenMax + 1]bool{})
}

// splitRest splits the end of a token. dead has the lengths of ends that are known not to consist of
// words: each is tried once, or a token such as "openopenopen…" would take exponential time.
func splitRest(token string, dead *[tokenMax + 1]bool) (meaning word, ok bool) {
	if m, known := meanings[token]; known {
		return m, true
	}
	if dead[len(token)] {
		return 0, false
	}
	for i := 2; i <= len(token)-2; i++ {
		first, known := meanings[token[:i]]
		if !known {
			continue
		}
		if rest, known := splitRest(token[i:], dead); known {
			return first | rest, true
		}
	}
	dead[len(token)] = true
	return 0, false
}
