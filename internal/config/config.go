// Package config holds the settings of the functions as a table, Settings: their names,
// defaults and limits. It is the only package that reads the environment.
package config

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"trueup/internal/access"
)

// Names of the settings, which are environment variables. Settings describes each.
const (
	Table             = "TRUEUP_TABLE"
	UploadsBucket     = "TRUEUP_UPLOADS_BUCKET"
	ReportsBucket     = "TRUEUP_REPORTS_BUCKET"
	RefreshFunction   = "TRUEUP_REFRESH_FUNCTION"
	InventoryFunction = "TRUEUP_INVENTORY_FUNCTION"
	DirectoryFunction = "TRUEUP_DIRECTORY_FUNCTION"
	DeliveryFunction  = "TRUEUP_DELIVERY_FUNCTION"
	NoticesTopic      = "TRUEUP_NOTICES_TOPIC"
	Role              = "TRUEUP_ROLE"
	PairMaxChars      = "PAIR_MAX_CHARS"
	ExpiringDays      = "EXPIRING_DAYS"
	InventoryRequired = "INVENTORY_REQUIRED"
	InventoryMacOS    = "INVENTORY_MACOS"
	ImportLease       = "IMPORT_LEASE"
	RefreshTimeZone   = "REFRESH_TIME_ZONE"
	RetentionDays     = "RETENTION_DAYS"
	ReminderLanguage  = "REMINDER_LANGUAGE"
	VLSCEndpoint      = "VLSC_ENDPOINT"
	VLSCTokenURL      = "VLSC_TOKEN_URL"
	VLSCSecret        = "VLSC_SECRET"
	SignInClaim       = "SIGN_IN_CLAIM"
	SignInRoles       = "SIGN_IN_ROLES"
	SignInEntra       = "SIGN_IN_ENTRA"
	SessionsTable     = "TRUEUP_SESSIONS_TABLE"
	API               = "TRUEUP_API"
	ConsoleOrigin     = "TRUEUP_CONSOLE_ORIGIN"
	ConsoleIssuer     = "TRUEUP_CONSOLE_ISSUER"
	ConsoleClient     = "TRUEUP_CONSOLE_CLIENT"
	ConsoleScopes     = "TRUEUP_CONSOLE_SCOPES"
	ConsoleSecret     = "TRUEUP_CONSOLE_SECRET"
	Samples           = "TRUEUP_SAMPLES"
	UserPool          = "TRUEUP_USER_POOL"
)

// Config is a function's settings.
type Config struct {
	Table             string
	UploadsBucket     string
	ReportsBucket     string
	RefreshFunction   string
	InventoryFunction string
	DirectoryFunction string
	DeliveryFunction  string
	NoticesTopic      string
	Role              string
	PairMaxChars      int
	ExpiringDays      int
	InventoryRequired bool
	InventoryMacOS    bool
	ImportLease       time.Duration
	RefreshTimeZone   *time.Location
	RetentionDays     int
	ReminderLanguage  string
	VLSC              VLSC
	SignIn            access.SignIn
	SessionsTable     string
	API               string
	Console           Console
	Samples           string
	UserPool          string
}

// Console says where the console is and how people sign in to it. Without Client nobody can.
type Console struct {
	Origin string // such as https://licences.example.org, without a slash at the end
	Issuer string // issuer of the ID tokens
	Client string // client id
	Scopes string // with spaces between them
	Secret string // name of the secret with the client's secret; empty for a public client
}

// VLSC is the address of the service that returns entitlements. It is zero if there is none; then
// statements are the source.
type VLSC struct{ Endpoint, TokenURL, Secret string }

