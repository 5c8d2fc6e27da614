// Package notice has the messages that trueup sends to everyone who subscribed to its notification topic, and
// the contract of the topic. People subscribe by e-mail, so a message is plain text in one language.
//
// A message has no personal data and no details of agreements (R2.7): the topic does not know the roles of
// its readers. Everything else is behind Link, in the console, which people sign in to.
package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"trueup/internal/text"
)

// The limits of a message, which are those of Amazon SNS.
const (
	MaxSubject = 99         // characters; SNS takes fewer than 100
	MaxText    = 256 * 1024 // bytes of Text
)

// Message is a notification. Use Subject to make a subject of any text.
type Message struct {
	Subject string // one line of printable ASCII, at most MaxSubject characters; readers of mail see it first
	Body    string // plain text, lines end with \n
	Link    string // path of a page of the console, such as /console/reminders; empty for none
}

// Topic sends messages to its subscribers.
type Topic interface {
	// Publish sends a message. It is sent at least once: after an error it may have been sent. The caller
	// records what it has sent if a message must not be repeated. It returns the error of Message.Check,
	// or errs.Unavailable try_again if the topic is temporarily unavailable.
	Publish(ctx context.Context, m Message) error
}

// Text returns the body and, on a line of its own at the end, the address of the link. origin is where
// people open the console, such as https://licences.example.org.
func (m Message) Text(origin string) string {
	body := strings.TrimRight(m.Body, "\n") + "\n"
	if m.Link == "" {
		return body
	}
	return body + "\n" + origin + m.Link + "\n"
}

// Check returns an error that names everything that is wrong with a message, which is a mistake of the
// program that made it. It quotes nothing of the message.
func (m Message) Check(origin string) error {
	var wrong []error
	if m.Subject == "" || len(m.Subject) > MaxSubject || m.Subject != Subject(m.Subject) {
		wrong = append(wrong, fmt.Errorf("notice: the subject is not one line of 1 to %d printable ASCII characters", MaxSubject))
	}
	if strings.TrimSpace(m.Body) == "" || !utf8.ValidString(m.Body) {
		wrong = append(wrong, errors.New("notice: the body is empty or not UTF-8"))
	}
	if m.Link != "" && !strings.HasPrefix(m.Link, "/") {
		wrong = append(wrong, errors.New("notice: the link is not a path"))
	}
	if size := len(m.Text(origin)); size > MaxText {
		wrong = append(wrong, fmt.Errorf("notice: the message has %d bytes; the maximum is %d", size, MaxText))
	}
	return errors.Join(wrong...)
}

// Subject returns s as the subject of a message: letters without accents, a question mark for every other
// character that is not ASCII, white space and control characters as single spaces, and what is too long
// cut with three dots.
func Subject(s string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r < utf8.RuneSelf:
			return r
		case r == '’' || r == '‘':
			return '\''
		case r == '–' || r == '—':
			return '-'
		case text.IsInvisible(r) && r != utf8.RuneError:
			return -1
		}
		return '?'
	}, text.WithoutAccents(s))
	plain = strings.Join(strings.Fields(plain), " ")
	if len(plain) > MaxSubject {
		plain = strings.TrimRight(plain[:MaxSubject-3], " ") + "..."
	}
	return plain
}
