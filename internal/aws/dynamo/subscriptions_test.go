package dynamo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
)

// holdingOf returns a subscription without end, as Create stores it.
func holdingOf(id, name string, quantity int) subscription.Holding {
	return subscription.Holding{
		Subscription: subscription.Subscription{
			ID: id, Name: name, Kind: subscription.ForUsers, CreatedAt: noon, Version: 1,
			Services: []subscription.Service{{ID: "mail", Name: "Mail"}, {ID: "files", Name: "Files"}},
		},
		Seats: subscription.Seats{Quantity: quantity, Available: quantity, AsOf: noon, Version: 1},
	}
}

// subscribe stores a subscription.
func subscribe(t *testing.T, s *dynamo.Table, h subscription.Holding) subscription.Holding {
	t.Helper()
	_, err := s.Subscriptions.Create(t.Context(), h, once.Change{Event: edited("subscription.created")})
	must(t, err)
	return h
}

// seatsOf returns the seats of a subscription.
func seatsOf(t *testing.T, s *dynamo.Table, id string) subscription.Seats {
	t.Helper()
	h, err := s.Subscriptions.Subscription(t.Context(), id)
	must(t, err)
	return h.Seats
}

// toQuantity sets the number of licences.
func toQuantity(n int) func(subscription.Holding) (subscription.Seats, error) {
	return func(h subscription.Holding) (subscription.Seats, error) { return h.Seats.WithQuantity(n, noon), nil }
}

// reseat changes seats.
func reseat(t *testing.T, s *dynamo.Table, id string, change func(subscription.Holding) (subscription.Seats, error)) subscription.Holding {
	t.Helper()
	after, _, err := s.Subscriptions.Reseat(id, change).Apply(t.Context(), once.Change{Event: edited("subscription.changed")})
	must(t, err)
	return after
}

// eventsOf returns the audit events of a subject.
func eventsOf(t *testing.T, s *dynamo.Table, subject string) []audit.Event {
	t.Helper()
	page, err := s.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.Add(24 * time.Hour), Subject: subject, Limit: 500})
	must(t, err)
	if page.Next != "" {
		t.Fatalf("%s: more events than one page", subject)
	}
	return page.Items
}

// eventOf returns the only audit event of a subject with an action.
func eventOf(t *testing.T, s *dynamo.Table, subject, action string) audit.Event {
	t.Helper()
	events := eventsOf(t, s, subject)
	events = slices.DeleteFunc(events, func(e audit.Event) bool { return e.Action != action })
	if len(events) != 1 {
		t.Fatalf("%s: %d events %s", subject, len(events), action)
	}
	return events[0]
}

