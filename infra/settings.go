//go:build cdk

package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// Names of the context values that an operator may set, in cdk.context.json or with
// -c name=value, in addition to the context values of config.Settings.
const (
	alarmEmail    = "alarmEmail"          // address that receives alarms; none if empty
	noticeEmail   = "noticeEmail"         // address that receives reminders and other notices; none if empty
	consoleOrigin = "consoleOrigin"       // https://host of a console served elsewhere; the API's origin if empty
	issuer        = "signInIssuer"        // issuer of the tokens of the organisation's identity provider; the stack's own user pool if empty
	audience      = "signInAudience"      // what the claim aud of these tokens may be, with commas between
	scope         = "signInScope"         // scope that tokens must have; none if empty
	consoleClient = "consoleClient"       // client id of the console at the organisation's identity provider
	consoleScopes = "consoleScopes"       // scopes that the console asks it for, with spaces between
	consoleIssuer = "consoleIssuer"       // issuer of its ID tokens; signInIssuer if empty
	refreshAt     = "refreshAt"           // HH:MM in the time zone of refreshes; manifest.NightlyAt if empty
	stackName     = "stackName"           // name of the stack and prefix of its names; defaultName if empty
	signInPrefix  = "signInPrefix"        // prefix of the sign-in page's address; stack name and account if empty
	protected     = "protected"           // true: stack, table and users are protected from deletion
	allAlarms     = "allAlarms"           // true: more alarms than the ten metrics that are free
	reserved      = "reservedConcurrency" // true: executions are reserved for files and refreshes
	tableName     = "table"               // a restored table (R16.2); the stack's own table if empty
)

const (
	timeOfDay   = "15:04"
	defaultName = "trueup"
)

// contextOf returns the name of the context value that sets a setting.
func contextOf(setting string) string {
	s, _ := config.Find(setting)
	return s.Context
}

// settings holds the settings of a deployment: the operator's, or the defaults.
type settings struct {
	Functions     config.Config // what an operator chose, and defaults; names of resources and functions are empty
	AlarmEmail    string
	NoticeEmail   string
	ConsoleOrigin string
	Issuer        string   // empty for the stack's own user pool
	Audience      []string // of the issuer's tokens
	Scope         string
	ConsoleClient string // of the console at Issuer; empty for a console without sign-in
	ConsoleScopes string
	ConsoleIssuer string
	RefreshAt     string // in the layout timeOfDay
	Table         string // name of the table in use; empty for the stack's own table
	StackName     string
	SignInPrefix  string // empty for the default

	Protected, AllAlarms, ReservedConcurrency bool
}

// tableNames matches the table names that DynamoDB accepts.
var tableNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// stackNames matches the stack names from which valid names of buckets follow: a bucket's name has
// at most 63 characters.
var stackNames = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxStackName = 20

// signInPrefixes matches the prefixes that Cognito accepts, apart from its reserved words.
var signInPrefixes = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

var reservedWords = regexp.MustCompile(`aws|amazon|cognito`)

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

// readConsole reads the console's client at the organisation's identity provider.
func readConsole(chosen *settings, lookup func(string) string, mistake func(name, value, advice string)) {
	secret := contextOf(config.ConsoleSecret)
	chosen.ConsoleClient = lookup(consoleClient)
	if chosen.ConsoleClient == "" {
		for _, name := range []string{consoleScopes, consoleIssuer, secret} {
			if value := lookup(name); value != "" {
				mistake(name, value, "give "+consoleClient+", too: the client id of the console at the identity provider")
			}
		}
		return
	}
	if strings.ContainsFunc(chosen.ConsoleClient, unicode.IsSpace) {
		mistake(consoleClient, chosen.ConsoleClient, "give the client id of the console at the identity provider, without spaces")
	}
	scopes := strings.Fields(lookup(consoleScopes))
	chosen.ConsoleScopes = strings.Join(scopes, " ")
	if !slices.Contains(scopes, "openid") {
		mistake(consoleScopes, lookup(consoleScopes), "give openid, offline_access if the provider needs it for refresh tokens, and the scope of the API, with spaces between them, such as openid profile email offline_access api://<id of the API>/access")
	}
	if chosen.ConsoleIssuer = lookup(consoleIssuer); chosen.ConsoleIssuer == "" {
		chosen.ConsoleIssuer = signsIn(chosen.Issuer)
	}
	if advice := wrongIssuer(chosen.ConsoleIssuer); advice != "" {
		mistake(consoleIssuer, chosen.ConsoleIssuer, advice)
	}
	if s := lookup(secret); s != "" && !secretName.MatchString(s) {
		mistake(secret, s, "give the name of a secret in Secrets Manager, or its whole ARN")
	}
}

