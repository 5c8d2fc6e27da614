package secrets_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trueup/internal/aws/secrets"
)

func TestR7_4_ClientCredentials(t *testing.T) {
	t.Parallel()
	value, status := "", http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || string(asked) != `{"SecretId":"trueup-vlsc"}` {
			t.Errorf("%s %s", r.Header.Get("X-Amz-Target"), asked)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(map[string]string{"Name": "trueup-vlsc", "SecretString": value, "__type": "ResourceNotFoundException"}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	client := secrets.New(secretsmanager.New(secretsmanager.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider("k", "k", ""),
	}), "trueup-vlsc")
	for _, secret := range []string{"one", "two"} { // a changed secret is used
		value = `{"clientId":"trueup","clientSecret":"` + secret + `"}`
		if id, got, err := client.Credentials(t.Context()); err != nil || id != "trueup" || got != secret {
			t.Errorf("%s %s, %v", id, got, err)
		}
	}
	for _, bad := range []string{"", "hunter2", `{"clientId":"trueup","clientSecret":"hunter2"`, `{"clientId":"hunter2"}`, `{"clientId":1,"clientSecret":"hunter2"}`} {
		value = bad
		if _, _, err := client.Credentials(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	value, status = "", http.StatusBadRequest
	if _, _, err := client.Credentials(t.Context()); err == nil {
		t.Error("a missing secret is no error")
	}
}
