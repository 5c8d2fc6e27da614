// Package reminders serves reminders, and the calendars of people, over HTTP.
package reminders

import (
	"context"
	"net/http"
	"time"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/reminder"
)

// Name is the name of the function in the manifest.
const Name = "reminders"

// Lister computes reminders.
type Lister interface {
	// Reminders returns the reminders of a moment for some days, sorted by their places.
	Reminders(ctx context.Context, now time.Time, within int) ([]reminder.Reminder, error)
}

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Reminders Lister
	Feeds     reminder.Feeds
	NewToken  func() string  // returns a new token of 256 random bits, without characters that an address must encode
	Address   string         // of the HTTP API, where calendars read feeds, without a slash at the end
	Origin    string         // where people open the console
	Zone      *time.Location // of the organisation
}

type operations struct{ Deps }

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{httpapi.EnumOf(reminder.Kinds), httpapi.EnumOf(reminder.Causes), httpapi.EnumOf(reminder.Urgencies)}

// New returns the function's handler.
func New(d Deps) http.Handler {
	httpapi.Require(d)
	f := (&operations{Deps: d}).function()
	f.Log = d.Log
	return httpapi.New(f)
}

// Function returns the function for the OpenAPI document. Its operations cannot be called.
func Function() httpapi.Function { return new(operations).function() }

func (o *operations) function() httpapi.Function {
	return httpapi.Function{Name: Name, Enums: enums, Operations: httpapi.Join(o.listOperations(), o.feedOperations())}
}

// date returns the organisation's day at a moment.
func (o *operations) date(now time.Time) day.Date { return day.In(now, o.Zone) }
