package people

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"trueup/internal/journal"
	"trueup/internal/subscription"
)

// JournalName names the journal of users. Changes are appended to all stripes but the first.
const JournalName journal.Name = "people"

// Change is what an entry of the journal says about one user: that it was created, changed or deleted.
// Its current state is read from the store.
type Change struct {
	ID      string
	Version int64 // of the user after the change; the larger one of two changes is the later one
}

// Body encodes an entry: a line "u <id> <version>" for each change. The 48 changes of a transaction
// stay far below journal.MaxBody. Entries have no version: a new kind of line is first read for one
// release, then written.
func Body(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString("u " + c.ID + " " + strconv.FormatInt(c.Version, 10) + "\n")
	}
	return b.String()
}

// parse decodes a text that Body encoded.
func parse(body string) (changes []Change, err error) {
	for line := range strings.Lines(body) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, number, _ := strings.Cut(rest, " ")
		version, err := strconv.ParseInt(number, 10, 64)
		if kind != "u" || id == "" || err != nil || version < 1 {
			return nil, fmt.Errorf("people: invalid line %q in a journal entry", line)
		}
		changes = append(changes, Change{id, version})
	}
	return changes, nil
}

// Source reads the users that entries name.
type Source interface {
	// UsersByID returns the users that exist, strongly consistent, including deleted ones.
	UsersByID(ctx context.Context, ids []string) (map[string]subscription.User, error)
	// Walk starts a read of all users that are stored, including deleted ones.
	Walk() Walk
}

// Walk reads the stored users, a part at a time. Concurrent changes may be included or not.
type Walk interface {
	// Next returns the next part, and whether it is the last. After an error it may be called again.
	Next(ctx context.Context) (users []subscription.User, last bool, err error)
}
