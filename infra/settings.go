//go:build cdk

package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"time"

	"trueup/internal/config"
)

// Names of the context values an operator may set, in cdk.context.json or with
// -c name=value.
const (
	alarmEmail    = "alarmEmail"    // who is told of alarms; nobody when empty
	consoleOrigin = "consoleOrigin" // https://host of a console served elsewhere; the API's own when empty
	pairMaxChars  = "pairMaxChars"  // PAIR_MAX_CHARS of R2.2; its default when empty
)

// settings is what is chosen for a deployment: by the operator, or by default.
type settings struct {
	AlarmEmail    string
	ConsoleOrigin string
	PairMaxChars  int
	ImportLease   time.Duration
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
	c, err := config.Load(func(name string) string {
		if name == config.PairMaxChars {
			return lookup(pairMaxChars)
		}
		return ""
	}, config.PairMaxChars, config.ImportLease)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("infra: context %s: %w", pairMaxChars, err))
	}
	chosen.PairMaxChars, chosen.ImportLease = c.PairMaxChars, c.ImportLease
	return chosen, errors.Join(wrong...)
}
