package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// KeyPrefix is where files of inventory are put in the uploads bucket.
const KeyPrefix = "inventory/"

// MaxFileName is how many characters a file's name, and that of its folder,
// have at most when the API hands out an upload.
const MaxFileName = 128

// Upload is one version of an object that was put under KeyPrefix.
type Upload struct {
	Key, Version, ETag string
	Sequencer          string // S3's, which orders what was put under one key
	Size               int64
	At                 time.Time // when it was put
	By                 string    // who put it
}

// same reports whether both are the same version of an object. A version has a
// name of its own, except in a bucket without versions.
func (u Upload) same(other Upload) bool {
	if u.Key != other.Key || u.Version != other.Version {
		return false
	}
	return u.Version != "" && u.Version != "null" || u.ETag == other.ETag && u.Sequencer == other.Sequencer
}

// compare is the order in which files were put, however late and in whichever
// order S3 tells of them. Two that were put at the same moment have an order,
// too, so that it does not depend on luck which of them counts.
func (u Upload) compare(other Upload) int {
	return cmp.Or(
		u.At.Compare(other.At), strings.Compare(u.Key, other.Key),
		strings.Compare(u.Sequencer, other.Sequencer), strings.Compare(u.Version, other.Version), strings.Compare(u.ETag, other.ETag),
	)
}

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

// File is a file that arrived, and what became of it.
type File struct {
	Upload
	ReadAt time.Time // when it was read
	State  State
	Reason string    // why it was refused: a code
	Args   errs.Args // what its message quotes
}

// Good is the last file of a source that could be counted, and what it came to.
type Good struct {
	Upload
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
func (r *Record) wants(u Upload) bool {
	return (r.Good == nil || u.compare(r.Good.Upload) > 0) && !(r.Last.State == StateRefused && r.Last.same(u))
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
func refusing(records []Record, u Upload) string {
	if source := sourceOf(u.Key); source != "" {
		return source
	}
	for _, r := range records {
		if r.Good != nil && r.Good.Key == u.Key {
			return r.Source
		}
	}
	return unrecognised
}
