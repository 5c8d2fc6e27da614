package catalog

import (
	"fmt"
	"strings"

	"trueup/internal/journal"
)

// An entry of journal.Catalog is lines of cells, separated by tabs. No name contains a tab or a
// line end:
//
//	p <name> <alias>…          a publisher
//	t <name> <alias>…          a title of the publisher in the last line p
//	mp <id> <id>               the first publisher is merged into the second
//	mt <publisher> <id> <id>   the first title is merged into the second
//
// Every entry is complete by itself. Repeated or already known lines change nothing.
//
// This is version 1, the only one so far. Entries have no field for it, and parseEntry refuses a
// line of another kind. So a new kind of line is first read for one release, then written.
const entryVersion = 1

// The kinds of lines.
const (
	linePublisher       = "p"
	lineTitle           = "t"
	lineMergePublishers = "mp"
	lineMergeTitles     = "mt"
)

func entryLine(cells ...string) string { return strings.Join(cells, "\t") + "\n" }

// body formats as many additions as fit in one entry. It returns the entry and their number.
func body(additions []Addition) (entry string, n int) {
	var b strings.Builder
	publisher := ""
	for i, a := range additions {
		var lines string
		if a.Title == "" {
			lines = entryLine(append([]string{linePublisher, a.Publisher}, a.Aliases...)...)
		} else {
			if a.Publisher != publisher {
				lines = entryLine(linePublisher, a.Publisher)
			}
			lines += entryLine(append([]string{lineTitle, a.Title}, a.Aliases...)...)
		}
		if i > 0 && b.Len()+len(lines) > journal.MaxBody {
			return b.String(), i
		}
		publisher = a.Publisher
		b.WriteString(lines)
	}
	return b.String(), len(additions)
}

// step is one or more consecutive lines of an entry: additions, or one merge.
type step struct {
	additions   []Addition
	publisher   id // owner of the merged titles; zero for a merge of publishers
	other, into id
}

// parseEntry parses an entry, written by body or by a merge of Store, and appends it to the steps
// of earlier entries. Consecutive additions are one step, because adding many at once is much
// faster than one by one.
func parseEntry(steps []step, entry string) (_ []step, err error) {
	publisher := ""
	for line := range strings.Lines(entry) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		merge := step{}
		var added Addition
		switch kind := cells[0]; {
		case kind == linePublisher && len(cells) > 1:
			publisher = cells[1]
			added = Addition{Publisher: publisher, Aliases: cells[2:]}
		case kind == lineTitle && len(cells) > 1 && publisher != "":
			added = Addition{Publisher: publisher, Title: cells[1], Aliases: cells[2:]}
		case kind == lineMergePublishers && len(cells) == 3:
			err = parseIDs(cells[1:], &merge.other, &merge.into)
		case kind == lineMergeTitles && len(cells) == 4:
			err = parseIDs(cells[1:], &merge.publisher, &merge.other, &merge.into)
		default:
			err = fmt.Errorf("catalog: invalid line %q in a journal entry", line)
		}
		if err != nil {
			return nil, err
		}
		switch last := len(steps) - 1; {
		case added.Publisher == "":
			steps = append(steps, merge)
		case last >= 0 && steps[last].additions != nil:
			steps[last].additions = append(steps[last].additions, added)
		default:
			steps = append(steps, step{additions: []Addition{added}})
		}
	}
	return steps, nil
}

func parseIDs(cells []string, ids ...*id) error {
	for i, cell := range cells {
		parsed, ok := parseID(cell)
		if !ok {
			return fmt.Errorf("catalog: invalid id %q in a journal entry", cell)
		}
		*ids[i] = parsed
	}
	return nil
}

func (c *Catalog) apply(s step) {
	switch {
	case s.additions != nil:
		c.add(s.additions)
	case s.publisher != id{}:
		c.mergeTitles(s.publisher, s.other, s.into)
	default:
		c.mergePublishers(s.other, s.into)
	}
}
