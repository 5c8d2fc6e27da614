// Package sns is Amazon SNS for the local stack. It implements Publish, the operation that functions use,
// for a fixed set of topics, and keeps each message as a file that people can read instead of sending it.
//
// It refuses what SNS refuses: a subject that is too long or has line breaks, control characters or other
// characters than ASCII, a message that is too long, an unknown topic, and callers without the right to
// publish. It knows callers by their access keys, and does not check signatures.
package sns

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The limits of SNS.
const (
	maxSubject = 100 // characters; a subject has fewer
	maxMessage = 256 << 10
	maxRequest = 4 * maxMessage // in the request, a byte takes up to three
)

const (
	version = "2010-03-31"
	space   = "http://sns.amazonaws.com/doc/" + version + "/"
)

// Options configures a Server.
type Options struct {
	Dir    string           // folder of the messages, created with the first one
	Topics []string         // ARNs
	Keys   []string         // access keys that may publish
	Now    func() time.Time // time of the messages
}

// Server keeps the messages of topics. It implements http.Handler.
type Server struct {
	options Options
	mu      sync.Mutex
}

// New returns a server of topics.
func New(o Options) *Server { return &Server{options: o} }

// ServeHTTP implements http.Handler. The protocol is AWS Query: a form, in which Action names the operation.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, err := formOf(w, r)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/" {
		refuse(w, http.StatusBadRequest, "MalformedInput", "Send a form of at most a megabyte.")
		return
	}
	if form.Get("Action") != "Publish" || form.Get("Version") != version {
		refuse(w, http.StatusBadRequest, "InvalidAction", "Only Publish of version "+version+" is here.")
		return
	}
	if !slices.Contains(s.options.Keys, keyOf(r)) {
		refuse(w, http.StatusForbidden, "AuthorizationError", "The caller is not authorized to perform SNS:Publish on resource "+form.Get("TopicArn"))
		return
	}
	for name := range form {
		if !slices.Contains([]string{"Action", "Version", "TopicArn", "Subject", "Message"}, name) {
			refuse(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+name+" is not supported by the local stack")
			return
		}
	}
	if !slices.Contains(s.options.Topics, form.Get("TopicArn")) {
		refuse(w, http.StatusNotFound, "NotFound", "Topic does not exist")
		return
	}
	if parameter := wrong(form); parameter != "" {
		refuse(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+parameter)
		return
	}
	id, err := s.keep(form)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	answer(w, http.StatusOK, published{Space: space, Message: id, Request: id})
}

func formOf(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

var credential = regexp.MustCompile(`Credential=([^/]+)/`)

// keyOf returns the access key of a request's signature.
func keyOf(r *http.Request) string {
	found := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil {
		return ""
	}
	return found[1]
}

// wrong returns which parameter SNS refuses, and why; empty for none.
func wrong(form url.Values) string {
	subject, message := form.Get("Subject"), form.Get("Message")
	_, hasSubject := form["Subject"]
	switch {
	case message == "":
		return "Empty message"
	case !utf8.ValidString(message):
		return "Message is not UTF-8"
	case len(message) > maxMessage:
		return "Message too long"
	case hasSubject && (subject == "" || len(subject) >= maxSubject || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' }) || subject[0] == ' '):
		return "Subject"
	}
	return ""
}

// keep writes a message to a file of its own, whose name begins with the time, and returns its id.
func (s *Server) keep(form url.Values) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(s.options.Dir, 0o700); err != nil {
		return "", err
	}
	at := s.options.Now().UTC()
	topic := form.Get("TopicArn")
	text := fmt.Sprintf("Date: %s\nTopic: %s\nSubject: %s\n\n%s", at.Format(time.RFC3339), topic[strings.LastIndexByte(topic, ':')+1:], form.Get("Subject"), form.Get("Message"))
	for n := 0; ; n++ {
		id = fmt.Sprintf("%s-%d", at.Format("20060102T150405.000"), n)
		file, err := os.OpenFile(filepath.Join(s.options.Dir, id+".txt"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.WriteString(text)
		return id, errors.Join(err, file.Close())
	}
}

type published struct {
	XMLName xml.Name `xml:"PublishResponse"`
	Space   string   `xml:"xmlns,attr"`
	Message string   `xml:"PublishResult>MessageId"`
	Request string   `xml:"ResponseMetadata>RequestId"`
}

type refused struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	Request string   `xml:"RequestId"`
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	who := "Sender"
	if status >= http.StatusInternalServerError {
		who = "Receiver"
	}
	answer(w, status, refused{Space: space, Type: who, Code: code, Message: message, Request: "local"})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(v) // fails only when the client has disconnected
}
