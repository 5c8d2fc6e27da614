package sns_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"trueup/infra/local/aws/sns"
)

const arn = "arn:aws:sns:eu-west-1:000000000000:news"

// serve returns a client with an access key, of a server that keeps messages in dir.
func serve(t *testing.T, dir, key string) *awssns.Client {
	server := httptest.NewServer(sns.New(sns.Options{
		Dir: dir, Topics: []string{arn}, Keys: []string{"may"}, Now: func() time.Time { return time.Date(2026, 11, 30, 6, 15, 0, 0, time.UTC) },
	}))
	t.Cleanup(server.Close)
	return awssns.New(awssns.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider(key, "secret", ""), RetryMaxAttempts: 1,
	})
}

func TestR8_9_MessagesAreFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "notices")
	client := serve(t, dir, "may")
	for _, message := range []string{"one: é\n", "two\n"} { // in the same millisecond
		out, err := client.Publish(context.Background(), &awssns.PublishInput{TopicArn: aws.String(arn), Subject: aws.String("News"), Message: &message})
		if err != nil || aws.ToString(out.MessageId) == "" {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "20261130T061500.000-*.txt"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%q, %v", files, err)
	}
	got, err := os.ReadFile(files[0])
	if want := "Date: 2026-11-30T06:15:00Z\nTopic: news\nSubject: News\n\none: é\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestR8_9_RefusedAsOnAWS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key            string
		arn            string
		subject        *string
		message        string
		code           string
		structureGiven bool
	}{
		"the longest subject":    {"may", arn, aws.String(strings.Repeat("a", 99)), "m", "", false},
		"no subject":             {"may", arn, nil, "m", "", false},
		"the longest message":    {"may", arn, nil, strings.Repeat("é", 128<<10), "", false},
		"too long a subject":     {"may", arn, aws.String(strings.Repeat("a", 100)), "m", "InvalidParameter", false},
		"an empty subject":       {"may", arn, aws.String(""), "m", "InvalidParameter", false},
		"a line break":           {"may", arn, aws.String("a\nb"), "m", "InvalidParameter", false},
		"a control character":    {"may", arn, aws.String("a\tb"), "m", "InvalidParameter", false},
		"not ASCII":              {"may", arn, aws.String("é"), "m", "InvalidParameter", false},
		"a space first":          {"may", arn, aws.String(" a"), "m", "InvalidParameter", false},
		"no message":             {"may", arn, nil, "", "InvalidParameter", false},
		"too long a message":     {"may", arn, nil, strings.Repeat("é", 128<<10) + "a", "InvalidParameter", false},
		"another topic":          {"may", arn + "2", nil, "m", "NotFound", false},
		"a caller without right": {"other", arn, nil, "m", "AuthorizationError", false},
		"what is not here":       {"may", arn, nil, `{"default": "m"}`, "InvalidParameter", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in := awssns.PublishInput{TopicArn: &c.arn, Subject: c.subject, Message: &c.message}
			if c.structureGiven {
				in.MessageStructure = aws.String("json")
			}
			_, err := serve(t, dir, c.key).Publish(context.Background(), &in)
			kept, _ := os.ReadDir(dir)
			if c.code == "" {
				if err != nil || len(kept) != 1 {
					t.Fatalf("%d messages, %v", len(kept), err)
				}
				return
			}
			var failed smithy.APIError
			if !errors.As(err, &failed) || failed.ErrorCode() != c.code || len(kept) != 0 {
				t.Errorf("%d messages, %v", len(kept), err)
			}
			var invalid *types.InvalidParameterException
			if c.code == "InvalidParameter" && !errors.As(err, &invalid) {
				t.Errorf("the SDK does not recognise %v", err)
			}
		})
	}
}

func TestWhatIsNotHere(t *testing.T) {
	t.Parallel()
	server := sns.New(sns.Options{Dir: t.TempDir(), Topics: []string{arn}, Keys: []string{"may"}, Now: time.Now})
	for name, c := range map[string]struct{ method, path, body string }{
		"another operation": {http.MethodPost, "/", "Action=Subscribe&Version=2010-03-31"},
		"another version":   {http.MethodPost, "/", "Action=Publish&Version=2000-01-01"},
		"another path":      {http.MethodPost, "/topic", "Action=Publish&Version=2010-03-31"},
		"another method":    {http.MethodGet, "/", ""},
		"no form":           {http.MethodPost, "/", "%"},
		"too much":          {http.MethodPost, "/", "Action=Publish&Version=2010-03-31&Message=" + strings.Repeat("a", 2<<20)},
	} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