// Settings lists every setting. The CDK app and the local stack set the variables from it.
var Settings = []Setting{
	text(Table, "DynamoDB table", func(c *Config) *string { return &c.Table }).namesResource("table"),
	text(UploadsBucket, "bucket in which admins put files", func(c *Config) *string { return &c.UploadsBucket }).namesResource("uploads"),
	text(ReportsBucket, "bucket of findings, snapshots and other results", func(c *Config) *string { return &c.ReportsBucket }).namesResource("reports"),
	text(RefreshFunction, "name of the function that refreshes licence data", func(c *Config) *string { return &c.RefreshFunction }).namesFunction("refresh"),
	text(InventoryFunction, "name of the function that counts inventory", func(c *Config) *string { return &c.InventoryFunction }).namesFunction("inventory"),
	text(DirectoryFunction, "name of the function that does jobs that change licences", func(c *Config) *string { return &c.DirectoryFunction }).namesFunction("directory"),
	text(DeliveryFunction, "name of the function that makes files of saved views", func(c *Config) *string { return &c.DeliveryFunction }).namesFunction("delivery"),
	text(NoticesTopic, "ARN of the notification topic (R8.9)", func(c *Config) *string { return &c.NoticesTopic }).namesResource("notices"),
	text(Role, "unique id of the function's role, by which events of S3 name files that are uploaded with its addresses", func(c *Config) *string { return &c.Role }).
		identifiesRole(),
	number(PairMaxChars, "maximum length of both numbers of a pair together (R2.2)", func(c *Config) *int { return &c.PairMaxChars }, 16, 32, 16).
		chosenBy("pairMaxChars"),
	number(ExpiringDays, "days before its end in which an agreement is expiring (R2.11)", func(c *Config) *int { return &c.ExpiringDays }, 1, 730, 90).
		chosenBy("expiringDays"),
	boolean(InventoryRequired, "whether agreements of type other need an inventory (R2.8)", func(c *Config) *bool { return &c.InventoryRequired }, true).
		chosenBy("inventoryRequired"),
	boolean(InventoryMacOS, "whether devices with macOS count in the inventory, besides those with Windows (R6.1)", func(c *Config) *bool { return &c.InventoryMacOS }, false).
		chosenBy("inventoryMacOS"),
	duration(ImportLease, "how long an attempt that stops renewing its lease keeps its import", func(c *Config) *time.Duration { return &c.ImportLease }, time.Second, 2*time.Minute, 30*time.Second),
	zone(RefreshTimeZone, "time zone of the organisation: of the nightly refresh and of every day, such as today (R2.11, R7.1, R8.10)", func(c *Config) **time.Location { return &c.RefreshTimeZone }).
		chosenBy("refreshTimeZone"),
	days(RetentionDays, "for how many days snapshots, tallies and audit events are kept (R8.5, SPEC 12); 0 keeps them for ever", func(c *Config) *int { return &c.RetentionDays }, 30, 36500).
		chosenBy("retentionDays"),
	choice(ReminderLanguage, "language of reminders that are sent to the notification topic (R8.9)", func(c *Config) *string { return &c.ReminderLanguage }, "en", "nl", "fr").
		chosenBy("reminderLanguage"),
	text(VLSCEndpoint, "address of the entitlement service (R7.4); empty for statements only", func(c *Config) *string { return &c.VLSC.Endpoint }).
		chosenBy("vlscEndpoint").ofService(),
	text(VLSCTokenURL, "address of the token endpoint of the service", func(c *Config) *string { return &c.VLSC.TokenURL }).
		chosenBy("vlscTokenUrl").ofService(),
	text(VLSCSecret, "name of the secret with the service's client ID and secret", func(c *Config) *string { return &c.VLSC.Secret }).
		chosenBy("vlscSecret").ofService(),
	claim(SignInClaim, "claim of the token with the groups or roles of the caller (R16.4)", func(c *Config) *string { return &c.SignIn.Claim }).
		chosenBy("signInClaim"),
	mapping(SignInRoles, "what the values of that claim stand for; empty if they are the names of trueup's roles", func(c *Config) *access.Mapping { return &c.SignIn.Mapping }).
		chosenBy("signInRoles"),
	boolean(SignInEntra, "whether the issuer is Microsoft Entra ID although it has a domain of the organisation (R16.4)", func(c *Config) *bool { return &c.SignIn.Entra }, false).
		chosenBy("signInEntra"),
	text(SessionsTable, "DynamoDB table of the sessions of the console", func(c *Config) *string { return &c.SessionsTable }).namesResource("sessions"),
	text(API, "address of the HTTP API, without a slash at the end", func(c *Config) *string { return &c.API }).ofDeployment(true),
	text(ConsoleOrigin, "address at which people open the console, without a path", func(c *Config) *string { return &c.Console.Origin }).ofDeployment(true),
	text(ConsoleIssuer, "issuer that signs people in to the console", func(c *Config) *string { return &c.Console.Issuer }).ofDeployment(false),
	text(ConsoleClient, "client id of the console at that issuer, by which audit events have the source console; empty if nobody can sign in to the console", func(c *Config) *string { return &c.Console.Client }).ofDeployment(false),
	text(ConsoleScopes, "scopes that the console asks for, with spaces between them", func(c *Config) *string { return &c.Console.Scopes }).ofDeployment(false),
	text(ConsoleSecret, "name of the secret with the client secret of the console; empty for a client without one", func(c *Config) *string { return &c.Console.Secret }).
		chosenBy("consoleSecret"),
	text(Samples, "folder of files with made-up data that the console offers to try; empty for none", func(c *Config) *string { return &c.Samples }),
	text(UserPool, "id of the user pool that is asked for the groups of people who are not there (R8.8); empty if another issuer signs people in", func(c *Config) *string { return &c.UserPool }).ofDeployment(false),
}