func TestR9_1_Subscriptions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	table := storetest.Table(t)
	process := func() *dynamo.Table { return dynamo.Open(storetest.Client(t), table, dynamo.PageSize(2)) }
	s := process()
	all, err := s.Subscriptions.Subscriptions(ctx)
	must(t, err)
	equal(t, "subscriptions of an empty table", len(all), 0)
	none, err := s.Subscriptions.Descriptions(ctx)
	must(t, err)
	equal(t, "descriptions of an empty table", len(none), 0)

	full := subscription.Holding{
		Subscription: subscription.Subscription{
			ID: "e5", Name: "Office 365 É5", Kind: subscription.ForUsers, SKU: "guid", PartNumber: "SPE_E5",
			Services: []subscription.Service{
				{ID: "mail", Name: "Mail", Requires: []string{"base"}, Excludes: []string{"kiosk", "old"}, Countries: []string{"BE", "NL"}},
				{ID: "base", Name: "Base"},
			},
			Countries: []string{"BE", "DE", "NL"}, Price: subscription.Price{Amount: 5405, Currency: "EUR"}, AgreementID: "a1",
			Unwatched: true, CreatedAt: noon, Version: 1,
		},
		Seats: subscription.Seats{
			Quantity: 7, Available: 7, EndsOn: "2027-01-31", Months: 12, AutoRenew: true, AsOf: noon.Add(time.Hour), Version: 1,
		},
	}
	subscribe(t, s, full)
	var want []subscription.Holding
	for i := range 5 { // more than two pages
		want = append(want, subscribe(t, s, holdingOf(fmt.Sprintf("s%d", i), fmt.Sprintf("Subscription %d", 4-i), i)))
		some, err := s.Subscriptions.Descriptions(ctx) // the store reads what is new
		must(t, err)
		equal(t, "number of descriptions", len(some), len(want)+1)
	}
	devices := holdingOf("dev", "apps for devices", 3)
	devices.Kind = subscription.ForDevices
	want = append(want, full, subscribe(t, s, devices))
	slices.SortFunc(want, func(a, b subscription.Holding) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	all, err = s.Subscriptions.Subscriptions(ctx)
	must(t, err)
	equal(t, "all subscriptions", all, want)
	var described []subscription.Subscription
	for _, h := range want {
		described = append(described, h.Subscription)
	}
	got, err := s.Subscriptions.Descriptions(ctx) // with those that the store knows
	must(t, err)
	equal(t, "all descriptions", got, described)
	one, err := s.Subscriptions.Subscription(ctx, "e5")
	must(t, err)
	equal(t, "one subscription", one, full)
	bare := slices.Clone(want)
	for i := range bare {
		if bare[i].ID != "dev" {
			bare[i].Seats = subscription.Seats{}
		}
	}
	// With the descriptions that the store knows, and without.
	for name, people := range map[string]*dynamo.People{"known": s.People, "unknown": process().People} {
		users, some, err := people.UsersAndSubscriptions(ctx, []string{"nobody"}, subscription.SeatsOf([]subscription.Assignment{{Subscription: "dev"}, {Subscription: "none"}}))
		must(t, err)
		equal(t, "users", users, []subscription.User{{}})
		equal(t, "subscriptions with the seats of one, descriptions "+name, some, bare)
	}
	for _, id := range []string{"", "none", "COUNT"} {
		_, err = s.Subscriptions.Subscription(ctx, id)
		equal(t, "code of subscription "+id, errs.CodeOf(err), "subscription_not_found")
	}

	_, err = s.Subscriptions.Create(ctx, holdingOf("other", "OFFICE 365  é5", 1), once.Change{Event: edited("subscription.created")})
	equal(t, "violations of a taken name", errs.As(err).Violations, []errs.Violation{{Code: "subscription_name_taken", Field: "name", Value: "OFFICE 365  é5"}})
	_, err = s.Subscriptions.Subscription(ctx, "other")
	equal(t, "a refused creation", errs.CodeOf(err), "subscription_not_found")

	equal(t, "noted at creation", eventOf(t, s, "subscription/e5", "subscription.created").After, map[string]string{
		"name": "Office 365 É5", "kind": "user", "sku": "guid", "partNumber": "SPE_E5", "agreementId": "a1", "countries": "BE, DE, NL",
		"price": "54.05 EUR", "watch": "false", "quantity": "7", "autoRenew": "true", "endsOn": "2027-01-31", "termMonths": "12",
		"services/mail": "Mail; requires base; excludes kiosk, old; only in BE, NL", "services/base": "Base",
	})
}

func TestR9_1_CreationOfASubscriptionIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	entry := once.Entry{Key: "me/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	for i, want := range []string{"", "first"} {
		first, err := s.Subscriptions.Create(ctx, holdingOf(fmt.Sprint("s", i), "Same", 1), once.Change{Event: edited("subscription.created"), Entry: entry})
		must(t, err)
		equal(t, "answer of an earlier call", string(first), want)
	}
	all, err := s.Subscriptions.Subscriptions(ctx)
	must(t, err)
	equal(t, "subscriptions", len(all), 1)
}

