// Package directory reads the files in which Microsoft's admin centres, Microsoft Graph and scripts list
// users, devices and subscriptions (SPEC 9 and 10):
//
//   - users: the export of active users of the Microsoft 365 admin centre, "Download users" of the Entra
//     admin centre, /users of Graph, and any table with a column for the user principal name;
//   - activity: the usage reports of Microsoft 365, from which only the last activity is read;
//   - devices: "Download devices" of the Entra admin centre, the list of devices of Intune, /devices of
//     Graph;
//   - groups and their members: /groups and /groups/{id}/members of Graph;
//   - subscriptions: the export of licences of the Microsoft 365 admin centre, /subscribedSkus and
//     /directory/subscriptions of Graph.
//
// A table is CSV in any encoding and with any separator, or a workbook (XLSX). JSON is what Graph
// answers, or what ConvertTo-Json writes: pages, an array, or an object on each line. A file is recognised
// by the names of its columns or fields, never by its name. Column names may be English, Dutch, French,
// German, Spanish or Portuguese.
//
// Read streams: it holds one row and the hashes of names, whatever the size of the file; of JSON, one
// object, or a page of an array of pages. It delivers each good row and reports every error of the others. The caller reads a file twice: first without a Sink,
// to know whether the file as a whole is good, because some reasons to refuse a file show only at its end.
//
// Adopt compares the licences that a file states with those of a user.
package directory

import (
	"bufio"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"time"

	"trueup/internal/day"
	"trueup/internal/directory/columns"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Kind is what a file lists.
type Kind = columns.Kind

// The kinds.
const (
	Users         = columns.Users
	Activity      = columns.Activity // the last activity of users
	Devices       = columns.Devices
	Groups        = columns.Groups
	Members       = columns.Members // of one group
	Subscriptions = columns.Subscriptions
)

// Kinds lists every kind, in the order of the documentation.
var Kinds = []Kind{Users, Activity, Devices, Groups, Members, Subscriptions}

// The limits of a file.
const (
	MaxBytes         = 512 << 20
	MaxWorkbookBytes = 16 << 20
	MaxRows          = 100_000 // users, devices, groups or members
	MaxSubscriptions = subscription.SubscriptionsMax
	MaxFindings      = 1000 // further findings are not listed; their rows still count as rejected
)

// findingsPerRow limits the findings of one row.
const findingsPerRow = 12

// Options are what a file does not contain.
type Options struct {
	// Accept are the kinds that are expected where the file was put. A file of another kind is refused.
	// Nil accepts all.
	Accept []Kind
	// Now is the moment as of which the file states quantities. Sign-ins and activity after it are errors
	// of a clock and count as unknown. It must not be zero.
	Now time.Time
}

// File is the result of reading a file. Always
//
//	Good + Rejected + Skipped = Rows
type File struct {
	Kind Kind // empty if it was not recognised
	// Findings are in the order of the file. Findings about the whole file have Line 0. Line is the line
	// of a text, also of JSON, or the row of a sheet. Objects on one line are told apart by Value.
	Findings []sheet.Finding
	Rows     int // not blank, without the header
	Good     int // delivered to the Sink
	Rejected int // with an error; all rows if the file is refused
	Skipped  int // about something else, such as a service principal in a group
	// Refused says that nothing of the file can be used. Rows that were delivered before must be
	// dropped.
	Refused bool
	// Unknown says that the file was refused because it is of none of the kinds. It may be a file of
	// another part of trueup: see Refuse.
	Unknown bool
	// Part says that the file has only some pages of a list: what it does not name may exist.
	Part bool
	// Refreshed is the day as of which a usage report was made; empty for other files.
	Refreshed day.Date
}

// Refuse refuses the file as a whole with another code, such as one that says what an unknown file is.
func (f *File) Refuse(code string, args ...string) { f.refuse(0, code, args...) }

func (f *File) refuse(line int, code string, args ...string) {
	f.Refused, f.Rejected, f.Good, f.Skipped = true, f.Rows, 0, 0
	f.Findings = []sheet.Finding{{Severity: sheet.SeverityError, Line: line, Code: code, Args: errs.Pairs(args...)}}
}

func (f *File) add(finding sheet.Finding) {
	if len(f.Findings) < MaxFindings {
		f.Findings = append(f.Findings, finding)
	}
}

// Sink receives the rows of a file, in its order. A function that is nil drops its rows. An error of a
// function ends the reading and is returned by Read.
type Sink struct {
	User         func(UserRow) error
	Activity     func(ActivityRow) error
	Device       func(DeviceRow) error
	Group        func(GroupRow) error
	Member       func(MemberRow) error
	Subscription func(SubscriptionRow) error
	// Rejected receives what identifies a user or a device whose row has errors, so that the caller does
	// not take it for missing. Fields that the row lacks are empty.
	Rejected func(Identity) error
}

// Identity is what identifies a user or a device.
type Identity struct {
	Line     int
	ObjectID string // in the directory
	UPN      string // user principal name, as written
	DeviceID string
	Name     string // of a device
}

// errStop ends the reading of a refused file.
var errStop = errors.New("directory: the file is refused")

// Read reads a file. What is wrong with it is in the File. An error is a fault of reading the file, or
// of the Sink.
func Read(file io.Reader, o Options, to Sink) (*File, error) {
	return readAtMost(MaxBytes, file, o, to)
}

func readAtMost(most int64, file io.Reader, o Options, to Sink) (*File, error) {
	r := &reading{File: &File{}, options: o, sink: to, seed: maphash.MakeSeed(), seen: map[uint64]int{}}
	err := r.read(&limited{file: file, left: most, most: most})
	if e := errs.As(err); e != nil && e.Kind == errs.TooLarge {
		r.refuse(0, e.Code, "max", e.Args["max"])
		err = nil
	}
	if errors.Is(err, errStop) {
		err = nil
	}
	if err == nil && !r.Refused && r.Rows == 0 {
		r.refuse(0, "directory_empty")
	}
	return r.File, err
}

// limited reads a limited number of bytes.
type limited struct {
	file       io.Reader
	left, most int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.file.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errs.New(errs.TooLarge, "directory_too_large", "max", strconv.FormatInt(l.most>>20, 10))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("directory: %w", err)
	}
	return n, err
}

