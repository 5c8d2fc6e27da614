package dynamo_test

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/statements"
)

// version returns the statement of a file that was read. It is accepted by default.
func version(id, key string, at time.Duration) statements.Record {
	return statements.Record{
		Head: intake.Head{
			ID: id, Object: intake.Object{Key: key, Version: id, ETag: "e", Sequencer: "1", Size: 3, At: noon.Add(at), By: "someone"},
			Via: audit.SourceImport, At: noon.Add(at),
		},
		State: statements.StateAccepted, Kind: entitlement.KindLicenseSummary, Date: "2026-11-21", Rows: 4, Lines: 1, Skipped: 1, Unchanged: 2, Warnings: 1,
		EndedAt: noon.Add(at + time.Minute),
	}
}

func keep(t *testing.T, s *dynamo.Table, r statements.Record, want statements.State) statements.Record {
	t.Helper()
	kept, err := s.Statements.KeepStatement(t.Context(), r, edited("statement."+string(r.State)))
	must(t, err)
	equal(t, r.ID, kept.State, want)
	stored, err := s.Statements.Statement(t.Context(), r.ID)
	must(t, err)
	equal(t, "stored "+r.ID, stored, kept)
	return kept
}

func inUse(t *testing.T, s *dynamo.Table) []string {
	t.Helper()
	records, err := s.Statements.StatementsInUse(t.Context())
	must(t, err)
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestR7_4_NewestAcceptedStatementOfAFileIsInUse(t *testing.T) {
	t.Parallel()
	s := open(t)
	const file = "entitlements/summary.csv"
	keep(t, s, version("other", "entitlements/other.csv", 0), statements.StateAccepted)
	keep(t, s, version("second", file, 2*time.Hour), statements.StateAccepted)
	keep(t, s, version("first", file, time.Hour), statements.StateReplaced) // its event came late
	equal(t, "in use", inUse(t, s), []string{"other", "second"})

	refused := version("third", file, 3*time.Hour)
	refused.State, refused.Rejected, refused.Errors = statements.StateRefused, 1, 1
	keep(t, s, refused, statements.StateRefused)
	equal(t, "in use after a refused one", inUse(t, s), []string{"other", "second"})

	again := version("second", file, 2*time.Hour)
	again.State = statements.StateRefused
	keep(t, s, again, statements.StateAccepted) // the first result counts

	fourth := keep(t, s, version("fourth", file, 4*time.Hour), statements.StateAccepted)
	second, err := s.Statements.Statement(t.Context(), "second")
	must(t, err)
	equal(t, "the one before", second.State, statements.StateReplaced)
	equal(t, "its version", second.Version, int64(2))

	removed, err := s.Statements.RemoveStatement(t.Context(), fourth, noon.Add(5*time.Hour), edited("statement.removed"))
	must(t, err)
	equal(t, "removed", removed.State, statements.StateRemoved)
	equal(t, "in use after a removal", inUse(t, s), []string{"other"})
	_, err = s.Statements.RemoveStatement(t.Context(), fourth, noon.Add(5*time.Hour), edited("statement.removed"))
	equal(t, "removing it twice", errs.CodeOf(err), "version_stale")
	keep(t, s, version("late", file, 3*time.Hour), statements.StateReplaced)
	equal(t, "in use after an older one came late", inUse(t, s), []string{"other"})
	keep(t, s, version("newer", file, 6*time.Hour), statements.StateAccepted)
	equal(t, "in use at last", inUse(t, s), []string{"newer", "other"})
}

func TestStatementsOfAFileAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	var g errgroup.Group
	for _, n := range []int{3, 1, 4, 2} {
		g.Go(func() error {
			_, err := s.Statements.KeepStatement(t.Context(), version(string(rune('a'+n)), "entitlements/a.csv", time.Duration(n)*time.Millisecond), edited("statement.accepted"))
			return err
		})
	}
	must(t, g.Wait())
	equal(t, "in use", inUse(t, s), []string{"e"})
	page, err := s.Statements.Statements(t.Context(), 10, "")
	must(t, err)
	accepted := 0
	for _, r := range page.Items {
		if r.State == statements.StateAccepted {
			accepted++
		}
	}
	equal(t, "accepted", accepted, 1)
}

func TestStatementsAreAnnouncedAndListed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	announced := statements.Record{
		Head:  intake.Head{ID: "b", Object: intake.Object{Key: "entitlements/b.csv", Size: 3, By: "someone"}, Via: audit.SourceAPI, At: noon},
		State: statements.StateReceived,
	}
	entry := once.Entry{Key: "someone/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	first, err := s.Statements.AnnounceStatement(ctx, announced, once.Change{Event: edited("statement.announced"), Entry: entry})
	must(t, err)
	equal(t, "first", first, []byte(nil))
	announced.ID = "c"
	first, err = s.Statements.AnnounceStatement(ctx, announced, once.Change{Event: edited("statement.announced"), Entry: entry})
	must(t, err)
	equal(t, "repeated", string(first), "first")

	keep(t, s, version("b", "entitlements/b.csv", time.Hour), statements.StateAccepted)
	keep(t, s, version("a", "entitlements/a.csv", time.Hour), statements.StateAccepted)
	page, err := s.Statements.Statements(ctx, 1, "")
	must(t, err)
	equal(t, "newest", page.Items[0].ID, "b")
	page, err = s.Statements.Statements(ctx, 1, page.Next)
	must(t, err)
	equal(t, "next", page.Items[0].ID, "a")
	equal(t, "last page", page.Next, "")
	_, err = s.Statements.Statements(ctx, 1, "damaged")
	equal(t, "cursor", errs.CodeOf(err), "cursor_invalid")
	_, err = s.Statements.Statement(ctx, "nothing")
	equal(t, "unknown", errs.CodeOf(err), "statement_not_found")
}