func TestR9_1_Describe(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	read := subscribe(t, s, holdingOf("s", "Old name", 3)).Subscription
	subscribe(t, s, holdingOf("t", "Taken", 3))
	describe := func(read subscription.Subscription, change func(*subscription.Subscription)) (subscription.Subscription, error) {
		after := read
		change(&after)
		return s.Subscriptions.Describe(ctx, read, after, edited("subscription.updated"))
	}
	got, err := describe(read, func(after *subscription.Subscription) {
		after.Name, after.PartNumber, after.Services = "New name", "P", after.Services[:1]
		after.Kind, after.Version, after.CreatedAt = subscription.ForDevices, 9, noon.Add(time.Hour) // stay as they are
	})
	must(t, err)
	want := read
	want.Name, want.PartNumber, want.Services, want.Version = "New name", "P", want.Services[:1], 2
	equal(t, "described", got, want)
	stored, err := s.Subscriptions.Subscription(ctx, "s")
	must(t, err)
	equal(t, "stored", stored, subscription.Holding{Subscription: want, Seats: holdingOf("s", "", 3).Seats})
	event := eventOf(t, s, "subscription/s", "subscription.updated")
	equal(t, "noted before", event.Before, map[string]string{"name": "Old name", "services/files": "Files"})
	equal(t, "noted after", event.After, map[string]string{"name": "New name", "partNumber": "P"})

	_, err = describe(read, func(after *subscription.Subscription) { after.Name = "Third" })
	equal(t, "an old version", errs.CodeOf(err), "version_stale")
	_, err = describe(got, func(after *subscription.Subscription) { after.Name = "taken" })
	equal(t, "a name that is taken", errs.As(err).Violations[0].Code, "subscription_name_taken")
	unknown := got
	unknown.ID = "none"
	_, err = describe(unknown, func(*subscription.Subscription) {})
	equal(t, "an unknown subscription", errs.CodeOf(err), "subscription_not_found")
	subscribe(t, s, holdingOf("u", "Old name", 1)) // the name is free
	_, err = describe(got, func(after *subscription.Subscription) { after.Name = "NEW  name" })
	must(t, err) // only the spelling
}

// A process keeps descriptions as long as none has changed, and shows every change of another process at
// once: also after the table was restored to an earlier moment and changed in another way.
func TestR9_1_DescriptionsAreReadWhenTheyChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	writer := dynamo.Open(client, table)
	queries := 0
	reader := dynamo.Open(meanwhile(t, "Query", func(int) { queries++ }), table)
	names := func() (names []string) {
		t.Helper()
		all, err := reader.Subscriptions.Subscriptions(ctx)
		must(t, err)
		for _, h := range all {
			names = append(names, fmt.Sprint(h.Name, " ", h.Seats.Assigned, " of ", h.Seats.Quantity))
		}
		return names
	}
	read := func(what string, want []string, queried bool) {
		t.Helper()
		before := queries
		equal(t, what, names(), want)
		equal(t, what+": descriptions were read", queries > before, queried)
	}
	read("none", nil, false)
	s := subscribe(t, writer, holdingOf("s", "S", 3)).Subscription
	read("one", []string{"S 0 of 3"}, true)
	moment := storetest.Save(t, client, table)
	enrol(t, writer, "ann@example.com", "s")
	reseat(t, writer, "s", toQuantity(4))
	read("other seats", []string{"S 1 of 4"}, false)
	rename := func(to string) {
		t.Helper()
		after := s
		after.Name = to
		_, err := writer.Subscriptions.Describe(ctx, s, after, edited("subscription.updated"))
		must(t, err)
	}
	rename("T")
	read("renamed", []string{"T 1 of 4"}, true)
	storetest.Restore(t, client, table, moment)
	rename("U")
	read("restored, and renamed again", []string{"U 0 of 3"}, true)
	subscribe(t, writer, holdingOf("v", "V", 1))
	read("another one", []string{"U 0 of 3", "V 0 of 1"}, true)
	read("the same", []string{"U 0 of 3", "V 0 of 1"}, false)
	v, err := reader.Subscriptions.Subscription(ctx, "v")
	must(t, err)
	must(t, writer.Subscriptions.Delete(ctx, v.Subscription, edited("subscription.deleted")))
	read("one deleted", []string{"U 0 of 3"}, true)
}

