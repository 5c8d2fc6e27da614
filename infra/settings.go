//go:build cdk

package main

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"time"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// Names of the context values an operator may set, in cdk.context.json or with
// -c name=value.
const (
	alarmEmail        = "alarmEmail"        // who is told of alarms; nobody when empty
	consoleOrigin     = "consoleOrigin"     // https://host of a console served elsewhere; the API's own when empty
	pairMaxChars      = "pairMaxChars"      // PAIR_MAX_CHARS of R2.2; its default when empty
	expiringDays      = "expiringDays"      // EXPIRING_DAYS of R2.11; its default when empty
	inventoryRequired = "inventoryRequired" // INVENTORY_REQUIRED of R2.8; its default when empty
	refreshTimeZone   = "refreshTimeZone"   // REFRESH_TIME_ZONE of R7.1; its default when empty
	refreshAt         = "refreshAt"         // HH:MM in that zone; manifest.NightlyAt when empty
	vlscEndpoint      = "vlscEndpoint"      // VLSC_ENDPOINT of R7.4; statements are the source when empty
	vlscTokenURL      = "vlscTokenUrl"      // VLSC_TOKEN_URL
	vlscSecret        = "vlscSecret"        // VLSC_SECRET: name or ARN of the secret
	tableName         = "table"             // a restored table of R16.2; the stack's own when empty
)

const timeOfDay = "15:04"

// chosenBy says which context value a setting of the functions is chosen by.
var chosenBy = map[string]string{
	config.PairMaxChars:      pairMaxChars,
	config.ExpiringDays:      expiringDays,
	config.InventoryRequired: inventoryRequired,
	config.RefreshTimeZone:   refreshTimeZone,
	config.VLSCEndpoint:      vlscEndpoint,
	config.VLSCTokenURL:      vlscTokenURL,
	config.VLSCSecret:        vlscSecret,
}

// together are the settings that mean nothing alone.
var together = []string{config.VLSCEndpoint, config.VLSCTokenURL, config.VLSCSecret}

// settings is what is chosen for a deployment: by the operator, or by default.
type settings struct {
	AlarmEmail        string
	ConsoleOrigin     string
	PairMaxChars      int
	ExpiringDays      int
	InventoryRequired bool
	ImportLease       time.Duration
	RefreshTimeZone   string
	RefreshAt         string // as timeOfDay
	VLSC              config.VLSC
	Table             string // name of the table in use; empty for the stack's own
}

// tableNames are the names that DynamoDB takes.
var tableNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// A secret is known by its name, or by its ARN with the characters that Secrets
// Manager adds to the name. Neither has a character that IAM takes for a wildcard.
var secretName = regexp.MustCompile(`^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}|[A-Za-z0-9/_+=.@-]{1,512})$`)

// readSettings reads the context through lookup and returns every mistake at
// once. Package config, which the functions read their settings with, decides
// what those may be and what they are when nobody chose.
func readSettings(lookup func(string) string) (settings, error) {
	chosen := settings{AlarmEmail: lookup(alarmEmail), ConsoleOrigin: lookup(consoleOrigin), RefreshAt: lookup(refreshAt), Table: lookup(tableName)}
	var wrong []error
	mistake := func(name, value, advice string) {
		wrong = append(wrong, fmt.Errorf("infra: %s is %q; %s", name, value, advice))
	}
	if s := chosen.AlarmEmail; s != "" {
		if address, err := mail.ParseAddress(s); err != nil || address.Address != s {
			mistake(alarmEmail, s, "give one bare e-mail address")
		}
	}
	if s := chosen.ConsoleOrigin; s != "" {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != s {
			mistake(consoleOrigin, s, "give an origin such as https://licences.example.org, without a path")
		}
	}
	if s := chosen.Table; s != "" && !tableNames.MatchString(s) {
		mistake(tableName, s, "give the name of a DynamoDB table in the same account and region, as infra/restore.sh says it: 3 to 255 letters, digits, and _ . -")
	}
	if chosen.RefreshAt == "" {
		chosen.RefreshAt = manifest.NightlyAt
	}
	if t, err := time.Parse(timeOfDay, chosen.RefreshAt); err != nil || t.Format(timeOfDay) != chosen.RefreshAt {
		mistake(refreshAt, chosen.RefreshAt, "give hours and minutes such as "+manifest.NightlyAt)
	}
	for _, name := range []string{vlscEndpoint, vlscTokenURL} {
		if s := lookup(name); s != "" {
			// What else an address would carry could be read by whoever reads the function's settings.
			if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
				mistake(name, s, "give an address such as https://licences.example.org/v1, without credentials and query")
			}
		}
	}
	if s := lookup(vlscSecret); s != "" && !secretName.MatchString(s) {
		mistake(vlscSecret, s, "give the name of a secret in Secrets Manager, or its whole ARN")
	}

	given := func(name string) string {
		if value := chosenBy[name]; value != "" {
			return lookup(value)
		}
		return ""
	}
	names := slices.Sorted(maps.Keys(chosenBy))
	for _, name := range names {
		if slices.Contains(together, name) {
			continue
		}
		if _, err := config.Load(given, name); err != nil {
			wrong = append(wrong, fmt.Errorf("infra: context %s: %w", chosenBy[name], err))
		}
	}
	if _, err := config.Load(given, together...); err != nil {
		wrong = append(wrong, fmt.Errorf("infra: context %s, %s and %s: %w", vlscEndpoint, vlscTokenURL, vlscSecret, err))
	}
	if wrong != nil {
		return settings{}, errors.Join(wrong...)
	}
	c, err := config.Load(given, append(names, config.ImportLease)...)
	if err != nil {
		return settings{}, err
	}
	chosen.PairMaxChars, chosen.ExpiringDays = c.PairMaxChars, c.ExpiringDays
	chosen.InventoryRequired, chosen.ImportLease = c.InventoryRequired, c.ImportLease
	chosen.RefreshTimeZone, chosen.VLSC = c.RefreshTimeZone.String(), c.VLSC
	return chosen, nil
}
