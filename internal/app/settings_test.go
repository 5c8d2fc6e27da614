package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/app/program"
	"trueup/internal/app/web"
	"trueup/internal/aws/secrets"
	"trueup/internal/aws/topic"
	"trueup/internal/aws/trigger"
	"trueup/internal/aws/userpool"
	"trueup/internal/config"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
	"trueup/internal/i18n"
	"trueup/internal/manifest"
	"trueup/internal/testkit/storetest"
)

// starts has the function that assembles each function, by name.
var starts = map[string]any{
	"import": Importer, "inventory": Inventory, "directory": Directory, "refresh": Refresher, "notices": Notices, reminders.Name: Reminders, "delivery": Delivery, views.Name: Views,
	agreements.Name: Agreements, catalogapi.Name: Catalog, groups.Name: Groups, licenses.Name: Licenses, reports.Name: Reports,
	web.Name: web.Console,
}

// start assembles a function.
func start(t *testing.T, name string, s config.Config, c aws.Config) any {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	switch assemble := starts[name].(type) {
	case func(config.Config, aws.Config, *slog.Logger) http.Handler:
		return assemble(s, c, log)
	case func(config.Config, aws.Config, *slog.Logger) trigger.Jobs:
		return assemble(s, c, log)
	case func(config.Config, aws.Config, Clients, *slog.Logger) trigger.Jobs:
		return assemble(s, c, Clients{Topic: topic.Of, Pool: userpool.Of}, log)
	case func(config.Config, aws.Config, program.Secret, *slog.Logger) http.Handler:
		return assemble(s, c, secrets.Of, log)
	case func(config.Config, aws.Config, program.Secret, *slog.Logger) (trigger.Jobs, error):
		jobs, err := assemble(s, c, secrets.Of, log)
		if err != nil {
			t.Error(err)
		}
		return jobs
	}
	t.Fatalf("nothing starts %s", name)
	return nil
}

// given returns an environment with every setting that has no default.
func given(t *testing.T) func(name string) string {
	values := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_DYNAMODB": storetest.Endpoint(t),
	}
	for _, s := range config.Settings {
		if s.Required() {
			values[s.Name] = "somewhere"
		}
	}
	values[config.Table] = storetest.Table(t)
	return func(name string) string { return values[name] }
}

// TestR16_6_SettingsOfTheReleaseBefore starts each function with its settings of the previous
// release: a deployment replaces the code before the settings.
func TestR16_6_SettingsOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		all := given(t)
		before := func(name string) string {
			if slices.Contains(f.Added, name) {
				return ""
			}
			return all(name)
		}
		settings, err := config.Load(before, f.ToLoad(before)...)
		if err != nil {
			t.Errorf("%s cannot start: %v", f.Name, err)
			continue
		}
		if !slices.ContainsFunc(f.Added, func(name string) bool { s, _ := config.Find(name); return s.Required() }) {
			continue // the others have defaults
		}
		path, known := map[string]string{groups.Name: "/groups", reports.Name: "/refreshes", agreements.Name: "/agreements"}[f.Name]
		if !known {
			t.Errorf("no request to try %s with", f.Name)
			continue
		}
		answer := httptest.NewRecorder()
		ctx := access.WithCall(t.Context(), access.Call{Principal: &access.Principal{Subject: "jo", Roles: []access.Role{access.GlobalAdmin}}})
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		start(t, f.Name, settings, program.Environment(before)).(http.Handler).ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// TestSettingsOfTheManifest: each function starts with the settings in its row of the manifest,
// and does not start if a required one is missing. A wrong row is thus found here and not at a
// request.
func TestSettingsOfTheManifest(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		all := given(t)
		started := func(names []string) (ok bool) {
			defer func() { ok = recover() == nil }()
			settings, err := config.Load(all, names...)
			if err != nil {
				t.Error(err)
			}
			start(t, f.Name, settings, program.Environment(all))
			return true
		}
		if !started(f.Settings) {
			t.Errorf("%s does not start with the settings of the manifest", f.Name)
		}
		for i, name := range f.Settings {
			setting, _ := config.Find(name)
			if !setting.Required() || slices.Contains(f.Added, name) {
				continue
			}
			if started(slices.Delete(slices.Clone(f.Settings), i, i+1)) {
				t.Errorf("%s starts although its row has no %s", f.Name, name)
			}
		}
	}
}

// TestR2_11_TimeZoneOfTheDay: a function that knows what ends soon says what day it is, so it has the
// time zone, too.
func TestR2_11_TimeZoneOfTheDay(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		if slices.Contains(f.Settings, config.ExpiringDays) && !slices.Contains(f.Settings, config.RefreshTimeZone) {
			t.Errorf("%s knows what ends soon, and not in which time zone", f.Name)
		}
	}
}

// TestR2_2_DefaultOfTheSetting: the settings cannot import the domain, which has the number too.
func TestR2_2_DefaultOfTheSetting(t *testing.T) {
	t.Parallel()
	settings, err := config.Load(func(string) string { return "" }, config.PairMaxChars)
	if err != nil {
		t.Fatal(err)
	}
	if settings.PairMaxChars != agreement.PairMaxCharsDefault {
		t.Errorf("%s is %d by default, and the domain's is %d", config.PairMaxChars, settings.PairMaxChars, agreement.PairMaxCharsDefault)
	}
}

// TestR8_9_LanguagesOfTheSetting: the settings cannot import the messages, which have the languages too.
func TestR8_9_LanguagesOfTheSetting(t *testing.T) {
	t.Parallel()
	for _, lang := range append(i18n.Langs[:len(i18n.Langs):len(i18n.Langs)], "de") {
		_, err := config.Load(func(string) string { return string(lang) }, config.ReminderLanguage)
		if _, known := i18n.Parse(string(lang)); known != (err == nil) {
			t.Errorf("%s: %v", lang, err)
		}
	}
	if settings, err := config.Load(func(string) string { return "" }, config.ReminderLanguage); err != nil || settings.ReminderLanguage != string(i18n.English) {
		t.Errorf("the default is %q: %v", settings.ReminderLanguage, err)
	}
}

// TestAddedSettingHasItsDefault: a deployment replaces the code of a function before its settings.
func TestAddedSettingHasItsDefault(t *testing.T) {
	t.Parallel()
	f := manifest.Function{Settings: []string{config.Table, config.ExpiringDays}, Added: []string{config.Table, config.ExpiringDays}}
	none := func(string) string { return "" }
	settings, err := config.Load(none, f.ToLoad(none)...)
	want := config.Config{ExpiringDays: 90}
	if diff := cmp.Diff(want, settings); err != nil || diff != "" {
		t.Errorf("%+v, %v", settings, err)
	}
}
