// Package audit is the append-only record of who changed what, when (SPEC 12). Only events that are
// older than the organisation keeps them are deleted, by their store.
package audit

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Source says how a change arrived.
type Source string

// The sources.
const (
	SourceAPI     Source = "api"
	SourceConsole Source = "console"
	SourceImport  Source = "import"
	SourceRefresh Source = "refresh"
	// SourceSchedule is what trueup does by itself at an interval, such as serving waiting users.
	SourceSchedule Source = "schedule"
)

// Sources lists every source, in the order of the documentation.
var Sources = []Source{SourceAPI, SourceConsole, SourceImport, SourceRefresh, SourceSchedule}

// Event is one change, or one reading of sensitive details. Before and After hold what changed,
// by field name; they never contain details, keys or tokens.
type Event struct {
	ID        string // made from At by id.New, so ids sort by time
	At        time.Time
	By        string // subject of the token, or the principal of the S3 event
	ByName    string // name of the caller in the token; empty if there was none
	Role      string
	Action    string // for example "import.announced", "import.succeeded", "group.created"
	Subject   string // the changed thing, for example "import/01h…", "group/ab12"
	Before    map[string]string
	After     map[string]string
	RequestID string
	Source    Source
}

// Query selects events, newest first. Empty fields select all.
type Query struct {
	From, To time.Time // From inclusive, To exclusive
	By       string    // subject, which people cannot choose
	ByName   string    // name; people may choose it, and take one that another person had
	Action   string
	Subject  string
	// Subscription is the id of a subscription: events about it, and those of users and device groups whose
	// licences of it changed.
	Subscription string
	Call         string // the call, job or file that changed licences: see After["call"]
	Limit        int
	Cursor       string // where the previous page of the same query ended
}

// Selects reports whether an event fits the filters of a query.
func (q Query) Selects(e Event) bool {
	return !e.At.Before(q.From) && e.At.Before(q.To) &&
		(q.By == "" || q.By == e.By) && (q.ByName == "" || q.ByName == e.ByName) &&
		(q.Action == "" || q.Action == e.Action) && (q.Subject == "" || q.Subject == e.Subject) &&
		(q.Call == "" || q.Call == e.After["call"]) && (q.Subscription == "" || e.concerns(q.Subscription))
}

// concerns reports whether an event is about a subscription, or about licences of it: "licenses" and "waiting" are lists of
// ids, "subscription" is one id, and "servicesOff/<id>" has the services of one.
func (e *Event) concerns(subscription string) bool {
	if e.Subject == "subscription/"+subscription {
		return true
	}
	for _, list := range [...]string{"licenses", "waiting", "subscription"} {
		if lists(e.Before[list], subscription) != lists(e.After[list], subscription) {
			return true
		}
	}
	services := "servicesOff/" + subscription
	return e.Before[services] != e.After[services]
}

// lists reports whether a list, such as "e3, e5", has an id.
func lists(list, id string) bool { return slices.Contains(strings.Split(list, ", "), id) }

// Page is one page of events. Next is empty on the last page. A page may have fewer events than
// its limit, even none, and still have a next one, because a call limits how much it reads.
type Page struct {
	Items []Event
	Next  string
}

// Store reads events. The store of each subject writes its events in the transaction of the
// change.
type Store interface {
	// Events lists events. A cursor that is damaged or of another query is errs.Invalid
	// cursor_invalid.
	Events(ctx context.Context, q Query) (Page, error)
}

// Callers keeps the names of callers as long as events.
type Callers interface {
	// Names returns the names of the callers with these ids, by id: the latest of SetName and of the events of
	// calls of the API or the console that have a name. Unknown ids are missing.
	Names(ctx context.Context, ids []string) (map[string]string, error)
	// SetName stores the name of the caller with this id, who is known to have it at that time.
	SetName(ctx context.Context, id, name string, at time.Time) error
}
