package directories

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/lease"
	"trueup/internal/licensing"
	"trueup/internal/misfiled"
	"trueup/internal/objects"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// Service is the use case. Set its fields; then it is safe for concurrent use.
type Service struct {
	Store         Store
	Subscriptions subscription.Store
	People        subscription.People
	Register      subscription.Register
	Devices       device.Store
	// PartNumbers returns the part numbers of product titles, by the titles in the form of text.Letters.
	PartNumbers func(context.Context) (map[string][]string, error)
	Uploads     objects.Bucket
	Reports     objects.Bucket
	Clock       func() time.Time
	NewID       func(at time.Time) string // returns a new id
	Zone        *time.Location            // of the organisation
	// Lease is how long a process that stops renewing keeps the lease.
	Lease time.Duration
	// Reserve is the time before the end of an invocation at which the work is saved, for the next one.
	Reserve time.Duration
	// Scratch is the folder in which a file that is read twice is kept; "" for the system's.
	Scratch string
	Log     *slog.Logger
}

// Receive stores the record of a file, and works on the files that wait. A nil error means that the file
// is handled, or will be by another process or the schedule. An error is a fault; deliver the same event
// again.
func (s *Service) Receive(ctx context.Context, o intake.Object) error {
	if o.IsFolder() {
		return nil
	}
	if err := s.enter(ctx, o); err != nil {
		return err
	}
	return s.Work(ctx)
}

// fileID returns the id of the record of a file that was not announced.
func fileID(o intake.Object) string { return o.ID("", "directory") }

