package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/i18n"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// subscriptions returns subscriptions of both kinds, with and without prices, ends and conflicts.
func subscriptions() *report.Subscribed {
	made := func(id, name string, kind subscription.Kind, quantity, used int, price subscription.Price, change func(*subscription.Count)) subscription.Count {
		c := subscription.Count{ID: id, Name: name, Kind: kind, Price: price, Used: used, Seats: subscription.Seats{Quantity: quantity}}
		change(&c)
		return c
	}
	euros := func(amount int64) subscription.Price { return subscription.Price{Amount: amount, Currency: "EUR"} }
	same := func(*subscription.Count) {}
	return &report.Subscribed{At: now.Add(-time.Hour), All: []subscription.Count{
		made("s1", "Microsoft 365 E3", subscription.ForUsers, 100, 90, euros(3690), func(c *subscription.Count) {
			c.SKU, c.PartNumber = "05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3"
			c.Seats.EndsOn, c.Seats.Months, c.Seats.AutoRenew = "2026-10-31", 12, true
		}),
		made("s2", "=Rooms <b>", subscription.ForDevices, 2, 5, euros(1380), func(c *subscription.Count) {
			c.Seats.EndsOn, c.Seats.ShortSince = "2026-12-31", now.Add(-100*24*time.Hour)
		}),
		made("s3", "Visio Plan 2", subscription.ForUsers, 10, 4, subscription.Price{Amount: 1500, Currency: "USD"}, func(c *subscription.Count) { c.Seats.EndsOn = "2026-11-20" }),
		made("s4", "Free of charge", subscription.ForUsers, 20, 0, euros(0), same),
		made("s5", "Price unknown", subscription.ForUsers, 7, 1, subscription.Price{}, same),
	}}
}

