package year

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

func TestCurve(t *testing.T) {
	t.Parallel()
	c := Curve{{100, 50}, {60, 50}, {59, 100}, {20, 140}, {0, 100}}
	for ago, want := range map[int]int{365: 100, 100: 100, 60: 100, 59: 200, 39: 241, 20: 280, 10: 240, 0: 200} {
		if got := c.of(200, ago); got != want {
			t.Errorf("%d days ago: %d, want %d", ago, got, want)
		}
	}
	if got := Curve(nil).of(200, 365); got != 200 {
		t.Errorf("without a change: %d", got)
	}
	if got := (Curve{{10, 0}}).of(200, 0); got != 0 {
		t.Errorf("after the last share: %d", got)
	}
}

// The data of a day has what was there, and the data of today does not change.
func TestDataOfADay(t *testing.T) {
	t.Parallel()
	visio := position.Product{Publisher: "Microsoft", Family: "Visio", Edition: "Professional", Version: "2021"}
	word := position.Product{Publisher: "Microsoft", Family: "Word"}
	newest := time.Date(2026, 11, 30, 5, 0, 0, 0, time.UTC) // a Monday
	now := func() *report.Data {
		return &report.Data{
			At: newest, Agreements: []agreement.Agreement{{ID: "1", Name: "Old", CreatedAt: newest}, {ID: "2", Name: "New", CreatedAt: newest}},
			Held: []report.Held{
				{AgreementID: "1", Entitlement: entitlement.Entitlement{Family: "Visio Professional", Version: "2021", Effective: 80, ActiveSA: 80}},
				{AgreementID: "2", Entitlement: entitlement.Entitlement{Family: "Word", Effective: 5}},
			},
			Installed: []position.Line{
				{Product: visio, Quantity: 100, Users: 90, ByUser: []position.UserPCs{{PCs: 1, Users: 80}, {PCs: 2, Users: 10}}}, {Product: word, Quantity: 8},
			},
			Titles:  []position.Line{{Product: visio, Quantity: 60}},
			LeftOut: report.LeftOut{UnknownTitles: 10},
			Subscribed: &report.Subscribed{At: newest, All: []subscription.Count{
				{Name: "E3", Used: 60, Seats: subscription.Seats{Quantity: 50, Assigned: 60, Available: -10, ShortSince: newest}}, {Name: "New", Seats: subscription.Seats{Quantity: 9}},
			}},
		}
	}
	s := Story{
		Installed: map[string]Curve{"Visio Professional 2021": {{365, 50}, {0, 100}}, "Word": {{30, 0}, {0, 100}}},
		Licences:  map[string]Curve{"Visio Professional 2021": {{100, 50}, {99, 100}}}, Agreements: map[string]int{"New": 50},
		Subscriptions: map[string]Subscription{"E3": {Used: Curve{{365, 50}}}, "New": {Quantity: Curve{{50, 0}, {49, 100}}}},
	}
	today, shared := now(), now()
	at := newest.AddDate(0, 0, -365)
	then := s.data(shared, 365, at)
	if diff := cmp.Diff(today, shared); diff != "" {
		t.Errorf("today has changed (-want +got):\n%s", diff)
	}
	want := &report.Data{
		At: at, Agreements: []agreement.Agreement{{ID: "1", Name: "Old", CreatedAt: at}},
		Held:      []report.Held{{AgreementID: "1", Entitlement: entitlement.Entitlement{Family: "Visio Professional", Version: "2021", Effective: 40, ActiveSA: 40}}},
		Installed: []position.Line{{Product: visio, Quantity: 50, Users: 45, ByUser: []position.UserPCs{{PCs: 1, Users: 40}, {PCs: 2, Users: 5}}}},
		Titles:    []position.Line{{Product: visio, Quantity: 30}}, LeftOut: report.LeftOut{UnknownTitles: 10},
		Subscribed: &report.Subscribed{At: at, All: []subscription.Count{{Name: "E3", Used: 30, Seats: subscription.Seats{Quantity: 50, Assigned: 30, Available: 20, ShortSince: at}}}},
	}
	if diff := cmp.Diff(want, then); diff != "" {
		t.Errorf("a year ago (-want +got):\n%s", diff)
	}
	// On a Sunday nothing is bought or installed, and all are there on the newest day.
	friday, sunday := s.data(now(), 3, newest.AddDate(0, 0, -3)), s.data(now(), 1, newest.AddDate(0, 0, -1))
	if diff := cmp.Diff(friday.Installed, sunday.Installed); diff != "" || len(sunday.Agreements) != 2 || len(sunday.Subscribed.All) != 2 {
		t.Errorf("%d agreements, %d subscriptions (-friday +sunday):\n%s", len(sunday.Agreements), len(sunday.Subscribed.All), diff)
	}
}

// The past begins a year ago, or on the first day that the nightly refresh keeps.
func TestFirst(t *testing.T) {
	t.Parallel()
	for keep, want := range map[int]day.Date{0: "2025-11-30", 30: "2026-10-31", 365: "2025-11-30", 3650: "2025-11-30"} {
		p := Past{Keep: keep}
		if got := p.first("2026-11-30"); got != want {
			t.Errorf("kept for %d days: from %s, want %s", keep, got, want)
		}
	}
}
