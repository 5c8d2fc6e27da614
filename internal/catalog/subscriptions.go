package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"trueup/internal/audit"
	"trueup/internal/journal"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/text"
)

// SubscriptionsJournal names the journal of Microsoft's list of subscriptions. Like those of the
// catalog, its entries are the data. They are a journal of their own because the release before
// refuses entries of the catalog of a kind that it does not know.
const SubscriptionsJournal journal.Name = "subscriptions"

// Subscriptions is the subscriptions of all files of Microsoft's list (R5.4). None is ever removed,
// because an organisation may still own what Microsoft sells no longer. Of one subscription in several
// files, the one that was put last counts. It implements journal.State; the zero Subscriptions has
// none.
type Subscriptions struct {
	all      map[string]product.Subscription // by subscriptionKey
	products func() *product.Dictionary      // nil as long as there are none
}

// subscriptionKey returns the same text for the same subscription. A subscription with a new name is
// another one, so that licences with the old name stay known.
func subscriptionKey(s *product.Subscription) string {
	return text.Fold(s.Name) + "\t" + text.Fold(s.ID)
}

// Products returns the dictionary of products with the subscriptions.
func (s *Subscriptions) Products() *product.Dictionary {
	if s.products == nil {
		return builtin.Products()
	}
	return s.products()
}

// add adds subscriptions to those known, unless the ones known were listed later.
func (s *Subscriptions) add(list []product.Subscription) {
	if s.all == nil {
		s.all = map[string]product.Subscription{}
	}
	for i := range list {
		key := subscriptionKey(&list[i])
		if before, known := s.all[key]; !known || !before.Listed.After(list[i].Listed) {
			s.all[key] = list[i]
		}
	}
	all := make([]product.Subscription, 0, len(s.all))
	for _, one := range s.all {
		all = append(all, one)
	}
	s.products = sync.OnceValue(func() *product.Dictionary { return builtin.Products().With(all) })
}

// news returns the first subscriptions of a file that have to be added, as many as fit in an entry:
// unknown ones, and known ones that were not listed later. They are taken from the first n of the
// list. added has the indexes of the unknown ones and of those with other content than before.
func (s *Subscriptions) news(list []Listed, at time.Time) (news []product.Subscription, added []int, n int) {
	size := len(subscriptionsHead(at))
	for i := range list {
		one := list[i].Subscription
		one.Listed = at
		before, known := s.all[subscriptionKey(&one)]
		if known && (before.Listed.After(at) || before.Listed.Equal(at) && slices.Equal(before.Includes, one.Includes)) {
			continue
		}
		if size += len(subscriptionLine(&one)); size > journal.MaxBody && len(news) > 0 {
			return news, added, i
		}
		news = append(news, one)
		if !known || !slices.Equal(before.Includes, one.Includes) {
			added = append(added, i)
		}
	}
	return news, added, len(list)
}

// Reset implements journal.State.
func (s *Subscriptions) Reset() { *s = Subscriptions{} }

// Prepare implements journal.State.
func (s *Subscriptions) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (apply func(), err error) {
	var list []product.Subscription
	for _, e := range entries {
		read, err := parseSubscriptions(e.Body)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		list = append(list, read...)
	}
	return func() { s.add(list) }, nil
}

// Save implements journal.State. No copy is saved: there are a few entries.
func (s *Subscriptions) Save() []byte { return nil }

// Restore implements journal.State.
func (s *Subscriptions) Restore([]byte) error {
	return errors.New("catalog: no copies of subscriptions are saved")
}

// Products returns the dictionary of products, with the subscriptions of Microsoft's list if there is
// one. Its ID changes with them.
func (s *Store) Products(ctx context.Context) (d *product.Dictionary, err error) {
	err = s.subscriptions.Read(ctx, func(all *Subscriptions, _ journal.Head) error {
		d = all.Products()
		return nil
	})
	return d, err
}

