package statements

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// Keeper is the use case. The zero Keeper with its fields set is ready to use,
// by many at the same time.
type Keeper struct {
	Store            Store
	Uploads, Reports objects.Bucket
	// Changed is told that what is in use has changed, by a record that was
	// accepted or removed; perhaps more than once.
	Changed func(ctx context.Context, r Record) error
	// Spelling returns how the catalog spells a publisher; the same when it has
	// none (R5.2).
	Spelling func(ctx context.Context, publisher string) (string, error)
	Clock    func() time.Time
	Zone     *time.Location // in which a day begins
	Log      *slog.Logger

	mu    sync.Mutex
	known map[knownKey]entitlement.Statement // those in use, with publishers as written
}

// Receive reads one version of a file once. A nil error means that it is dealt with,
// whatever the file holds; an error is a fault, and the same event should be delivered
// again.
func (k *Keeper) Receive(ctx context.Context, o intake.Object) error {
	if o.IsFolder() {
		return nil
	}
	object, err := k.Uploads.Open(ctx, o.Key, o.Version, o.ETag)
	if errors.Is(err, objects.ErrNotFound) {
		k.Log.WarnContext(ctx, "statement file gone")
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", o.Key, err)
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or of no interest
	r, err := k.record(ctx, o, object)
	if err != nil {
		return err
	}
	if !r.Final() {
		if r, err = k.read(ctx, r, object.Body); err != nil {
			return err
		}
	}
	if r.State != StateAccepted {
		return nil
	}
	return k.Changed(ctx, r) // once more when nobody knows whether it was told
}

// statementID returns the id of the record of a file that was not announced.
func statementID(o intake.Object) string { return o.ID("", "statement") }

// record returns the record of a version of a file: the announced one that its upload
// names, that of an earlier delivery or of a repetition after a restore (R16.2), or a
// new one.
func (k *Keeper) record(ctx context.Context, o intake.Object, object objects.Object) (Record, error) {
	ids := []string{object.Metadata[MetaStatement], statementID(o), statementID(o.Listed(object.Modified))}
	r, found, err := intake.Find(ctx, o, ids, k.Store.Statement)
	switch {
	case err != nil:
		return Record{}, err
	case !found:
		r.Head = intake.Head{ID: statementID(o), Object: o, Via: audit.SourceImport, At: o.At}
		r.State = StateReceived
	case r.Waiting():
		o.By = r.Object.By
		r.Object, r.At = o, o.At
	}
	return r, nil
}

// read reads a file and keeps what became of it.
func (k *Keeper) read(ctx context.Context, r Record, body io.Reader) (Record, error) {
	file, err := k.file(r, body)
	if err != nil {
		return Record{}, err
	}
	r.State, r.EndedAt = StateAccepted, k.Clock().UTC().Truncate(time.Millisecond)
	if file.Refused || file.Rejected > 0 {
		r.State = StateRefused
	}
	r.Kind, r.Date = file.Statement.Kind, file.Statement.Date
	r.Rows, r.Lines, r.Skipped, r.Unchanged, r.Rejected = file.Rows, len(file.Statement.Lines), file.Skipped, file.Unchanged, file.Rejected
	for _, f := range file.Findings {
		if f.Severity == sheet.SeverityError {
			r.Errors++
		} else {
			r.Warnings++
		}
	}
	if len(file.Findings) > 0 {
		if err := k.put(ctx, r.findingsKey(), intake.StoreFindings(file.Findings)); err != nil {
			return Record{}, err
		}
	}
	if r.State == StateAccepted {
		if err := k.store(ctx, r, file.Statement); err != nil {
			return Record{}, err
		}
	}
	kept, err := k.Store.KeepStatement(ctx, r, audit.Event{
		ID: id.New(r.EndedAt, r.ID), At: r.EndedAt, By: r.Object.By, Action: "statement." + string(r.State), Subject: "statement/" + r.ID, Source: r.Via,
		After: map[string]string{"file": r.Name(), "kind": string(r.Kind), "date": string(r.Date), "rows": strconv.Itoa(r.Rows), "rejected": strconv.Itoa(r.Rejected)},
	})
	if err != nil {
		return Record{}, err
	}
	k.Log.InfoContext(ctx, "statement read", "statement", kept.ID, "state", string(kept.State), "kind", string(kept.Kind), "rows", kept.Rows, "rejected", kept.Rejected,
		"errors", kept.Errors, "warnings", kept.Warnings)
	return kept, nil
}

// file reads and checks a file. Of one that is too large no more is read than
// shows it.
func (k *Keeper) file(r Record, body io.Reader) (*statement.File, error) {
	var data bytes.Buffer
	if _, err := data.ReadFrom(io.LimitReader(body, statement.MaxFileBytes+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Object.Key, err)
	}
	put := r.Object.At.In(cmp.Or(k.Zone, time.UTC))
	return statement.ReadFile(data.Bytes(), statement.Options{Name: r.Object.Key, Date: day.Date(put.Format(time.DateOnly))}), nil
}

// store writes what a statement says where load reads it.
func (k *Keeper) store(ctx context.Context, r Record, s entitlement.Statement) error {
	data, err := entitlement.Encode(s)
	if err != nil {
		return err
	}
	return k.putBytes(ctx, r.contentKey(), data)
}

func (k *Keeper) put(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return k.putBytes(ctx, key, data)
}

func (k *Keeper) putBytes(ctx context.Context, key string, data []byte) error {
	if err := k.Reports.Put(ctx, key, "application/json", data); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// Current returns the statements in use, with publishers as the catalog spells
// them: what entitlement.Attribute wants.
func (k *Keeper) Current(ctx context.Context) ([]entitlement.Statement, error) {
	records, err := k.Store.StatementsInUse(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]entitlement.Statement, len(records))
	known := make(map[knownKey]entitlement.Statement, len(records))
	for i, r := range records {
		if all[i], err = k.content(ctx, r); err != nil {
			return nil, err
		}
		known[r.knownKey()] = all[i]
	}
	k.mu.Lock()
	k.known = known // and no longer those that were replaced
	k.mu.Unlock()
	return all, k.spell(ctx, all)
}

// Attribution says whose the lines of the statements in use are, of all pairs of
// the organisation.
func (k *Keeper) Attribution(ctx context.Context, pairs []agreement.Pair) (entitlement.Attribution, error) {
	current, err := k.Current(ctx)
	if err != nil {
		return entitlement.Attribution{}, err
	}
	return entitlement.Attribute(current, pairs), nil
}

// content returns what a statement in use says.
func (k *Keeper) content(ctx context.Context, r Record) (entitlement.Statement, error) {
	k.mu.Lock()
	s, known := k.known[r.knownKey()]
	k.mu.Unlock()
	if known {
		return s, nil
	}
	s, err := k.load(ctx, r)
	if !errors.Is(err, entitlement.ErrStored) && !errors.Is(err, objects.ErrNotFound) {
		return s, err
	}
	k.Log.WarnContext(ctx, "stored statement not used", "statement", r.ID, "error", err)
	return k.again(ctx, r)
}

// knownKey names what a statement says: which version of a file was read, and
// when. The id alone does not once the store was restored to a point in time,
// after which an announced statement may get another file.
type knownKey struct {
	id, key, version string
	read             int64
}

func (r Record) knownKey() knownKey {
	return knownKey{r.ID, r.Object.Key, r.Object.Identity(), r.EndedAt.UnixMilli()}
}

// load reads what store wrote.
func (k *Keeper) load(ctx context.Context, r Record) (entitlement.Statement, error) {
	data, err := contents(ctx, k.Reports, r.contentKey())
	if err != nil {
		return entitlement.Statement{}, err
	}
	return entitlement.Decode(data)
}

// again reads a statement from its file, because what was stored of it is
// damaged, gone, or of another version of this program.
func (k *Keeper) again(ctx context.Context, r Record) (entitlement.Statement, error) {
	object, err := k.Uploads.Open(ctx, r.Object.Key, r.Object.Version, r.Object.ETag)
	if err != nil {
		return entitlement.Statement{}, fmt.Errorf("read statement %s again: %w", r.ID, err)
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or of no interest
	file, err := k.file(r, object.Body)
	if err != nil {
		return entitlement.Statement{}, err
	}
	if file.Refused || file.Rejected > 0 {
		return entitlement.Statement{}, fmt.Errorf("statement %s was accepted and is refused now", r.ID)
	}
	return file.Statement, k.store(ctx, r, file.Statement)
}

// contents reads an object that this package wrote.
func contents(ctx context.Context, bucket objects.Bucket, key string) ([]byte, error) {
	object, err := bucket.Open(ctx, key, "", "")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or of no interest
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return data, nil
}

// spell replaces publishers by what the catalog calls them. The statements
// share their lines with those that are known, so it changes copies.
func (k *Keeper) spell(ctx context.Context, all []entitlement.Statement) error {
	spelled := map[string]string{}
	for i := range all {
		other := false
		for _, line := range all[i].Lines {
			name, ok := spelled[line.Publisher]
			if !ok {
				var err error
				if name, err = k.Spelling(ctx, line.Publisher); err != nil {
					return err
				}
				spelled[line.Publisher] = name
			}
			other = other || name != line.Publisher
		}
		if !other {
			continue
		}
		all[i].Lines = slices.Clone(all[i].Lines)
		for j := range all[i].Lines {
			line := &all[i].Lines[j]
			line.Publisher = spelled[line.Publisher]
		}
	}
	return nil
}

// Findings returns what the check of a file had to say, in the order of the
// file; none before it was read. errs.NotFound report_expired when it is not
// kept any more.
func (k *Keeper) Findings(ctx context.Context, r Record) ([]sheet.Finding, error) {
	if r.Errors+r.Warnings == 0 {
		return nil, nil
	}
	data, err := contents(ctx, k.Reports, r.findingsKey())
	if errors.Is(err, objects.ErrNotFound) {
		return nil, errs.Wrap(err, errs.NotFound, "report_expired")
	}
	if err != nil {
		return nil, err
	}
	var findings []intake.StoredFinding
	if err := json.Unmarshal(data, &findings); err != nil {
		return nil, fmt.Errorf("findings of statement %s: %w", r.ID, err)
	}
	return intake.LoadFindings(findings), nil
}

// Remove takes an accepted statement, as it was read, out of use. The event says
// who did; its Subject, Before and After are filled in. Removing one that is removed is
// the same once more. errs.Conflict statement_not_in_use for any other; errs.Stale
// version_stale when it was written since it was read.
func (k *Keeper) Remove(ctx context.Context, read Record, event audit.Event) (Record, error) {
	switch read.State {
	case StateAccepted:
		event.Subject = "statement/" + read.ID
		event.Before = map[string]string{"file": read.Name(), "state": string(read.State)}
		event.After = map[string]string{"state": string(StateRemoved)}
		var err error
		if read, err = k.Store.RemoveStatement(ctx, read, event.At, event); err != nil {
			return Record{}, err
		}
	case StateRemoved: // whoever repeats the call does not know whether anybody was told
	default:
		return Record{}, errs.New(errs.Conflict, "statement_not_in_use")
	}
	return read, k.Changed(ctx, read)
}
