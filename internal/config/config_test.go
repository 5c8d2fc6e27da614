package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/config"
)

// every returns the names of all settings.
func every() (names []string) {
	for _, s := range config.Settings {
		names = append(names, s.Name)
	}
	return names
}

func TestLoad(t *testing.T) {
	t.Parallel()
	names, err := access.ParseMapping(`{"global-admin": ["Licence admins"]}`)
	if err != nil {
		t.Fatal(err)
	}
	signIn := access.SignIn{Claim: "roles", Mapping: names}
	given := func(more map[string]string) map[string]string {
		settings := map[string]string{
			config.Table: " t ", config.UploadsBucket: "u", config.ReportsBucket: "r", config.RefreshFunction: "f", config.InventoryFunction: "i", config.DirectoryFunction: "d", config.DeliveryFunction: "dv", config.NoticesTopic: "n", config.Role: "AROA",
			config.SessionsTable: "s", config.API: "https://api.example", config.ConsoleOrigin: "https://console.example",
		}
		maps.Copy(settings, more)
		return settings
	}
	byDefault := config.Config{
		Table: "t", UploadsBucket: "u", ReportsBucket: "r", RefreshFunction: "f", InventoryFunction: "i", DirectoryFunction: "d", DeliveryFunction: "dv", NoticesTopic: "n", Role: "AROA",
		PairMaxChars: 16, ExpiringDays: 90, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC, ReminderLanguage: "en",
		SignIn:        access.SignIn{Claim: access.GroupsClaim},
		SessionsTable: "s", API: "https://api.example", Console: config.Console{Origin: "https://console.example"},
	}
	for name, test := range map[string]struct {
		settings map[string]string
		differs  func(*config.Config) // from the defaults
		wrong    []string             // names in the error
	}{
		"defaults": {settings: given(nil), differs: func(*config.Config) {}},
		"R2.2 the longest pairs": {
			settings: given(map[string]string{config.PairMaxChars: "32", config.ImportLease: "2m"}),
			differs:  func(c *config.Config) { c.PairMaxChars, c.ImportLease = 32, 2*time.Minute },
		},
		"R2.8 R2.11 what else can be chosen": {
			settings: given(map[string]string{config.ExpiringDays: "730", config.InventoryRequired: "false", config.InventoryMacOS: "true"}),
			differs:  func(c *config.Config) { c.ExpiringDays, c.InventoryRequired, c.InventoryMacOS = 730, false, true },
		},
		"R2.2 shorter than any pair": {settings: given(map[string]string{config.PairMaxChars: "15"}), wrong: []string{config.PairMaxChars}},
		"R2.2 longer than allowed":   {settings: given(map[string]string{config.PairMaxChars: "33"}), wrong: []string{config.PairMaxChars}},
		"R2.11 no day at all":        {settings: given(map[string]string{config.ExpiringDays: "0"}), wrong: []string{config.ExpiringDays}},
		"R2.11 beyond two years":     {settings: given(map[string]string{config.ExpiringDays: "731"}), wrong: []string{config.ExpiringDays}},
		"R8.9 reminders in Dutch":    {settings: given(map[string]string{config.ReminderLanguage: "nl"}), differs: func(c *config.Config) { c.ReminderLanguage = "nl" }},
		"R8.9 another language":      {settings: given(map[string]string{config.ReminderLanguage: "de"}), wrong: []string{config.ReminderLanguage, "en, nl, fr"}},
		"kept for ever":              {settings: given(map[string]string{config.RetentionDays: "0"}), differs: func(*config.Config) {}},
		"kept for a month": {
			settings: given(map[string]string{config.RetentionDays: "30"}),
			differs:  func(c *config.Config) { c.RetentionDays = 30 },
		},
		"kept too shortly":            {settings: given(map[string]string{config.RetentionDays: "29"}), wrong: []string{config.RetentionDays, "30 to 36500"}},
		"kept for less than nothing":  {settings: given(map[string]string{config.RetentionDays: "-1"}), wrong: []string{config.RetentionDays}},
		"R2.8 neither true nor false": {settings: given(map[string]string{config.InventoryRequired: "no"}), wrong: []string{config.InventoryRequired}},
		"R7.4 the service": {
			settings: given(map[string]string{config.VLSCEndpoint: "https://vlsc.example", config.VLSCTokenURL: "https://login.example", config.VLSCSecret: "s"}),
			differs: func(c *config.Config) {
				c.VLSC = config.VLSC{Endpoint: "https://vlsc.example", TokenURL: "https://login.example", Secret: "s"}
			},
		},
		"SPEC 14 the client of the console": {
			settings: given(map[string]string{config.ConsoleIssuer: "https://login.example", config.ConsoleClient: "c", config.ConsoleScopes: "openid email", config.ConsoleSecret: "x"}),
			differs: func(c *config.Config) {
				c.Console = config.Console{Origin: "https://console.example", Issuer: "https://login.example", Client: "c", Scopes: "openid email", Secret: "x"}
			},
		},
		"SPEC 14 no address":  {settings: given(map[string]string{config.API: "", config.ConsoleOrigin: " "}), wrong: []string{config.API + " is not set", config.ConsoleOrigin + " is not set"}},
		"R7.4 half a service": {settings: given(map[string]string{config.VLSCEndpoint: "https://vlsc.example"}), wrong: []string{config.VLSCSecret}},
		"R16.4 app roles of another issuer": {
			settings: given(map[string]string{config.SignInClaim: "roles", config.SignInRoles: `{"global-admin": ["Licence admins"]}`}),
			differs:  func(c *config.Config) { c.SignIn = signIn },
		},
		"R16.4 Entra ID with a domain": {settings: given(map[string]string{config.SignInEntra: "true"}), differs: func(c *config.Config) { c.SignIn.Entra = true }},
		"R16.4 two claims":             {settings: given(map[string]string{config.SignInClaim: "roles groups"}), wrong: []string{config.SignInClaim, "one claim"}},
		"R16.4 an unknown role": {
			settings: given(map[string]string{config.SignInRoles: `{"owner": ["a"], "global-admin": []}`}),
			wrong:    []string{config.SignInRoles, "owner", "the roles are", "give a list"},
		},
		"R7.1 no time zone": {settings: given(map[string]string{config.RefreshTimeZone: "Brussels"}), wrong: []string{config.RefreshTimeZone}},
		"no duration":       {settings: given(map[string]string{config.ImportLease: "30"}), wrong: []string{config.ImportLease}},
		"too short a lease": {settings: given(map[string]string{config.ImportLease: "999ms"}), wrong: []string{config.ImportLease}},
		"every mistake at once": {
			settings: map[string]string{config.Table: " ", config.PairMaxChars: "many"},
			wrong:    []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(func(name string) string { return test.settings[name] }, every()...)
			var want config.Config
			if test.differs != nil {
				want = byDefault
				test.differs(&want)
			}
			if diff := cmp.Diff(want, got, zones); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
			if (err != nil) != (test.wrong != nil) {
				t.Fatalf("error %v", err)
			}
			for _, name := range test.wrong {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%q does not name %s", err, name)
				}
			}
		})
	}
}