// Setting is one row of Settings.
type Setting struct {
	Name     string
	Summary  string
	Context  string // the CDK context value that sets it at deployment; empty if none does
	Resource string // resource of the manifest that it names, a topic by its ARN; empty if it names none
	Function string // function of the manifest that it names; empty if it names none
	Role     bool   // whether it is the unique id of the function's own role
	Service  bool   // whether it configures the entitlement service; these settings are set together or not at all
	Deployed bool   // whether it is known only when the stack is deployed, such as an address
	Default  string // value if it is not set
	Want     string // description of allowed values, for errors

	required bool
	set      func(c *Config, value string) bool // false if the value is not allowed
	fault    func(value string) error           // what is wrong with a value, if Want cannot say it
	value    func(c Config) string
}

// Value returns the setting as written in the environment; empty if not set.
func (s Setting) Value(c Config) string { return s.value(c) }

// Required reports whether the setting must not be empty. Names of resources and functions, the id of
// a role, and some addresses have no default.
func (s Setting) Required() bool { return s.required || s.Resource != "" || s.Function != "" || s.Role }

func (s Setting) namesResource(resource string) Setting {
	s.Resource = resource
	return s
}

func (s Setting) namesFunction(function string) Setting {
	s.Function = function
	return s
}

func (s Setting) identifiesRole() Setting {
	s.Role = true
	return s
}

func (s Setting) ofDeployment(required bool) Setting {
	s.Deployed, s.required = true, required
	return s
}

func (s Setting) ofService() Setting {
	s.Service = true
	return s
}

func (s Setting) chosenBy(context string) Setting {
	s.Context = context
	return s
}

func text(name, summary string, field func(*Config) *string) Setting {
	return Setting{
		Name: name, Summary: summary,
		set:   func(c *Config, value string) bool { *field(c) = value; return true },
		value: func(c Config) string { return *field(&c) },
	}
}

func number(name, summary string, field func(*Config) *int, least, most, byDefault int) Setting {
	return Setting{
		Name: name, Summary: summary, Default: strconv.Itoa(byDefault), Want: fmt.Sprintf("a whole number from %d to %d", least, most),
		set: func(c *Config, value string) bool {
			n, err := strconv.Atoi(value)
			*field(c) = n
			return err == nil && least <= n && n <= most
		},
		value: func(c Config) string { return strconv.Itoa(*field(&c)) },
	}
}

// days is a number of days, or 0, which is the default.
func days(name, summary string, field func(*Config) *int, least, most int) Setting {
	s := number(name, summary, field, 0, most, 0)
	s.Want = fmt.Sprintf("0, or a whole number from %d to %d", least, most)
	set := s.set
	s.set = func(c *Config, value string) bool { return set(c, value) && (*field(c) == 0 || *field(c) >= least) }
	return s
}

func boolean(name, summary string, field func(*Config) *bool, byDefault bool) Setting {
	return Setting{
		Name: name, Summary: summary, Default: strconv.FormatBool(byDefault), Want: "true or false",
		set: func(c *Config, value string) bool {
			*field(c) = value == "true"
			return value == "true" || value == "false"
		},
		value: func(c Config) string { return strconv.FormatBool(*field(&c)) },
	}
}

func duration(name, summary string, field func(*Config) *time.Duration, least, most, byDefault time.Duration) Setting {
	return Setting{
		Name: name, Summary: summary, Default: byDefault.String(), Want: fmt.Sprintf("a duration from %v to %v, such as %v", least, most, byDefault),
		set: func(c *Config, value string) bool {
			d, err := time.ParseDuration(value)
			*field(c) = d
			return err == nil && least <= d && d <= most
		},
		value: func(c Config) string { return field(&c).String() },
	}
}

