// Package conformance tests the obligations of refresher.Store. The DynamoDB store and the fake
// store of the refresher's tests both pass it, so tests with the fake are valid for the real
// store.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/entitlement"
	"trueup/internal/once"
	"trueup/internal/refresher"
)

// World is a store together with the operations that edit agreements.
type World interface {
	// Store returns the store without cached state, as in a new process.
	Store() refresher.Store
	// Add adds pairs to an agreement, which it creates in the group if it is missing.
	Add(ctx context.Context, agreementID, groupID string, pairs ...agreement.Pair) error
	// Remove removes pairs of an agreement, and the agreement with its last pair.
	Remove(ctx context.Context, agreementID string, pairs ...agreement.Pair) error
	// Validation returns the validation of an agreement.
	Validation(ctx context.Context, agreementID string) (agreement.Validation, error)
	// Answered returns all pairs with their current answers.
	Answered(ctx context.Context) ([]refresher.Answered, error)
}

// Groups are the license groups that a World must have.
var Groups = []string{"g1", "g2"}

// Test runs all tests, each in a new world.
func Test(t *testing.T, fresh func(t *testing.T) World) {
	for name, test := range map[string]func(*bench){
		"R7.1 one run is open":                  oneOpen,
		"R7.1 a run that is noted":              follow,
		"R7.1 claims":                           claims,
		"R7.1 an attempt that lost its run":     lost,
		"R7.1 pairs":                            pairs,
		"R7.1 pairs since a point":              pairsSince,
		"R7.2 answers":                          answers,
		"R7.2 answers put aside":                aside,
		"R7.2 pairs that went":                  gone,
		"R7.2 as much as a pair can have":       most,
		"R7.2 summaries":                        summaries,
		"R7.2 summaries while pairs are edited": summariesWhileEdited,
		"R7.2 held runs":                        held,
		"R7.3 changes":                          changes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := fresh(t)
			test(&bench{TB: t, world: world, Store: world.Store()})
		})
	}
}

// bench is the state of one test.
type bench struct {
	testing.TB
	refresher.Store
	world World
	runs  int
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) equal(what string, got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// is checks that err matches want.
func (b *bench) is(what string, err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("%s: %v, want %v", what, err, want)
	}
}

// begun is the start time of all tests. Stores keep times in milliseconds.
var begun = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func numbered(n int) agreement.Pair {
	number := fmt.Sprintf("%05d", n)
	return agreement.Pair{Authorization: number, License: number, Program: agreement.ProgramOpenValue}
}

func (b *bench) add(agreementID string, numbers ...int) {
	b.Helper()
	for _, n := range numbers {
		b.must(b.world.Add(b.Context(), agreementID, Groups[0], numbered(n)))
	}
}

func (b *bench) remove(agreementID string, n int) {
	b.Helper()
	b.must(b.world.Remove(b.Context(), agreementID, numbered(n)))
}

// queued returns a new run to request.
func (b *bench) queued() refresher.Run {
	b.runs++
	return refresher.Run{
		ID: fmt.Sprintf("run %03d", b.runs), Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "ann", Date: "2026-11-21", RequestedAt: begun, State: refresher.StateQueued,
	}
}

func event(id string) []audit.Event {
	return []audit.Event{{ID: id, At: begun, By: "ann", Action: "refresh.tested", Subject: "refresh/" + id, Source: audit.SourceRefresh}}
}

// claimed returns a run as an attempt claims it.
func claimed(read refresher.Run) refresher.Run {
	c := read
	c.State, c.Attempt, c.Fruitless, c.Lease, c.StartedAt = refresher.StateRunning, read.Attempt+1, read.Fruitless+1, begun.Add(time.Minute), begun
	return c
}

// start requests a run and claims it.
func (b *bench) start() refresher.Run {
	b.Helper()
	run, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	run, err = b.Claim(b.Context(), run, claimed(run))
	b.must(err)
	return run
}

// ended returns a run as an attempt ends it.
func ended(run refresher.Run) refresher.Run {
	after := time.Second + time.Duration(run.Token)*time.Millisecond // runs end one after the other
	run.State, run.EndedAt, run.Lease = refresher.StateSucceeded, begun.Add(after), time.Time{}
	return run
}