func TestR9_1_DeleteSubscription(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	read := subscribe(t, s, holdingOf("s", "Name", 2)).Subscription
	user := enrol(t, s, "ann@example.com", "s")
	remove := func(read subscription.Subscription) error {
		return s.Subscriptions.Delete(ctx, read, edited("subscription.deleted"))
	}
	err := remove(read)
	equal(t, "with a user", errs.CodeOf(err), "subscription_in_use")
	equal(t, "the users", errs.As(err).Args["count"], "1")
	equal(t, "seats of a refused deletion", seatsOf(t, s, "s").Assigned, 1)
	changeUser(t, s, user, without("s"))
	old := read
	old.Version = 7
	equal(t, "another version", errs.CodeOf(remove(old)), "version_stale")
	must(t, remove(read))
	equal(t, "deleted before", errs.CodeOf(remove(read)), "subscription_not_found")
	for key, it := range storetest.Dump(t, client, table) {
		if strings.HasPrefix(key, "SEATS#") || strings.HasPrefix(key, "SUBSCRIPTIONS|") && fmt.Sprint(it["n"]) != "0" {
			t.Errorf("%s is left: %v", key, it)
		}
	}
	equal(t, "noted", eventOf(t, s, "subscription/s", "subscription.deleted").Before["name"], "Name")
	subscribe(t, s, holdingOf("t", "Name", 2)) // the name is free
}

// The number of subscriptions is limited, also if they are created at the same time.
func TestR9_1_SubscriptionLimit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	must(t, dynamo.CountSubscriptions(ctx, s, subscription.SubscriptionsMax-1))
	last := subscribe(t, s, holdingOf("last", "Last", 1))
	_, err := s.Subscriptions.Create(ctx, holdingOf("more", "More", 1), once.Change{Event: edited("subscription.created")})
	equal(t, "one more", errs.CodeOf(err), "subscription_limit")
	must(t, s.Subscriptions.Delete(ctx, last.Subscription, edited("subscription.deleted")))
	subscribe(t, s, holdingOf("more", "More", 1))
}

func TestL2_Reseat(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	subscribe(t, s, holdingOf("s", "Name", 5))
	for _, name := range []string{"a", "b", "c"} {
		enrol(t, s, name+"@example.com", "s")
	}
	edit := s.Subscriptions.Reseat("s", toQuantity(2))
	preview, err := edit.Preview(ctx)
	must(t, err)
	want := holdingOf("s", "Name", 2)
	want.Seats.Assigned, want.Seats.Available, want.Seats.ShortSince, want.Seats.Version = 3, -1, noon, 2
	equal(t, "preview", preview, want)
	equal(t, "seats after the preview", seatsOf(t, s, "s").Quantity, 5)
	noted := edited("subscription.changed")
	noted.After = map[string]string{"reference": "R1"}
	after, _, err := edit.Apply(ctx, once.Change{Event: noted, Of: preview})
	must(t, err)
	equal(t, "result", after, want)
	equal(t, "stored", seatsOf(t, s, "s"), want.Seats)
	event := eventOf(t, s, "subscription/s", "subscription.changed")
	equal(t, "noted before", event.Before, map[string]string{"quantity": "5"})
	equal(t, "noted after", event.After, map[string]string{"quantity": "2", "reference": "R1"})

	_, _, err = edit.Apply(ctx, once.Change{Event: edited("subscription.changed"), Of: preview})
	if !errors.Is(err, once.ErrOutdated) {
		t.Errorf("a response that shows an older version: %v", err)
	}
	refused := errs.New(errs.Conflict, "acknowledgement_required")
	_, _, err = s.Subscriptions.Reseat("s", func(subscription.Holding) (subscription.Seats, error) {
		return subscription.Seats{}, refused
	}).Apply(ctx, once.Change{Event: edited("subscription.changed")})
	equal(t, "an error of the change", errs.CodeOf(err), refused.Code)
	unchanged := reseat(t, s, "s", func(h subscription.Holding) (subscription.Seats, error) { return h.Seats, nil })
	equal(t, "no change", unchanged, want)
	equal(t, "events of no change", len(eventsOf(t, s, "subscription/s")), 2)
	for what, change := range map[string]func(*subscription.Seats){
		"assigned": func(s *subscription.Seats) { s.Assigned++ }, "available": func(s *subscription.Seats) { s.Available++ },
	} {
		_, _, err = s.Subscriptions.Reseat("s", func(h subscription.Holding) (subscription.Seats, error) {
			h.Seats.Version++
			change(&h.Seats)
			return h.Seats, nil
		}).Apply(ctx, once.Change{Event: edited("subscription.changed")})
		if err == nil {
			t.Errorf("a change of %s was stored", what)
		}
	}
	equal(t, "stored at the end", seatsOf(t, s, "s"), want.Seats)
	for what, run := range map[string]func() error{
		"preview": func() error { _, err := s.Subscriptions.Reseat("none", toQuantity(1)).Preview(ctx); return err },
		"apply": func() error {
			_, _, err := s.Subscriptions.Reseat("none", toQuantity(1)).Apply(ctx, once.Change{Event: edited("x")})
			return err
		},
	} {
		equal(t, what+" of an unknown subscription", errs.CodeOf(run()), "subscription_not_found")
	}
}

