package access_test

import (
	"testing"

	"trueup/internal/access"
)

func TestIDTokensGiveNoAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claims map[string]string
		want   bool
	}{
		"an access token":  {map[string]string{"sub": "jo", "token_use": "access"}, true},
		"an ID token":      {map[string]string{"sub": "jo", "token_use": "id"}, false},
		"an empty use":     {map[string]string{"sub": "jo", "token_use": ""}, false},
		"another spelling": {map[string]string{"sub": "jo", "token_use": "Access"}, false},
		"another issuer":   {map[string]string{"sub": "jo"}, true},
	} {
		if got := access.IsAccessToken(c.claims); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