func zone(name, summary string, field func(*Config) **time.Location) Setting {
	return Setting{
		Name: name, Summary: summary, Default: time.UTC.String(), Want: "the name of a time zone, such as Europe/Brussels",
		set: func(c *Config, value string) bool {
			location, err := time.LoadLocation(value)
			*field(c) = location
			return err == nil && value != "Local"
		},
		value: func(c Config) string { return (*field(&c)).String() },
	}
}

// choice is one of some values; the first one is the default.
func choice(name, summary string, field func(*Config) *string, values ...string) Setting {
	return Setting{
		Name: name, Summary: summary, Default: values[0], Want: "one of " + strings.Join(values, ", "),
		set: func(c *Config, value string) bool {
			*field(c) = value
			return slices.Contains(values, value)
		},
		value: func(c Config) string { return *field(&c) },
	}
}

// claim is the name of a claim of a token. Most are short words, others are addresses.
func claim(name, summary string, field func(*Config) *string) Setting {
	return Setting{
		Name: name, Summary: summary, Default: access.GroupsClaim, Want: "the name of one claim, such as roles or groups",
		set: func(c *Config, value string) bool {
			*field(c) = value
			return len(value) <= 256 && !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == ',' })
		},
		value: func(c Config) string { return *field(&c) },
	}
}

func mapping(name, summary string, field func(*Config) *access.Mapping) Setting {
	return Setting{
		Name: name, Summary: summary,
		set: func(c *Config, value string) (ok bool) {
			m, err := access.ParseMapping(value)
			*field(c) = m
			return err == nil
		},
		fault: func(value string) error {
			_, err := access.ParseMapping(value)
			return err
		},
		value: func(c Config) string { return field(&c).String() },
	}
}

// Find returns the setting with the name.
func Find(name string) (Setting, bool) {
	i := slices.IndexFunc(Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return Settings[i], true
}

// Environment returns the value of an environment variable.
func Environment(name string) string { return os.Getenv(name) }

// Load reads the named settings of a function through lookup, which returns the value of an
// environment variable. Settings without a value have their default, and settings that are not
// named are zero. The error lists every mistake.
func Load(lookup func(name string) string, names ...string) (Config, error) {
	rows := make([]Setting, len(names))
	for i, name := range names {
		s, known := Find(name)
		if !known {
			return Config{}, fmt.Errorf("config: %s is not a setting", name)
		}
		rows[i] = s
	}
	return read(rows, func(s Setting) string { return s.Name }, lookup)
}

// Chosen reads the settings of a deployment through lookup, which returns a CDK context value:
// what an operator chooses, and the defaults of the others. Names of resources and
// functions are empty. The error lists every mistake.
func Chosen(lookup func(context string) string) (Config, error) {
	rows := slices.DeleteFunc(slices.Clone(Settings), Setting.Required)
	return read(rows, func(s Setting) string { return s.Context }, func(context string) string {
		if context == "" {
			return ""
		}
		return lookup(context)
	})
}

// read reads settings. nameOf returns the name of a setting for lookup and in errors.
func read(rows []Setting, nameOf func(Setting) string, lookup func(string) string) (Config, error) {
	var c Config
	var wrong []string
	for _, s := range rows {
		name := nameOf(s)
		value := cmp.Or(strings.TrimSpace(lookup(name)), s.Default)
		switch {
		case value == "" && s.Required():
			wrong = append(wrong, name+" is not set")
		case value != "" && !s.set(&c, value) && s.fault != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %s", name, strings.ReplaceAll(s.fault(value).Error(), "\n", "; ")))
		case value != "" && !s.set(&c, value):
			wrong = append(wrong, fmt.Sprintf("%s is %q; set %s", name, value, s.Want))
		}
	}
	if service := partOfService(c, nameOf); service != nil {
		wrong = append(wrong, strings.Join(service, ", ")+" go together; set all of them, or none for statements only")
	}
	if wrong != nil {
		return Config{}, fmt.Errorf("config: %s", strings.Join(wrong, "; "))
	}
	return c, nil
}

// partOfService returns the names of the entitlement service's settings if only some are set.
func partOfService(c Config, nameOf func(Setting) string) (names []string) {
	set := 0
	for _, s := range Settings {
		if !s.Service {
			continue
		}
		names = append(names, nameOf(s))
		if s.Value(c) != "" {
			set++
		}
	}
	if set == 0 || set == len(names) {
		return nil
	}
	return names
}
