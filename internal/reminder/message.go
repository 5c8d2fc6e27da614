package reminder

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/notice"
)

// ListPath is the path of the page of the console that lists reminders.
const ListPath = "/console/reminders"

// Path returns the path of the page of the console about the subject of a reminder.
func (r Reminder) Path() string {
	switch r.Kind {
	case Agreement:
		return "/console/agreements/" + r.Subject
	case Subscription:
		return "/console/subscriptions/" + r.Subject
	case Conflict:
		return "/console/conflicts/" + r.Subject
	case Refresh:
		if r.Subject != "" {
			return "/console/refreshes/" + r.Subject
		}
		return "/console/refreshes"
	}
	return ListPath
}

// maxLines is the number of reminders that a message lists. It says how many more there are.
const maxLines = 200

// Digest returns the message about reminders that are due, which are sorted and not of Refresh. Links in it
// begin with origin, where people open the console.
func Digest(lang i18n.Lang, origin string, due []Reminder) notice.Message {
	say := func(code string, args ...string) string { return i18n.NoticeText(lang, code, errs.Pairs(args...)) }
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", say("notice_digest_intro"))
	heading := 0
	listed := slices.Clone(due[:min(len(due), maxLines)])
	slices.SortStableFunc(listed, func(a, b Reminder) int { return a.Offset() - b.Offset() })
	for _, r := range listed {
		if r.Offset() != heading {
			heading = r.Offset()
			fmt.Fprintf(&b, "\n%s\n", say("notice_within", "n", strconv.Itoa(heading)))
		}
		line := say("notice_line", "name", r.Name, "what", say(r.what(), "n", strconv.Itoa(r.Products)), "date", string(r.Date), "n", strconv.Itoa(r.DaysLeft))
		fmt.Fprintf(&b, "\n%s\n  %s\n", line, origin+r.Path())
	}
	if more := len(due) - len(listed); more > 0 {
		fmt.Fprintf(&b, "\n%s\n", say("notice_more", "n", strconv.Itoa(more)))
	}
	fmt.Fprintf(&b, "\n%s\n", say("notice_all"))
	return notice.Message{Subject: notice.Subject(say("notice_digest_subject", "n", strconv.Itoa(len(due)))), Body: b.String(), Link: ListPath}
}

// what returns the code of the message that says what happens on the date.
func (r Reminder) what() string {
	switch {
	case r.Kind == Subscription:
		return "notice_subscription"
	case r.Kind == Conflict && r.Cause == Shortage:
		return "notice_shortage"
	case r.Kind == Conflict:
		return "notice_expired"
	case r.Type == agreement.TypeVolume:
		return "notice_volume"
	}
	return "notice_agreement"
}

// RefreshMessage returns the message about refreshes that fail or do not complete.
func RefreshMessage(lang i18n.Lang, failing []Reminder) notice.Message {
	var b strings.Builder
	for _, r := range failing {
		code, args := "notice_refresh_late", []string{"date", string(r.Date)}
		if r.Cause == Failed {
			code, args = "notice_refresh_failed", append(args, "reason", r.Because(lang))
		}
		fmt.Fprintf(&b, "%s\n\n", i18n.NoticeText(lang, code, errs.Pairs(args...)))
	}
	b.WriteString(i18n.NoticeText(lang, "notice_refresh_look", nil))
	return notice.Message{Subject: notice.Subject(i18n.NoticeText(lang, "notice_refresh_subject", nil)), Body: b.String(), Link: failing[0].Path()}
}

// Because returns the reason of a failed refresh for readers.
func (r Reminder) Because(lang i18n.Lang) string {
	if r.Reason == "" {
		return "-"
	}
	return i18n.Text(lang, r.Reason, r.ReasonArgs)
}
