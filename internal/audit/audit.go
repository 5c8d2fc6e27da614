// Package audit is the append-only record of who changed what, when (SPEC 12). Only events that are
// older than the organisation keeps them are deleted, by their store.
package audit

import (
	"context"
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
	Limit    int
	Cursor   string // where the previous page of the same query ended
}

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
