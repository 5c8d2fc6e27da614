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

// NoteMaxChars is the maximum length of a note.
const NoteMaxChars = 500

var noteLabel = label{field: "note", max: NoteMaxChars, flawMissing: "note_required", flawLong: "note_too_long", flawHidden: "note_control"}

// ParseNote is ParsePublisher for a note of one line about licences, such as why an adjustment was
// made: note_required, note_too_long or note_control.
func ParseNote(field, typed string) (string, []errs.Violation) {
	return parseLabel(noteLabel, field, typed)
}

func parseLabel(l label, field, typed string) (string, []errs.Violation) {
	l.field = field
	c := checker{}
	parsed := c.label(l, typed)
	return parsed, c.violations
}
