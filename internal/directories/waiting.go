package directories

import (
	"context"

	"trueup/internal/audit"
	"trueup/internal/licensing"
)

// Serve assigns all licences that are free to the users who wait for them.
func (s *Service) Serve(ctx context.Context) error {
	served, err := s.licenses().Serve(ctx, licensing.Serving{Today: s.today(), Event: func(action string) audit.Event {
		now := s.now()
		return audit.Event{ID: s.NewID(now), At: now, By: "schedule", Action: action, Source: audit.SourceSchedule}
	}})
	if served > 0 {
		s.Log.InfoContext(ctx, "waiting users served", "licenses", served)
	}
	return err
}
