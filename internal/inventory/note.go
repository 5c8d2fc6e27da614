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
	noteMore     = "inventory_note_more"     // {rows}
	noteRemoved  = "inventory_note_removed"  // {rows}
	noteRepeated = "inventory_note_repeated" // {rows}
	noteNames    = "inventory_note_names"    // {names}
	noteNumbers  = "inventory_note_numbers"  // {rows}
	notePart     = "inventory_note_part"
)

// note adds a note about the current file.
func (r *reading) note(code string, args ...string) {
	if len(r.tally.Notes) < MaxNotes {
		r.tally.Notes = append(r.tally.Notes, Note{File: r.inside, Code: code, Args: errs.Pairs(args...)})
	}
}

// noteAll adds the notes about the file as a whole. There are fewer than MaxNotes of them, and they
// replace others if there is no room.
func (r *reading) noteAll() {
	var all []Note
	note := func(needed bool, code string, args ...string) {
		if needed {
			all = append(all, Note{Code: code, Args: errs.Pairs(args...)})
		}
	}
	for _, source := range slices.Sorted(maps.Keys(r.packages)) {
		note(true, notePackages, "rows", strconv.Itoa(r.packages[source]), "source", source)
	}
	note(r.morePackages > 0, noteMore, "rows", strconv.Itoa(r.morePackages))
	note(r.removed > 0, noteRemoved, "rows", strconv.Itoa(r.removed))
	note(r.repeated > 0, noteRepeated, "rows", strconv.Itoa(r.repeated))
	note(r.counter.names.full, noteNames, "names", strconv.Itoa(maxAliases))
	note(r.full, noteNumbers, "rows", strconv.Itoa(maxNumbered))
	note(r.pages > 0 && r.pages == r.linked, notePart)
	kept := min(len(r.tally.Notes), MaxNotes-len(all))
	r.tally.Notes = append(r.tally.Notes[:kept], all...)
}