// enter stores the record of a version of a file, unless there is one.
func (s *Service) enter(ctx context.Context, o intake.Object) error {
	k, ok := KindOf(o.Key)
	if !ok {
		return fmt.Errorf("directories: a file that is in no folder of users, devices or subscriptions")
	}
	file, err := intake.Open(ctx, s.Uploads, k, o)
	if errors.Is(err, objects.ErrNotFound) {
		s.Log.WarnContext(ctx, "directory file gone")
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	o.Size = file.Size
	ids := []string{file.Metadata[MetaFile], fileID(o), fileID(o.Listed(file.Modified))}
	for range maxEntering {
		r, by, found, err := intake.Find(ctx, o, ids, s.Store.File)
		if err != nil {
			return err
		}
		o.By = by
		switch {
		case !found:
			r = Record{Head: intake.Head{ID: fileID(o), Object: o, Via: audit.SourceImport, At: s.now(), Version: 1}, State: StateReceived}
		case r.Waiting():
			r.Object = o
			r.Version++
		default:
			return nil
		}
		if err := s.Store.SaveFile(ctx, r); !errors.Is(err, ErrLost) {
			return err
		}
		// Another delivery was faster: of this file, or of another one that was uploaded with the same address.
	}
	return ErrLost
}

// maxEntering is the number of attempts to store the record of a file. An attempt fails if another delivery
// has stored one, and there are at most two deliveries.
const maxEntering = 4

// Work works on the files that wait, if no other process does. After an interruption it continues.
func (s *Service) Work(ctx context.Context) error { return s.worker().Work(ctx) }

// isEnding reports whether the invocation has too little time for more work.
func (s *Service) isEnding(ctx context.Context) bool { return s.worker().IsEnding(ctx) }

func (s *Service) worker() lease.Worker[Record] {
	return lease.Worker[Record]{
		For: s.Lease, Reserve: s.Reserve, Clock: s.Clock, NewHolder: func() string { return s.NewID(s.Clock()) },
		Acquire: s.Store.Acquire, Renew: s.Store.Renew, Release: s.Store.Release, Lost: ErrLost,
		Waiting: s.waiting, ID: func(r Record) string { return r.ID }, Process: s.process, Report: s.report,
	}
}

// waiting returns the open files, the oldest first.
func (s *Service) waiting(ctx context.Context) ([]Record, error) {
	open, err := s.Store.Open(ctx)
	slices.SortFunc(open, func(a, b Record) int { return a.Object.Compare(b.Object) })
	return open, err
}

// report logs what the worker reports.
func (s *Service) report(ctx context.Context, e lease.Event, file string, err error) {
	switch e {
	case lease.Interrupted:
		s.Log.InfoContext(ctx, "directory file interrupted", "file", file)
	case lease.Failed:
		s.Log.ErrorContext(ctx, "directory file failed", "file", file, "error", err)
	case lease.Lost:
		s.Log.WarnContext(ctx, "lease of directory files lost")
	case lease.NotReleased:
		s.Log.WarnContext(ctx, "lease of directory files not released", "error", err)
	}
}

// job is the work on one file.
type job struct {
	*Service
	Record

	settings Settings
	content  *scratch        // nil before it was fetched
	file     *directory.File // the result of reading it
	found    []sheet.Finding // by this package, about rows that are done
	saved    struct {        // as of Position
		counts   Counts
		position int
		found    int
	}
	stored int // number of the findings in the progress object
}

// process works on one file.
func (s *Service) process(ctx context.Context, r Record) error {
	j := &job{Service: s, Record: r}
	if j.Attempts >= MaxAttempts {
		return j.end(ctx, StateFailed, errs.New(errs.Invalid, "directory_given_up"))
	}
	k, _ := KindOf(r.Object.Key)
	file, err := intake.Open(ctx, s.Uploads, k, r.Object)
	switch {
	case errors.Is(err, objects.ErrNotFound):
		return j.end(ctx, StateRefused, errs.New(errs.Invalid, "object_missing"))
	case err != nil:
		return err
	}
	defer file.Close()
	settings, err := parseSettings(k, file.Metadata)
	if err != nil {
		return j.end(ctx, StateRefused, errs.As(err))
	}
	j.settings = settings
	content, err := s.scratch(file, k)
	if err != nil {
		if errs.KindOf(err) == errs.TooLarge {
			return j.end(ctx, StateRefused, errs.As(err))
		}
		return err
	}
	defer content.remove()
	j.content = content
	return j.run(ctx, k, content)
}

// run reads the file, checks whether it can be used, and applies it.
func (j *job) run(ctx context.Context, k kind.Kind, content *scratch) error {
	lists := accepted(k)
	seen := map[string]bool{} // ids in the directory
	check := directory.Sink{User: func(u directory.UserRow) error {
		if u.User.ObjectID != "" {
			seen[objectKey(u.User.ObjectID)] = true
		}
		return ctx.Err()
	}}
	f, err := j.read(content, lists, check)
	if err != nil {
		return err
	}
	if f.Unknown {
		start, err := content.start()
		if err != nil {
			return err
		}
		if code := misfiled.Code(k, start, false); code != "" {
			f.Refuse(code)
		}
	}
	if group := j.groupFolder(); !f.Refused && (f.Kind == directory.Members && group == "" || f.Kind == directory.Groups && group != "") {
		f.Refuse("directory_members_folder")
	}
	j.file, j.List, j.Part = f, f.Kind, f.Part
	j.Rows = f.Rows
	if f.Refused {
		why := f.Findings[0]
		j.Rejected = f.Rows
		return j.end(ctx, StateRefused, &errs.Error{Kind: errs.Invalid, Code: why.Code, Args: why.Args})
	}
	j.State, j.Attempts = StateRunning, j.Attempts+1
	j.Version++
	begun, err := j.Store.BeginFile(ctx, j.Record)
	if err != nil {
		return err
	}
	if !begun {
		j.Version--
		return j.end(ctx, StateSuperseded, nil)
	}
	if err := j.loadProgress(ctx); err != nil {
		return err
	}
	j.saved.counts, j.saved.position, j.saved.found = j.Counts, j.Position, len(j.found)
	switch f.Kind {
	case directory.Subscriptions:
		err = j.subscriptions(ctx, content, lists)
	case directory.Devices:
		err = j.devices(ctx, content, lists)
	case directory.Groups:
		err = j.groups(ctx, content, lists)
	case directory.Members:
		err = j.members(ctx, content, lists)
	default:
		err = j.users(ctx, content, lists, seen)
	}
	if err != nil {
		return err
	}
	j.Skipped += f.Skipped
	j.Rejected += f.Rejected
	return j.end(ctx, StateSucceeded, nil)
}

// accepted returns what a file in the folder of a kind may list.
func accepted(k kind.Kind) []directory.Kind {
	switch k.Name {
	case kind.Users.Name:
		return []directory.Kind{directory.Users, directory.Activity}
	case kind.Devices.Name:
		return []directory.Kind{directory.Devices, directory.Groups, directory.Members}
	default:
		return []directory.Kind{directory.Subscriptions}
	}
}

// read reads the file once.
func (j *job) read(content *scratch, lists []directory.Kind, to directory.Sink) (*directory.File, error) {
	reader, err := content.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // only read
	return directory.Read(reader, directory.Options{Accept: lists, Now: j.Object.At}, to)
}

// find adds a finding about a row, or about the file with line 0.
func (j *job) find(severity sheet.Severity, line int, value, code string, args ...string) {
	if len(j.found) < directory.MaxFindings {
		j.found = append(j.found, sheet.Finding{Severity: severity, Line: line, Value: value, Code: code, Args: errs.Pairs(args...)})
	}
}

// done notes that rows up to a position are done and counted.
func (j *job) done(position int) {
	j.saved.counts, j.saved.position, j.saved.found = j.Counts, position, len(j.found)
}

// save stores how far the file is: the counts and findings of the rows up to the saved position.
func (j *job) save(ctx context.Context) error {
	if j.saved.found > j.stored {
		if err := j.putFindings(ctx, j.progressKey(), j.found[:j.saved.found]); err != nil {
			return err
		}
		j.stored = j.saved.found
	}
	r := j.Record
	r.Counts, r.Position = j.saved.counts, j.saved.position
	r.Version++
	if err := j.Store.SaveFile(ctx, r); err != nil {
		return err
	}
	j.Version = r.Version
	return nil
}

// loadProgress reads the findings that save stored.
func (j *job) loadProgress(ctx context.Context) error {
	if j.Position == 0 {
		j.Counts = Counts{Rows: j.Rows} // an earlier attempt saved nothing
		return nil
	}
	found, err := getFindings(ctx, j.Reports, j.progressKey())
	if errors.Is(err, objects.ErrNotFound) {
		return nil // there were none
	}
	j.found, j.stored = found, len(found)
	return err
}

// end stores the findings and the final record.
func (j *job) end(ctx context.Context, state State, why *errs.Error) error {
	r := j.Record
	r.State, r.EndedAt = state, j.now()
	if why != nil {
		r.Reason, r.Args = why.Code, why.Args
	}
	var findings []sheet.Finding
	if j.file != nil {
		findings = slices.Concat(j.file.Findings, j.found)
		slices.SortStableFunc(findings, func(a, b sheet.Finding) int { return cmp.Compare(a.Line, b.Line) })
	} else if why != nil {
		findings = []sheet.Finding{{Severity: sheet.SeverityError, Code: why.Code, Args: why.Args}}
	}
	if state == StateSuperseded {
		findings = nil
	}
	r.Errors, r.Warnings, r.Hints = 0, 0, 0
	for _, f := range findings {
		switch f.Severity {
		case sheet.SeverityError:
			r.Errors++
		case sheet.SeverityWarning:
			r.Warnings++
		case sheet.SeverityHint:
			r.Hints++
		}
	}
	if len(findings) > 0 {
		if err := j.putFindings(ctx, r.findingsKey(), findings); err != nil {
			return err
		}
	}
	if state == StateSucceeded {
		annotated, err := j.annotate(ctx, findings)
		if err != nil {
			return err
		}
		r.Annotated = annotated
	}
	r.Version++
	event := audit.Event{
		ID: j.NewID(r.EndedAt), At: r.EndedAt, By: r.Object.By, Action: "directory." + string(state), Subject: "directory/" + r.ID, Source: r.Via,
		After: map[string]string{
			"list": string(r.List), "rows": strconv.Itoa(r.Rows), "created": strconv.Itoa(r.Created), "changed": strconv.Itoa(r.Changed), "deleted": strconv.Itoa(r.Deleted),
			"held": strconv.Itoa(r.Held), "assigned": strconv.Itoa(r.Assigned), "removed": strconv.Itoa(r.Removed), "rejected": strconv.Itoa(r.Rejected),
		},
	}
	if err := j.Store.SaveFile(ctx, r, event); err != nil {
		return err
	}
	j.Record = r
	j.Log.InfoContext(ctx, "directory file read", "file", r.ID, "state", string(state), "list", string(r.List), "reason", r.Reason, "rows", r.Rows, "created", r.Created, "changed", r.Changed,
		"unchanged", r.Unchanged, "skipped", r.Skipped, "rejected", r.Rejected, "deleted", r.Deleted, "held", r.Held, "assigned", r.Assigned, "removed", r.Removed, "refused", r.Refused,
		"differ", r.Differ, "attempts", r.Attempts)
	return nil
}

// Findings returns the findings of a file, in the order of the file; none before it was read.
// errs.NotFound report_expired if they are no longer stored.
func (s *Service) Findings(ctx context.Context, r Record) ([]sheet.Finding, error) {
	return Findings(ctx, s.Reports, r)
}

// Findings is Service.Findings with the reports bucket.
func Findings(ctx context.Context, reports objects.Bucket, r Record) ([]sheet.Finding, error) {
	if r.Errors+r.Warnings+r.Hints == 0 {
		return nil, nil
	}
	findings, err := getFindings(ctx, reports, r.findingsKey())
	if errors.Is(err, objects.ErrNotFound) {
		return nil, errs.Wrap(err, errs.NotFound, "report_expired")
	}
	return findings, err
}

func (s *Service) putFindings(ctx context.Context, key string, findings []sheet.Finding) error {
	data, err := encodeFindings(findings)
	if err != nil {
		return err
	}
	if err := s.Reports.Put(ctx, key, "application/json", data); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

func getFindings(ctx context.Context, reports objects.Bucket, key string) ([]sheet.Finding, error) {
	object, err := reports.Open(ctx, key, "", "")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }() // fully read, or already failed
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	findings, err := decodeFindings(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return findings, nil
}

// today returns the moment for which licences are judged.
func (s *Service) today() subscription.Today { return subscription.Today{Now: s.now(), Zone: s.Zone} }

// call identifies the changes of the file. A repetition has the same one.
func (j *job) call() subscription.Call {
	return subscription.Call{ID: j.ID, By: j.Object.By, At: j.Object.At}
}

// event returns a new audit event of the file.
func (j *job) event(action string) audit.Event {
	now := j.now()
	return audit.Event{ID: j.NewID(now), At: now, By: j.Object.By, Action: action, Source: audit.SourceImport}
}

func (s *Service) now() time.Time { return s.Clock().UTC().Truncate(time.Millisecond) }

// licenses returns the engine that changes users.
func (s *Service) licenses() *licensing.Licensing {
	return &licensing.Licensing{Subscriptions: s.Subscriptions, People: s.People, Register: s.Register, Log: s.Log}
}
