package catalog

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/retry"
)

// JournalName names the journal of the catalog, from which a Catalog is built. Its entries
// are the data, and their order matters: all are in the first stripe, and none is ever
// deleted.
const JournalName journal.Name = "catalog"

// Log is a journal that the catalog can append to.
type Log interface {
	journal.Log
	// Append stores the next entry of the first stripe, with the audit events of the change
	// and the response for its Idempotency-Key, in one transaction. weight is the number of
	// things that the entry changes. Append returns journal.ErrMoved if the stripe is no
	// longer at head. If the key was used before, it stores nothing, and first is the first
	// response.
	Append(ctx context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error)
}

// Store reads and changes the catalog. Reads are exact at the moment of the call.
//
// A change is checked against the state at the head of the journal and appended after that
// head, so no other change comes between: names are unique, and only existing items are
// merged. If another writer was first, the change is checked again; after some attempts the
// error is errs.Unavailable try_again.
//
// Changes are edits (package once). The store fills in Subject, Before and After of the
// audit event. If the key of the entry was used before, nothing is changed, and first is
// the first response.
type Store struct {
	Replica       *journal.Replica[*Catalog]
	subscriptions *journal.Replica[*Subscriptions]
	log           Log
}

// New returns the store of the catalog built from log. Copies are saved in files; warn logs
// unusable copies.
func New(log Log, files objects.Bucket, warn *slog.Logger) *Store {
	replica := &journal.Replica[*Catalog]{Name: JournalName, Log: log, Files: files, State: &Catalog{}, Warn: warn}
	subscriptions := &journal.Replica[*Subscriptions]{Name: SubscriptionsJournal, Log: log, State: &Subscriptions{}, Warn: warn}
	return &Store{Replica: replica, subscriptions: subscriptions, log: log}
}

// Save saves a copy if the catalog has at least the given number of changes since the last
// one, or if that one cannot be used, as after a release with another starting catalog. It
// reads the catalog to find out.
func (s *Store) Save(ctx context.Context, changes int64, now time.Time) error {
	if err := s.Replica.Read(ctx, func(*Catalog, journal.Head) error { return nil }); err != nil {
		return err
	}
	return s.Replica.Save(ctx, changes, now)
}

// Lookup returns the publishers with a name that contains the typed letters, best first, at
// most limit and LookupMax.
func (s *Store) Lookup(ctx context.Context, typed string, limit int) (found []Publisher, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) error {
		found = c.Publishers(typed, limit)
		return nil
	})
	return found, err
}

// LookupTitles is Lookup for the titles of a publisher. It returns errs.NotFound
// publisher_not_found.
func (s *Store) LookupTitles(ctx context.Context, publisherID, typed string, limit int) (found []Title, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) error {
		titles, ok := c.Titles(publisherID, typed, limit)
		found = titles
		return foundOr(ok, "publisher_not_found")
	})
	return found, err
}

// Publisher returns one publisher, also by the id of a publisher that was merged into it.
// It returns errs.NotFound publisher_not_found.
func (s *Store) Publisher(ctx context.Context, publisherID string) (p Publisher, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) (err error) {
		p, err = c.existing(publisherID)
		return err
	})
	return p, err
}

// Title is Publisher for a title. It returns errs.NotFound publisher_not_found or
// title_not_found.
func (s *Store) Title(ctx context.Context, publisherID, titleID string) (t Title, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) (err error) {
		t, err = c.existingTitle(publisherID, titleID)
		return err
	})
	return t, err
}

// Resolve returns the publisher and the title with these names, which may be aliases, or a
// violation for the missing one (R2.6): publisher_unknown with the field "publisher",
// title_unknown with the field "productTitle". A name in the catalog is never removed.
func (s *Store) Resolve(ctx context.Context, publisher, title string) (p Publisher, t Title, missing []errs.Violation, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) error {
		var known bool
		if p, known = c.PublisherNamed(publisher); !known {
			missing = []errs.Violation{{Code: "publisher_unknown", Field: "publisher", Value: publisher, Args: errs.Pairs("publisher", publisher)}}
		} else if t, known = c.TitleNamed(p.ID, title); !known {
			missing = []errs.Violation{{Code: "title_unknown", Field: "productTitle", Value: title, Args: errs.Pairs("publisher", p.Name)}}
		}
		return nil
	})
	return p, t, missing, err
}

