package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/position"
	"trueup/internal/refresher"
	"trueup/internal/report"
)

func isNone(err error) bool { return errs.KindOf(err) == errs.NotFound }

// TestR8_5_KilledAtEveryPut kills the publisher at each of its puts, which is
// kept or not. A reader sees the snapshot before or the new one, whole, and the
// next attempt publishes.
func TestR8_5_KilledAtEveryPut(t *testing.T) {
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
				files := &mortal{Bucket: w.files, left: left, persist: persist}
				err := w.publisher(files).Publish(t.Context(), attempt(token, today))
				if err == nil {
					if left < 7 {
						t.Fatalf("published with %d puts", left-1)
					}
					break
				}
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				for _, day := range []agreement.Date{today, ""} {
					if got := w.seen(t, day); got != licenses && got != licenses+1 {
						t.Errorf("killed at put %d: %q has %d licenses, before %d", left, day, got, licenses)
					}
				}
				token++
				w.publish(t, attempt(token, today))
				licenses++
				for _, day := range []agreement.Date{today, ""} {
					if got := w.seen(t, day); got != licenses {
						t.Errorf("the attempt after put %d: %q has %d licenses, not %d", left, day, got, licenses)
					}
				}
			}
		})
	}
}

// TestR8_5_OlderNeverReplacesNewer demands that what a later attempt has
// published stays: on its day, and as the newest.
func TestR8_5_OlderNeverReplacesNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.entitled(5)
	w.publish(t, attempt(5, today))
	w.entitled(4)
	w.publish(t, attempt(4, today)) // a late attempt, which lost its run
	w.publish(t, attempt(3, "2026-11-20"))
	for day, want := range map[agreement.Date]int{today: 5, "": 5, "2026-11-20": 4} {
		if got := w.seen(t, day); got != want {
			t.Errorf("%q has %d licenses, not %d", day, got, want)
		}
	}
	w.publish(t, attempt(5, today)) // the same one once more
	if got := w.seen(t, today); got != 4 {
		t.Errorf("the same attempt cannot repeat itself: %d", got)
	}
}

// turns lets publishers go on one step at a time.
type turns struct {
	objects.Bucket
	step, done chan struct{}
}

func (b *turns) turn(do func()) {
	<-b.step
	do()
	b.done <- struct{}{}
}

func (b *turns) Open(ctx context.Context, key, version, etag string) (o objects.Object, err error) {
	b.turn(func() { o, err = b.Bucket.Open(ctx, key, version, etag) })
	return o, err
}

func (b *turns) PutIf(ctx context.Context, key, contentType string, body []byte, etag string) (err error) {
	b.turn(func() { err = b.Bucket.PutIf(ctx, key, contentType, body, etag) })
	return err
}

// TestR8_5_Interleaved has an older and a newer attempt read and write the
// manifests in every order of their steps.
func TestR8_5_Interleaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const steps = 4 // of each, when nobody is in between
	for schedule := range 1 << (2 * steps) {
		if ones(schedule) != steps {
			continue
		}
		day := agreement.DateOf(now.AddDate(0, 0, schedule))
		base := int64(2*schedule + 2)
		publishers := [2]*turns{}
		ended := make(chan error, 2)
		over := [2]chan struct{}{}
		for i := range publishers {
			publishers[i] = &turns{Bucket: w.files, step: make(chan struct{}), done: make(chan struct{})}
			over[i] = make(chan struct{})
			go func() {
				defer close(over[i])
				ended <- w.publisher(publishers[i]).Publish(t.Context(), attempt(base+int64(i), day))
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
		for range 4 * steps { // what conflicts have added
			next(0)
			next(1)
		}
		for range publishers {
			if err := <-ended; err != nil {
				t.Fatalf("%08b: %v", schedule, err)
			}
		}
		for _, key := range []string{report.ManifestKey(day), report.LatestKey} {
			if m := read(t, w.files, key); m.Sequence != base+1 {
				t.Errorf("%08b: %s is of attempt %d, not %d", schedule, key, m.Sequence, base+1)
			}
		}
	}
}

func ones(n int) (count int) {
	for ; n > 0; n >>= 1 {
		count += n & 1
	}
	return count
}

func read(t *testing.T, files objects.Bucket, key string) report.Manifest {
	t.Helper()
	o, err := files.Open(t.Context(), key, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	stored, err := io.ReadAll(o.Body)
	if err != nil {
		t.Fatal(err)
	}
	m, err := report.DecodeManifest(stored)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDamaged demands a fault of what is not as it was written, for readers and
// for who publishes next, and that it is not replaced.
func TestDamaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	m := read(t, w.files, report.LatestKey)
	put := func(key, body string) {
		t.Helper()
		if err := w.files.Put(t.Context(), key, "application/json", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	put(m.Object(report.ObjectEntitlements).Key, "something else")
	if v, _, err := w.library().Live(t.Context()); err == nil {
		t.Errorf("a damaged object was taken: %+v", v)
	}
	if v, err := w.library().On(t.Context(), today); err == nil {
		t.Errorf("a damaged object was taken: %+v", v)
	}
	foreign, err := json.Marshal(map[string]any{"version": 2, "sequence": 7})
	if err != nil {
		t.Fatal(err)
	}
	put(report.ManifestKey(today), string(foreign))
	if v, err := w.library().On(t.Context(), today); err == nil || isNone(err) {
		t.Errorf("a foreign manifest was taken: %+v, %v", v, err)
	}
	if err := w.publisher(w.files).Publish(t.Context(), attempt(8, today)); err == nil {
		t.Error("a foreign manifest was replaced")
	}
}

// TestDataAt demands that a snapshot has the moment of its licence data: the
// beginning of a complete run, otherwise that of the last complete one.
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

// TestR5_2_CatalogIsFed demands that the publishers and products of inventory
// and entitlements are in the catalog, once, under the names that it has for them.
func TestR5_2_CatalogIsFed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.statements = []entitlement.Statement{{Kind: entitlement.KindGeneralStatement, Date: today, Name: "entitlements/g.csv", Lines: []entitlement.Line{
		{Entitlement: entitlement.Entitlement{Publisher: "Fabrikam", Family: "Drawing Suite", Version: "4", Effective: 2}},
	}}}
	w.tallies[0].Tally.Products = append(w.tallies[0].Tally.Products,
		inventory.ProductCount{Product: position.Named("Contoso", "Planner", "7"), Devices: 1},
		inventory.ProductCount{Product: position.Named("", "Nobody's", ""), Devices: 1},
		inventory.ProductCount{Product: position.Named("=Evil", "=cmd|' /C calc'!A0", ""), Devices: 1})
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
		h, err := w.store.Head(t.Context(), journal.Catalog)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	fed := head()
	if err := p.Publish(t.Context(), attempt(2, today)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fed, head()); diff != "" || fed.Seq == 0 {
		t.Errorf("the same again is no change (-first +second)\n%s", diff)
	}
}
