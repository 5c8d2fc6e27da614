package topic_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"trueup/infra/local/aws/sns"
	"trueup/internal/aws/topic"
	"trueup/internal/errs"
	"trueup/internal/notice"
)

const arn = "arn:aws:sns:eu-west-1:000000000000:notices"

func client(t *testing.T, h http.Handler) *awssns.Client {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return awssns.New(awssns.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("me", "secret", ""), RetryMaxAttempts: 1,
	})
}

func TestR8_9_Publish(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	to := topic.New(client(t, sns.New(sns.Options{Dir: dir, Topics: []string{arn}, Keys: []string{"me"}, Now: time.Now})), arn, "https://licences.example.org")
	m := notice.Message{Subject: notice.Subject("Ends soon: 3 agreements"), Body: "Énergie: 30 days\n", Link: "/console/reminders"}
	if err := to.Publish(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	if err := to.Publish(context.Background(), notice.Message{Subject: "a\nb", Body: "x"}); err == nil || errs.KindOf(err) != errs.Fault {
		t.Errorf("a subject of two lines: %v", err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.txt"))
	if len(files) != 1 {
		t.Fatalf("%q", files)
	}
	got, err := os.ReadFile(files[0])
	if want := "Topic: notices\nSubject: Ends soon: 3 agreements\n\nÉnergie: 30 days\n\nhttps://licences.example.org/console/reminders\n"; err != nil || !strings.HasSuffix(string(got), want) {
		t.Errorf("%q, %v", got, err)
	}
}

// What passes is worth a retry, and what an operator has to correct is a fault. Neither quotes the message.
func TestR8_9_PublishFails(t *testing.T) {
	t.Parallel()
	failing := func(status int, code string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(status)
			w.Write([]byte("<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>"))
		})
	}
	for name, c := range map[string]struct {
		server http.Handler
		kind   errs.Kind
	}{
		"throttled":           {failing(http.StatusBadRequest, "Throttling"), errs.Unavailable},
		"throttled by KMS":    {failing(http.StatusBadRequest, "KMSThrottling"), errs.Unavailable},
		"internal error":      {failing(http.StatusInternalServerError, "InternalError"), errs.Unavailable},
		"no XML":              {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<Publish")) }), errs.Unavailable},
		"not allowed":         {failing(http.StatusForbidden, "AuthorizationError"), errs.Fault},
		"no such topic":       {failing(http.StatusNotFound, "NotFound"), errs.Fault},
		"the key is disabled": {failing(http.StatusBadRequest, "KMSDisabled"), errs.Fault},
	} {
		err := topic.New(client(t, c.server), arn, "https://o.example").Publish(context.Background(), notice.Message{Subject: "s", Body: "secret"})
		if err == nil || errs.KindOf(err) != c.kind || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewNeedsItsSettings(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", "https://o.example"}, {arn, ""}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: no panic", c)
				}
			}()
			topic.New(awssns.New(awssns.Options{}), c[0], c[1])
		}()
	}
}
