package snapshot_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/subscription"
)

// buys adds a subscription of a number of licences, for 10.00 EUR each.
func (w *world) buys(t *testing.T, name string, quantity int) {
	t.Helper()
	h := subscription.Holding{
		Subscription: subscription.Subscription{
			ID: name, Name: name, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: "s", Name: "s"}}, Price: subscription.Price{Amount: 1000, Currency: "EUR"}, CreatedAt: now, Version: 1,
		},
		Seats: subscription.Seats{Quantity: quantity, Available: quantity, Version: 1},
	}
	if _, err := w.store.Subscriptions.Create(t.Context(), h, once.Change{Event: audit.Event{ID: name, At: now, By: "jo"}}); err != nil {
		t.Fatal(err)
	}
}

// TestR8_5_Subscriptions: each night keeps the subscriptions as they were, for reports of that day and for
// the trend. A day that an earlier release stored has none, and says so.
func TestR8_5_Subscriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, "2026-11-18")) // no subscription, and that is known
	w.buys(t, "first", 5)
	w.publish(t, attempt(2, "2026-11-20"))
	w.buys(t, "second", 7)
	w.publish(t, attempt(3, today))
	w.buys(t, "third", 1)

	old := report.Data{At: now}
	parts, m, err := old.Snapshot("2026-11-19", "r0", 1, settings())
	if err != nil {
		t.Fatal(err)
	}
	stored, published, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if err := w.files.Put(t.Context(), part.Key, "application/gzip", part.Content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.files.Put(t.Context(), published.Key(), "application/json", stored); err != nil {
		t.Fatal(err)
	}
	if _, err := w.index().Publish(t.Context(), published); err != nil {
		t.Fatal(err)
	}

	l := w.library()
	quantity := func(v *snapshot.View, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s, err := v.Subscriptions(t.Context(), now)
		if errs.CodeOf(err) == "subscriptions_not_stored" {
			return -1
		}
		if err != nil || !s.At.Equal(now) {
			t.Fatal(s, err)
		}
		return s.Totals(today, time.UTC).Quantity
	}
	want := map[day.Date]int{"2026-11-18": 0, "2026-11-19": -1, "2026-11-20": 5, today: 12}
	for date, n := range want {
		v, err := l.On(t.Context(), date)
		if got := quantity(v, err); got != n {
			t.Errorf("%s: %d licences, want %d", date, got, n)
		}
	}
	live, _, err := l.Live(t.Context())
	if got := quantity(live, err); got != 13 {
		t.Errorf("now: %d licences", got)
	}
	w.buys(t, "fourth", 100)
	if got := quantity(live, err); got != 13 { // a view is of one moment
		t.Errorf("later, the same view has %d licences", got)
	}
	days, err := l.Between(t.Context(), "2026-11-01", today)
	if err != nil {
		t.Fatal(err)
	}
	got := map[day.Date]int{}
	for _, d := range days {
		got[d.Date] = -1
		if s := d.Subscriptions; s != nil {
			got[d.Date] = s.Quantity
			if s.Quantity > 0 && (len(s.UnusedCostPerMonth) != 1 || s.UnusedCostPerMonth[0] != (report.MonthlyCost{Amount: int64(1000 * s.Quantity), Currency: "EUR"})) {
				t.Errorf("%s: %+v", d.Date, s)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trend (-want +got)\n%s", diff)
	}
}
