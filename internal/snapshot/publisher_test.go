package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/product/builtin"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/testkit/storetest"
)

func isNone(err error) bool { return errs.KindOf(err) == errs.NotFound }

// TestR8_5_KilledAtEveryWrite kills the publisher at each of its writes, before or after the
// write is stored. A reader sees the old or the new snapshot as a whole, and the next attempt
// publishes.
func TestR8_5_KilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	for _, persist := range []bool{false, true} {
		t.Run(fmt.Sprintf("kept %v", persist), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.entitled(1)
			w.publish(t, attempt(1, today))
			licenses, token := 1, int64(1)
			for left := 1; ; left++ {
				token++
				w.entitled(licenses + 1)
				dying := &dyingStore{Bucket: w.files, Index: w.index(), left: left, persist: persist}
				p := w.publisher(dying)
				p.Index = dying
				err := p.Publish(t.Context(), attempt(token, today))
				if err == nil {
					if left < 7 {
						t.Fatalf("published with %d writes", left-1)
					}
					break
				}
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				for _, date := range []day.Date{today, ""} {
					if got := w.seen(t, date); got != licenses && got != licenses+1 {
						t.Errorf("killed at write %d: %q has %d licenses, before %d", left, date, got, licenses)
					}
				}
				token++
				w.publish(t, attempt(token, today))
				licenses++
				for _, date := range []day.Date{today, ""} {
					if got := w.seen(t, date); got != licenses {
						t.Errorf("the attempt after write %d: %q has %d licenses, not %d", left, date, got, licenses)
					}
				}
			}
		})
	}
}

// TestR8_5_OlderNeverReplacesNewer checks that the snapshot of a later attempt stays the one of
// its day and the newest.
func TestR8_5_OlderNeverReplacesNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.entitled(5)
	w.publish(t, attempt(5, today))
	w.entitled(4)
	w.publish(t, attempt(4, today)) // a late attempt, which lost its run
	w.publish(t, attempt(3, "2026-11-20"))
	for date, want := range map[day.Date]int{today: 5, "": 5, "2026-11-20": 4} {
		if got := w.seen(t, date); got != want {
			t.Errorf("%q has %d licenses, not %d", date, got, want)
		}
	}
	w.publish(t, attempt(5, today)) // the same attempt again
	if got := w.seen(t, today); got != 4 {
		t.Errorf("the same attempt cannot repeat itself: %d", got)
	}
}

// turns lets publishers proceed one step at a time.
type turns struct {
	objects.Bucket
	http.RoundTripper
	step, done chan struct{}
}

func (b *turns) turn(do func()) {
	<-b.step
	do()
	b.done <- struct{}{}
}

func (b *turns) Put(ctx context.Context, key, contentType string, body []byte) (err error) {
	if strings.HasSuffix(key, ".gz") {
		return b.Bucket.Put(ctx, key, contentType, body) // not visible to readers yet
	}
	b.turn(func() { err = b.Bucket.Put(ctx, key, contentType, body) })
	return err
}

// RoundTrip is a request to the table.
func (b *turns) RoundTrip(r *http.Request) (response *http.Response, err error) {
	b.turn(func() { response, err = b.RoundTripper.RoundTrip(r) })
	return response, err
}

// TestR8_5_Interleaved runs an older and a newer attempt, for the same day and for different
// days, with the writes of manifests and index in every order.
func TestR8_5_Interleaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const steps = 3 // of each publisher: the manifest, the index, and the index without the newest
	days := 0
	for schedule := range 1 << (2 * steps) {
		if bits.OnesCount(uint(schedule)) != steps {
			continue
		}
		for _, apart := range []int{-1, 0, 1} {
			days += 3
			base := int64(2 * days)
			var on [2]day.Date
			publishers := [2]*turns{}
			ended := make(chan error, 2)
			over := [2]chan struct{}{}
			for i := range publishers {
				on[i] = day.Of(now.AddDate(0, 0, days+i*apart))
				b := &turns{Bucket: w.files, RoundTripper: http.DefaultTransport, step: make(chan struct{}), done: make(chan struct{})}
				publishers[i], over[i] = b, make(chan struct{})
				p := w.publisher(b)
				p.Index = dynamo.Open(engine.NewClient(storetest.Endpoint(t), func(o *dynamodb.Options) {
					o.HTTPClient = &http.Client{Transport: b}
				}), w.table).Snapshots
				go func() {
					defer close(over[i])
					ended <- p.Publish(t.Context(), attempt(base+int64(i), on[i]))
				}()
			}
			next := func(i int) {
				select {
				case publishers[i].step <- struct{}{}:
					<-publishers[i].done
				case <-over[i]:
				}
			}
			for n := range 2 * steps {
				next(schedule >> n & 1)
			}
			for range 2 * steps {
				next(0)
				next(1)
			}
			for range publishers {
				if err := <-ended; err != nil {
					t.Fatalf("%06b: %v", schedule, err)
				}
			}
			newest, err := w.index().Newest(t.Context())
			if err != nil || newest.Sequence != base+1 {
				t.Errorf("%06b: the newest is of attempt %d, not %d: %v", schedule, newest.Sequence, base+1, err)
			}
			for i, date := range on {
				want := base + int64(i)
				if apart == 0 {
					want = base + 1
				}
				m, err := w.library().Between(t.Context(), date, date)
				if err != nil || len(m) != 1 || m[0].Sequence != want {
					t.Errorf("%06b: %s is of attempts %+v, not %d: %v", schedule, date, m, want, err)
				}
			}
		}
	}
}

