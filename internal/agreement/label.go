package agreement

import "trueup/internal/errs"

// ParsePublisher checks the name of a publisher as ParseOther does. It returns the collapsed
// name, or every violation with the field.
func ParsePublisher(field, typed string) (string, []errs.Violation) {
	return parseLabel(publisherLabel, field, typed)
}

// ParseTitle is ParsePublisher for a product title.
func ParseTitle(field, typed string) (string, []errs.Violation) {
	return parseLabel(titleLabel, field, typed)
}

func parseLabel(l label, field, typed string) (string, []errs.Violation) {
	l.field = field
	c := checker{}
	parsed := c.label(l, typed)
	return parsed, c.violations
}