// PartNumbers returns the part numbers of the subscriptions of Microsoft's list by their names, in the form of
// text.Letters; none if there is no list. Several subscriptions can have one name. The part numbers are
// sorted.
func (s *Store) PartNumbers(ctx context.Context) (titles map[string][]string, err error) {
	err = s.subscriptions.Read(ctx, func(all *Subscriptions, _ journal.Head) error {
		titles = make(map[string][]string, len(all.all))
		for _, one := range all.all {
			if name := text.Letters(one.Name); name != "" && one.ID != "" {
				titles[name] = append(titles[name], one.ID)
			}
		}
		return nil
	})
	for _, ids := range titles {
		slices.Sort(ids)
	}
	return titles, err
}

// AddSubscriptions adds the subscriptions of a file that was put at a time, in as many entries as
// needed, and returns the indexes of the unknown ones and of those with other content than before.
// Adding a file again changes nothing, so it is idempotent. A subscription of a file that was put
// later stays as it is. event returns a new audit event for an entry; AddSubscriptions fills in its
// Action, Subject and After.
func (s *Store) AddSubscriptions(ctx context.Context, list []Listed, at time.Time, event func() audit.Event) (added []int, err error) {
	at = at.UTC().Truncate(time.Millisecond)
	for done := 0; done < len(list); {
		var fresh []int
		var n int
		_, err := appendTo(ctx, s.log, s.subscriptions, func(known *Subscriptions) (change, error) {
			var news []product.Subscription
			if news, fresh, n = known.news(list[done:], at); len(news) == 0 {
				return change{}, nil
			}
			e := event()
			e.Action, e.Subject = "subscriptions.listed", "subscriptions"
			e.After = map[string]string{"subscriptions": strconv.Itoa(len(news))}
			return change{body: subscriptionsBody(news, at), weight: len(news), events: []audit.Event{e}}, nil
		})
		if err != nil {
			return added, err
		}
		added = appendFrom(added, done, fresh)
		done += n
	}
	return added, nil
}

// Titles returns what a file's subscriptions add to the catalog: a title for each product of the
// dictionary, with the names of its subscriptions as aliases.
func Titles(products *product.Dictionary, list []Listed) (additions []Addition) {
	for i := range list {
		s := &list[i]
		a := Addition{Publisher: product.ListPublisher, Title: s.Name}
		if m, ok := products.OnPaper(product.ListPublisher, s.Name, ""); ok {
			a.Title = text.Collapse(m.Product.Name() + " " + m.Product.Version)
		}
		for _, alias := range []string{s.Name, s.ID} {
			if alias != "" && text.Fold(alias) != text.Fold(a.Title) {
				a.Aliases = append(a.Aliases, alias)
			}
		}
		additions = append(additions, a)
	}
	return additions
}

// An entry of SubscriptionsJournal is a line with the version of the format and the time at which the
// file was put, and a line for each subscription: its name, its id, and the ids of what it includes,
// separated by tabs. No name contains a tab or a line end, and no id of a row a space.
const subscriptionsVersion = 1

func subscriptionsHead(at time.Time) string {
	return fmt.Sprintf("subscriptions %d %d\n", subscriptionsVersion, at.UnixMilli())
}

func subscriptionLine(s *product.Subscription) string {
	return entryLine(s.Name, s.ID, strings.Join(s.Includes, " "))
}

func subscriptionsBody(list []product.Subscription, at time.Time) string {
	var b strings.Builder
	b.WriteString(subscriptionsHead(at))
	for i := range list {
		b.WriteString(subscriptionLine(&list[i]))
	}
	return b.String()
}

// parseSubscriptions is the inverse of subscriptionsBody.
func parseSubscriptions(body string) (list []product.Subscription, err error) {
	head, rest, _ := strings.Cut(body, "\n")
	var version int
	var millis int64
	if _, err := fmt.Sscanf(head, "subscriptions %d %d", &version, &millis); err != nil || version < 1 || version > subscriptionsVersion {
		return nil, fmt.Errorf("catalog: invalid head %q of an entry of subscriptions", head)
	}
	for line := range strings.Lines(rest) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 3 || cells[0] == "" {
			return nil, fmt.Errorf("catalog: invalid line %q in an entry of subscriptions", line)
		}
		list = append(list, product.Subscription{
			Name: cells[0], ID: cells[1], Includes: strings.Fields(cells[2]), Listed: time.UnixMilli(millis).UTC(),
		})
	}
	return list, nil
}
