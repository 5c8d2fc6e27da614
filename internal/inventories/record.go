package inventories

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/text"
)

// sourceOf returns the source of a key: the folder below the prefix, folded, so that two spellings
// are one source. It is empty if the file is not in a folder.
func sourceOf(key string) string {
	folder := kind.Inventory.Below(key)
	return text.Fold(text.Readable(strings.Trim(folder[:strings.LastIndexByte(folder, '/')+1], "/")))
}

// State is the state of a file.
type State string

// The states.
const (
	StateCounted State = "counted"
	StateRefused State = "refused" // it replaced nothing
)

// States is every state, in the order of the documentation.
var States = []State{StateCounted, StateRefused}

// File is a file that arrived, and its state.
type File struct {
	intake.Object
	ReadAt time.Time // when it was read
	State  State
	Reason string    // why it was refused, a code
	Args   errs.Args // values in its message
}

// Good is the last file of a source that was counted, and its result.
type Good struct {
	intake.Object
	ReadAt    time.Time // when it was last counted
	Shape     inventory.Shape
	Estimated bool   // see inventory.Tally
	MacOS     bool   // see inventory.Tally
	Rules     string // ID of the inventory.Rules that were used
	Rows      int
	BadRows   int
	Devices   int
	// OtherPlatforms has the devices that do not count; see inventory.Tally.
	OtherPlatforms []inventory.PlatformCount
	Titles         int // different ones, without regard to version
	Unknown        int // titles that match no rule, by version
	Products       int
	Tally          string // key of the tally in the reports bucket
	// PCs is the key of the inventory.PCs in the reports bucket. It is empty if the file has numbers instead of
	// devices or more than inventory.MaxPCs, or was counted by a release without them.
	PCs string
	// Kept is a code that says why it can no longer be counted by other rules, such as
	// inventory_gone; empty if it can.
	Kept string
}

// Record is the record of one source.
type Record struct {
	Source string
	Last   File  // the newest that arrived
	Good   *Good // what counts; nil until a file was good
	// Next is the file of Good counted by newer rules. It waits for the other sources, so that no reader
	// gets some sources by the old rules and others by the new ones. nil if nothing waits.
	Next    *Good
	Version int64 // grows with every change
}

// ID returns the id of the source: 16 digits and lower-case letters, derived from its name. It stands
// in the paths of the API, where a name may not: API Gateway decodes %2F before it looks for a route.
func (r *Record) ID() string {
	sum := sha256.Sum256([]byte("inventory source\x00" + r.Source))
	return id.Encode(sum[:10])
}

// wants reports whether a file has to be counted: it is newer than the one that counts.
func (r *Record) wants(o intake.Object) bool {
	return (r.Good == nil || o.Compare(r.Good.Object) > 0) && !(r.Last.State == StateRefused && r.Last.Same(o))
}

// recordOf returns the record of a source; an empty one if there is none.
func recordOf(records []Record, source string) Record {
	if i := slices.IndexFunc(records, func(r Record) bool { return r.Source == source }); i >= 0 {
		return records[i]
	}
	return Record{Source: source}
}

// refusing returns the source of a refused file: its folder, else the source whose file has the
// same key.
func refusing(records []Record, o intake.Object) string {
	if source := sourceOf(o.Key); source != "" {
		return source
	}
	for _, r := range records {
		if r.Good != nil && r.Good.Key == o.Key {
			return r.Source
		}
	}
	return inventory.Shape("").System()
}
