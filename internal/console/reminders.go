package console

import (
	"net/http"
)

// remindersView is what the page of reminders shows.
type remindersView struct {
	reminderPage
	Feed    reminderFeed
	Address string // of a feed that was just made; empty otherwise
}

func listReminders(v *visit) error { return v.showReminders("") }

func (v *visit) showReminders(address string) error {
	m := remindersView{Address: address}
	all := v.calls()
	fetch(all, reminding.listReminders, v.only("kind", "within", "cursor"), &m.reminderPage)
	fetch(all, reminding.getReminderFeed, nil, &m.Feed)
	if err := all.Wait(); err != nil {
		return err
	}
	return v.render(http.StatusOK, remindersTemplate(v, m))
}

// makeFeed makes a feed and shows its address, which the API returns only now.
func makeFeed(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	c := v.call()
	c.Body = struct {
		Language string `json:"language"`
	}{string(v.lang)}
	made, err := send(v, reminding.makeReminderFeed, c)
	if err != nil {
		return err
	}
	return v.showReminders(made.Address)
}

func confirmFeedRevocation(v *visit) error { return v.render(http.StatusOK, feedRevocationTemplate(v)) }

func revokeFeed(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if _, err := send(v, reminding.revokeReminderFeed, v.call()); err != nil {
		return err
	}
	v.note("console_done_feed_revoked")
	return v.redirect("/console/reminders")
}

// path returns the address of the page about the subject of a reminder.
func (r *reminder) path() string {
	switch r.Kind {
	case "agreement":
		return "/console/agreements/" + r.SubjectID
	case "subscription":
		return "/console/subscriptions/" + r.SubjectID
	case "conflict":
		return "/console/conflicts/" + r.SubjectID
	}
	if r.SubjectID == "" {
		return "/console/refreshes"
	}
	return "/console/refreshes/" + r.SubjectID
}

// title returns what a reminder is about.
func (r *reminder) title(v *visit) string {
	if r.Kind == "refresh" {
		return v.T("console_reminder_refresh_" + r.Cause)
	}
	return r.Name
}

// sub returns what is said below the title; empty for nothing.
func (r *reminder) sub(v *visit) string {
	switch {
	case r.Reason != nil:
		return r.Reason.Message
	case r.Kind == "conflict":
		return v.T("console_conflict_" + r.Cause)
	case r.Product != "":
		return r.Product
	case r.Products > 0:
		return v.T("console_reminder_products", "n", v.N(r.Products))
	}
	return ""
}

// urgencyTone has the tone of the chip of each urgency.
var urgencyTone = map[string]string{"now": "unlicensed", "within-7": "unlicensed", "within-30": "short", "within-90": "unused", "later": "unused"}
