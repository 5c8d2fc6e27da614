package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"trueup/internal/i18n"
)

// noteCookie carries a note from a change to the next page.
const noteCookie = "__Host-trueup-note"

// note says what a request has done. It is a code with arguments, never text, so that the next page says it
// in its language and another site cannot make a page say something else.
type note struct {
	Code string            `json:"c"`
	Args map[string]string `json:"a,omitempty"`
	Undo string            `json:"u,omitempty"` // form of a move that takes the move back
}

// noteCodes is the start of the codes of notes.
const noteCodes = "console_done_"

// maxNote is the maximum size of a note as a cookie in bytes, of the 4,096 that browsers keep.
const maxNote = 3000

// note leaves a note for the next page. args alternates names and values of placeholders.
func (v *visit) note(code string, args ...string) { v.leave(note{Code: code, Args: pairs(args)}) }

func (v *visit) leave(n note) {
	b, err := json.Marshal(n)
	if value := base64.RawURLEncoding.EncodeToString(b); err == nil && len(value) <= maxNote {
		v.cookie(noteCookie, value, 120)
	} else if n.Undo != "" {
		n.Undo = ""
		v.leave(n)
	}
}

// takeNote returns the note of the last request, and removes it. It returns nil if there is none.
func (v *visit) takeNote() *note {
	c, err := v.r.Cookie(noteCookie)
	if err != nil || v.r.Method != http.MethodGet {
		return nil
	}
	v.cookie(noteCookie, "", -1)
	var n note
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(b, &n) != nil || !strings.HasPrefix(n.Code, noteCodes) || !i18n.KnownPage(n.Code) {
		return nil
	}
	return &n
}

// undo returns the fields of the form that takes the noted change back; none if it cannot be taken back.
func (n *note) undo() url.Values {
	fields, err := url.ParseQuery(n.Undo)
	if err != nil {
		return nil
	}
	return fields
}

// cookie sets a cookie for so many seconds; below 0 it removes it.
func (v *visit) cookie(name, value string, seconds int) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func pairs(list []string) map[string]string {
	m := make(map[string]string, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}
