package dynamo_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/notifier"
	"trueup/internal/reminder"
	"trueup/internal/testkit/storetest"
)

// expiring returns when each item of a table with a lifetime is deleted, by pk.
func expiring(t *testing.T, table string) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	for _, it := range storetest.Save(t, storetest.Client(t), table) {
		if n, ok := it[schema.TTL].(*types.AttributeValueMemberN); ok {
			seconds, err := strconv.ParseInt(n.Value, 10, 64)
			must(t, err)
			found[it[schema.PK].(*types.AttributeValueMemberS).Value] = time.Unix(seconds, 0).UTC()
		}
	}
	return found
}

func feedOf(owner, hash string, at time.Time) reminder.Feed {
	return reminder.Feed{Owner: owner, Hash: hash, Language: "nl", MadeAt: at, SeenAt: at, Version: at.UnixMilli()}
}

func feedEvent(n int) audit.Event {
	return audit.Event{ID: id.New(noon, fmt.Sprint("feed ", n)), At: noon, By: "ann", Action: "reminder-feed.made", Source: audit.SourceAPI}
}

// A feed is found by its owner and by the hash of its address. Another address ends the one before, and revoking ends all.
func TestR8_9_Feeds(t *testing.T) {
	t.Parallel()
	ctx, table := t.Context(), storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table)
	for _, hash := range []string{"none", ""} {
		f, err := s.Feeds.FeedByHash(ctx, hash)
		must(t, err)
		equal(t, "a feed that was never made", f, reminder.Feed{})
	}
	first, second := feedOf("ann", "first", noon), feedOf("ann", "second", noon.Add(time.Hour))
	must(t, s.Feeds.Make(ctx, reminder.Feed{}, first, feedEvent(1)))
	must(t, s.Feeds.Make(ctx, reminder.Feed{}, feedOf("bob", "of bob", noon), feedEvent(2)))
	read, err := s.Feeds.Feed(ctx, "ann")
	must(t, err)
	equal(t, "the feed of ann", read, first)
	read, err = s.Feeds.FeedByHash(ctx, "first")
	must(t, err)
	equal(t, "the feed at an address", read, first)
	expires := noon.AddDate(0, 0, reminder.FeedDays+30)
	equal(t, "lifetimes", expiring(t, table)["FEEDHASH#first"], expires)
	equal(t, "lifetimes", expiring(t, table)["FEED#ann"], expires)

	must(t, s.Feeds.Make(ctx, first, second, feedEvent(3)))
	for hash, want := range map[string]reminder.Feed{"first": {}, "second": second, "of bob": feedOf("bob", "of bob", noon)} {
		read, err = s.Feeds.FeedByHash(ctx, hash)
		must(t, err)
		equal(t, "at "+hash, read, want)
	}
	if _, left := expiring(t, table)["FEEDHASH#first"]; left {
		t.Error("the item of the address before is there")
	}

	must(t, s.Feeds.Revoke(ctx, second, feedEvent(4)))
	read, err = s.Feeds.Feed(ctx, "ann")
	must(t, err)
	equal(t, "a revoked feed", read, reminder.Feed{})
	read, err = s.Feeds.FeedByHash(ctx, "second")
	must(t, err)
	equal(t, "at a revoked address", read, reminder.Feed{})
	page, err := s.Audit.Events(ctx, audit.Query{From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 1), Subject: "reminder-feed/ann", Limit: 10})
	must(t, err)
	equal(t, "audit events of ann", len(page.Items), 3)
}

// Changes of a feed that is another one meanwhile change nothing.
func TestR8_9_FeedsLoseTheirCondition(t *testing.T) {
	t.Parallel()
	ctx, table := t.Context(), storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table)
	was, is := feedOf("ann", "was", noon), feedOf("ann", "is", noon.Add(time.Hour))
	must(t, s.Feeds.Make(ctx, reminder.Feed{}, was, feedEvent(1)))
	must(t, s.Feeds.Make(ctx, was, is, feedEvent(2)))
	for name, change := range map[string]func() error{
		"made as the first one":   func() error { return s.Feeds.Make(ctx, reminder.Feed{}, feedOf("ann", "x", noon), feedEvent(3)) },
		"made after an old one":   func() error { return s.Feeds.Make(ctx, was, feedOf("ann", "x", noon), feedEvent(4)) },
		"revoked as the old one":  func() error { return s.Feeds.Revoke(ctx, was, feedEvent(5)) },
		"revoked by its owner, x": func() error { return s.Feeds.Revoke(ctx, feedOf("ann", "x", noon), feedEvent(6)) },
	} {
		if err := change(); errs.KindOf(err) != errs.Stale {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := noon.AddDate(0, 0, 2)
	must(t, s.Feeds.NoteSeen(ctx, was, later))
	must(t, s.Feeds.NoteRead(ctx, was, later))
	read, err := s.Feeds.Feed(ctx, "ann")
	must(t, err)
	equal(t, "the feed", read, is)
	if _, stray := expiring(t, table)["FEEDHASH#x"]; stray {
		t.Error("a change that lost left its address")
	}

	must(t, s.Feeds.NoteSeen(ctx, is, later))
	must(t, s.Feeds.NoteRead(ctx, is, later.Add(time.Hour)))
	read, err = s.Feeds.FeedByHash(ctx, "is")
	must(t, err)
	is.SeenAt, is.ReadAt = later, later.Add(time.Hour)
	equal(t, "the feed that was seen and read", read, is)
	expires := later.AddDate(0, 0, reminder.FeedDays+30)
	equal(t, "lifetime of the address", expiring(t, table)["FEEDHASH#is"], expires)
	equal(t, "lifetime of the feed", expiring(t, table)["FEED#ann"], expires)
}

// Of calls that make a feed at once, one wins, and the addresses of the others are not found.
func TestR8_9_FeedsMadeAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	const calls = 6
	outcomes := make([]error, calls)
	var group errgroup.Group
	for n := range calls {
		group.Go(func() error {
			outcomes[n] = s.Feeds.Make(t.Context(), reminder.Feed{}, feedOf("ann", fmt.Sprint("at once ", n), noon), feedEvent(n))
			return nil
		})
	}
	must(t, group.Wait())
	won, found := 0, 0
	for n, err := range outcomes {
		switch {
		case err == nil:
			won++
		case errs.KindOf(err) != errs.Stale:
			t.Errorf("%d: %v", n, err)
		}
		f, err := s.Feeds.FeedByHash(t.Context(), fmt.Sprint("at once ", n))
		must(t, err)
		if f.Hash != "" {
			found++
		}
	}
	if won != 1 || found != 1 {
		t.Errorf("%d won, %d are found", won, found)
	}
}

