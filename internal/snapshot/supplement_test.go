package snapshot_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// forgotten knows no changes.
type forgotten struct{}

func (forgotten) ChangedSince(context.Context, string) ([]agreement.PairKey, []refresher.Answered, error) {
	return nil, nil, refresher.ErrForgotten
}

func office(licenses int) []entitlement.Entitlement {
	return []entitlement.Entitlement{{Publisher: "Microsoft", Family: "Office Professional Plus", Version: "2021", Effective: licenses}}
}

// add adds a pair with an answer, as a pending run stores it.
func (w *world) add(number, agreementID string, licenses int) {
	p := agreement.Pair{Authorization: number, License: number}
	w.pairs = append(w.pairs, refresher.Answered{Pair: p, AgreementID: agreementID, State: agreement.ValidationValid, Entitlements: office(licenses)})
	w.change(p.Key())
}

func (w *world) remove(number string) {
	key := agreement.Pair{Authorization: number, License: number}.Key()
	w.pairs = slices.DeleteFunc(w.pairs, func(a refresher.Answered) bool { return a.Pair.Key() == key })
	w.change(key)
}

func (w *world) change(key agreement.PairKey) { w.changed = append(w.changed, key) }

// full publishes a full run that ends with all changes read.
func (w *world) full(t *testing.T, token int64) {
	t.Helper()
	w.publish(t, attempt(token, today))
	w.freshness.Full, w.changed = fmt.Sprint("point ", token), nil
}

func pending(token int64) refresher.Run {
	run := attempt(token, today)
	run.Kind, run.Trigger = refresher.KindPending, refresher.TriggerImport
	return run
}

// held returns the live entitlements, sorted.
func (w *world) held(t *testing.T, l *snapshot.Library) (all []report.Held) {
	t.Helper()
	v, _, err := l.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all = slices.Clone(v.Data.Held)
	slices.SortFunc(all, func(a, b report.Held) int {
		return cmp.Or(cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.ID, b.Source.ID))
	})
	return all
}

// TestR7_5_SupplementIsComplete compares the entitlements after pending runs with those of a full
// run at the same time: pairs added and removed, pairs that moved to another agreement, statements
// of the whole organisation, and an agreement that was deleted.
func TestR7_5_SupplementIsComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.agreements = append(w.agreements, agreement.Agreement{ID: "a2", Type: agreement.TypeVolume, Name: "More", GroupID: "unassigned", Version: 1})
	w.statements = []entitlement.Statement{
		{Name: "entitlements/all.csv", Kind: entitlement.KindLicenseSummary, Date: "2026-11-01", Lines: []entitlement.Line{{Entitlement: office(250)[0]}}},
		{Name: "entitlements/general.csv", Kind: entitlement.KindGeneralStatement, Date: "2026-11-01", Lines: []entitlement.Line{{Entitlement: office(5)[0]}}},
	}
	warm := w.library()
	w.full(t, 1)
	for i, edit := range []func(){
		func() {},
		func() { w.add("01-07002", "a2", 60) },
		func() { w.add("01-07003", "a2", 200) }, // more than the statement has
		func() { w.remove("01-07003") },
		func() { w.remove("01-07001") }, // it was there at the full run
		func() { w.add("01-07001", "a2", 40) },
		func() { w.statements[0].Lines[0].Effective = 300 },
		func() {
			w.add("01-07004", "b9", 70)
			w.remove("01-07004")
		},
	} {
		edit()
		w.at++ // agreements have changed
		w.publish(t, pending(int64(10+i)))
		got, fresh := w.held(t, warm), w.held(t, w.library())
		if diff := gocmp.Diff(got, fresh); diff != "" {
			t.Errorf("edit %d: a warm process has other data (-warm +fresh):\n%s", i, diff)
		}
		other := newWorld(t) // a full run of the same data
		other.agreements, other.pairs, other.statements = w.agreements, w.pairs, w.statements
		other.publish(t, attempt(1, today))
		if diff := gocmp.Diff(other.held(t, other.library()), got); diff != "" {
			t.Errorf("edit %d (-full +pending):\n%s", i, diff)
		}
	}

	// A late attempt at an earlier pending run changes nothing, and a full run replaces all.
	want := w.held(t, warm)
	w.add("01-07005", "a2", 1)
	w.publish(t, pending(5))
	if diff := gocmp.Diff(want, w.held(t, warm)); diff != "" {
		t.Errorf("a late attempt (-before +after):\n%s", diff)
	}
	w.full(t, 30)
	if newest, err := w.index().Newest(t.Context()); err != nil || newest.Supplement != (report.Object{}) {
		t.Errorf("after a full run: %+v, %v", newest, err)
	}
	if got := len(w.held(t, warm)); got != len(want)+1 {
		t.Errorf("%d entitlements after a full run, and %d before", got, len(want))
	}
}

// TestR7_5_PendingRunsThatPublishEverything checks the cases in which nothing can be supplemented.
func TestR7_5_PendingRunsThatPublishEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	published := func(when string, token int64) {
		t.Helper()
		newest, err := w.index().Newest(t.Context())
		if err != nil || newest.Sequence != token {
			t.Errorf("%s: the newest is %+v, %v", when, newest, err)
		}
	}
	w.publish(t, pending(1))
	published("no snapshot", 1)
	w.publish(t, pending(2))
	published("no full run", 2)
	w.full(t, 3)
	w.publish(t, pending(4))
	published("with a full run", 3)
	confirmed := pending(5)
	confirmed.Hold = refresher.HoldConfirmed
	w.publish(t, confirmed)
	published("confirmed", 5)
	forgetful := w.publisher(w.files)
	forgetful.Changed = forgotten{}
	if err := forgetful.Publish(t.Context(), pending(6)); err != nil {
		t.Fatal(err)
	}
	published("the changes are forgotten", 6)
}
