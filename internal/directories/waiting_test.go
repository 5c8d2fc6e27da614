package directories_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// R9.7: the schedule serves the users who wait, in their order, as far as licences are free, and says so in the audit log.
func TestR9_7_ScheduleServes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"suite": 0})
	w.put("users/active.csv", header+"o1,ann@example.org,Ann,BE,,\no2,bob@example.org,Bob,BE,,\no3,cas@example.org,Cas,BE,,\n")
	all, _, err := w.Register.All(t.Context(), subscription.Query{})
	must(t, err)
	ids := map[string]string{}
	for u := range all {
		ids[u.Name] = u.ID
	}
	engine := &licensing.Licensing{Subscriptions: w.Subscriptions, People: w.People, Register: w.Register, Log: slog.New(slog.DiscardHandler)}
	today := subscription.Today{Now: noon, Zone: time.UTC}
	for i, name := range []string{"Bob", "Cas", "Ann"} {
		at := noon.Add(time.Duration(i) * time.Minute)
		_, err := engine.Change(t.Context(), licensing.Request{
			UserIDs: []string{ids[name]}, Want: subscription.Want{Add: []subscription.Assignment{{Subscription: "suite"}}, Wait: true}, Call: subscription.Call{ID: name, By: "admin", At: at}, Today: today,
			Event: func(action string) audit.Event {
				return audit.Event{ID: w.NewID(at), At: at, By: "admin", Action: action, Source: audit.SourceAPI}
			},
		})
		must(t, err)
	}
	must(t, w.Serve(t.Context()))
	same(t, "without a free licence", w.held(), map[string]int{"suite": 0})

	buy := w.Subscriptions.Reseat("suite", func(h subscription.Holding) (subscription.Seats, error) { return h.Purchased(2, noon) })
	_, _, err = buy.Apply(t.Context(), once.Change{Event: audit.Event{ID: w.NewID(noon), At: noon, By: "admin", Action: "subscription.licenses_purchased", Source: audit.SourceAPI}})
	must(t, err)
	must(t, w.Serve(t.Context()))
	must(t, w.Serve(t.Context()))
	users, err := w.People.Users(t.Context(), []string{ids["Ann"], ids["Bob"], ids["Cas"]})
	must(t, err)
	var served, waiting []string
	for _, u := range users {
		if _, holds := u.Licenses["suite"]; holds {
			served = append(served, u.Name)
		}
		if _, waits := u.Waiting["suite"]; waits {
			waiting = append(waiting, u.Name)
		}
	}
	same(t, "served and waiting", fmt.Sprint(served, waiting), "[Bob Cas] [Ann]")
	page, err := w.table.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.AddDate(0, 0, 2), Limit: 100})
	must(t, err)
	if !slices.ContainsFunc(page.Items, func(e audit.Event) bool {
		return e.Subject == "user/"+ids["Bob"] && e.Action == licensing.WaitingServed && e.Source == audit.SourceSchedule && e.By == "schedule"
	}) {
		t.Errorf("no event of the schedule: %+v", page.Items)
	}
}
