package proposal

import (
	"strings"
	"unicode"

	"trueup/internal/text"
)

// Fact is a reason for the likelihood of an entry: the code of a message of package i18n.
type Fact string

// The facts.
const (
	PublisherPaid  Fact = "queue_publisher_paid"  // the dictionary has paid products of the publisher
	PublisherFree  Fact = "queue_publisher_free"  // it knows the publisher, but no paid product
	PublisherGiven Fact = "queue_publisher_given" // a publisher that it does not know
	PublisherNone  Fact = "queue_publisher_none"
	LooksLikeNoise Fact = "queue_noise"      // the name looks like a driver, update, part or identifier
	Widespread     Fact = "queue_widespread" // on at least widespreadDevices PCs
)

// Facts is every fact.
var Facts = []Fact{PublisherPaid, PublisherFree, PublisherGiven, PublisherNone, LooksLikeNoise, Widespread}

// The likelihood starts at startLikelihood, and each fact adds its points. Only their order matters:
// noise of a commercial publisher comes after a program of an unknown one, and before free software.
const startLikelihood = 30

var points = map[Fact]int{PublisherPaid: 40, PublisherFree: -20, PublisherGiven: 20, PublisherNone: 0, LooksLikeNoise: -30, Widespread: 15}

// widespreadDevices is a number of PCs on which hardly any program is by accident.
const widespreadDevices = 10

func (x *index) likelihood(e Entry) (likelihood int, facts []Fact) {
	facts = append(facts, x.publisherFact(e.Publisher))
	if isNoise(e.Name) {
		facts = append(facts, LooksLikeNoise)
	}
	if e.Devices >= widespreadDevices {
		facts = append(facts, Widespread)
	}
	likelihood = startLikelihood
	for _, f := range facts {
		likelihood += points[f]
	}
	return min(max(likelihood, 0), 100), facts
}

func (x *index) publisherFact(publisher string) Fact {
	if publisher == "" {
		return PublisherNone
	}
	name := x.dictionary.PublisherName(publisher)
	switch {
	case name == "":
		return PublisherGiven
	case x.paid[name]:
		return PublisherPaid
	}
	return PublisherFree
}

// noiseWords are words of names that are rarely products.
var noiseWords = setOf(`driver drivers treiber pilote pilotes stuurprogramma update updates updater hotfix patch sdk runtime redistributable redist
	language languages langue langues sprachpaket taalpakket languagepack helper uninstaller`)

var (
	guid = text.Pattern(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}`)
	kb   = text.Pattern(`(?i)\bkb[0-9]{5,}\b`)
)

func isNoise(name string) bool {
	if guid().MatchString(name) || kb().MatchString(name) || isIdentifier(name) {
		return true
	}
	for _, word := range wordsOf(strings.ToLower(name)) {
		if noiseWords[word] {
			return true
		}
	}
	return false
}

// isIdentifier reports whether a name is one word in lower case, as programmers name parts:
// vs_filehandler_amd64. Scripts without cases are no identifiers.
func isIdentifier(name string) bool {
	return strings.ContainsFunc(name, unicode.IsLower) &&
		!strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsUpper(r) })
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