// reading is the state of reading a file.
type reading struct {
	*File
	options Options
	sink    Sink

	seed maphash.Seed
	seen map[uint64]int // lines of what must not be repeated, by hash

	epoch    day.Date // of a workbook
	dayFirst bool     // order of dates with slashes
	record   record

	// Of the current row.
	before int // number of findings of earlier rows
	wrong  int // number of errors of the row
	what   string
}

// contentCodes maps codes of sheet.Content to those of files that are not text.
var contentCodes = map[string]string{
	"file_xls": "directory_xls", "file_numbers": "directory_xls", "file_xlsx": "directory_xls",
	"file_zip": "directory_zip", "file_gzip": "directory_gzip",
	"file_word": "directory_page", "file_rtf": "directory_page", "file_document": "directory_page", "file_pdf": "directory_page", "file_html": "directory_page",
}

func (r *reading) read(file io.Reader) error {
	buffered := bufio.NewReader(file)
	if start, err := buffered.Peek(4); err == nil && sheet.IsZIP(start) {
		return r.readWorkbook(buffered)
	}
	var plain sheet.Plain
	content, head, err := plain.Open(buffered)
	if err != nil {
		return err
	}
	if code, _ := sheet.Content(head); contentCodes[code] != "" {
		return r.stop(0, contentCodes[code])
	}
	if columns.IsJSON(head) {
		return r.readJSON(content)
	}
	return r.readText(content)
}

// stop refuses the file and ends the reading.
func (r *reading) stop(line int, code string, args ...string) error {
	r.refuse(line, code, args...)
	return errStop
}

// unknown refuses a file that is of no kind.
func (r *reading) unknown() error {
	r.Unknown = true
	return r.stop(0, "directory_unknown")
}

// misplaced are the codes for files of a kind that is not accepted.
var misplaced = map[Kind]string{
	Users: "directory_users", Activity: "directory_users",
	Devices: "directory_devices", Groups: "directory_devices", Members: "directory_members",
	Subscriptions: "directory_subscriptions",
}

