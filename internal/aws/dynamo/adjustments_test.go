package dynamo_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/testkit/storetest"
)

func adjustment(family string, quantity int) report.Adjustment {
	return report.Adjustment{
		Product:  position.Product{Publisher: "Microsoft", Family: family, Edition: "Professional", Version: "2021"},
		Quantity: quantity, Note: "Sold", End: "2027-06-30",
	}
}

func TestR8_10_Adjustments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	none, err := s.Adjustments.Adjustments(ctx)
	must(t, err)
	equal(t, "before the first", none, report.Adjustments{})

	bare := report.Adjustment{Product: position.Product{Publisher: "Adobe", Family: "Photoshop"}, Quantity: 7, Note: "Found"}
	one := report.Adjustments{Version: 1, All: []report.Adjustment{adjustment("Visio", -3), bare}}
	answer := once.Entry{Key: "ann/k", BodyHash: "b", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	first, err := s.Adjustments.SetAdjustments(ctx, one, once.Change{Event: edited("adjustment.set"), Entry: answer})
	must(t, err)
	equal(t, "the first answer", len(first), 0)
	got, err := s.Adjustments.Adjustments(ctx)
	must(t, err)
	equal(t, "what was stored", got, one)

	two := report.Adjustments{Version: 2}
	first, err = s.Adjustments.SetAdjustments(ctx, two, once.Change{Event: edited("adjustment.set"), Entry: answer})
	must(t, err)
	equal(t, "SPEC 13 the repeated one", string(first), "first")
	for name, version := range map[string]int64{"a second first": 1, "a version that is not there": 3} {
		_, err := s.Adjustments.SetAdjustments(ctx, report.Adjustments{Version: version}, once.Change{Event: edited("adjustment.set")})
		if errs.KindOf(err) != errs.Stale {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err = s.Adjustments.Adjustments(ctx)
	must(t, err)
	equal(t, "nothing has changed", got, one)

	_, err = s.Adjustments.SetAdjustments(ctx, two, once.Change{Event: edited("adjustment.deleted")})
	must(t, err)
	got, err = s.Adjustments.Adjustments(ctx)
	must(t, err)
	equal(t, "none are left", got, two)
	events, err := s.Audit.Events(ctx, audit.Query{From: noon, To: noon.Add(time.Hour), Action: "adjustment.deleted", Limit: 10})
	must(t, err)
	equal(t, "audit events", len(events.Items), 1)
}

// TestR8_10_ConcurrentAdjustments: of writers of one version one wins, and none is lost when the
// others try again.
func TestR8_10_ConcurrentAdjustments(t *testing.T) {
	t.Parallel()
	const writers = 8
	s := open(t)
	var refused atomic.Int64
	var group errgroup.Group
	for n := range writers {
		group.Go(func() error {
			for {
				read, err := s.Adjustments.Adjustments(t.Context())
				if err != nil {
					return err
				}
				added := adjustment(fmt.Sprint("Visio ", n), n+1)
				next, err := read.Replacing(nil, &added)
				if err != nil {
					return err
				}
				_, err = s.Adjustments.SetAdjustments(t.Context(), next, once.Change{Event: edited("adjustment.set")})
				if errs.KindOf(err) != errs.Stale {
					return err
				}
				refused.Add(1)
			}
		})
	}
	must(t, group.Wait())
	got, err := s.Adjustments.Adjustments(t.Context())
	must(t, err)
	sum := 0
	for _, a := range got.All {
		sum += a.Quantity
	}
	if got.Version != writers || len(got.All) != writers || sum != writers*(writers+1)/2 {
		t.Errorf("%d refused; %+v", refused.Load(), got)
	}
}

// TestR8_10_AsManyAdjustmentsAsAllowed stores the largest list that is allowed.
func TestR8_10_AsManyAdjustmentsAsAllowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	var list report.Adjustments
	for n := 0; ; n++ {
		a := adjustment(fmt.Sprint(n, " ", strings.Repeat("界", 100)), n+1)
		a.Note = strings.Repeat("界", 500)
		next, err := list.Replacing(nil, &a)
		if errs.CodeOf(err) == "adjustments_many" {
			break
		}
		must(t, err)
		next.Version = 1
		list = next
	}
	_, err := s.Adjustments.SetAdjustments(t.Context(), list, once.Change{Event: edited("adjustment.set")})
	must(t, err)
	got, err := s.Adjustments.Adjustments(t.Context())
	must(t, err)
	equal(t, "all of them", got, list)
}

// TestR16_2_RestoredAdjustments: after a restoration, a version may belong to another list.
func TestR16_2_RestoredAdjustments(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	set := func(a report.Adjustments) {
		t.Helper()
		_, err := s.Adjustments.SetAdjustments(t.Context(), a, once.Change{Event: edited("adjustment.set")})
		must(t, err)
	}
	one := report.Adjustments{Version: 1, All: []report.Adjustment{adjustment("Visio", 1)}}
	set(one)
	point := storetest.Save(t, client, table)
	set(report.Adjustments{Version: 2, All: []report.Adjustment{adjustment("Project", 2)}})
	storetest.Restore(t, client, table, point)
	for _, process := range []*dynamo.Table{s, dynamo.Open(client, table)} {
		got, err := process.Adjustments.Adjustments(t.Context())
		must(t, err)
		equal(t, "restored", got, one)
	}
	another := report.Adjustments{Version: 2, All: []report.Adjustment{adjustment("Visio", 1), adjustment("Access", 3)}}
	set(another)
	got, err := s.Adjustments.Adjustments(t.Context())
	must(t, err)
	equal(t, "another future", got, another)
}
