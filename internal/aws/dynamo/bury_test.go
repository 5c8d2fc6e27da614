package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/importer"
)

// TestR3_9_SuspendedWriterAndLeaseHolder suspends an import until another import holds the writer's
// lease and has staged rows. The suspended import then treats these rows as dead.
func TestR3_9_SuspendedWriterAndLeaseHolder(t *testing.T) {
	t.Parallel()
	later := noon.Add(2 * time.Minute)
	for name, file := range map[string]rows{
		"a name":            {"Visio": {"3"}},
		"a pair":            {"Project": {"2"}},
		"an agreement":      {"Office": {"3"}},
		"all that there is": {"Office": {"3"}, "Visio": {"2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			ctx := t.Context()
			apply(t, s, "first.csv", "", rows{"Office": {"9"}})
			sleeper, holder := running(t, s, "sleeper.csv"), running(t, s, "holder.csv")
			must(t, s.Imports.AcquireWriter(ctx, sleeper.Stage(), noon, noon.Add(time.Minute)))
			must(t, s.Imports.AcquireWriter(ctx, holder.Stage(), later, later.Add(time.Minute)))
			mine := rows{"Office": {"1"}, "Visio": {"2"}}
			p := prepare(t, s, holder, "", mine)
			must(t, s.Imports.Stage(ctx, p))

			late := prepare(t, s, sleeper, "", file)
			must(t, s.Imports.Stage(ctx, late))
			if err := s.Imports.Commit(ctx, late, succeeded(sleeper), nil); !errors.Is(err, importer.ErrLost) {
				t.Fatalf("Commit without the writer's lease: %v, want ErrLost", err)
			}
			if err := s.Imports.Commit(ctx, p, succeeded(holder), nil); !errors.Is(err, importer.ErrTaken) {
				t.Fatalf("Commit of a stage that the sleeper overwrote: %v, want ErrTaken", err)
			}
			equal(t, "names", names(t, s, agreement.Query{}), []string{"Office"})

			again := claim(t, s, holder)
			must(t, s.Imports.AcquireWriter(ctx, again.Stage(), later.Add(2*time.Minute), later.Add(3*time.Minute)))
			p = prepare(t, s, again, "", mine)
			must(t, s.Imports.Stage(ctx, p))
			must(t, s.Imports.Commit(ctx, p, succeeded(again), nil))
			equal(t, "names", names(t, s, agreement.Query{}), []string{"Office", "Visio"})
			page, err := find(s).List(ctx, agreement.Query{Limit: 10})
			must(t, err)
			for _, a := range page.Items {
				equal(t, "pairs of "+a.Name, len(pairs(t, s, a.ID)), a.PairCount)
			}
		})
	}
}

// TestR3_9_WhatWasCommittedIsNotOverwritten stages rows after the rows that the lookup found
// staged were committed.
func TestR3_9_WhatWasCommittedIsNotOverwritten(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	sleeper, holder := running(t, s, "sleeper.csv"), running(t, s, "holder.csv")
	must(t, s.Imports.AcquireWriter(ctx, holder.Stage(), noon, noon.Add(time.Minute)))
	p := prepare(t, s, holder, "", rows{"Visio": {"2"}})
	must(t, s.Imports.Stage(ctx, p))
	stale := prepare(t, s, sleeper, "", rows{"Visio": {"2"}})
	must(t, s.Imports.Commit(ctx, p, succeeded(holder), nil))
	if err := s.Imports.Stage(ctx, stale); !errors.Is(err, importer.ErrTaken) {
		t.Fatalf("Stage: %v, want ErrTaken", err)
	}
	equal(t, "pairs", pairs(t, s, p.Create[0].ID), []string{"2"})
}

// TestR3_9_WritersLease checks that only the holder of the lease acquires it again, renews
// it and releases it.
func TestR3_9_WritersLease(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	holder, other := running(t, s, "holder.csv"), running(t, s, "other.csv")
	until := noon.Add(time.Minute)
	must(t, s.Imports.AcquireWriter(ctx, holder.Stage(), noon, until))
	must(t, s.Imports.AcquireWriter(ctx, holder.Stage(), noon, until)) // the reply was lost
	must(t, s.Imports.ReleaseWriter(ctx, other.Stage()))
	must(t, s.Imports.Renew(ctx, other, noon.Add(-time.Hour)))
	if err := s.Imports.AcquireWriter(ctx, other.Stage(), until, until.Add(time.Minute)); !errors.Is(err, importer.ErrBusy) {
		t.Fatalf("AcquireWriter of what another holds: %v, want ErrBusy", err)
	}
	must(t, s.Imports.ReleaseWriter(ctx, holder.Stage()))
	must(t, s.Imports.AcquireWriter(ctx, other.Stage(), noon, until))
}

// TestR3_9_FinishedByAnother checks that an attempt that was taken over gets ErrLost, even
// if the other attempt ended in the same state.
func TestR3_9_FinishedByAnother(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := running(t, s, "a.csv")
	second := claim(t, s, first)
	must(t, s.Imports.Finish(t.Context(), succeeded(second), nil))
	must(t, s.Imports.Finish(t.Context(), succeeded(second), nil)) // the reply was lost
	if err := s.Imports.Finish(t.Context(), succeeded(first), nil); !errors.Is(err, importer.ErrLost) {
		t.Fatalf("Finish: %v, want ErrLost", err)
	}
}