// signsIn returns the issuer of the ID tokens beside the access tokens of an issuer. With access tokens of
// version 1, Entra ID still signs people in with version 2: the API decides the version of its tokens.
func signsIn(issuer string) string {
	if tenant, ok := strings.CutPrefix(issuer, "https://sts.windows.net/"); ok {
		return "https://login.microsoftonline.com/" + strings.TrimSuffix(tenant, "/") + "/v2.0"
	}
	return issuer
}

// readSettings reads the context through lookup. The error joins all mistakes. Package
// config, with which the functions read their settings, defines the valid values and
// the defaults of those settings.
func readSettings(lookup func(string) string) (settings, error) {
	chosen := settings{AlarmEmail: lookup(alarmEmail), NoticeEmail: lookup(noticeEmail), ConsoleOrigin: lookup(consoleOrigin), RefreshAt: lookup(refreshAt), Table: lookup(tableName)}
	var wrong []error
	mistake := func(name, value, advice string) {
		wrong = append(wrong, fmt.Errorf("infra: %s is %q; %s", name, value, advice))
	}
	for name, s := range map[string]string{alarmEmail: chosen.AlarmEmail, noticeEmail: chosen.NoticeEmail} {
		if address, err := mail.ParseAddress(s); s != "" && (err != nil || address.Address != s) {
			mistake(name, s, "give one bare e-mail address")
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
	chosen.StackName = cmp.Or(lookup(stackName), defaultName)
	if s := chosen.StackName; len(s) > maxStackName || !stackNames.MatchString(s) || reservedWords.MatchString(s) {
		mistake(stackName, s, fmt.Sprintf("give at most %d lower-case letters, digits and single hyphens, beginning with a letter, without aws, amazon and cognito, such as trueup-test", maxStackName))
	}
	chosen.SignInPrefix = lookup(signInPrefix)
	if s := chosen.SignInPrefix; s != "" && (!signInPrefixes.MatchString(s) || reservedWords.MatchString(s)) {
		mistake(signInPrefix, s, "give at most 63 lower-case letters, digits and hyphens, without aws, amazon and cognito, such as licences-example")
	}
	for name, field := range map[string]*bool{protected: &chosen.Protected, allAlarms: &chosen.AllAlarms, reserved: &chosen.ReservedConcurrency} {
		switch s := lookup(name); s {
		case "", "false":
		case "true":
			*field = true
		default:
			mistake(name, s, "give true or false")
		}
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
	claim, roles, entra := contextOf(config.SignInClaim), contextOf(config.SignInRoles), contextOf(config.SignInEntra)
	if chosen.Issuer == "" {
		for _, name := range []string{audience, scope, claim, roles, entra, consoleClient, consoleScopes, consoleIssuer, contextOf(config.ConsoleSecret)} {
			if value := lookup(name); value != "" && (name != entra || value != "false") {
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
		if value := lookup(claim); value != "" && value != "roles" && lookup(roles) == "" {
			mistake(claim, value, "give "+roles+", too: in many organisations everybody may create a group with the name of a role")
		}
		if strings.ContainsFunc(chosen.Scope, unicode.IsSpace) {
			mistake(scope, chosen.Scope, "give one scope as the token has it in scp or scope, such as access")
		}
		readConsole(&chosen, lookup, mistake)
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