// TestDamaged checks that changed objects are a fault until the next refresh publishes.
func TestDamaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	published, err := w.index().Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := w.library().Between(t.Context(), today, today)
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	put := func(key, body string) {
		t.Helper()
		if err := w.files.Put(t.Context(), key, "application/json", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	refuses := func(what string) {
		t.Helper()
		if v, _, err := w.library().Live(t.Context()); err == nil {
			t.Errorf("%s was taken: %+v", what, v)
		}
		if v, err := w.library().On(t.Context(), today); err == nil || isNone(err) {
			t.Errorf("%s was taken: %+v, %v", what, v, err)
		}
	}
	put(manifests[0].Object(report.ObjectEntitlements).Key, "something else")
	refuses("a damaged object")
	foreign, err := json.Marshal(map[string]any{"version": 2, "sequence": 7})
	if err != nil {
		t.Fatal(err)
	}
	put(published.Key(), string(foreign))
	refuses("a foreign manifest")
	w.publish(t, attempt(2, today))
	if got := w.seen(t, today); got != 100 {
		t.Errorf("the next refresh does not mend it: %d licenses", got)
	}
	for _, key := range []string{report.LegacyManifestKey(today), report.LegacyLatestKey} {
		put(key, string(foreign))
	}
	refuses("a foreign manifest of an earlier version")
}

// TestDataAt checks the time of the licence data in a snapshot: the start of its run if complete,
// otherwise of the last complete run.
func TestDataAt(t *testing.T) {
	t.Parallel()
	before := now.Add(-30 * time.Hour)
	complete := attempt(1, today)
	stopped, group, held := attempt(2, today), attempt(3, today), attempt(4, today)
	stopped.State, stopped.Stopped = refresher.StatePartial, true
	group.GroupID = "g"
	held.State, held.Hold = refresher.StatePartial, refresher.HoldOn
	precise := attempt(1, today)
	precise.StartedAt = complete.StartedAt.Add(time.Microsecond)
	for name, test := range map[string]struct {
		run  refresher.Run
		want time.Time
	}{
		"complete": {complete, complete.StartedAt}, "to the millisecond": {precise, complete.StartedAt}, "partial": {stopped, before}, "of a group": {group, before}, "held back": {held, before},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.freshness.At = before
			w.publish(t, test.run)
			v, err := w.library().On(t.Context(), today)
			if err != nil {
				t.Fatal(err)
			}
			if !v.Data.At.Equal(test.want) {
				t.Errorf("%v, want %v", v.Data.At, test.want)
			}
		})
	}
}

// TestR5_2_CatalogIsFed checks that the publishers and products of inventory and entitlements are
// in the catalog once, with the catalog's names.
func TestR5_2_CatalogIsFed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.statements = []entitlement.Statement{{Kind: entitlement.KindGeneralStatement, Date: today, Name: "entitlements/g.csv", Lines: []entitlement.Line{
		{Entitlement: entitlement.Entitlement{Publisher: "Fabrikam", Family: "Drawing Suite", Version: "4", Effective: 2}},
	}}}
	w.tallies[0].Tally.Products = append(w.tallies[0].Tally.Products,
		inventory.ProductCount{Product: builtin.Load().Named("Contoso", "Planner", "7"), Devices: 1},
		inventory.ProductCount{Product: builtin.Load().Named("", "Nobody's", ""), Devices: 1},
		inventory.ProductCount{Product: builtin.Load().Named("=Evil", "=cmd|' /C calc'!A0", ""), Devices: 1})
	p := w.publisher(w.files)
	if err := p.Publish(t.Context(), attempt(1, today)); err != nil {
		t.Fatal(err)
	}
	for publisher, title := range map[string]string{"Contoso": "Planner 7", "Fabrikam": "Drawing Suite 4", "Adobe": "Acrobat Pro 2020", "Microsoft": "Office Professional Plus 2021"} {
		if _, _, missing, err := p.Catalog.Resolve(t.Context(), publisher, title); err != nil || missing != nil {
			t.Errorf("%s %s: %v %v", publisher, title, missing, err)
		}
	}
	head := func() journal.Head {
		h, err := w.store.Journal.Head(t.Context(), catalog.JournalName)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	fed := head()
	if err := p.Publish(t.Context(), attempt(2, today)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fed, head()); diff != "" || fed.Position == (journal.Position{}) {
		t.Errorf("the same again is no change (-first +second)\n%s", diff)
	}
}
