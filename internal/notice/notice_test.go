package notice_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"trueup/internal/notice"
)

func TestR8_9_Subject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"as it is":          {"3 agreements end soon", "3 agreements end soon"},
		"accents":           {"Échéances à venir : dépôt", "Echeances a venir : depot"},
		"lines and tabs":    {"one\r\ntwo\tthree\x00four", "one two three four"},
		"other scripts":     {"Лицензии", "????????"},
		"quotes and dashes": {"l’accord – fin", "l'accord - fin"},
		"joiners":           {"a\u200bb", "ab"},
		"longest":           {strings.Repeat("a", notice.MaxSubject), strings.Repeat("a", notice.MaxSubject)},
		"too long":          {strings.Repeat("a", notice.MaxSubject+1), strings.Repeat("a", notice.MaxSubject-3) + "..."},
		"cut at a space":    {strings.Repeat("a", notice.MaxSubject-4) + " bcdef", strings.Repeat("a", notice.MaxSubject-4) + "..."},
	} {
		if got := notice.Subject(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Any text gives a subject that fits, unless nothing is left of it.
func TestR8_9_EverySubjectFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		subject := notice.Subject(rapid.String().Draw(t, "text"))
		m := notice.Message{Subject: subject, Body: "x"}
		if err := m.Check(""); subject != "" && err != nil {
			t.Errorf("%q: %v", subject, err)
		}
	})
}

func TestR8_9_Text(t *testing.T) {
	t.Parallel()
	m := notice.Message{Subject: "s", Body: "first\n\n", Link: "/console/reminders"}
	if got := m.Text("https://licences.example"); got != "first\n\nhttps://licences.example/console/reminders\n" {
		t.Errorf("%q", got)
	}
	m.Link = ""
	if got := m.Text("https://licences.example"); got != "first\n" {
		t.Errorf("%q", got)
	}
}

// An error names every mistake, and quotes nothing of the message.
func TestR8_9_Check(t *testing.T) {
	t.Parallel()
	good := notice.Message{Subject: "s", Body: "b", Link: "/console"}
	long := notice.Message{Subject: "s", Body: strings.Repeat("é", notice.MaxText/2-1)}
	for name, c := range map[string]struct {
		m      notice.Message
		wrongs int
	}{
		"good":               {good, 0},
		"largest":            {notice.Message{Subject: "s", Body: strings.Repeat("é", notice.MaxText/2-1) + "x"}, 0},
		"too large by links": {notice.Message{Subject: "s", Body: long.Body, Link: "/"}, 1},
		"no subject":         {notice.Message{Body: "b"}, 1},
		"a line break":       {notice.Message{Subject: "secret\nline", Body: "b"}, 1},
		"not ASCII":          {notice.Message{Subject: "échéance secret", Body: "b"}, 1},
		"too long":           {notice.Message{Subject: strings.Repeat("a", notice.MaxSubject+1), Body: "b"}, 1},
		"everything":         {notice.Message{Subject: "", Body: " \n", Link: "console/secret"}, 3},
		"not UTF-8":          {notice.Message{Subject: "s", Body: "secret\xff"}, 1},
	} {
		err := c.m.Check("https://o.example")
		found := 0
		if err != nil {
			found = strings.Count(err.Error(), "notice: ")
			if strings.Contains(err.Error(), "secret") || !utf8.ValidString(err.Error()) {
				t.Errorf("%s: %v quotes the message", name, err)
			}
		}
		if found != c.wrongs {
			t.Errorf("%s: %v", name, err)
		}
	}
}
