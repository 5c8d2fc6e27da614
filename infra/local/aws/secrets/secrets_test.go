package secrets_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"trueup/infra/local/aws/secrets"
)

func TestTheSDKReadsASecret(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(secrets.New("eu-west-1", map[string]string{"a": "first", "trueup/b": `{"clientId":"me"}`}))
	defer server.Close()
	client := secretsmanager.New(secretsmanager.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	read := func(in secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
		return client.GetSecretValue(context.Background(), &in)
	}
	byName, err := read(secretsmanager.GetSecretValueInput{SecretId: aws.String("trueup/b")})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(byName.SecretString) != `{"clientId":"me"}` || aws.ToString(byName.Name) != "trueup/b" {
		t.Errorf("%+v", byName)
	}
	byARN, err := read(secretsmanager.GetSecretValueInput{SecretId: byName.ARN, VersionStage: aws.String("AWSCURRENT")})
	if err != nil || aws.ToString(byARN.SecretString) != `{"clientId":"me"}` {
		t.Errorf("by its ARN: %+v, %v", byARN, err)
	}
	var missing *types.ResourceNotFoundException
	for _, in := range []secretsmanager.GetSecretValueInput{
		{SecretId: aws.String("trueup")},
		{SecretId: aws.String("a"), VersionStage: aws.String("AWSPREVIOUS")},
	} {
		if _, err := read(in); !errors.As(err, &missing) {
			t.Errorf("%s %s: %v", *in.SecretId, aws.ToString(in.VersionStage), err)
		}
	}
}

func TestWhatIsNotHere(t *testing.T) {
	t.Parallel()
	server := secrets.New("eu-west-1", map[string]string{"a": "first"})
	for name, c := range map[string]struct{ method, target, body string }{
		"another operation": {http.MethodPost, "secretsmanager.PutSecretValue", `{"SecretId":"a"}`},
		"another method":    {http.MethodGet, "secretsmanager.GetSecretValue", `{"SecretId":"a"}`},
		"no JSON":           {http.MethodPost, "secretsmanager.GetSecretValue", "a"},
		"too much":          {http.MethodPost, "secretsmanager.GetSecretValue", `{"SecretId":"` + strings.Repeat("a", 70_000) + `"}`},
		"no name":           {http.MethodPost, "secretsmanager.GetSecretValue", `{}`},
	} {
		r := httptest.NewRequest(c.method, "/", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Target", c.target)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "first") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
