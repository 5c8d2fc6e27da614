//go:build cdk

package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"time"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// Names of the context values that an operator may set, in cdk.context.json or with
// -c name=value, besides those of config.Settings.
const (
	alarmEmail    = "alarmEmail"    // who is told of alarms; nobody when empty
	consoleOrigin = "consoleOrigin" // https://host of a console served elsewhere; the API's own when empty
	refreshAt     = "refreshAt"     // HH:MM in the time zone of refreshes; manifest.NightlyAt when empty
	tableName     = "table"         // a restored table of R16.2; the stack's own when empty
)

const timeOfDay = "15:04"

// contextOf returns the name of the context value that chooses a setting.
func contextOf(setting string) string {
	s, _ := config.Find(setting)
	return s.Context
}

// together are the settings that mean nothing alone.
var together = []string{config.VLSCEndpoint, config.VLSCTokenURL, config.VLSCSecret}

// settings is what is chosen for a deployment: by the operator, or by default.
type settings struct {
	Functions     config.Config // what an operator may choose of it
	AlarmEmail    string
	ConsoleOrigin string
	RefreshAt     string // as timeOfDay
	Table         string // name of the table in use; empty for the stack's own
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
	for _, setting := range []string{config.VLSCEndpoint, config.VLSCTokenURL} {
		name := contextOf(setting)
		if s := lookup(name); s != "" {
			// What else an address would carry could be read by whoever reads the function's settings.
			if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
				mistake(name, s, "give an address such as https://licences.example.org/v1, without credentials and query")
			}
		}
	}
	if s := lookup(contextOf(config.VLSCSecret)); s != "" && !secretName.MatchString(s) {
		mistake(contextOf(config.VLSCSecret), s, "give the name of a secret in Secrets Manager, or its whole ARN")
	}

	given := func(setting string) string {
		if name := contextOf(setting); name != "" {
			return lookup(name)
		}
		return ""
	}
	var names []string
	for _, s := range config.Settings {
		if s.Context == "" {
			continue
		}
		names = append(names, s.Name)
		if slices.Contains(together, s.Name) {
			continue
		}
		if _, err := config.Load(given, s.Name); err != nil {
			wrong = append(wrong, fmt.Errorf("infra: context %s: %w", s.Context, err))
		}
	}
	if _, err := config.Load(given, together...); err != nil {
		wrong = append(wrong, fmt.Errorf("infra: context %s, %s and %s: %w",
			contextOf(config.VLSCEndpoint), contextOf(config.VLSCTokenURL), contextOf(config.VLSCSecret), err))
	}
	if wrong != nil {
		return settings{}, errors.Join(wrong...)
	}
	var err error
	chosen.Functions, err = config.Load(given, names...)
	return chosen, err
}
