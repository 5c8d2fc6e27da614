package reminder_test

import (
	"fmt"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/reminder"
	"trueup/internal/testkit/golden"
)

// samples has a reminder of each kind, sorted.
func samples() []reminder.Reminder {
	return []reminder.Reminder{
		{Kind: reminder.Conflict, Cause: reminder.Expired, Subject: "s1", Name: "Visio", Date: "2026-11-20", Overdue: true},
		{Kind: reminder.Agreement, Subject: "a1", Name: "Créations, Été", Date: "2026-12-05", DaysLeft: 5, Type: agreement.TypeOther, Publisher: "Adobe", Product: "Photoshop"},
		{Kind: reminder.Conflict, Cause: reminder.Shortage, Subject: "s2", Name: "Microsoft 365 E3", Date: "2026-12-20", DaysLeft: 20},
		{Kind: reminder.Subscription, Subject: "s3", Name: "Project", Date: "2026-12-30", DaysLeft: 30},
		{Kind: reminder.Agreement, Subject: "a2", Name: "Office agreements", Date: "2026-12-31", DaysLeft: 31, Type: agreement.TypeVolume, Publisher: "Microsoft", Products: 2},
	}
}

func failing() []reminder.Reminder {
	return []reminder.Reminder{
		{Kind: reminder.Refresh, Cause: reminder.Failed, Subject: "r1", Date: "2026-11-30", Reason: "refresh_held", ReasonArgs: errs.Pairs("before", "100", "after", "20")},
		{Kind: reminder.Refresh, Cause: reminder.Late, Date: "2026-11-28"},
	}
}

// The messages in every language, as people get them.
func TestR8_9_Messages(t *testing.T) {
	t.Parallel()
	const origin = "https://licences.example.org"
	var all strings.Builder
	for _, lang := range i18n.Langs {
		digest, refresh := reminder.Digest(lang, origin, samples()), reminder.RefreshMessage(lang, failing())
		if digest.Link != reminder.ListPath || refresh.Link != "/console/refreshes/r1" {
			t.Errorf("%q, %q", digest.Link, refresh.Link)
		}
		for _, m := range []interface {
			Text(string) string
			Check(string) error
		}{digest, refresh} {
			if err := m.Check(origin); err != nil {
				t.Error(err)
			}
		}
		fmt.Fprintf(&all, "Subject: %s\n\n%s\n---\nSubject: %s\n\n%s\n---\n", digest.Subject, digest.Text(origin), refresh.Subject, refresh.Text(origin))
	}
	golden.Equal(t, "testdata/messages.txt", []byte(all.String()))
}

// The longest message fits, whatever the names are, and says how many more there are.
func TestR8_9_TheLargestDigestFits(t *testing.T) {
	t.Parallel()
	var due []reminder.Reminder
	for n := range 100_000 {
		due = append(due, reminder.Reminder{Kind: reminder.Agreement, Subject: fmt.Sprintf("%064d", n), Name: strings.Repeat("界", agreement.NameMaxChars), Date: day.Date("2026-12-05"), DaysLeft: 5})
	}
	origin := "https://" + strings.Repeat("o", 250) + ".example.org"
	m := reminder.Digest(i18n.French, origin, due)
	if err := m.Check(origin); err != nil {
		t.Error(err)
	}
	if !strings.Contains(m.Body, "99800") || !strings.Contains(m.Subject, "100000") {
		t.Errorf("%s", m.Subject)
	}
}

// A late refresh has no record to show.
func TestR8_9_LateRefresh(t *testing.T) {
	t.Parallel()
	if m := reminder.RefreshMessage(i18n.English, failing()[1:]); m.Link != "/console/refreshes" || strings.Contains(m.Body, "Reason") {
		t.Errorf("%+v", m)
	}
}