// TestR9_7_SubscriptionReport checks numbers, filters and order, and that costs in several currencies are
// not added up.
func TestR9_7_SubscriptionReport(t *testing.T) {
	t.Parallel()
	s := settings(i18n.English)
	all := subscriptions()
	r := all.Report(subscription.Selection{}, report.Order{}, s)
	want := report.SubscriptionReportTotals{
		Subscriptions: 5, Quantity: 139, Assigned: 100, Unused: 42, Short: 3, Conflicts: 2, Overdue: 1,
		CostPerMonth:       []report.MonthlyCost{{Amount: 371760, Currency: "EUR"}, {Amount: 15000, Currency: "USD"}},
		UnusedCostPerMonth: []report.MonthlyCost{{Amount: 36900, Currency: "EUR"}, {Amount: 9000, Currency: "USD"}},
	}
	if diff := cmp.Diff(want, r.Totals); diff != "" {
		t.Errorf("totals (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, all.Totals(day.Of(now), time.UTC)); diff != "" {
		t.Errorf("totals of a trend (-want +got)\n%s", diff)
	}
	row := func(id string) report.SubscriptionRow {
		return r.Rows[slices.IndexFunc(r.Rows, func(r report.SubscriptionRow) bool { return r.ID == id })]
	}
	if diff := cmp.Diff(report.SubscriptionRow{
		ID: "s2", Subscription: "=Rooms <b>", Kind: subscription.ForDevices, Status: subscription.Active, EndsOn: "2026-12-31", DaysLeft: new(40),
		Quantity: 2, Assigned: 5, Available: -3, Currency: "EUR", Price: new(int64(1380)), Cost: new(int64(2760)), UnusedCost: new(int64(0)),
		Conflicts: []subscription.ConflictKind{subscription.Shortage},
	}, row("s2")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := row("s1"); got.EndsOn != "2027-10-31" || got.RenewsOn != "2027-11-01" || *got.UnusedCost != 36900 {
		t.Errorf("%+v", got)
	}
	if got := row("s5"); got.Cost != nil || got.UnusedCost != nil || got.Price != nil || got.Unused != 6 {
		t.Errorf("a price that is not known: %+v", got)
	}
	for name, test := range map[string]struct {
		f    subscription.Selection
		o    report.Order
		want string
	}{
		"all":         {want: "s2 s4 s1 s5 s3"},
		"by cost":     {o: report.Order{Column: "unusedCostPerMonth", Descending: true}, want: "s5 s1 s3 s2 s4"},
		"by conflict": {o: report.Order{Column: "conflicts"}, want: "s3 s2 s4 s1 s5"},
		"kind":        {f: subscription.Selection{Kind: subscription.ForDevices}, want: "s2"},
		"status":      {f: subscription.Selection{Status: subscription.Expired}, want: "s3"},
		"conflict":    {f: subscription.Selection{Conflict: subscription.Shortage}, want: "s2"},
		"part number": {f: subscription.Selection{Text: "spe_é3"}, want: "s1"},
		"nothing":     {f: subscription.Selection{Text: "spe_e5"}},
	} {
		got := all.Report(test.f, test.o, s)
		if ids := strings.Join(names(got.Rows, func(r report.SubscriptionRow) string { return r.ID }), " "); ids != test.want {
			t.Errorf("%s: %s, want %s", name, ids, test.want)
		}
		if got.Totals.Subscriptions != len(got.Rows) {
			t.Errorf("%s: totals of %d subscriptions", name, got.Totals.Subscriptions)
		}
	}
	if r.Stale || !r.DataAt.Equal(all.At) {
		t.Errorf("%+v", r.Head)
	}
	s.Now = now.Add(24 * time.Hour)
	if !all.Report(subscription.Selection{}, report.Order{}, s).Stale {
		t.Error("data of yesterday are not stale")
	}
}

// The version is the cursor's: it must change with every number of a row.
func TestSubscriptionReportVersion(t *testing.T) {
	t.Parallel()
	version := func(change func(*subscription.Count)) string {
		all := subscriptions()
		change(&all.All[0])
		r := all.Report(subscription.Selection{}, report.Order{}, settings(i18n.English))
		return r.Version()
	}
	same := version(func(*subscription.Count) {})
	if again := version(func(c *subscription.Count) { c.Seats.Version++ }); again != same {
		t.Error("the version changed without a change of the rows")
	}
	for name, change := range map[string]func(*subscription.Count){
		"name": func(c *subscription.Count) { c.Name = "Microsoft 365 E5" }, "used": func(c *subscription.Count) { c.Used++ },
		"quantity": func(c *subscription.Count) { c.Seats.Quantity++ }, "price": func(c *subscription.Count) { c.Price.Amount++ },
		"renewal": func(c *subscription.Count) { c.Seats.AutoRenew = false }, "id": func(c *subscription.Count) { c.ID = "s9" },
	} {
		if version(change) == same {
			t.Errorf("%s: the version is the same", name)
		}
	}
}

// TestR9_7_ReportOfADayReadLater: subscriptions that a refresh reads after midnight are judged on the day of the
// report, in the organisation's zone.
func TestR9_7_ReportOfADayReadLater(t *testing.T) {
	t.Parallel()
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	ending := subscription.Count{ID: "s1", Name: "Visio", Kind: subscription.ForUsers, Used: 3, Seats: subscription.Seats{Quantity: 5, EndsOn: "2026-11-20"}}
	for at, want := range map[time.Time]struct {
		date      day.Date
		status    subscription.Status
		days      int
		conflicts int
	}{
		time.Date(2026, time.November, 20, 22, 59, 59, 0, time.UTC): {"2026-11-20", subscription.Active, 0, 0},
		time.Date(2026, time.November, 20, 23, 5, 0, 0, time.UTC):   {"2026-11-20", subscription.Active, 0, 0}, // 00:05 of the next day
		time.Date(2026, time.November, 20, 23, 6, 0, 0, time.UTC):   {"2026-11-21", subscription.Expired, -1, 1},
	} {
		s := settings(i18n.English)
		s.Zone, s.Today = brussels, want.date
		all := &report.Subscribed{At: at, All: []subscription.Count{ending}}
		r := all.Report(subscription.Selection{}, report.Order{}, s)
		row := r.Rows[0]
		if row.Status != want.status || row.DaysLeft == nil || *row.DaysLeft != want.days || len(row.Conflicts) != want.conflicts || r.Totals.Conflicts != want.conflicts {
			t.Errorf("read at %s for %s: %+v, %d days left", at, want.date, row, *row.DaysLeft)
		}
		if got := all.Totals(want.date, brussels).Conflicts; got != want.conflicts {
			t.Errorf("read at %s for %s: %d conflicts in the trend", at, want.date, got)
		}
		if !r.DataAt.Equal(at) {
			t.Errorf("data of %s, not %s", r.DataAt, at)
		}
	}
}
