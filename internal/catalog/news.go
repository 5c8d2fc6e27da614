package catalog

import (
	"context"
	"slices"
	"strconv"

	"trueup/internal/audit"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// Fed is what feeding the catalog came to.
type Fed struct {
	Publishers int // that were added
	Titles     int // that were added
	Unchanged  int // additions that said nothing new
}

// Feed adds what is new of many additions, in as many entries as it takes; each
// counts as soon as it is appended. What is there already is no change, so
// feeding the same again does nothing. event returns a new audit event for an
// entry; its Subject and After are filled in.
func (s *Store) Feed(ctx context.Context, additions []Addition, event func() audit.Event) (total Fed, err error) {
	for rest := additions; len(rest) > 0; {
		var fed Fed
		var n int
		_, err := s.change(ctx, func(c *Catalog) (d change, err error) {
			c.ready()
			var news []Addition
			if news, fed, n = c.news(rest); len(news) == 0 {
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
		rest = rest[n:]
	}
	return total, nil
}

// news returns what is new of the first n additions, which are as many as an
// entry holds.
func (c *Catalog) news(additions []Addition) (news []Addition, fed Fed, n int) {
	size := 0
	seen := map[string]bool{} // folded names, the publisher's before the title's
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
		size += len(a.Publisher) + len(a.Title) + 8 // with what is around them
		for _, alias := range a.Aliases {
			size += len(alias) + 1
		}
		if size > journal.MaxBody && len(news) > 0 {
			return news, fed, i
		}
		news = append(news, a)
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

// knowsAliases reports whether every alias of an addition is somebody's; p is
// its publisher, nil for a new one.
func (c *Catalog) knowsAliases(p *publisher, a Addition) bool {
	return !slices.ContainsFunc(a.Aliases, func(alias string) bool {
		if a.Title == "" {
			return c.publishers.find(alias) == nil
		}
		return p == nil || p.titles.find(alias) == nil
	})
}
