// Package audit is the append-only record of who changed what, when (SPEC 12).
package audit

import "time"

// Source says through which door a change came.
type Source string

// The doors.
const (
	SourceAPI     Source = "api"
	SourceConsole Source = "console"
	SourceImport  Source = "import"
	SourceRefresh Source = "refresh"
)

// Event is one change, or one reading of sensitive details. Before and After
// hold what changed by field name; never details, keys or tokens.
type Event struct {
	ID        string // sorts by time
	At        time.Time
	By        string // subject of the token, or the principal of the S3 event
	Role      string
	Action    string // for example "import.announced", "import.succeeded", "group.created"
	Subject   string // what it happened to, for example "import/01h…", "group/ab12"
	Before    map[string]string
	After     map[string]string
	RequestID string
	Source    Source
}
