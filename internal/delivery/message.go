package delivery

import (
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/notice"
	"trueup/internal/view"
)

// message returns the message that is due about a view: its schedule has stopped, or a file was made. It has no
// name of a person, and a link to a page that shows the file to people who may read it.
func message(v view.View) notice.Message {
	lang := v.Schedule.Lang
	title, text, args := "notice_view_ready", "notice_view_ready_text", errs.Pairs("name", v.Name, "day", string(v.Sending.Last))
	if stopped := v.Sending.Stopped; stopped.Reason != "" {
		title, text, args = "notice_view_stopped", "notice_view_stopped_text", errs.Pairs("name", v.Name, "reason", stopped.Sentence(lang))
	}
	return notice.Message{Subject: notice.Subject(i18n.NoticeText(lang, title, args)), Body: i18n.NoticeText(lang, text, args), Link: "/console/views/" + v.ID + "/files"}
}
