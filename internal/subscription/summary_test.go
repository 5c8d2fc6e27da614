package subscription_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/subscription"
)

func TestSummarise(t *testing.T) {
	t.Parallel()
	made := func(id string, h subscription.Holding, change func(*subscription.Holding)) subscription.Holding {
		h.ID, h.Price = id, subscription.Price{Amount: 100, Currency: "EUR"}
		change(&h)
		return h
	}
	all := []subscription.Holding{
		made("plenty", users(3), func(h *subscription.Holding) {}),
		made("renews", users(5), func(h *subscription.Holding) { h.Seats.AutoRenew, h.Seats.Months = true, 12 }),
		made("short", devices(7), func(h *subscription.Holding) { h.Seats.EndsOn, h.Price.Currency = "2026-12-01", "USD" }),
		made("expired", users(1), func(h *subscription.Holding) { h.Seats.EndsOn = "2026-01-01" }),
		made("left out", users(0), func(h *subscription.Holding) { h.Unwatched = true }),
		made("endless", users(0), func(h *subscription.Holding) { h.Seats.EndsOn, h.Price = "", subscription.Price{} }),
	}
	got := subscription.Summarise(subscription.Counts(all), noon.Add(24*time.Hour), time.UTC, "2026-12-31")
	var ending []string
	for _, h := range got.Ending {
		ending = append(ending, h.ID)
	}
	got.Ending = nil
	want := subscription.Summary{
		Subscriptions: 6, Quantity: 30, Used: 16, Unused: 2 + 4 + 5 + 5, Short: 2, Conflicts: 2, Overdue: 1,
		Costs: subscription.Costs{"EUR": 2000, "USD": 500}, UnusedCosts: subscription.Costs{"EUR": 1100, "USD": 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"short", "plenty"}, ending); diff != "" {
		t.Errorf("ending (-want +got)\n%s", diff)
	}
	if got := subscription.Summarise(subscription.Counts(all), noon, time.UTC, day.Date("2026-11-30")); len(got.Ending) != 0 {
		t.Errorf("nothing ends soon: %v", got.Ending)
	}
}
