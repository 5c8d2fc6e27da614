package subscription

import (
	"slices"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/text"
)

// Selection selects subscriptions. Empty fields select all.
type Selection struct {
	Kind     Kind         `json:"kind,omitempty" doc:"Only subscriptions of this kind."`
	Status   Status       `json:"status,omitempty" doc:"Only subscriptions with this status."`
	Conflict ConflictKind `json:"conflict,omitempty" doc:"Only subscriptions with this conflict."`
	Text     string       `json:"text,omitempty" doc:"Only subscriptions that contain this text in their name, part number or SKU." example:"e3"`
}

// Selects reports whether a subscription is selected at a moment. Text is compared without regard to case and
// accents.
func (s Selection) Selects(c Count, now time.Time, zone *time.Location) bool {
	plain := func(t string) string { return text.Fold(text.WithoutAccents(t)) }
	return (s.Kind == "" || c.Kind == s.Kind) && (s.Status == "" || c.Seats.Status(day.In(now, zone)) == s.Status) &&
		(s.Conflict == "" || slices.ContainsFunc(c.Conflicts(now, zone), func(c Conflict) bool { return c.Kind == s.Conflict })) &&
		slices.ContainsFunc([]string{c.Name, c.PartNumber, c.SKU}, func(t string) bool { return strings.Contains(plain(t), plain(s.Text)) })
}
