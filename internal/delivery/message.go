package delivery

import (
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/notice"
	"trueup/internal/view"
)

// message returns the message that is due about a view: its schedule has stopped, or a file was made. It has no
// name of a person, and a link to a page that shows the file to people who may read it. Everyone who has subscribed
// to the topic reads it, so it has the name of a view only if the view is shared.
func message(v view.View) notice.Message {
	lang, name := v.Schedule.Lang, v.Name
	if !v.Shared {
		name = i18n.NoticeText(lang, "notice_view_private", nil)
	}
	title, text, args := "notice_view_ready", "notice_view_ready_text", errs.Pairs("name", name, "day", string(v.Sending.Last))
	if stopped := v.Sending.Stopped; stopped.Reason != "" {
		title, text, args = "notice_view_stopped", "notice_view_stopped_text", errs.Pairs("name", name, "reason", stopped.Sentence(lang))
	}
	return notice.Message{Subject: notice.Subject(i18n.NoticeText(lang, title, args)), Body: i18n.NoticeText(lang, text, args), Link: "/console/views/" + v.ID + "/files"}
}
