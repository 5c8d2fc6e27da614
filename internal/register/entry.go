package register

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"trueup/internal/agreement"
)

// Change is what an entry of the journal of agreements says of one agreement: that it
// was created, changed or deleted, and which pairs were added and removed. Its current
// state is read from the store.
type Change struct {
	ID string
	// Version is the version of the agreement that the change makes. Of two changes
	// that add and remove the same pair, the later one has the larger version. It is 0
	// when it is not known: in entries of imports that extend an agreement, and of
	// releases that did not write it.
	Version int64
	Added   []agreement.PairKey
	Removed []agreement.PairKey
}

// Body writes an entry: a line for each change, "a <id> =<version> +<pair> -<pair>",
// and for a license group that was deleted "g <id>". An import of 5,000 pairs stays
// below journal.MaxBody.
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

// parse reads what Body wrote.
func parse(body string) (changes []Change, deletedGroup string, err error) {
	for line := range strings.Lines(body) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) < 2 || fields[1] == "" {
			return nil, "", fmt.Errorf("register: the entry has the line %q", line)
		}
		switch id, pairs := fields[1], fields[2:]; {
		case fields[0] == "a":
			c := Change{ID: id}
			if len(pairs) > 0 && strings.HasPrefix(pairs[0], "=") {
				if c.Version, err = strconv.ParseInt(pairs[0][1:], 10, 64); err != nil || c.Version < 0 {
					return nil, "", fmt.Errorf("register: the entry says the version %q", pairs[0])
				}
				pairs = pairs[1:]
			}
			for _, pair := range pairs {
				if len(pair) < 2 || pair[0] != '+' && pair[0] != '-' {
					return nil, "", fmt.Errorf("register: the entry says %q of a pair", pair)
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
			return nil, "", fmt.Errorf("register: the entry has the line %q", line)
		}
	}
	return changes, deletedGroup, nil
}

// Source is where agreements are read from when an entry says that they changed.
type Source interface {
	// AgreementsByID returns those of the agreements that exist, strongly
	// consistent and as they are stored, also those that still name a license
	// group which is gone: the register must know which these are.
	AgreementsByID(ctx context.Context, ids []string) (map[string]agreement.Agreement, error)
	// Owned returns those of the pairs that their agreement has, strongly consistent.
	Owned(ctx context.Context, pairs []PairRef) (map[PairRef]bool, error)
	// Walk starts to read everything that is stored.
	Walk() Walk
}

// Walk reads the agreements and the pairs that are stored, a part at a time.
// What changes meanwhile may be read as it was before or as it is after.
type Walk interface {
	// Next returns the next part, and whether it was the last one. After an error it
	// may be called again.
	Next(ctx context.Context) (agreements []agreement.Agreement, pairs []PairRef, last bool, err error)
}
