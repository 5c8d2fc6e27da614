package agreements

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

const (
	oneDay         = 24 * time.Hour
	auditDays      = 30               // default range
	maxExportDays  = 366              // range of an export
	maxExportBytes = 5 << 20          // size of an export inside a function's response: Lambda accepts 6 MB
	maxExportFor   = 14 * time.Second // time to read an export
)

// AuditEvent is one recorded change.
type AuditEvent struct {
	ID        string            `json:"id" doc:"The id of the event. Ids sort by time." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	At        time.Time         `json:"at" doc:"When it happened." example:"2026-11-21T09:30:00Z"`
	By        string            `json:"by" doc:"Who did it: the id of the caller in the token (in Microsoft Entra ID the object id), or who uploaded the file. It never changes."`
	ByName    string            `json:"byName,omitempty" doc:"The name in the token: an e-mail address, a user name or a full name, as the issuer gives it. It may change; by does not. Absent if the token had none." example:"ann@example.org"`
	Role      string            `json:"role,omitempty" doc:"The role that allowed it; absent for a file put into the bucket directly." example:"global-admin"`
	Action    string            `json:"action" doc:"The kind of change." example:"agreement.created"`
	Subject   string            `json:"subject" doc:"The changed object." example:"agreement/k3v8t2q9x7w4m5n6"`
	Before    map[string]string `json:"before,omitempty" doc:"The fields before the change; absent for a new object."`
	After     map[string]string `json:"after,omitempty" doc:"The fields after the change; absent for a deleted object."`
	RequestID string            `json:"requestId,omitempty" doc:"The id of the request in the logs." example:"JKJaXmPLvHcESHA="`
	Source    audit.Source      `json:"source" doc:"How the change arrived."`
}

func auditEventOf(e audit.Event) AuditEvent {
	return AuditEvent{
		ID: e.ID, At: e.At.UTC(), By: e.By, ByName: e.ByName, Role: e.Role, Action: e.Action, Subject: e.Subject,
		Before: e.Before, After: e.After, RequestID: e.RequestID, Source: e.Source,
	}
}

// AuditFilter selects audit events.
type AuditFilter struct {
	From    string `query:"from" maxLength:"64" doc:"The start: a date, or a time (RFC 3339). The default is 30 days before to." example:"2026-11-01"`
	To      string `query:"to" maxLength:"64" doc:"The end: a date (inclusive), or a time (exclusive). The default is now." example:"2026-11-30"`
	By      string `query:"by" maxLength:"256" doc:"Only events of this person or program: the exact id in by of an event. Nobody can choose it." example:"0b1ec700-5d3b-4c6a-9e8f-0123456789ab"`
	ByName  string `query:"byName" maxLength:"256" doc:"Only events with this exact name in byName. Where people choose their names, several may have used it: compare by." example:"ann@example.org"`
	Action  string `query:"action" maxLength:"64" doc:"Only events with this action." example:"agreement.created"`
	Subject string `query:"subject" maxLength:"256" doc:"Only events with this subject." example:"agreement/k3v8t2q9x7w4m5n6"`

	Subscription string `query:"subscription" maxLength:"64" doc:"Only events about this subscription, and those that changed who has, or waits for, its licences." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Call         string `query:"call" maxLength:"64" doc:"Only what this call, license job or file changed: the id in after.call of an event of licences." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// moment reads a date or a time. A date stands for its first moment.
func moment(s string) (at time.Time, isDate bool, ok bool) {
	if at, err := time.Parse(time.DateOnly, s); err == nil {
		return at, true, true
	}
	at, err := time.Parse(time.RFC3339, s)
	// Events have whole milliseconds, so rounding up selects the same events.
	return at.UTC().Add(time.Millisecond - 1).Truncate(time.Millisecond), false, err == nil
}

// Resolve implements huma.Resolver.
func (f *AuditFilter) Resolve(huma.Context) []error {
	var broken []errs.Violation
	for name, given := range map[string]string{"from": f.From, "to": f.To} {
		if _, _, ok := moment(given); given != "" && !ok {
			broken = append(broken, errs.Violation{Code: "time_invalid", Field: httpapi.ParameterField + name, Value: given})
		}
	}
	from, _, _ := moment(f.From)
	if to, _, ok := moment(f.To); f.From != "" && ok && from.After(to) {
		broken = append(broken, errs.Violation{Code: "range_reversed", Field: httpapi.ParameterField + "from", Value: f.From})
	}
	return httpapi.Refusals(broken)
}

// query returns the audit query of the filter at a time. Nothing happened after the day of now,
// so later days are not searched.
func (f *AuditFilter) query(now time.Time) audit.Query {
	q := audit.Query{To: now.Truncate(oneDay).Add(oneDay), By: f.By, ByName: f.ByName, Action: f.Action, Subject: f.Subject, Subscription: f.Subscription, Call: f.Call}
	if to, isDate, ok := moment(f.To); ok {
		if isDate {
			to = to.Add(oneDay)
		}
		if to.Before(q.To) {
			q.To = to
		}
	}
	q.From = q.To.Add(-auditDays * oneDay)
	if from, _, ok := moment(f.From); ok {
		q.From = from
	}
	return q
}

// auditCursor returns the cursor of the next page. It contains the times of the first page:
// without "to" they would differ on the next day.
func (f *AuditFilter) auditCursor(q audit.Query, next string) string {
	if next == "" {
		return ""
	}
	return fmt.Sprintf("%x.%x.%08x.%s", q.From.UnixMilli(), q.To.UnixMilli(), crc32.ChecksumIEEE([]byte(f.From+" "+f.To)), next)
}

// resume returns the query of the page at a cursor.
func (f *AuditFilter) resume(q audit.Query, cursor string) (audit.Query, error) {
	if cursor == "" {
		return q, nil
	}
	parts := strings.SplitN(cursor, ".", 4)
	if len(parts) == 4 {
		from, err := strconv.ParseInt(parts[0], 16, 64)
		to, err2 := strconv.ParseInt(parts[1], 16, 64)
		q.From, q.To, q.Cursor = time.UnixMilli(from).UTC(), time.UnixMilli(to).UTC(), parts[3]
		if err == nil && err2 == nil && q.Cursor != "" && f.auditCursor(q, q.Cursor) == cursor {
			return q, nil
		}
	}
	return q, errs.New(errs.Invalid, "cursor_invalid")
}

type listAuditEventsInput struct {
	httpapi.Reader
	httpapi.Paging
	AuditFilter
}

type listAuditEventsOutput struct{ Body httpapi.Page[AuditEvent] }

func (o *operations) auditOperations() httpapi.Operations {
	return httpapi.Operations{
		"listAuditEvents":   o.listAuditEvents,
		"exportAuditEvents": o.exportAuditEvents,
	}
}

func (o *operations) listAuditEvents(api huma.API, op huma.Operation) {
	op.Summary = "List audit events"
	op.Description = "Lists who changed what, the newest first. One call reads a limited number of events and days: a page can be shorter than its limit, or empty, " +
		"and still have a `nextCursor`, especially if a filter selects few events. The last page has none."
	huma.Register(api, op, func(ctx context.Context, in *listAuditEventsInput) (*listAuditEventsOutput, error) {
		q, err := in.resume(in.query(o.Now()), in.Cursor)
		if err != nil {
			return nil, err
		}
		q.Limit = in.Limit
		found, err := o.Audit.Events(ctx, q)
		if err != nil {
			return nil, err
		}
		return &listAuditEventsOutput{httpapi.PageOf(found.Items, in.auditCursor(q, found.Next), auditEventOf)}, nil
	})
}

type exportAuditEventsInput struct {
	httpapi.Reader
	AuditFilter
	httpapi.Separated
}

type exportAuditEventsOutput struct {
	ContentType        string `header:"Content-Type" hidden:"true"`
	ContentDisposition string `header:"Content-Disposition" doc:"The file's name."`
	Body               []byte
}

func (o *operations) exportAuditEvents(api huma.API, op huma.Operation) {
	op.Summary = "Export audit events"
	op.Description = "Returns every audit event that matches the filters, the newest first, as one CSV file of at most 366 days. " +
		"An export that is too large for one response is rejected, never truncated: choose fewer days."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The events.",
		Content:     map[string]*huma.MediaType{httpapi.CSVMediaType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(api, op, func(ctx context.Context, in *exportAuditEventsInput) (*exportAuditEventsOutput, error) {
		q := in.query(o.Now())
		if q.To.Sub(q.From) > maxExportDays*oneDay {
			return nil, errs.Violated([]errs.Violation{{
				Code: "range_too_long", Field: httpapi.ParameterField + "from", Value: in.From, Args: errs.Pairs("max", strconv.Itoa(maxExportDays)),
			}})
		}
		file, err := o.auditFile(ctx, q, in.SeparatorIn(in.Lang()))
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("audit-%s-%s.csv", day.Of(q.From), day.Of(q.To.Add(-time.Nanosecond)))
		return &exportAuditEventsOutput{
			ContentType: httpapi.CSVMediaType + "; charset=utf-8", ContentDisposition: `attachment; filename="` + name + `"`, Body: file,
		}, nil
	})
}

// auditFile returns a CSV file of all events that a query selects.
func (o *operations) auditFile(ctx context.Context, q audit.Query, separator sheet.Separator) ([]byte, error) {
	tooLarge := errs.New(errs.Invalid, "export_too_large")
	ctx, cancel := context.WithTimeout(ctx, maxExportFor)
	defer cancel()
	var file bytes.Buffer
	w, err := sheet.NewCSVWriter(&file, separator.Byte())
	if err != nil {
		return nil, err
	}
	w.Write(texts("at", "by", "byName", "role", "action", "subject", "before", "after", "requestId", "source", "id"))
	carried := 0
	for q.Limit = 1000; ; {
		found, err := o.Audit.Events(ctx, q)
		if errors.Is(err, context.DeadlineExceeded) && q.Cursor != "" { // the first page is always read in time, however large the export
			return nil, tooLarge
		}
		if err != nil {
			return nil, err
		}
		start := file.Len()
		for _, e := range found.Items {
			w.Write(auditRow(e))
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		// The response is sent as a JSON string, which is longer.
		escaped, err := json.Marshal(string(file.Bytes()[start:]))
		if err != nil {
			return nil, err
		}
		if carried += len(escaped); carried > maxExportBytes {
			return nil, tooLarge
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return file.Bytes(), nil
		}
	}
}

// auditRow returns an event as a record.
func auditRow(e audit.Event) []sheet.Value {
	return texts(
		e.At.UTC().Format(time.RFC3339Nano), e.By, e.ByName, e.Role, e.Action, e.Subject, fields(e.Before), fields(e.After), e.RequestID, string(e.Source), e.ID,
	)
}

// texts returns cells with texts that are readable on one line.
func texts(cells ...string) []sheet.Value {
	values := make([]sheet.Value, len(cells))
	for i, cell := range cells {
		values[i].Text = text.Readable(cell)
	}
	return values
}

// fields formats a map for one cell: "group: unassigned; name: Office".
func fields(m map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+": "+m[name])
	}
	return strings.Join(parts, "; ")
}
