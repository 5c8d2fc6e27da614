package register

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
)

// Change is what an entry of the journal of agreements says about one agreement: that it
// was created, changed or deleted, and which pairs were added and removed. Its current
// state is read from the store.
type Change struct {
	ID string
	// Version is the version of the agreement after the change. Of two changes that add and
	// remove the same pair, the later one has the larger version. It is 0 if unknown: in
	// entries of imports that extend an agreement, and of releases that did not write it.
	Version int64
	Added   []agreement.PairKey
	Removed []agreement.PairKey
}

// entryVersion is the version of the entries that Body writes. Version 1 is without the versions
// of agreements. Entries have no field for it: parse reads every version, and refuses a line of
// another kind. So a new kind of line is first read for one release, then written.
const entryVersion = 2

// Body encodes an entry: a line "a <id> =<version> +<pair> -<pair>" for each change, and a
// line "g <id>" for a deleted license group. An import of 5,000 pairs stays below
// journal.MaxBody.
func Body(changes []Change, deletedGroup string) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString("a " + c.ID + " =" + strconv.FormatInt(c.Version, 10))
		for _, pair := range c.Added {
			b.WriteString(" +" + string(pair))
		}
		for _, pair := range c.Removed {
			b.WriteString(" -" + string(pair))
		}
		b.WriteByte('\n')
	}
	if deletedGroup != "" {
		b.WriteString("g " + deletedGroup + "\n")
	}
	return b.String()
}

// PairChanges returns the changes of an entry that add or remove pairs. The deletion of an
// agreement removes its pairs without naming them.
func PairChanges(body string) ([]Change, error) {
	changes, _, err := parse(body)
	return slices.DeleteFunc(changes, func(c Change) bool { return len(c.Added)+len(c.Removed) == 0 }), err
}

// parse decodes a text that Body encoded.
func parse(body string) (changes []Change, deletedGroup string, err error) {
	for line := range strings.Lines(body) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) < 2 || fields[1] == "" {
			return nil, "", fmt.Errorf("register: invalid line %q in a journal entry", line)
		}
		switch id, pairs := fields[1], fields[2:]; {
		case fields[0] == "a":
			c := Change{ID: id}
			if len(pairs) > 0 && strings.HasPrefix(pairs[0], "=") {
				if c.Version, err = strconv.ParseInt(pairs[0][1:], 10, 64); err != nil || c.Version < 0 {
					return nil, "", fmt.Errorf("register: invalid version %q in a journal entry", pairs[0])
				}
				pairs = pairs[1:]
			}
			for _, pair := range pairs {
				if len(pair) < 2 || pair[0] != '+' && pair[0] != '-' {
					return nil, "", fmt.Errorf("register: invalid pair %q in a journal entry", pair)
				}
				if key := agreement.PairKey(pair[1:]); pair[0] == '+' {
					c.Added = append(c.Added, key)
				} else {
					c.Removed = append(c.Removed, key)
				}
			}
			changes = append(changes, c)
		case fields[0] == "g" && len(pairs) == 0 && deletedGroup == "":
			deletedGroup = id
		default:
			return nil, "", fmt.Errorf("register: invalid line %q in a journal entry", line)
		}
	}
	return changes, deletedGroup, nil
}

// Source reads the agreements that entries name.
type Source interface {
	// AgreementsByID returns the agreements that exist, strongly consistent and as stored,
	// including agreements that still name a deleted license group: the register must know
	// them.
	AgreementsByID(ctx context.Context, ids []string) (map[string]agreement.Agreement, error)
	// Owned returns the pairs that their agreement has, strongly consistent.
	Owned(ctx context.Context, pairs []PairRef) (map[PairRef]bool, error)
	// Walk starts a read of everything that is stored.
	Walk() Walk
}

// Walk reads the stored agreements and pairs, a part at a time. Concurrent changes may be
// included or not.
type Walk interface {
	// Next returns the next part, and whether it is the last. After an error it may be
	// called again.
	Next(ctx context.Context) (agreements []agreement.Agreement, pairs []PairRef, last bool, err error)
}
