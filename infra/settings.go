//go:build cdk

package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// Names of the context values that an operator may set, in cdk.context.json or with
// -c name=value, in addition to the context values of config.Settings.
const (
	alarmEmail    = "alarmEmail"     // address that receives alarms; none if empty
	consoleOrigin = "consoleOrigin"  // https://host of a console served elsewhere; the API's origin if empty
	issuer        = "signInIssuer"   // issuer of the tokens of the organisation's identity provider; the stack's own user pool if empty
	audience      = "signInAudience" // what the claim aud of these tokens may be, with commas between
	scope         = "signInScope"    // scope that tokens must have; none if empty
	refreshAt     = "refreshAt"      // HH:MM in the time zone of refreshes; manifest.NightlyAt if empty
	tableName     = "table"          // a restored table (R16.2); the stack's own table if empty
)

const timeOfDay = "15:04"

// contextOf returns the name of the context value that sets a setting.
func contextOf(setting string) string {
	s, _ := config.Find(setting)
	return s.Context
}

// settings holds the settings of a deployment: the operator's, or the defaults.
type settings struct {
	Functions     config.Config // what an operator chose, and defaults; names of resources and functions are empty
	AlarmEmail    string
	ConsoleOrigin string
	Issuer        string   // empty for the stack's own user pool
	Audience      []string // of the issuer's tokens
	Scope         string
	RefreshAt     string // in the layout timeOfDay
	Table         string // name of the table in use; empty for the stack's own table
}

// tableNames matches the table names that DynamoDB accepts.
var tableNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// secretName matches the name of a secret, or its full ARN with the suffix that Secrets
// Manager adds to the name. Neither may contain a character that is a wildcard in IAM.
var secretName = regexp.MustCompile(`^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}|[A-Za-z0-9/_+=.@-]{1,512})$`)

// tenantID matches the id of a tenant of Entra ID.
var tenantID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// wrongIssuer returns what to do about an issuer that API Gateway does not accept, or that no token
// has; empty if there is nothing. API Gateway compares the claim iss with it letter by letter.
func wrongIssuer(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsFunc(s, unicode.IsSpace) {
		return "give the address in the claim iss of the tokens, such as https://login.example.org/realm"
	}
	if strings.Contains(u.Path, "/.well-known") {
		return "leave out /.well-known and what follows: give the member issuer of that document"
	}
	switch u.Host {
	case "login.microsoftonline.com":
		if tenant, ok := strings.CutSuffix(strings.TrimPrefix(u.Path, "/"), "/v2.0"); !ok || !tenantID.MatchString(tenant) {
			return "give https://login.microsoftonline.com/<id of the tenant>/v2.0; tokens of version 1 have https://sts.windows.net/<id of the tenant>/"
		}
	case "sts.windows.net":
		if tenant, ok := strings.CutSuffix(strings.TrimPrefix(u.Path, "/"), "/"); !ok || !tenantID.MatchString(tenant) {
			return "give https://sts.windows.net/<id of the tenant>/ with the last slash"
		}
	}
	return ""
}

// readSettings reads the context through lookup. The error joins all mistakes. Package
// config, with which the functions read their settings, defines the valid values and
// the defaults of those settings.
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
			// Reject credentials in an address: everyone who can read the function's settings could read them.
			if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
				mistake(name, s, "give an address such as https://licences.example.org/v1, without credentials and query")
			}
		}
	}
	if s := lookup(contextOf(config.VLSCSecret)); s != "" && !secretName.MatchString(s) {
		mistake(contextOf(config.VLSCSecret), s, "give the name of a secret in Secrets Manager, or its whole ARN")
	}

	chosen.Issuer, chosen.Scope = lookup(issuer), lookup(scope)
	for value := range strings.SplitSeq(lookup(audience), ",") {
		if value = strings.TrimSpace(value); value != "" {
			chosen.Audience = append(chosen.Audience, value)
		}
	}
	claim, roles := contextOf(config.SignInClaim), contextOf(config.SignInRoles)
	if chosen.Issuer == "" {
		for _, name := range []string{audience, scope, claim, roles} {
			if value := lookup(name); value != "" {
				mistake(name, value, "give "+issuer+", too: it is the identity provider for which this is meant")
			}
		}
	} else {
		if advice := wrongIssuer(chosen.Issuer); advice != "" {
			mistake(issuer, chosen.Issuer, advice)
		}
		if len(chosen.Audience) == 0 || strings.ContainsFunc(strings.Join(chosen.Audience, ""), unicode.IsSpace) {
			mistake(audience, lookup(audience), "give what the claim aud of the tokens is, such as the client id of the application, with commas between several")
		}
		if strings.ContainsFunc(chosen.Scope, unicode.IsSpace) {
			mistake(scope, chosen.Scope, "give one scope as the token has it in scp or scope, such as access")
		}
	}

	choice := func(name string) string {
		if value := lookup(name); value != "" || name != claim || chosen.Issuer == "" {
			return value
		}
		return "roles"
	}
	var err error
	if chosen.Functions, err = config.Chosen(choice); err != nil {
		wrong = append(wrong, fmt.Errorf("infra: context: %w", err))
	}
	if wrong != nil {
		return settings{}, errors.Join(wrong...)
	}
	return chosen, nil
}
