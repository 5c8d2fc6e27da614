package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"trueup/internal/access"
	"trueup/internal/config"
	"trueup/internal/httpapi"
	"trueup/internal/manifest"
	"trueup/internal/testkit/storetest"
)

// TestR16_6_SettingsOfTheReleaseBefore has each function start as it does while a
// deployment has exchanged its code and not yet its settings.
func TestR16_6_SettingsOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		before := func(name string) string {
			switch {
			case slices.Contains(f.Added, name):
				return ""
			case name == config.Table:
				return storetest.Table(t)
			case slices.Contains([]string{config.UploadsBucket, config.ReportsBucket, config.RefreshFunction, config.InventoryFunction}, name):
				return "somewhere"
			}
			return map[string]string{
				"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_DYNAMODB": storetest.Endpoint(t),
			}[name]
		}
		settings, err := config.Load(before, f.Required(before)...)
		if err != nil {
			t.Errorf("%s cannot start: %v", f.Name, err)
			continue
		}
		if len(f.Added) == 0 {
			continue
		}
		path, known := map[string]string{"groups": "/groups"}[f.Name]
		if !known {
			t.Errorf("no request to try %s with", f.Name)
			continue
		}
		answer := httptest.NewRecorder()
		ctx := access.WithCall(t.Context(), access.Call{Principal: &access.Principal{Subject: "jo", Roles: []access.Role{access.GlobalAdmin}}})
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		API(httpapi.Named(f.Name), settings, environment(before), slog.New(slog.DiscardHandler)).ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
