//go:build cdk

package main

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"time"

	"trueup/internal/config"
)

// Names of the context values an operator may set, in cdk.context.json or with
// -c name=value.
const (
	alarmEmail        = "alarmEmail"        // who is told of alarms; nobody when empty
	consoleOrigin     = "consoleOrigin"     // https://host of a console served elsewhere; the API's own when empty
	pairMaxChars      = "pairMaxChars"      // PAIR_MAX_CHARS of R2.2; its default when empty
	expiringDays      = "expiringDays"      // EXPIRING_DAYS of R2.11; its default when empty
	inventoryRequired = "inventoryRequired" // INVENTORY_REQUIRED of R2.8; its default when empty
)

// chosenBy says which context value a setting of the functions is chosen by.
var chosenBy = map[string]string{
	config.PairMaxChars:      pairMaxChars,
	config.ExpiringDays:      expiringDays,
	config.InventoryRequired: inventoryRequired,
}

// settings is what is chosen for a deployment: by the operator, or by default.
type settings struct {
	AlarmEmail        string
	ConsoleOrigin     string
	PairMaxChars      int
	ExpiringDays      int
	InventoryRequired bool
	ImportLease       time.Duration
}

// readSettings reads the context through lookup and returns every mistake at
// once. Package config, which the functions read their settings with, decides
// what those may be and what they are when nobody chose.
func readSettings(lookup func(string) string) (settings, error) {
	chosen := settings{AlarmEmail: lookup(alarmEmail), ConsoleOrigin: lookup(consoleOrigin)}
	var wrong []error
	if s := chosen.AlarmEmail; s != "" {
		if address, err := mail.ParseAddress(s); err != nil || address.Address != s {
			wrong = append(wrong, fmt.Errorf("infra: %s is %q; give one bare e-mail address", alarmEmail, s))
		}
	}
	if s := chosen.ConsoleOrigin; s != "" {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != s {
			wrong = append(wrong, fmt.Errorf("infra: %s is %q; give an origin such as https://licences.example.org, without a path", consoleOrigin, s))
		}
	}
	given := func(name string) string {
		if value := chosenBy[name]; value != "" {
			return lookup(value)
		}
		return ""
	}
	names := slices.Sorted(maps.Keys(chosenBy))
	for _, name := range names {
		if _, err := config.Load(given, name); err != nil {
			wrong = append(wrong, fmt.Errorf("infra: context %s: %w", chosenBy[name], err))
		}
	}
	if wrong != nil {
		return settings{}, errors.Join(wrong...)
	}
	c, err := config.Load(given, append(names, config.ImportLease)...)
	chosen.PairMaxChars, chosen.ExpiringDays = c.PairMaxChars, c.ExpiringDays
	chosen.InventoryRequired, chosen.ImportLease = c.InventoryRequired, c.ImportLease
	return chosen, err
}
