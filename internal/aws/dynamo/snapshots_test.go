package dynamo_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"trueup/internal/day"
	"trueup/internal/report"
	"trueup/internal/testkit/golden"
)

// TestR8_5_IndexKeepsTheLatest publishes snapshots concurrently, in any order, each twice:
// every day, and the newest of all, end with the largest sequence.
func TestR8_5_IndexKeepsTheLatest(t *testing.T) {
	t.Parallel()
	s := open(t)
	published := func(sequence int) report.Published {
		return report.Published{
			Date: day.Date(fmt.Sprintf("2026-11-%02d", 1+sequence%5)), Run: fmt.Sprint("r", sequence), Sequence: int64(sequence), SHA256: fmt.Sprintf("%064d", sequence),
		}
	}
	index := s.Snapshots
	none, err := index.Newest(t.Context())
	must(t, err)
	if none != (report.Published{}) {
		t.Errorf("nothing was published: %+v", none)
	}
	var publishers errgroup.Group
	publishers.SetLimit(4)
	for _, n := range rand.Perm(60) {
		publishers.Go(func() error {
			_, err := s.Snapshots.Publish(t.Context(), published(1+n%30))
			return err
		})
	}
	must(t, publishers.Wait())
	newest, err := index.Newest(t.Context())
	must(t, err)
	if newest != published(30) {
		t.Errorf("the newest is %+v", newest)
	}
	var want []report.Published
	for _, sequence := range []int{30, 26, 27, 28, 29} { // days 1 to 5
		want = append(want, published(sequence))
	}
	for _, period := range []struct {
		from, to day.Date
		want     []report.Published
	}{
		{"2026-11-01", "2026-11-05", want},
		{"2026-01-01", "2026-12-31", want},
		{"2026-11-02", "2026-11-03", want[1:3]},
		{"2026-11-04", "2026-11-04", want[3:4]},
		{"2026-11-06", "2026-11-30", nil},
		{"2026-11-05", "2026-11-01", nil},
	} {
		days, err := index.Days(t.Context(), period.from, period.to)
		must(t, err)
		if diff := cmp.Diff(period.want, days); diff != "" {
			t.Errorf("%s to %s: -want +got\n%s", period.from, period.to, diff)
		}
	}
	for _, test := range []struct {
		sequence int
		newest   bool
	}{{30, true}, {29, false}, {25, false}, {31, true}} {
		got, err := index.Publish(t.Context(), published(test.sequence))
		must(t, err)
		if got != test.newest {
			t.Errorf("attempt %d is the newest: %v", test.sequence, got)
		}
	}
	for date, want := range map[day.Date]report.Published{"2026-11-02": published(31), "2026-11-01": published(30), "2026-12-01": {}} {
		got, err := index.Day(t.Context(), date)
		must(t, err)
		if got != want {
			t.Errorf("%s has %+v", date, got)
		}
	}
	newest, err = index.Newest(t.Context())
	must(t, err)
	if newest != published(31) {
		t.Errorf("the newest is %+v", newest)
	}
}

// A supplement is of the newest snapshot, and only a later one replaces it.
func TestR7_5_SupplementsOfTheNewest(t *testing.T) {
	t.Parallel()
	index := open(t).Snapshots
	published := func(sequence int64) report.Published {
		return report.Published{Date: "2026-11-21", Run: fmt.Sprint("r", sequence), Sequence: sequence, SHA256: fmt.Sprintf("%064d", sequence)}
	}
	add := func(base report.Published, sequence int64) bool {
		t.Helper()
		sum := fmt.Sprintf("%064d", sequence)
		done, err := index.Supplement(t.Context(), base, sequence, fmt.Sprint("p", sequence), report.Object{Bytes: sequence, SHA256: sum})
		must(t, err)
		return done
	}
	has := func(sequence int64) {
		t.Helper()
		newest, err := index.Newest(t.Context())
		must(t, err)
		want := report.Object{}
		if sequence > 0 {
			sum := fmt.Sprintf("%064d", sequence)
			want = report.Object{Name: report.ObjectSupplement, Key: report.SupplementKey("2026-11-21", sequence, fmt.Sprint("p", sequence), sum), Bytes: sequence, SHA256: sum}
		}
		if diff := cmp.Diff(want, newest.Supplement); diff != "" {
			t.Errorf("supplement (-want +got):\n%s", diff)
		}
	}
	if add(published(1), 2) {
		t.Error("a supplement of nothing")
	}
	_, err := index.Publish(t.Context(), published(1))
	must(t, err)
	has(0)
	for _, test := range []struct {
		base     int64
		sequence int64
		done     bool
		has      int64
	}{{1, 5, true, 5}, {1, 5, true, 5}, {1, 4, false, 5}, {1, 6, true, 6}, {2, 7, false, 6}} {
		if got := add(published(test.base), test.sequence); got != test.done {
			t.Errorf("%+v: %v", test, got)
		}
		has(test.has)
	}
	day, err := index.Day(t.Context(), "2026-11-21")
	must(t, err)
	if day != published(1) {
		t.Errorf("the snapshot of the day is %+v", day)
	}
	for _, late := range []int64{2, 5} { // of attempts that were given up before the supplement
		if newest, err := index.Publish(t.Context(), published(late)); newest || err != nil {
			t.Errorf("a late snapshot is the newest: %v, %v", newest, err)
		}
		has(6)
		if day, err := index.Day(t.Context(), "2026-11-21"); day != published(1) || err != nil {
			t.Errorf("after a late snapshot, the day has %+v, %v", day, err)
		}
	}
	_, err = index.Publish(t.Context(), published(8)) // it has everything
	must(t, err)
	has(0)
	if add(published(1), 9) {
		t.Error("a supplement of an older snapshot")
	}
}

// The numbers of subscriptions are those of the attempt that counts for the day, and unknown if it has none.
func TestR8_5_SubscriptionsOfADay(t *testing.T) {
	t.Parallel()
	index := open(t).Snapshots
	published := func(date day.Date, sequence int64, totals *report.SubscriptionReportTotals) report.Published {
		return report.Published{Date: date, Run: fmt.Sprint("r", sequence), Sequence: sequence, SHA256: fmt.Sprintf("%064d", sequence), Subscriptions: totals}
	}
	var filled, none report.SubscriptionReportTotals
	golden.Fill(t, &filled)
	none.CostPerMonth, none.UnusedCostPerMonth = []report.MonthlyCost{}, []report.MonthlyCost{}
	want := []report.Published{published("2026-11-20", 2, &none), published("2026-11-21", 5, &filled), published("2026-11-22", 6, nil)}
	for _, p := range []report.Published{published("2026-11-20", 1, &filled), want[0], want[1], published("2026-11-21", 3, &none), want[2]} {
		_, err := index.Publish(t.Context(), p)
		must(t, err)
	}
	days, err := index.Days(t.Context(), "2026-11-01", "2026-11-30")
	must(t, err)
	if diff := cmp.Diff(want, days, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
