package directories_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/directories"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// stored returns the subscriptions as text, by name.
func (w *world) stored() map[string]string {
	w.t.Helper()
	all, err := w.Subscriptions.Subscriptions(w.t.Context())
	must(w.t, err)
	found := map[string]string{}
	for _, h := range all {
		found[h.Name] = fmt.Sprintf("%s|%d of %d|%s|%s|%d services|as of %s", h.Kind, h.Seats.Assigned, h.Seats.Quantity, h.Seats.EndsOn, h.PartNumber, len(h.Services), h.Seats.AsOf.Format("15:04"))
	}
	return found
}

func TestR9_1_SubscriptionsFromFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.sample("subscriptions/licenses.csv")
	r := w.put("subscriptions/licenses.csv", file)
	same(t, "state", []any{r.State, r.Reason}, []any{directories.StateSucceeded, ""})
	rows := r.Rows
	if r.Created == 0 || r.Created != rows-r.Skipped-r.Rejected {
		t.Errorf("counts: %+v", r.Counts)
	}
	first := w.stored()
	if got := first["Microsoft 365 E3"]; got != "user|0 of 25|2027-01-31||0 services|as of 12:01" {
		t.Errorf("Microsoft 365 E3: %s", got)
	}
	r = w.put("subscriptions/licenses.csv", file)
	same(t, "again", r.Unchanged, rows)
	for name, stored := range first { // only newer
		first[name] = strings.Replace(stored, "as of 12:01", "as of 12:02", 1)
	}
	same(t, "stored again", w.stored(), first)

	r = w.put("subscriptions/more.csv", "Product Title,Total Licenses,Assigned licenses,Renewal Date\nMicrosoft 365 E3,30,23,2028-01-31\nVisio Plan 2,1250,8,2026-12-01\n")
	same(t, "changed", r.Counts, directories.Counts{Rows: 2, Changed: 1, Unchanged: 1, Differ: 1})
	if got := w.stored()["Microsoft 365 E3"]; got != "user|0 of 30|2028-01-31||0 services|as of 12:03" {
		t.Errorf("Microsoft 365 E3: %s", got)
	}
	found := strings.Join(w.findings(r), "\n")
	for _, want := range []string{
		"2 Microsoft 365 E3 directory_assigned_differs assigned=23 here=0", "3 Visio Plan 2 directory_end_differs date=2026-12-01 end=2026-12-15", "0 Power BI Pro directory_subscription_missing subscription=Power BI Pro",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("no finding %s in\n%s", want, found)
		}
	}
}

// The services of a product are added to a subscription that has none, and then only compared.
func TestSubscriptionsFromGraph(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.put("subscriptions/skus.json", w.sample("subscriptions/subscribed-skus.json"))
	if r.State != directories.StateSucceeded || r.Created == 0 || r.Rejected > 0 {
		t.Fatalf("%+v", r)
	}
	again := w.put("subscriptions/skus.json", w.sample("subscriptions/subscribed-skus.json"))
	same(t, "again", []int{again.Created, again.Changed, again.Unchanged}, []int{0, 0, r.Created})
	for _, sample := range []string{"licenses-french.csv", "directory-subscriptions.json"} {
		if r := w.put("subscriptions/"+sample, w.sample("subscriptions/"+sample)); r.State != directories.StateSucceeded {
			t.Errorf("%s: %s", sample, r.Reason)
		}
	}
	r = w.put("subscriptions/types.csv", w.sample("subscriptions/get-mgsubscribedsku.csv"))
	same(t, "names of types", []any{r.State, r.Reason}, []any{directories.StateRefused, "directory_type_names"})
}

