package dynamo_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trueup/internal/aws/dynamo"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
)

// expired is a Log without old entries: a register that starts reads the table.
type expired struct {
	journal.Log
	rebuilt atomic.Bool
}

func (e *expired) Entries(ctx context.Context, name journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	if after == 0 && !e.rebuilt.Load() {
		return nil, journal.ErrTrimmed
	}
	return e.Log.Entries(ctx, name, stripe, after, upTo)
}

// walked is a Source that notes that the table is read.
type walked struct {
	people.Source
	log *expired
}

func (w walked) Walk() people.Walk {
	w.log.rebuilt.Store(true)
	return w.Source.Walk()
}

// uncalled returns licences without their calls, which the register does not have.
func uncalled(licenses map[string]subscription.Grant) map[string]subscription.Grant {
	licenses = maps.Clone(licenses)
	for id, g := range licenses {
		g.Call = ""
		licenses[id] = g
	}
	return licenses
}

// TestRegisterAgreesWithTable changes users and their licences from three processes at once. Each
// process finds its changes in its register at once. In the end every register, also one that starts
// from the entries and one that reads the table, agrees with the users and the seats that are stored
// (L1).
func TestRegisterAgreesWithTable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	subscriptions := []string{"e3", "e5", "visio"}
	for _, id := range subscriptions {
		subscribe(t, s, holdingOf(id, id, 6))
	}
	var ids []string
	var first []subscription.Change
	for i := range 10 {
		c := creating(fmt.Sprintf("user%d@example.com", i))
		ids, first = append(ids, c.After.ID), append(first, c)
	}
	makeChanges(t, s, first...)

	registers := map[string]*people.Reader{}
	var processes sync.WaitGroup
	for i := range 3 {
		own := dynamo.Open(client, table, dynamo.PageSize(2))
		register := people.New(own.People, own.Journal, nil, nil)
		registers[fmt.Sprint("process ", i)] = register
		processes.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for range 8 {
				u, err := changeSome(ctx, own, rng, ids, subscriptions)
				if err != nil {
					t.Error(err)
					return
				}
				all, _, err := register.All(ctx, subscription.Query{Deleted: !u.DeletedAt.IsZero(), Now: noon})
				if err != nil {
					t.Error(err)
					return
				}
				// Another process may have changed it since, also to or from deleted.
				for found := range all {
					if found.ID == u.ID && found.Version < u.Version {
						t.Errorf("%s is listed with version %d after a change to version %d", u.UPN, found.Version, u.Version)
					}
				}
			}
		})
	}
	processes.Wait()

	stored, err := s.People.Users(ctx, ids)
	must(t, err)
	registers["from the entries"] = people.New(s.People, s.Journal, nil, nil)
	log := &expired{Log: s.Journal}
	registers["from the table"] = people.New(walked{s.People, log}, log, nil, nil)
	for name, register := range registers {
		counts, err := register.Counts(ctx)
		must(t, err)
		for _, id := range subscriptions {
			equal(t, name+": users of "+id, counts[id], seatsOf(t, s, id).Assigned)
		}
		for _, deleted := range []bool{false, true} {
			want := []subscription.User{}
			for _, u := range stored {
				if u.DeletedAt.IsZero() != deleted {
					u.Licenses, u.Former = uncalled(u.Licenses), uncalled(u.Former)
					want = append(want, u)
				}
			}
			slices.SortFunc(want, func(a, b subscription.User) int { return strings.Compare(a.Name, b.Name) })
			var listed []subscription.User
			q := subscription.Query{Deleted: deleted, Now: noon.Add(time.Hour), Limit: 2}
			for {
				page, err := register.List(ctx, q)
				must(t, err)
				listed = append(listed, page.Items...)
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			equalUser(t, fmt.Sprintf("%s: users, deleted %v", name, deleted), append([]subscription.User{}, listed...), want)
		}
	}
	if !log.rebuilt.Load() {
		t.Error("no register read the table")
	}
}

// changeSome changes a random user, and returns it as stored.
func changeSome(ctx context.Context, s *dynamo.Table, rng *rand.Rand, ids, subscriptions []string) (subscription.User, error) {
	for {
		users, err := s.People.Users(ctx, []string{ids[rng.IntN(len(ids))]})
		if err != nil {
			return subscription.User{}, err
		}
		u, id := users[0], subscriptions[rng.IntN(len(subscriptions))]
		change := named(fmt.Sprintf("user%d@example.com", rng.IntN(100)))
		_, holds := u.Licenses[id]
		switch kind := rng.IntN(8); {
		case !u.DeletedAt.IsZero():
			change = restoring
		case kind == 0:
			change = deleted
		case kind < 6 && holds:
			change = without(id)
		case kind < 6:
			change = with(id, "mail")
		}
		c := changing(u, change)
		_, refused, err := s.People.Apply(ctx, []subscription.Change{c}, today, once.Entry{})
		if err != nil || refused == nil {
			return c.After, err
		}
	}
}
