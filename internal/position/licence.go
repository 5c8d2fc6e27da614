package position

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/text"
)

var (
	foldedVolumePublisher = text.Fold(agreement.VolumePublisher)
	marks                 = strings.NewReplacer("™", "", "®", "", "©", "")
)

// Named returns the product for a publisher, name and version, so that an entitlement, a product
// title of an agreement and a detected title of the same product give the same result. It removes
// the publisher from the front of the name, unless a number follows. It removes a version at the
// end of the name, or a year within it, if version is empty or equal:
//
//	Microsoft, Microsoft Office LTSC Professional Plus 2021   Office Professional Plus, LTSC 2021
//	Microsoft, Windows Server 2012 R2 Standard                Windows Server Standard, 2012 R2
//	Microsoft, SQL Server Standard, version 2019              SQL Server Standard, 2019
//
// Edition stays empty: Compute treats family and edition as one name, so there is no need to
// split them.
func Named(publisher, name, version string) Product {
	publisher = text.Collapse(publisher)
	words := strings.Fields(marks.Replace(name))
	if own := strings.Fields(publisher); len(own) > 0 && len(own) < len(words) && !isVersionNumber(words[len(own)]) &&
		text.Fold(strings.Join(words[:len(own)], " ")) == text.Fold(publisher) {
		words = words[len(own):]
	}
	p := Product{Publisher: publisher, Version: text.Collapse(version)}
	if rest, found := withoutVersion(words); found != "" {
		if given := parseVersion(p.Version); len(given) == 0 || given.key() == parseVersion(found).key() {
			words = rest
			if len(given) == 0 {
				p.Version = found
			}
		}
	}
	p.Family = strings.Join(words, " ")
	return p
}

// withoutVersion finds the version in the words of a name: a number at the end, or else the last
// year, each with the release or service pack after it, and LTSC at any place. The first word is
// never part of the version.
func withoutVersion(words []string) (rest []string, version string) {
	var at, end int
	for i := len(words) - 1; i > 0; i-- {
		end = i + 1
		for end < len(words) && isSuffix(words[end]) {
			end++
		}
		if isYear(words[i]) || end == len(words) && isVersionNumber(words[i]) {
			at = i
			break
		}
	}
	if at == 0 {
		return words, ""
	}
	found := words[at:end]
	rest = slices.Concat(words[:at], words[end:])
	if i := slices.IndexFunc(rest, func(w string) bool { return strings.EqualFold(w, "LTSC") }); i > 0 {
		found = slices.Concat(rest[i:i+1], found)
		rest = slices.Concat(rest[:i], rest[i+1:])
	}
	return rest, strings.Join(found, " ")
}

func isSuffix(w string) bool {
	kind := kindOf(strings.ToLower(w))
	return kind == release || kind == servicePack
}

// isVersionNumber reports whether a word consists of numbers with dots: 2021, 10, 23.01.
func isVersionNumber(w string) bool {
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.ToLower(w), "v"), ".") {
		if !isDigits(part) {
			return false
		}
	}
	return true
}

// Entitled returns the licences of an entitlement, and whether its term includes the calendar's
// day. source is the pair or the statement; agreementID is empty for a statement.
func Entitled(e entitlement.Entitlement, source Source, agreementID string, c day.Calendar) (Line, bool) {
	publisher := e.Publisher
	if text.Collapse(publisher) == "" {
		publisher = agreement.VolumePublisher
	}
	terms := agreement.Terms{Start: e.Start, End: e.End}
	return Line{
		Product:  Named(publisher, e.Family, e.Version),
		Quantity: e.Effective,
		// Statements are known to list more assured than effective licences.
		SA:        min(e.SAOn(c.Today), e.Effective),
		Source:    source,
		Agreement: agreementID,
	}, Counts(terms, c)
}

// Bought returns the licences of an agreement of type other for its product title, and whether
// they count on the calendar's day.
func Bought(a agreement.Agreement, c day.Calendar) (Line, bool) {
	return Line{
		Product:   Named(a.Publisher, a.ProductTitle, ""),
		Quantity:  a.Licenses,
		Source:    Source{Kind: KindAgreement, ID: a.ID, Text: a.Name},
		Agreement: a.ID,
	}, a.Type == agreement.TypeOther && Counts(a.Terms, c)
}

// Counts reports whether licences on these terms count on the calendar's day.
func Counts(t agreement.Terms, c day.Calendar) bool {
	status := t.Status(c)
	return status != agreement.StatusNotStarted && status != agreement.StatusExpired
}

// withoutPublisher removes the publisher from the front of a folded name.
func withoutPublisher(publisher, name string) string {
	if rest, found := strings.CutPrefix(name, publisher+" "); found && publisher != "" {
		return rest
	}
	return name
}

func foldedPublisher(p Product) string { return text.Fold(p.Publisher) }
