package agreement

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/text"
)

// The limits of R2.6.
const (
	TitleMaxChars   = 256 // of a publisher and of a product title, each
	LicensesMax     = 10_000_000
	DetailsMaxChars = 4_000
)

// OtherDraft is an unchecked agreement of type other, as entered. Nil means not given.
type OtherDraft struct {
	Name         string
	Publisher    *string
	ProductTitle *string
	Licenses     *int64
	Start, End   *string // empty to clear
	Details      *string // empty to clear
}

// Other is a parsed agreement of type other. It satisfies every rule that does not need the store
// or the catalog. Name, publisher and product title are collapsed; lines of the details end with
// \n.
type Other struct {
	Name string
	Terms
	Details string
}

// ParseOther checks a draft of type other, as Parse checks a volume agreement. It returns every
// violation, with the fields "name", "publisher", "productTitle", "licenses", "start", "end" and
// "details". No violation quotes the details (R2.7).
func ParseOther(d OtherDraft) (Other, []errs.Violation) {
	c := checker{}
	c.name(d.Name)
	if d.Publisher == nil {
		c.add(publisherLabel.flawMissing, publisherLabel.field, "")
	}
	if d.ProductTitle == nil {
		c.add(titleLabel.flawMissing, titleLabel.field, "")
	}
	if d.Licenses == nil {
		c.add("licenses_required", "licenses", "")
	}
	terms, details := c.given(d, Terms{})
	c.order(terms)
	if c.violations != nil {
		return Other{}, c.violations
	}
	return Other{Name: text.Collapse(d.Name), Terms: terms, Details: details}, nil
}

// CheckGiven returns the violations in the given terms and details, for an edit of an agreement
// that has not been read yet.
func (d OtherDraft) CheckGiven() []errs.Violation {
	c := checker{}
	c.given(d, Terms{})
	return c.violations
}

// Edit returns what the draft changes in an agreement, or the violations in the resulting terms.
// Fields that are not given stay as they are; terms is nil if none changes. A volume agreement
// has neither terms nor details.
func (d OtherDraft) Edit(read Agreement) (terms *Terms, details *string, violations []errs.Violation) {
	if read.Type == TypeVolume {
		return nil, nil, d.OfVolume()
	}
	c := checker{}
	merged, noted := c.given(d, read.Terms)
	c.order(merged)
	if c.violations != nil {
		return nil, nil, c.violations
	}
	if merged != read.Terms {
		terms = &merged
	}
	if d.Details != nil {
		details = &noted
	}
	return terms, details, nil
}

// OfVolume returns a violation for each given field that a volume agreement does not have (R2.5).
func (d OtherDraft) OfVolume() []errs.Violation {
	c := checker{}
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"publisher", d.Publisher != nil},
		{"productTitle", d.ProductTitle != nil},
		{"licenses", d.Licenses != nil},
		{"start", d.Start != nil},
		{"end", d.End != nil},
		{"details", d.Details != nil},
	} {
		if field.given {
			c.add("terms_of_volume", field.name, "")
		}
	}
	return c.violations
}

// given checks the given fields and returns t with their values.
func (c *checker) given(d OtherDraft, t Terms) (_ Terms, details string) {
	if d.Publisher != nil {
		t.Publisher = c.label(publisherLabel, *d.Publisher)
	}
	if d.ProductTitle != nil {
		t.ProductTitle = c.label(titleLabel, *d.ProductTitle)
	}
	if n := d.Licenses; n != nil {
		t.Licenses = c.licenses(*n)
	}
	if d.Start != nil {
		t.Start = c.date("start", *d.Start)
	}
	if d.End != nil {
		t.End = c.date("end", *d.End)
	}
	if d.Details != nil {
		details = c.details(*d.Details)
	}
	return t, details
}

// label describes a publisher, product title or note: its field, its maximum length and the codes of
// its violations.
type label struct {
	field                             string
	max                               int
	flawMissing, flawLong, flawHidden string
}

var (
	publisherLabel = label{field: "publisher", max: TitleMaxChars, flawMissing: "publisher_required", flawLong: "publisher_too_long", flawHidden: "publisher_control"}
	titleLabel     = label{field: "productTitle", max: TitleMaxChars, flawMissing: "title_required", flawLong: "title_too_long", flawHidden: "title_control"}
)

// label checks a label and returns it collapsed. Unlike a name it may have any visible character:
// C++, Photoshop (CC), R&D.
func (c *checker) label(l label, typed string) string {
	collapsed := text.Collapse(typed)
	var hidden characters
	visible := false
	for _, r := range strings.TrimSpace(typed) {
		visible = visible || !text.IsJoiner(r)
		if text.IsInvisible(r) {
			hidden.add(r)
		}
	}
	if !visible {
		c.add(l.flawMissing, l.field, typed)
	}
	if n := utf8.RuneCountInString(collapsed); n > l.max {
		c.add(l.flawLong, l.field, typed, "max", strconv.Itoa(l.max), "length", strconv.Itoa(n))
	}
	if hidden != nil {
		c.add(l.flawHidden, l.field, typed, "characters", hidden.String())
	}
	return collapsed
}

func (c *checker) licenses(n int64) int {
	if n < 1 || n > LicensesMax {
		c.add("licenses_range", "licenses", strconv.FormatInt(n, 10), "max", strconv.Itoa(LicensesMax))
		return 0
	}
	return int(n)
}

// date checks the first or last day of a term; empty for none.
func (c *checker) date(field, typed string) day.Date {
	if strings.TrimSpace(typed) == "" {
		return ""
	}
	date, ok := day.Parse(typed)
	if !ok {
		c.add("date_invalid", field, typed)
	}
	return date
}

// order checks that a term does not end before it starts.
func (c *checker) order(t Terms) {
	if t.Start != "" && t.End != "" && t.End < t.Start {
		c.add("end_before_start", "end", string(t.End), "start", string(t.Start))
	}
}

// lineEnds replaces every line end by \n.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// details checks free text and returns it with line ends as \n. Violations quote nothing of it,
// because it may contain registration keys (R2.7).
func (c *checker) details(typed string) string {
	const field = "details"
	noted := lineEnds.Replace(typed)
	if n := utf8.RuneCountInString(noted); n > DetailsMaxChars {
		c.add("details_too_long", field, "", "max", strconv.Itoa(DetailsMaxChars), "length", strconv.Itoa(n))
	}
	var wrong characters
	for i, r := range noted {
		switch {
		case r == '\n' || r == '\t':
		case unicode.IsControl(r):
			wrong.add(r)
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(noted[i:]); size == 1 { // a byte that is not UTF-8
				wrong.add(r)
			}
		}
	}
	if wrong != nil {
		c.add("details_control", field, "", "characters", wrong.String())
	}
	return noted
}
