package reminder_test

import (
	"testing"
	"time"

	"trueup/internal/reminder"
)

func TestR8_9_FeedStops(t *testing.T) {
	t.Parallel()
	seen := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	f := reminder.Feed{Owner: "me", Hash: reminder.HashToken("t"), SeenAt: seen, ReadAt: seen}
	for name, c := range map[string]struct {
		feed  reminder.Feed
		at    time.Time
		live  bool
		notes bool
	}{
		"at once":           {f, seen, true, false},
		"the same day":      {f, seen.Add(24*time.Hour - 1), true, false},
		"the next day":      {f, seen.Add(24 * time.Hour), true, true},
		"the last moment":   {f, seen.AddDate(0, 0, reminder.FeedDays).Add(-1), true, true},
		"when it has ended": {f, seen.AddDate(0, 0, reminder.FeedDays), false, true},
		"none":              {reminder.Feed{}, seen, false, false},
	} {
		if c.feed.IsLive(c.at) != c.live || c.feed.NotesSeen(c.at) != c.notes || c.feed.NotesRead(c.at) != c.notes {
			t.Errorf("%s: live %v, seen %v, read %v", name, c.feed.IsLive(c.at), c.feed.NotesSeen(c.at), c.feed.NotesRead(c.at))
		}
	}
	if got := f.StopsOn(brussels); got != "2027-03-01" { // it is December there
		t.Errorf("stops on %s", got)
	}
	if a, b := reminder.HashToken("a"), reminder.HashToken("b"); a == b || len(a) != 64 {
		t.Errorf("%s, %s", a, b)
	}
}
