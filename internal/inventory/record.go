package inventory

import (
	"slices"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/text"
)

// KeyPrefix is where files of inventory are put in the uploads bucket.
const KeyPrefix = "inventory/"

// MaxFileName is how many characters a file's name, and that of its folder,
// have at most when the API hands out an upload.
const MaxFileName = 128

// unrecognised is the source of files in no folder whose content does not say
// what they are.
const unrecognised = "unknown"

// sourceOf returns the source that a key names: the folder below KeyPrefix,
// folded, so that two ways to write one are not two fleets. Empty when the file
// is in none.
func sourceOf(key string) string {
	folder := strings.TrimPrefix(key, KeyPrefix)
	return text.Fold(text.Readable(strings.Trim(folder[:strings.LastIndexByte(folder, '/')+1], "/")))
}

// State says what became of a file.
type State string

// The states.
const (
	StateCounted State = "counted"
	StateRefused State = "refused" // it replaced nothing
)

// States is every state, in the order of the documentation.
var States = []State{StateCounted, StateRefused}

// File is a file that arrived, and what became of it.
type File struct {
	intake.Object
	ReadAt time.Time // when it was read
	State  State
	Reason string    // why it was refused: a code
	Args   errs.Args // what its message quotes
}

// Good is the last file of a source that could be counted, and what it came to.
type Good struct {
	intake.Object
	ReadAt    time.Time // when it was counted, for the last time
	Shape     Shape
	Estimated bool   // see Tally
	Rules     string // Rules.ID of those that recognised the titles
	Rows      int
	BadRows   int
	Devices   int
	Titles    int // different ones, all versions of one together
	Unknown   int // titles that no rule knows, each version on its own
	Products  int
	Tally     string // the object that holds the tally in the reports bucket
	// Kept is why it cannot be counted by other rules any more, a code, such as
	// inventory_gone; empty when it can.
	Kept string
}

// Record is what is known of one source.
type Record struct {
	Source  string
	Last    File  // the newest that arrived
	Good    *Good // what counts; nil as long as no file was any good
	Version int64 // grows with every change
}

// wants reports whether a file says anything new: it is newer than what counts.
func (r *Record) wants(o intake.Object) bool {
	return (r.Good == nil || o.Compare(r.Good.Object) > 0) && !(r.Last.State == StateRefused && r.Last.Same(o))
}

// recordOf returns the record of a source; without one yet, an empty one.
func recordOf(records []Record, source string) Record {
	if i := slices.IndexFunc(records, func(r Record) bool { return r.Source == source }); i >= 0 {
		return records[i]
	}
	return Record{Source: source}
}

// refusing returns the source of a file that was no good: that of its folder,
// else the one whose file it was to replace.
func refusing(records []Record, o intake.Object) string {
	if source := sourceOf(o.Key); source != "" {
		return source
	}
	for _, r := range records {
		if r.Good != nil && r.Good.Key == o.Key {
			return r.Source
		}
	}
	return unrecognised
}