// The entry of a call is stored even if nothing changes: a repetition gets the same answer when
// something would change.
func TestL2_ReseatIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	subscribe(t, s, holdingOf("s", "Name", 5))
	for what, change := range map[string]func(subscription.Holding) (subscription.Seats, error){
		"a change": toQuantity(6),
		"none":     func(h subscription.Holding) (subscription.Seats, error) { return h.Seats, nil },
	} {
		entry := once.Entry{Key: "me/" + what, BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
		_, first, err := s.Subscriptions.Reseat("s", change).Apply(ctx, once.Change{Event: edited("subscription.changed"), Entry: entry})
		must(t, err)
		equal(t, what+": answer of an earlier call", string(first), "")
		before := seatsOf(t, s, "s")
		_, first, err = s.Subscriptions.Reseat("s", toQuantity(9)).Apply(ctx, once.Change{Event: edited("subscription.changed"), Entry: entry})
		must(t, err)
		equal(t, what+": answer of the first call", string(first), "first")
		equal(t, what+": seats", seatsOf(t, s, "s"), before)
	}
}

// A change of the quantity is decided again if users are assigned meanwhile: shortSince is right
// whatever comes first.
func TestL14_ReseatBesideAssignments(t *testing.T) {
	t.Parallel()
	s := open(t)
	subscribe(t, s, holdingOf("s", "Name", 5))
	calls := 0
	after := reseat(t, s, "s", func(h subscription.Holding) (subscription.Seats, error) {
		if calls++; calls <= 2 {
			enrol(t, s, fmt.Sprintf("user%d@example.com", calls), "s")
		}
		return h.Seats.WithQuantity(1, noon.Add(time.Minute)), nil
	})
	want := subscription.Seats{
		Quantity: 1, Assigned: 2, Available: -1, ShortSince: noon.Add(time.Minute), AsOf: noon.Add(time.Minute), Version: 2,
	}
	equal(t, "seats", after.Seats, want)
	equal(t, "stored", seatsOf(t, s, "s"), want)
	equal(t, "calls of the change", calls, 3)
}

// Seats refuse an assignment exactly when subscription.Seats.Status says that the term has ended.
func TestL13_AssignmentNeedsAnActiveTerm(t *testing.T) {
	t.Parallel()
	s := open(t)
	on := day.Of(noon)
	before, after := day.Of(noon.AddDate(0, 0, -1)), day.Of(noon.AddDate(0, 0, 1))
	n := 0
	for _, ends := range []day.Date{"", before, on, after, "2020-02-29"} {
		for _, months := range []int{0, 1, 12} {
			for _, auto := range []bool{false, true} {
				n++
				h := holdingOf(fmt.Sprint("s", n), fmt.Sprint("S", n), 1)
				h.Seats.EndsOn, h.Seats.Months, h.Seats.AutoRenew = ends, months, auto
				subscribe(t, s, h)
				_, refused, err := s.People.Apply(t.Context(), []subscription.Change{creating(fmt.Sprintf("u%d@example.com", n), h.ID)}, today, once.Entry{})
				must(t, err)
				what := fmt.Sprintf("ends %q, %d months, auto-renew %v", ends, months, auto)
				var want *subscription.Refusal
				if h.Seats.Status(on) == subscription.Expired {
					want = &subscription.Refusal{Seats: map[string]subscription.Seats{h.ID: h.Seats}}
				}
				if diff := cmp.Diff(want, refused, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
				if want == nil { // whatever the term, a licence can be released
					user, err := s.People.ByUPN(t.Context(), []string{fmt.Sprintf("u%d@example.com", n)})
					must(t, err)
					changeUser(t, s, user[0], without(h.ID))
				}
			}
		}
	}
}