// Spellings returns all names of the publisher with the given name; none if the catalog
// does not have it.
func (s *Store) Spellings(ctx context.Context, publisher string) (names []string, err error) {
	err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) error {
		if p, ok := c.PublisherNamed(publisher); ok {
			names = append(slices.Clone(p.Aliases), p.Name)
		}
		return nil
	})
	return names, err
}

// AddPublisher adds a publisher that ParsePublisher returned. It returns errs.Conflict
// taken, with a violation publisher_exists for each name in use.
func (s *Store) AddPublisher(a Addition) once.Edit[Publisher] {
	return edit(s, func(c *Catalog, event audit.Event) (p Publisher, d change, err error) {
		var taken []errs.Violation
		for i, name := range append([]string{a.Publisher}, a.Aliases...) {
			field := "name"
			if i > 0 {
				field = "aliases/" + strconv.Itoa(i-1)
			}
			if other, there := c.PublisherNamed(name); there {
				taken = append(taken, errs.Violation{Code: "publisher_exists", Field: field, Value: name, Args: errs.Pairs("publisher", other.Name, "id", other.ID)})
			}
		}
		if taken != nil {
			return p, d, &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: taken}
		}
		p = Publisher{ID: idOf(a.Publisher).String(), Name: a.Publisher, Aliases: sorted(a.Aliases)}
		event.Subject, event.After = p.subject(), map[string]string{"name": p.Name}
		if len(p.Aliases) > 0 {
			event.After["aliases"] = strings.Join(p.Aliases, "; ")
		}
		d = change{weight: 1, events: []audit.Event{event}}
		d.body, _ = body([]Addition{a})
		return p, d, nil
	})
}

// AddTitle adds a title, with a name that ParseTitle returned, to a publisher. It returns
// errs.NotFound publisher_not_found, or errs.Conflict taken with title_exists.
func (s *Store) AddTitle(publisherID, name string) once.Edit[Title] {
	return edit(s, func(c *Catalog, event audit.Event) (t Title, d change, err error) {
		p, err := c.existing(publisherID)
		if err != nil {
			return t, d, err
		}
		if other, there := c.TitleNamed(p.ID, name); there {
			return t, d, &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{
				{Code: "title_exists", Field: "name", Value: name, Args: errs.Pairs("title", other.Name, "id", other.ID)},
			}}
		}
		t = Title{ID: idOf(name).String(), PublisherID: p.ID, Name: name}
		event.Subject, event.After = t.subject(), map[string]string{"publisher": p.Name, "name": t.Name}
		d = change{weight: 1, events: []audit.Event{event}}
		d.body, _ = body([]Addition{{Publisher: p.Name, Title: name}})
		return t, d, nil
	})
}

// MergePublishers merges a publisher into another one and returns the latter, which gets
// the names of the merged one as aliases, and its titles. It returns errs.NotFound
// publisher_not_found, or errs.Conflict merge_same if they are the same already.
func (s *Store) MergePublishers(publisherID, into string) once.Edit[Publisher] {
	return edit(s, func(c *Catalog, event audit.Event) (p Publisher, d change, err error) {
		from, err := c.existing(publisherID)
		if err != nil {
			return p, d, err
		}
		to, err := c.existing(into)
		if err != nil {
			return p, d, err
		}
		if from.ID == to.ID {
			return p, d, errs.New(errs.Conflict, "merge_same", "name", to.Name)
		}
		event.Subject = from.subject()
		event.Before = map[string]string{"name": from.Name, "titles": strconv.Itoa(from.Titles)}
		event.After = map[string]string{"into": to.subject(), "name": to.Name}
		p = c.merged(from.ID, to.ID)
		d = change{body: entryLine(lineMergePublishers, from.ID, to.ID), weight: 1 + from.Titles, events: []audit.Event{event}}
		return p, d, nil
	})
}