// is sets the kind of the file. All lists in it have the same kind.
func (r *reading) is(kind Kind) error {
	switch {
	case r.Kind == "":
		r.Kind = kind
	case r.Kind != kind:
		return r.stop(0, "directory_mixed")
	}
	if r.options.Accept != nil && !slices.Contains(r.options.Accept, kind) {
		return r.stop(0, misplaced[kind])
	}
	return nil
}

// deliver reads the record as a row of the file's kind.
func (r *reading) deliver() error {
	if err := r.count(); err != nil {
		return err
	}
	switch r.Kind {
	case Users:
		return r.user()
	case Activity:
		return r.activity()
	case Devices:
		return r.device()
	case Groups:
		return r.group()
	case Members:
		return r.member("")
	case Subscriptions:
		return r.subscription()
	}
	return nil
}

// count counts a row, and refuses a file with too many.
func (r *reading) count() error {
	limit := MaxRows
	if r.Kind == Subscriptions {
		limit = MaxSubscriptions
	}
	if r.Rows++; r.Rows > limit {
		return r.stop(0, "directory_too_many_rows", "max", strconv.Itoa(limit))
	}
	r.before, r.wrong, r.what = len(r.Findings), 0, ""
	return nil
}

// flawed counts a row that cannot be split into cells, or an element that is no object.
func (r *reading) flawed(line int, code string) error {
	r.record.reset(line)
	if err := r.count(); err != nil {
		return err
	}
	r.reject(columns.None, "", code)
	r.done()
	return nil
}

// find reports a finding about a field of the current row.
func (r *reading) find(severity sheet.Severity, f columns.Field, value, code string, args ...string) {
	if len(r.Findings)-r.before >= findingsPerRow {
		return
	}
	finding := sheet.Finding{Severity: severity, Line: r.record.line, Column: fieldNames[f], Value: text.Quote(value), Code: code, Args: errs.Pairs(args...)}
	if f != columns.None {
		finding.Position = r.record.cells[f].position
	}
	if finding.Value == "" {
		finding.Value = text.Quote(r.what) // otherwise nothing identifies an object of a JSON file on one line
	}
	r.add(finding)
}

func (r *reading) reject(f columns.Field, value, code string, args ...string) {
	r.wrong++
	r.find(sheet.SeverityError, f, value, code, args...)
}

func (r *reading) warn(f columns.Field, value, code string, args ...string) {
	r.find(sheet.SeverityWarning, f, value, code, args...)
}

// violated reports violations of rules of the domain, by the fields of its drafts.
func (r *reading) violated(violations []errs.Violation) {
	for _, v := range violations {
		r.wrong++
		f := fieldOf(v.Field)
		if len(r.Findings)-r.before >= findingsPerRow {
			return
		}
		finding := sheet.Finding{Severity: sheet.SeverityError, Line: r.record.line, Column: fieldNames[f], Value: v.Value, Code: v.Code, Args: v.Args}
		if f != columns.None {
			finding.Position = r.record.cells[f].position
		}
		if finding.Value == "" {
			finding.Value = text.Quote(r.what)
		}
		r.add(finding)
	}
}

// done counts the current row. It reports whether the row is good.
func (r *reading) done() bool {
	if r.wrong > 0 {
		r.Rejected++
		return false
	}
	r.Good++
	return true
}

// rejected tells the Sink what a rejected row identifies.
func (r *reading) rejected(id Identity) error {
	if r.sink.Rejected == nil || id == (Identity{}) {
		return nil
	}
	id.Line = r.record.line
	return r.sink.Rejected(id)
}

// repeats returns the line of an earlier row with the same identity, and remembers this one. Hashes are
// kept instead of names, which take ten times as much.
func (r *reading) repeats(kind byte, identity string) (line int, repeated bool) {
	if identity == "" {
		return 0, false
	}
	hash := maphash.String(r.seed, string(kind)+text.Fold(identity))
	if line, repeated = r.seen[hash]; !repeated {
		r.seen[hash] = r.record.line
	}
	return line, repeated
}
