package snapshot_test

import (
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/inventory"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// list puts a file of Microsoft's list with one subscription that the dictionary does not have.
func (w *world) list(t *testing.T, at time.Time) {
	t.Helper()
	suite := catalog.Listed{Rows: 2, Subscription: product.Subscription{
		Name: "Harbour Suite", ID: "HARBOUR_SUITE", Includes: []string{"microsoft-365-apps-enterprise"},
	}}
	event := func() audit.Event { return audit.Event{ID: "listed", At: at, By: "AWS:admin"} }
	if _, err := catalog.New(w.store.Journal, w.files, quiet).AddSubscriptions(t.Context(), []catalog.Listed{suite}, at, event); err != nil {
		t.Fatal(err)
	}
}

// TestR5_4_Subscriptions: twelve licences of a subscription that only Microsoft's list knows, from an
// agreement and from a pair, cover twelve PCs with what it includes: live, on the day of a refresh, and
// on a day before the list was put, by running and new processes.
func TestR5_4_Subscriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.agreements = []agreement.Agreement{
		{ID: "a1", Type: agreement.TypeVolume, Name: "Suites", GroupID: "unassigned", PairCount: 1, Version: 1},
		{ID: "b1", Type: agreement.TypeOther, Name: "More suites", GroupID: "unassigned", Version: 1, Terms: agreement.Terms{
			Publisher: "Microsoft", ProductTitle: "HARBOUR_SUITE", Licenses: 10,
		}},
	}
	w.pairs = []refresher.Answered{{
		Pair: agreement.Pair{Authorization: "01-07001", License: "01-07001"}, AgreementID: "a1", State: agreement.ValidationValid,
		Entitlements: []entitlement.Entitlement{{Publisher: "Microsoft", Family: "Microsoft Harbour Suite", Effective: 2}},
	}}
	apps := builtin.Products().Named("Microsoft", "Microsoft 365 Apps for enterprise", "")
	w.tallies = []inventory.Counted{{Source: "intune", Key: "inventory/pcs.csv", At: now, Tally: &inventory.Tally{
		Rules: "1", Rows: 12, Devices: 12, Products: []inventory.ProductCount{{Product: apps, Devices: 12}},
	}}}
	warm := w.library()
	check := func(when string, date day.Date, verdict string, surplus int, listed day.Date) {
		t.Helper()
		for name, l := range map[string]*snapshot.Library{"running": warm, "new": w.library()} {
			var v *snapshot.View
			var err error
			if date == "" {
				v, _, err = l.Live(t.Context())
			} else {
				v, err = l.On(t.Context(), date)
			}
			if err != nil {
				t.Fatal(when, err)
			}
			s := settings()
			s.Products, s.Calendar = v.Products, v.CalendarAt(now)
			r := v.Installations(report.Filter{}, report.Order{}, s)
			found := map[string]report.Installation{}
			for _, row := range r.Rows {
				found[row.Product] = row
			}
			if got := found["Microsoft 365 Apps for enterprise"]; string(got.Verdict) != verdict || r.Totals.Surplus != surplus {
				t.Errorf("%s, %s process: %+v, totals %+v", when, name, got, r.Totals)
			}
			if listed == "" {
				continue
			}
			suite := found["Harbour Suite"]
			e, ok := v.Data.Explain(suite.ID, report.Filter{}, s)
			if !ok || len(r.Rows) != 2 || suite.Licenses != 12 || suite.MovedOut != 12 || e.ListedOn != listed {
				t.Errorf("%s, %s process: %d rows, %+v, listed on %q", when, name, len(r.Rows), suite, e.ListedOn)
			}
			for _, id := range []string{suite.ID, found["Microsoft 365 Apps for enterprise"].ID} {
				e, _ := v.Data.Explain(id, report.Filter{}, s)
				var moves []report.Move
				for _, bar := range e.Steps {
					moves = append(moves, bar.Moves...)
				}
				if len(moves) != 1 || moves[0].Quantity != 12 || moves[0].ListedOn != listed {
					t.Errorf("%s, %s process: moves %+v", when, name, moves)
				}
			}
		}
	}
	const before day.Date = "2026-11-20"
	w.publish(t, attempt(1, before))
	check("before the list, live", "", "unlicensed", 12, "")
	check("before the list, on a day", before, "unlicensed", 12, "")
	w.list(t, now)
	check("with the list, live", "", "covered", 0, today)
	check("with the list, on an earlier day", before, "covered", 0, today)
	w.publish(t, attempt(2, today))
	check("with the list, on the day", today, "covered", 0, today)
	w.list(t, now.AddDate(0, 0, 2))
	check("with a later list, on the day", today, "covered", 0, "2026-11-23")
}