// MergeTitles merges a title into another one of its publisher and returns the latter. It
// returns errs.NotFound publisher_not_found or title_not_found, or errs.Conflict merge_same
// if they are the same already.
func (s *Store) MergeTitles(publisherID, titleID, into string) once.Edit[Title] {
	return edit(s, func(c *Catalog, event audit.Event) (t Title, d change, err error) {
		from, err := c.existingTitle(publisherID, titleID)
		if err != nil {
			return t, d, err
		}
		if t, err = c.existingTitle(publisherID, into); err != nil {
			return t, d, err
		}
		if from.ID == t.ID {
			return t, d, errs.New(errs.Conflict, "merge_same", "name", t.Name)
		}
		event.Subject = from.subject()
		event.Before = map[string]string{"name": from.Name}
		event.After = map[string]string{"into": t.subject(), "name": t.Name}
		d = change{body: entryLine(lineMergeTitles, t.PublisherID, from.ID, t.ID), weight: 1, events: []audit.Event{event}}
		t.Aliases = sorted(t.Aliases, from.Aliases, []string{from.Name})
		return t, d, nil
	})
}

// change is an entry to append, with its weight, response and audit events.
type change struct {
	body   string
	weight int
	entry  once.Entry
	events []audit.Event
}

// edit returns the edit that appends the change that plan returns for the current state.
func edit[T any](s *Store, plan func(*Catalog, audit.Event) (T, change, error)) once.Edit[T] {
	return once.Edit[T]{
		Preview: func(ctx context.Context) (result T, err error) {
			err = s.Replica.Read(ctx, func(c *Catalog, _ journal.Head) (err error) {
				result, _, err = plan(c, audit.Event{})
				return err
			})
			return result, err
		},
		Apply: func(ctx context.Context, made once.Change) (result T, first []byte, err error) {
			first, err = s.change(ctx, func(c *Catalog) (d change, err error) {
				if result, d, err = plan(c, made.Event); err != nil {
					return d, err
				}
				d.entry = made.Entry
				return d, made.Check(result)
			})
			return result, first, err
		},
	}
}

// planning is the policy for a change that is planned again because another one was first.
var planning = retry.Policy{Attempts: 20, First: 5 * time.Millisecond, Longest: 200 * time.Millisecond}

// change appends the entry that plan returns for the current state; nothing if it is empty.
func (s *Store) change(ctx context.Context, plan func(*Catalog) (change, error)) (first []byte, err error) {
	return appendTo(ctx, s.log, s.Replica, plan)
}

// appendTo appends the entry that plan returns for the current state of a journal; nothing if it is
// empty.
func appendTo[S journal.State](ctx context.Context, log Log, replica *journal.Replica[S], plan func(S) (change, error)) (first []byte, err error) {
	err = retry.Do(ctx, planning, func() error {
		var at journal.Head
		var d change
		err := replica.Read(ctx, func(state S, head journal.Head) (err error) {
			at = head
			d, err = plan(state)
			return err
		})
		if err != nil || d.body == "" {
			return err
		}
		first, err = log.Append(ctx, replica.Name, at, d.body, d.weight, d.entry, d.events...)
		if errors.Is(err, journal.ErrMoved) {
			return retry.Again(err)
		}
		return err
	})
	return first, err
}

func (c *Catalog) existing(publisherID string) (Publisher, error) {
	p, ok := c.Publisher(publisherID)
	return p, foundOr(ok, "publisher_not_found")
}

func (c *Catalog) existingTitle(publisherID, titleID string) (Title, error) {
	if _, err := c.existing(publisherID); err != nil {
		return Title{}, err
	}
	t, ok := c.Title(publisherID, titleID)
	return t, foundOr(ok, "title_not_found")
}

// foundOr returns an error with the code unless ok.
func foundOr(ok bool, code string) error {
	if ok {
		return nil
	}
	return errs.New(errs.NotFound, code)
}

// merged returns the publisher into as it is after other is merged into it.
func (c *Catalog) merged(other, into string) Publisher {
	from, to := c.byIDText(other), c.byIDText(into)
	p := to.public()
	p.Aliases = sorted(p.Aliases, from.names())
	for _, t := range from.all() {
		if to.titles.find(t.name) == nil {
			p.Titles++
		}
	}
	return p
}

func (p Publisher) subject() string { return "publisher/" + p.ID }

func (t Title) subject() string { return "publisher/" + t.PublisherID + "/title/" + t.ID }