// A quantity is not set below the assigned licences without an acknowledgement, and not by a file that is
// older than the stored quantity.
func TestR9_6_QuantitiesFromFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 5})
	w.put("users/a.csv", list(1, 4, "Suite"), "licenses", "adopt")
	const columns = "Product Title,Total Licenses,Assigned licenses\n"
	older := w.upload("subscriptions/older.csv", columns+"Suite,4,3\n")
	lower := columns + "Suite,2,3\n"
	r := w.put("subscriptions/a.csv", lower)
	same(t, "below assigned", r.Counts, directories.Counts{Rows: 1, Rejected: 1, Differ: 1})
	same(t, "findings", w.findings(r), []string{"2 Suite directory_below_assigned assigned=3 quantity=2"})
	r = w.put("subscriptions/a.csv", lower, "acknowledge", "conflict")
	same(t, "acknowledged", r.Counts, directories.Counts{Rows: 1, Changed: 1})
	h, err := w.Subscriptions.Subscription(t.Context(), "Suite")
	must(t, err)
	same(t, "a conflict", []int{h.Seats.Quantity, h.Seats.Assigned, h.Seats.Short()}, []int{2, 3, 1})

	must(t, w.Receive(t.Context(), older))
	r = w.record(older)
	same(t, "an older file", r.Counts, directories.Counts{Rows: 1, Unchanged: 1, Differ: 1})
	same(t, "its findings", w.findings(r), []string{"2 Suite directory_older date=2026-11-29"})
}

// R9.3: a subscription whose licences have all expired has ended, whether numbers, a date or a state say so, and no
// licence of it is assigned. One that lasts longer here stays, with a finding.
func TestR9_3_LapsedSubscriptions(t *testing.T) {
	t.Parallel()
	const columns = "Product Title,Total Licenses,Expired Licenses,Assigned licenses"
	w := newWorld(t)
	state := func(state string) string {
		return strings.Replace(w.sample("subscriptions/directory-subscriptions.json"), `"Enabled"`, `"`+state+`"`, 1)
	}
	skus := w.sample("subscriptions/subscribed-skus.json")
	for name, test := range map[string]struct {
		file, title string
		status      subscription.Status
	}{
		"numbers":                       {columns + "\nPower BI Pro,0,5,4\n", "Power BI Pro", subscription.Expired},
		"numbers and a later day":       {columns + ",Renewal Date\nPower BI Pro,0,5,4,2027-03-01\n", "Power BI Pro", subscription.Expired},
		"numbers and an earlier day":    {columns + ",Renewal Date\nPower BI Pro,0,5,4,2026-03-01\n", "Power BI Pro", subscription.Expired},
		"some have expired":             {columns + "\nPower BI Pro,1,5,4\n", "Power BI Pro", subscription.Active},
		"warning units":                 {skus, "VISIOCLIENT", subscription.Expired},
		"enabled units":                 {skus, "SPE_E3", subscription.Active},
		"locked out units":              {strings.NewReplacer(`"warning": 10`, `"warning": 0`, `"lockedOut": 0`, `"lockedOut": 10`, `"Warning"`, `"LockedOut"`).Replace(skus), "VISIOCLIENT", subscription.Expired},
		"the state warning":             {state("Warning"), "SPE_E3", subscription.Expired},
		"the state suspended":           {state("Suspended"), "SPE_E3", subscription.Expired},
		"the state locked out":          {state("LockedOut"), "SPE_E3", subscription.Expired},
		"the state enabled":             {state("Enabled"), "SPE_E3", subscription.Active},
		"a state that is not described": {state("Other"), "SPE_E3", subscription.Active},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ending := ".csv"
			if test.file[0] == '{' {
				ending = ".json"
			}
			r := w.put("subscriptions/a"+ending, test.file)
			found := slices.ContainsFunc(w.findings(r), func(f string) bool { return strings.HasSuffix(f, test.title+" directory_lapsed") })
			h := w.named(test.title)
			same(t, "state", []any{h.Seats.Status(day.Of(noon)), found}, []any{test.status, test.status == subscription.Expired})
			w.put("users/a.csv", list(1, 2, test.title), "licenses", "adopt")
			want := 1
			if test.status == subscription.Expired {
				want = 0
			}
			same(t, "assigned", w.named(test.title).Seats.Assigned, want)
		})
	}
	w.subscribe(map[string]int{"Power BI Pro": 5})
	r := w.put("subscriptions/a.csv", columns+"\nPower BI Pro,0,5,0\n")
	same(t, "known without an end", []any{w.named("Power BI Pro").Seats.Status(day.Of(noon)), w.findings(r)}, []any{subscription.Expired, []string{"2 Power BI Pro directory_lapsed"}})
}

// named returns the subscription with a name.
func (w *world) named(name string) subscription.Holding {
	w.t.Helper()
	all, err := w.Subscriptions.Subscriptions(w.t.Context())
	must(w.t, err)
	i := slices.IndexFunc(all, func(h subscription.Holding) bool { return h.Name == name })
	if i < 0 {
		w.t.Fatalf("no subscription %s", name)
	}
	return all[i]
}