// Sent has the smallest offset that was marked of each reminder, also if it is marked again and by several at once.
func TestR8_9_Marks(t *testing.T) {
	t.Parallel()
	ctx, table := t.Context(), storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table, dynamo.PageSize(2))
	ends := func(subject string, date day.Date, left int) reminder.Reminder {
		return reminder.Reminder{Kind: reminder.Agreement, Subject: subject, Date: date, DaysLeft: left}
	}
	failed := reminder.Reminder{Kind: reminder.Refresh, Cause: reminder.Failed, Subject: "run", Date: "2026-11-21"}
	must(t, s.Reminders.Mark(ctx, []reminder.Reminder{ends("a", "2027-02-19", 90), ends("b", "2027-02-19", 90), ends("c", "2026-12-01", 10), failed}, noon))
	must(t, s.Reminders.Mark(ctx, []reminder.Reminder{ends("a", "2027-02-19", 30)}, noon.AddDate(0, 0, 60)))
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			return s.Reminders.Mark(ctx, []reminder.Reminder{ends("a", "2027-02-19", 90), ends("d", "2027-02-19", 7)}, noon.AddDate(0, 0, 61))
		})
	}
	must(t, group.Wait())
	sent, err := s.Reminders.Sent(ctx, []day.Date{"2026-11-21", "2027-02-19", "2027-02-20"})
	must(t, err)
	equal(t, "sent", sent, map[string]int{ends("a", "2027-02-19", 0).ID(): 30, ends("b", "2027-02-19", 0).ID(): 90, ends("d", "2027-02-19", 0).ID(): 7, failed.ID(): 0})
	lifetimes := expiring(t, table)
	equal(t, "lifetime of the mark of an end", lifetimes["REMINDERS#2027-02-19"], time.Date(2027, 2, 22, 0, 0, 0, 0, time.UTC))
	equal(t, "lifetime of the mark of a failure", lifetimes["REMINDERS#2026-11-21"], noon.AddDate(0, 0, 366))
	none, err := s.Reminders.Sent(ctx, nil)
	must(t, err)
	equal(t, "sent about no date", none, map[string]int{})
}

// The day of the digest is the one that was stored last, and one process holds the lease.
func TestR8_9_DigestDayAndLease(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), open(t)
	last, err := s.Reminders.Day(ctx)
	must(t, err)
	equal(t, "before the first digest", last, day.Date(""))
	for _, date := range []day.Date{"2026-11-21", "2026-11-22"} {
		must(t, s.Reminders.SetDay(ctx, date))
		last, err = s.Reminders.Day(ctx)
		must(t, err)
		equal(t, "the day of the digest", last, date)
	}
	acquire := func(holder string, now time.Time) bool {
		t.Helper()
		got, err := s.Reminders.Acquire(ctx, holder, now, now.Add(time.Minute))
		must(t, err)
		return got
	}
	if !acquire("one", noon) || acquire("two", noon.Add(59*time.Second)) {
		t.Error("the lease has no holder, or two")
	}
	must(t, s.Reminders.Renew(ctx, "one", noon.Add(2*time.Minute)))
	if acquire("two", noon.Add(90*time.Second)) {
		t.Error("a renewed lease was taken")
	}
	must(t, s.Reminders.Release(ctx, "two")) // it does not hold it
	if !acquire("two", noon.Add(3*time.Minute)) {
		t.Error("an expired lease is not free")
	}
	if err := s.Reminders.Renew(ctx, "one", noon.Add(time.Hour)); !errors.Is(err, notifier.ErrLost) {
		t.Errorf("renewing a lost lease: %v", err)
	}
	must(t, s.Reminders.Release(ctx, "two"))
	if !acquire("three", noon) {
		t.Error("a released lease is not free")
	}
}