// A setting that is not asked for is zero, not its default: a function does not get one that its
// row of the manifest does not list.
func TestLoadOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	c, err := config.Load(func(name string) string { return map[string]string{config.Table: "t"}[name] }, config.Table)
	if diff := cmp.Diff(config.Config{Table: "t"}, c); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := config.Load(func(string) string { return "x" }, "TRUEUP_NONSENSE"); err == nil {
		t.Error("a setting that does not exist was read")
	}
}

// TestSettings checks that every row is complete and that its default is allowed.
func TestSettings(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"": true}
	for _, s := range config.Settings {
		if seen[s.Name] || s.Context != "" && seen[s.Context] || s.Summary == "" || (s.Default != "") != (s.Want != "") || s.Required() && s.Default != "" {
			t.Errorf("setting %+v", s)
		}
		seen[s.Name] = true
		if s.Context != "" {
			seen[s.Context] = true
		}
		if s.Required() {
			continue
		}
		c, err := config.Load(func(string) string { return "" }, s.Name)
		if err != nil || s.Value(c) != s.Default {
			t.Errorf("%s is %q by default, want %q (%v)", s.Name, s.Value(c), s.Default, err)
		}
	}
}

// TestChosen: an operator chooses settings by the names of context values, and errors have these
// names.
func TestChosen(t *testing.T) {
	t.Parallel()
	context := map[string]string{"expiringDays": "60", config.ImportLease: "1m", "": "1m"}
	got, err := config.Chosen(func(name string) string { return context[name] })
	want := config.Config{PairMaxChars: 16, ExpiringDays: 60, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC, ReminderLanguage: "en", SignIn: access.SignIn{Claim: access.GroupsClaim}}
	if diff := cmp.Diff(want, got, zones); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	context = map[string]string{"expiringDays": "0", "vlscSecret": "s"}
	_, err = config.Chosen(func(name string) string { return context[name] })
	for _, name := range []string{"expiringDays", "vlscEndpoint"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// zones compares time zones by name.
var zones = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
