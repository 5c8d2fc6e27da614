//go:build cdk

package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"

	"trueup/internal/config"
)

// Names of the context values an operator may set, in cdk.context.json or with
// -c name=value.
const (
	alarmEmail    = "alarmEmail"    // who is told of alarms; nobody when empty
	consoleOrigin = "consoleOrigin" // https://host of a console served elsewhere; the API's own when empty
	pairMaxChars  = "pairMaxChars"  // PAIR_MAX_CHARS of R2.2; its default when empty
)

// settings is what an operator chooses for a deployment.
type settings struct {
	AlarmEmail    string
	ConsoleOrigin string
	PairMaxChars  int
}

// readSettings reads the context through lookup and returns every mistake at
// once. Package config, which reads the same setting inside the functions,
// decides what PAIR_MAX_CHARS may be.
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
	c, err := config.Load(func(string) string { return lookup(pairMaxChars) }, config.PairMaxChars)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("infra: context %s: %w", pairMaxChars, err))
	}
	chosen.PairMaxChars = c.PairMaxChars
	return chosen, errors.Join(wrong...)
}
