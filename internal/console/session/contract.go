// Package session signs people in and out of the console and keeps their sessions.
package session

import (
	"errors"

	"trueup/internal/access"
)

// Person is who is signed in.
type Person struct {
	Token  string           // access token for the HTTP API; never logged
	Caller access.Principal // roles and name, from the token's claims
}

// ErrNoSession means that nobody is signed in, or that the session has ended.
var ErrNoSession = errors.New("session: nobody is signed in")
