package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/config"
)

var every = []string{
	config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars, config.ExpiringDays, config.InventoryRequired, config.ImportLease,
	config.RefreshTimeZone, config.VLSCEndpoint, config.VLSCTokenURL, config.VLSCSecret,
}

func TestLoad(t *testing.T) {
	t.Parallel()
	given := func(more map[string]string) map[string]string {
		settings := map[string]string{config.Table: " t ", config.UploadsBucket: "u", config.ReportsBucket: "r"}
		for name, value := range more {
			settings[name] = value
		}
		return settings
	}
	for name, test := range map[string]struct {
		settings map[string]string
		want     config.Config
		wrong    []string // names in the error
	}{
		"defaults": {
			settings: given(nil),
			want: config.Config{
				Table: "t", UploadsBucket: "u", ReportsBucket: "r",
				PairMaxChars: 16, ExpiringDays: 90, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC,
			},
		},
		"R2.2 the longest pairs": {
			settings: given(map[string]string{config.PairMaxChars: "32", config.ImportLease: "2m"}),
			want: config.Config{
				Table: "t", UploadsBucket: "u", ReportsBucket: "r",
				PairMaxChars: 32, ExpiringDays: 90, InventoryRequired: true, ImportLease: 2 * time.Minute, RefreshTimeZone: time.UTC,
			},
		},
		"R2.8 R2.11 what else can be chosen": {
			settings: given(map[string]string{config.ExpiringDays: "730", config.InventoryRequired: "false"}),
			want: config.Config{
				Table: "t", UploadsBucket: "u", ReportsBucket: "r",
				PairMaxChars: 16, ExpiringDays: 730, InventoryRequired: false, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC,
			},
		},
		"R2.2 shorter than any pair":  {settings: given(map[string]string{config.PairMaxChars: "15"}), wrong: []string{config.PairMaxChars}},
		"R2.2 longer than allowed":    {settings: given(map[string]string{config.PairMaxChars: "33"}), wrong: []string{config.PairMaxChars}},
		"R2.11 no day at all":         {settings: given(map[string]string{config.ExpiringDays: "0"}), wrong: []string{config.ExpiringDays}},
		"R2.11 beyond two years":      {settings: given(map[string]string{config.ExpiringDays: "731"}), wrong: []string{config.ExpiringDays}},
		"R2.8 neither true nor false": {settings: given(map[string]string{config.InventoryRequired: "no"}), wrong: []string{config.InventoryRequired}},
		"R7.4 the service": {
			settings: given(map[string]string{config.VLSCEndpoint: "https://vlsc.example", config.VLSCTokenURL: "https://login.example", config.VLSCSecret: "s"}),
			want: config.Config{
				Table: "t", UploadsBucket: "u", ReportsBucket: "r",
				PairMaxChars: 16, ExpiringDays: 90, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC,
				VLSC: config.VLSC{Endpoint: "https://vlsc.example", TokenURL: "https://login.example", Secret: "s"},
			},
		},
		"R7.4 half a service": {settings: given(map[string]string{config.VLSCEndpoint: "https://vlsc.example"}), wrong: []string{config.VLSCSecret}},
		"R7.1 no time zone":   {settings: given(map[string]string{config.RefreshTimeZone: "Brussels"}), wrong: []string{config.RefreshTimeZone}},
		"no duration":         {settings: given(map[string]string{config.ImportLease: "30"}), wrong: []string{config.ImportLease}},
		"too short a lease":   {settings: given(map[string]string{config.ImportLease: "999ms"}), wrong: []string{config.ImportLease}},
		"every mistake at once": {
			settings: map[string]string{config.Table: " ", config.PairMaxChars: "many"},
			wrong:    []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(func(name string) string { return test.settings[name] }, every...)
			if diff := cmp.Diff(test.want, got, zones); diff != "" {
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

func TestLoadOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	c, err := config.Load(func(name string) string { return map[string]string{config.Table: "t"}[name] }, config.Table)
	if err != nil || c.Table != "t" {
		t.Errorf("%+v, %v", c, err)
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
		if seen[s.Name] || s.Context != "" && seen[s.Context] || s.Summary == "" || (s.Default != "") != (s.Want != "") || s.Required && s.Default != "" {
			t.Errorf("setting %+v", s)
		}
		seen[s.Name] = true
		if s.Context != "" {
			seen[s.Context] = true
		}
		c, err := config.Load(func(string) string { return s.Default })
		if err != nil || s.Value(c) != s.Default {
			t.Errorf("%s is %q by default, want %q (%v)", s.Name, s.Value(c), s.Default, err)
		}
	}
}

// zones compares time zones by name.
var zones = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