func (b *bench) end(run refresher.Run) (queued string) {
	b.Helper()
	queued, err := b.Finish(b.Context(), ended(run), event(fmt.Sprint(run.ID, run.Attempt)))
	b.must(err)
	return queued
}

// list returns the pairs of a group, read in pages of at most limit.
func (b *bench) list(groupID string, limit int) (all []refresher.Known) {
	b.Helper()
	return b.within(refresher.Scope{GroupID: groupID}, limit)
}

// within returns the pairs of a scope, read in pages of at most limit.
func (b *bench) within(s refresher.Scope, limit int) (all []refresher.Known) {
	b.Helper()
	for cursor := ""; ; {
		page, err := b.Pairs(b.Context(), s, limit, cursor)
		b.must(err)
		if len(page.Items) > limit {
			b.Errorf("%d pairs on a page of %d", len(page.Items), limit)
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// known returns a pair as Pairs lists it.
func (b *bench) known(n int) refresher.Known {
	b.Helper()
	all := b.list("", refresher.BatchSize)
	at := slices.IndexFunc(all, func(k refresher.Known) bool { return k.Pair.Key() == numbered(n).Key() })
	if at < 0 {
		b.Fatalf("pair %d is not listed", n)
	}
	return all[at]
}

// shown returns a pair as World.Answered shows it.
func (b *bench) shown(n int) refresher.Answered {
	b.Helper()
	all, err := b.world.Answered(b.Context())
	b.must(err)
	at := slices.IndexFunc(all, func(a refresher.Answered) bool { return a.Pair.Key() == numbered(n).Key() })
	if at < 0 {
		b.Fatalf("pair %d is not shown", n)
	}
	return all[at]
}

func lines(quantities ...int) []entitlement.Entitlement {
	var list []entitlement.Entitlement
	for i, q := range quantities {
		list = append(list, entitlement.Entitlement{
			Publisher: "Microsoft", Pool: "Applications", Family: fmt.Sprint("Produkt ü<", i), Version: "2021", Type: "L&SA",
			Effective: q, ActiveSA: 1, Unresolved: 2, Start: "2024-01-01", End: "2027-12-31", SAEnd: "2026-12-31",
		})
	}
	return list
}

// valid returns an answer with quantities, as the refresher creates it.
func valid(run refresher.Run, k refresher.Known, quantities ...int) refresher.Checked {
	c := refresher.Checked{
		Pair: k.Pair.Key(), Tag: k.Tag, AgreementID: k.AgreementID, State: entitlement.StateValid, At: begun.Add(time.Minute),
		Entitlements: lines(quantities...), Fingerprint: fmt.Sprint(quantities),
		Mark: refresher.Mark{Run: run.ID, Counts: refresher.Counts{Checked: 1, Valid: 1}},
	}
	for _, q := range quantities {
		c.Effective += int64(q)
	}
	if k.Effective > 0 {
		c.Mark.Before, c.Mark.After = k.Effective, c.Effective
	}
	if c.Effective < k.Effective {
		c.Aside, c.Mark.Aside = true, 1
	}
	return c
}

// failed returns the answer for a pair that the source could not answer.
func failed(run refresher.Run, k refresher.Known) refresher.Checked {
	return refresher.Checked{
		Pair: k.Pair.Key(), Tag: k.Tag, AgreementID: k.AgreementID, State: entitlement.StateError, Reason: entitlement.ReasonFailed, At: begun.Add(2 * time.Minute),
		Mark: refresher.Mark{Run: run.ID, Counts: refresher.Counts{Checked: 1, Failed: 1}},
	}
}

// invalid returns the answer for a pair that does not exist.
func invalid(run refresher.Run, k refresher.Known) refresher.Checked {
	c := valid(run, k)
	c.State, c.Reason, c.Mark.Valid, c.Mark.Invalid, c.Fingerprint = entitlement.StateInvalid, entitlement.ReasonRefused, 0, 1, ""
	return c
}

// answer stores answers and checks that all their pairs still exist.
func (b *bench) answer(run refresher.Run, answers ...refresher.Checked) {
	b.Helper()
	gone, err := b.Answer(b.Context(), run, answers)
	b.must(err)
	if len(gone) > 0 {
		b.Errorf("gone: %v", gone)
	}
}
