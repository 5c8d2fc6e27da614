package catalog

import (
	"context"
	"slices"
	"strconv"

	"trueup/internal/audit"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// Fed is the result of feeding the catalog.
type Fed struct {
	Publishers int   // added
	Titles     int   // added
	Unchanged  int   // additions without anything new
	New        []int // indexes of the other additions
}

// Feed adds the new part of many additions, in as many entries as needed. Each entry takes effect
// when it is appended. Known additions change nothing, so Feed is idempotent. event returns a new
// audit event for an entry; Feed fills in its Subject and After.
func (s *Store) Feed(ctx context.Context, additions []Addition, event func() audit.Event) (total Fed, err error) {
	for done := 0; done < len(additions); {
		var fed Fed
		var n int
		_, err := s.change(ctx, func(c *Catalog) (d change, err error) {
			c.ready()
			var news []Addition
			if news, fed, n = c.news(additions[done:]); len(news) == 0 {
				return change{}, nil
			}
			e := event()
			e.Subject = "catalog"
			e.After = map[string]string{"publishers": strconv.Itoa(fed.Publishers), "titles": strconv.Itoa(fed.Titles)}
			d = change{weight: len(news), events: []audit.Event{e}}
			d.body, _ = body(news)
			return d, nil
		})
		if err != nil {
			return total, err
		}
		total.Publishers += fed.Publishers
		total.Titles += fed.Titles
		total.Unchanged += fed.Unchanged
		total.New = appendFrom(total.New, done, fed.New)
		done += n
	}
	return total, nil
}

// appendFrom appends indexes of a part of a list, which begins at an index, as indexes of the list.
func appendFrom(all []int, begin int, part []int) []int {
	for _, i := range part {
		all = append(all, begin+i)
	}
	return all
}

// news returns the new part of the first n additions; n is limited by the size of an entry.
func (c *Catalog) news(additions []Addition) (news []Addition, fed Fed, n int) {
	size := 0
	seen := map[string]bool{} // folded names, a title's prefixed by its publisher's
	for i, a := range additions {
		owner := text.Fold(a.Publisher)
		p := c.publishers.find(a.Publisher)
		if p != nil {
			owner = text.Fold(p.name)
		}
		named := owner + "\t" + text.Fold(a.Title)
		newPublisher := p == nil && !seen[owner]
		newTitle := a.Title != "" && (p == nil || p.titles.find(a.Title) == nil) && !seen[named]
		if !newPublisher && !newTitle && c.knowsAliases(p, a) {
			fed.Unchanged++
			continue
		}
		size += len(a.Publisher) + len(a.Title) + 8 // with separators
		for _, alias := range a.Aliases {
			size += len(alias) + 1
		}
		if size > journal.MaxBody && len(news) > 0 {
			return news, fed, i
		}
		news, fed.New = append(news, a), append(fed.New, i)
		seen[owner], seen[named] = true, true
		if newPublisher {
			fed.Publishers++
		}
		if newTitle {
			fed.Titles++
		}
	}
	return news, fed, len(additions)
}

// knowsAliases reports whether every alias of an addition exists already; p is its publisher, nil
// for a new one.
func (c *Catalog) knowsAliases(p *publisher, a Addition) bool {
	return !slices.ContainsFunc(a.Aliases, func(alias string) bool {
		if a.Title == "" {
			return c.publishers.find(alias) == nil
		}
		return p == nil || p.titles.find(alias) == nil
	})
}
