package reminder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/i18n"
)

// FeedDays is for how many days a feed goes on after its owner was seen: asked for reminders or for the feed
// with a token, and so with a role. trueup is not told when a person leaves the organisation or loses a role.
const FeedDays = 90

// Feed is the calendar of a person at an address that only the person knows. The zero Feed is none.
type Feed struct {
	Owner    string // the subject of the person's tokens, as in audit events
	Hash     string // of the token in the address, see HashToken. The token itself is not stored
	Language i18n.Lang
	MadeAt   time.Time
	SeenAt   time.Time // when the owner was seen last, within a day
	ReadAt   time.Time // when a calendar read it last, within a day; zero if none has
	Version  int64     // starts at 1 and grows when the address changes; the ETag
}

// HashToken returns the hash under which a feed is stored. A token has 256 random bits, so its hash needs no
// salt and cannot be inverted.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// StopsAt returns when the feed stops unless its owner is seen before.
func (f Feed) StopsAt() time.Time { return f.SeenAt.AddDate(0, 0, FeedDays) }

// StopsOn returns the day on which it stops.
func (f Feed) StopsOn(zone *time.Location) day.Date { return day.In(f.StopsAt(), zone) }

// IsLive reports whether the feed is there and has not stopped.
func (f Feed) IsLive(now time.Time) bool { return f.Hash != "" && now.Before(f.StopsAt()) }

// noteEvery is how often it is stored at most that the owner was seen, and that a calendar read the feed.
const noteEvery = 24 * time.Hour

// NotesSeen reports whether it is worth storing that the owner is seen.
func (f Feed) NotesSeen(now time.Time) bool { return f.Hash != "" && now.Sub(f.SeenAt) >= noteEvery }

// NotesRead reports whether it is worth storing that a calendar reads the feed.
func (f Feed) NotesRead(now time.Time) bool { return f.Hash != "" && now.Sub(f.ReadAt) >= noteEvery }

// Feeds keeps the feeds of people, at most one for each. Reads are strongly consistent.
type Feeds interface {
	// Feed returns the feed of a person; the zero Feed if there is none.
	Feed(ctx context.Context, owner string) (Feed, error)
	// FeedByHash returns the feed with the hash of a token; the zero Feed if there is none, or if its address
	// was replaced.
	FeedByHash(ctx context.Context, hash string) (Feed, error)
	// Make stores a feed with another address in place of the one that was read, which can be zero. It returns
	// errs.Stale version_stale if the person's feed is another one now. It fills in the event's Subject.
	Make(ctx context.Context, read, feed Feed, event audit.Event) error
	// Revoke removes a feed. It returns errs.Stale version_stale if it is another one now.
	Revoke(ctx context.Context, read Feed, event audit.Event) error
	// NoteSeen and NoteRead store SeenAt and ReadAt of a feed, unless it is another one now.
	NoteSeen(ctx context.Context, f Feed, at time.Time) error
	NoteRead(ctx context.Context, f Feed, at time.Time) error
}

// Marks keeps what was sent, and on which day reminders were last sent. A mark is kept until its reminder's date has
// passed.
type Marks interface {
	// Sent returns the smallest offset that was sent of each reminder with one of the dates, by id. Refresh
	// reminders have the offset 0.
	Sent(ctx context.Context, dates []day.Date) (map[string]int, error)
	// Mark stores that reminders were sent with the offset that they have reached. It may be repeated.
	Mark(ctx context.Context, sent []Reminder, at time.Time) error
	// Day returns the day of the last digest; empty if there was none.
	Day(ctx context.Context) (day.Date, error)
	// SetDay stores the day of the last digest.
	SetDay(ctx context.Context, date day.Date) error
}