// A quantity that is set again to the stored number is newer than a file that was made before.
func TestL2_TheSameQuantityByHandIsNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 5})
	older := w.upload("subscriptions/older.csv", "Product Title,Total Licenses,Assigned licenses\nSuite,4,0\n")
	_, _, err := w.Subscriptions.Reseat("Suite", func(h subscription.Holding) (subscription.Seats, error) {
		s, err := h.WithQuantity(5, false, older.At.Add(time.Hour))
		return s.Stated(older.At.Add(time.Hour)), err
	}).Apply(t.Context(), once.Change{Event: w.event()})
	must(t, err)
	must(t, w.Receive(t.Context(), older))
	same(t, "quantity", []any{w.named("Suite").Seats.Quantity, w.record(older).Differ}, []any{5, 1})
}

// A file that states the quantity that is stored makes it newer: an older file does not change it.
func TestR9_6_TheSameQuantityIsNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 5})
	const columns = "Product Title,Total Licenses,Assigned licenses\n"
	older := w.upload("subscriptions/older.csv", columns+"Suite,4,0\n")
	newer := w.upload("subscriptions/newer.csv", columns+"Suite,5,0\n")
	for range 2 { // the second delivery changes nothing
		must(t, w.Receive(t.Context(), newer))
	}
	same(t, "the same quantity", w.record(newer).Counts, directories.Counts{Rows: 1, Unchanged: 1})
	must(t, w.Receive(t.Context(), older))
	same(t, "an older file", w.record(older).Counts, directories.Counts{Rows: 1, Unchanged: 1, Differ: 1})
	h, err := w.Subscriptions.Subscription(t.Context(), "Suite")
	must(t, err)
	same(t, "seats", []any{h.Seats.Quantity, h.Seats.AsOf.Equal(newer.At), h.Seats.Version}, []any{5, true, int64(2)})
	page, err := w.table.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.AddDate(0, 0, 2), Limit: 100})
	must(t, err)
	var moments []string
	for _, e := range page.Items {
		if e.Action == "subscription.read_from_file" {
			moments = append(moments, e.After["asOf"])
		}
	}
	same(t, "moments", moments, []string{newer.At.Format(time.RFC3339)})
}

// A product with several subscriptions is matched by name too; another product does not take a name.
func TestSubscriptionsOfOneProduct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, s := range []struct{ name, sku string }{{"Old", "05e9a617-0261-4cee-bb44-138d3ef5d965"}, {"New", "05e9a617-0261-4cee-bb44-138d3ef5d965"}, {"Other", "c5928f49-12ba-48f7-ada3-0d743a3601d5"}} {
		h := subscription.Holding{Subscription: subscription.Subscription{ID: s.name, Name: s.name, SKU: s.sku, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: "s", Name: "S"}}, CreatedAt: noon, Version: 1}, Seats: subscription.Seats{Quantity: 1, Available: 1, AsOf: noon, Version: 1}}
		_, err := w.Subscriptions.Create(t.Context(), h, once.Change{Event: audit.Event{ID: w.NewID(noon), At: noon, By: "admin", Action: "subscription.created", Source: audit.SourceAPI}})
		must(t, err)
	}
	const columns = "Product Title,Total Licenses,Assigned licenses,Sku Id\n"
	r := w.put("subscriptions/a.csv", columns+"Suite,4,0,05e9a617-0261-4cee-bb44-138d3ef5d965\n")
	same(t, "ambiguous", r.Counts, directories.Counts{Rows: 1, Rejected: 1})
	same(t, "findings", w.findings(r), []string{"0 Other directory_subscription_missing subscription=Other", "2 Suite directory_subscription_several sku=05e9a617-0261-4cee-bb44-138d3ef5d965"})
	r = w.put("subscriptions/a.csv", columns+"new,4,0,05e9a617-0261-4cee-bb44-138d3ef5d965\nOther,9,0,8a1f0000-0000-4000-8000-000000000001\n")
	same(t, "by name", r.Counts, directories.Counts{Rows: 2, Changed: 1, Rejected: 1})
	same(t, "findings", w.findings(r), []string{
		"0 Old directory_subscription_missing subscription=Old", "0 Other directory_subscription_missing subscription=Other", "3 Other subscription_name_taken",
	})
}
