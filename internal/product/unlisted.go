package product

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// unlisted returns a new row for a licence that the dictionary does not know but whose name says that
// it is not for a PC: a client access license, cores, an external connector, a management license, a
// step-up or Software Assurance. ok is false for other names.
func (d *Dictionary) unlisted(p Product) (*Row, bool) {
	name := text.Fold(p.Name())
	metric := metricOf(name, d.mayBeMicrosoft(p.Publisher))
	if d.isAddition(p.Publisher, name) {
		metric = MetricService
	}
	if metric == "" {
		return nil, false
	}
	return &Row{Publisher: p.Publisher, Family: p.Family, Edition: p.Edition, Kind: KindProduct, Metric: metric, Scheme: SchemeYear}, true
}

// mayBeMicrosoft reports whether a publisher is Microsoft, or not given.
func (d *Dictionary) mayBeMicrosoft(publisher string) bool {
	return text.Collapse(publisher) == "" || d.isMicrosoft(d.publisher(publisher))
}

// metricOf returns what a folded name says that its licences are for; empty if it does not say it.
// The short forms count for Microsoft's names only.
func metricOf(name string, ofMicrosoft bool) Metric {
	if !ofMicrosoft {
		words := strings.Fields(name)
		_, found := withoutPhrase(words, "client", "access", "license")
		if found || !slices.Contains(words, "cal") && slices.Contains(translated(words), "cal") {
			return MetricCAL
		}
		return ""
	}
	words := plain(name, true)
	has := func(phrase ...string) bool {
		_, found := withoutPhrase(words, phrase...)
		return found
	}
	switch {
	case slices.Contains(words, "cal"):
		return MetricCAL
	case has("extended", "security", "update"):
		return MetricService // bought for a version that has no other updates any more
	case has("external", "connector"), has("management", "license"):
		return MetricServer
	case has("core", "license"), has("core", "lic"), has("standard", "core"), has("enterprise", "core"), has("datacenter", "core"), has("per", "core"), hasCores(words):
		return MetricCore
	case has("processor", "license"), has("per", "processor"):
		return MetricServer
	}
	return ""
}

// isAddition reports whether a folded name is of what is bought for a licence and is none itself: a
// step-up, or Software Assurance or maintenance alone. Counted beside the licence that it is for, it
// would count twice.
func (d *Dictionary) isAddition(publisher, name string) bool {
	ofMicrosoft := d.mayBeMicrosoft(publisher)
	return isStepUp(name, ofMicrosoft) || isAssurance(name, ofMicrosoft) || d.isMaintenance(publisher, name)
}

// isStepUp reports whether a folded name is of a licence that makes another one a higher edition.
func isStepUp(name string, ofMicrosoft bool) bool {
	name = strings.ReplaceAll(name, "-", " ")
	if strings.Contains(name, "stepup") || strings.Contains(" "+name+" ", " step up ") {
		return true
	}
	words := strings.Fields(name)
	return ofMicrosoft && (slices.Contains(words, "su") || slices.Contains(words, "sasu"))
}

// hasCores reports whether words tell a number of cores: "2 core", "16core".
func hasCores(words []string) bool {
	for i, w := range words {
		if s := shape(w); s == "#core" || s == "#cores" || s == "#" && i+1 < len(words) && isForm(words[i+1], "core") {
			return true
		}
	}
	return false
}
