package inventory

import (
	"maps"
	"slices"
	"strconv"

	"trueup/internal/errs"
)

// Note is a remark about a file that was counted. None of its rows is bad because of it.
type Note struct {
	File string // the name inside the archive, if it is one
	Code string
	Args errs.Args
}

// MaxNotes is the maximum number of notes about a file.
const MaxNotes = 20

// Codes of notes; package i18n has the messages.
const (
	noteHeader   = "inventory_note_header"   // {line}
	noteColumns  = "inventory_note_columns"  // {line}
	notePackages = "inventory_note_packages" // {rows} {source}
	noteRemoved  = "inventory_note_removed"  // {rows}
	noteRepeated = "inventory_note_repeated" // {rows}
	notePart     = "inventory_note_part"
)

func (r *reading) note(code string, args ...string) {
	if len(r.tally.Notes) < MaxNotes {
		r.tally.Notes = append(r.tally.Notes, Note{File: r.inside, Code: code, Args: errs.Pairs(args...)})
	}
}

// noteAll adds the notes about the file as a whole.
func (r *reading) noteAll() {
	r.inside = ""
	for _, source := range slices.Sorted(maps.Keys(r.packages)) {
		r.note(notePackages, "rows", strconv.Itoa(r.packages[source]), "source", source)
	}
	if r.removed > 0 {
		r.note(noteRemoved, "rows", strconv.Itoa(r.removed))
	}
	if r.repeated > 0 {
		r.note(noteRepeated, "rows", strconv.Itoa(r.repeated))
	}
	if r.pages > 0 && r.pages == r.linked {
		r.note(notePart)
	}
}
