package userpool_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/userpool"
)

// cognito answers as the user pool API does: a federated person whose user name is not the subject, a disabled
// one, and one who was deleted after the list was read.
func cognito(t *testing.T) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ UserPoolID, Filter, Username, NextToken, PaginationToken string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.UserPoolID != "eu-west-1_pool" {
			t.Errorf("%+v, %v", in, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		answer := func(v any) {
			if err := json.NewEncoder(w).Encode(v); err != nil {
				t.Error(err)
			}
		}
		switch operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService."); operation {
		case "ListUsers":
			names := map[string]string{`sub = "ann"`: "Entra_ann@example.org", `sub = "off"`: "off", `sub = "gone"`: "gone", `sub = "a\" or \\b"`: "quoted"}
			users := []map[string]any{}
			if in.PaginationToken == "" { // a page can be empty and not the last
				answer(map[string]any{"Users": users, "PaginationToken": "more"})
				return
			}
			if name, ok := names[in.Filter]; ok {
				users = append(users, map[string]any{"Username": name, "Enabled": true})
			}
			answer(map[string]any{"Users": users})
		case "AdminGetUser":
			if in.Username == "gone" {
				w.WriteHeader(http.StatusBadRequest)
				answer(map[string]string{"__type": "UserNotFoundException"})
				return
			}
			answer(map[string]any{"Username": in.Username, "Enabled": in.Username != "off"})
		case "AdminListGroupsForUser":
			if in.NextToken == "" {
				answer(map[string]any{"Groups": []map[string]string{{"GroupName": "global-admin"}}, "NextToken": "more"})
				return
			}
			answer(map[string]any{"Groups": []map[string]string{{"GroupName": "eu-west-1_pool_Entra"}}})
		default:
			t.Errorf("operation %q", operation)
		}
	}
}

func TestR8_8_Groups(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(cognito(t))
	t.Cleanup(server.Close)
	options := cognitoidentityprovider.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider("k", "k", ""),
	}
	pool := userpool.New(cognitoidentityprovider.New(options), "eu-west-1_pool")
	both := []string{"global-admin", "eu-west-1_pool_Entra"}
	for subject, want := range map[string][]string{"ann": both, `a" or \b`: both, "off": nil, "gone": nil, "nobody": nil} {
		groups, found, err := pool.Groups(t.Context(), subject)
		if diff := cmp.Diff(want, groups); diff != "" || found != (want != nil) || err != nil {
			t.Errorf("%s: %v, %v (-want +got)\n%s", subject, found, err, diff)
		}
	}
	server.Close()
	if _, _, err := pool.Groups(t.Context(), "ann"); err == nil {
		t.Error("an unavailable pool says that there is no such person")
	}
}
