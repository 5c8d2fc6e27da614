package statements

import (
	"context"
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
	"trueup/internal/intake/kind"
	"trueup/internal/misfiled"
	"trueup/internal/objects"
	"trueup/internal/product"
	"trueup/internal/sheet"
)

// Service is the use case. Set its exported fields; then it is safe for concurrent use.
type Service struct {
	Store            Store
	Uploads, Reports objects.Bucket
	// Changed is called after a record in use was accepted or removed, possibly more than once
	// for one record.
	Changed func(ctx context.Context, r Record) error
	// Spelling returns the catalog's spelling of a publisher; the publisher itself if the catalog
	// has none (R5.2).
	Spelling func(ctx context.Context, publisher string) (string, error)
	// Products returns the dictionary that knows the names on statements.
	Products func(ctx context.Context) (*product.Dictionary, error)
	Clock    func() time.Time
	Zone     *time.Location // of the organisation, in which a file has the day of its upload
	Log      *slog.Logger

	mu    sync.Mutex
	known map[knownKey]entitlement.Statement // the statements in use, with publishers as written
}

// Receive reads one version of a file, once. A nil error means that the file is handled, whatever
// its content. An error is a fault; deliver the same event again.
func (k *Service) Receive(ctx context.Context, o intake.Object) error {
	if o.IsFolder() {
		return nil
	}
	arrived, err := intake.Open(ctx, k.Uploads, kind.Statements, o)
	if errors.Is(err, objects.ErrNotFound) {
		k.Log.WarnContext(ctx, "statement file gone")
		return nil
	}
	if err != nil {
		return err
	}
	defer arrived.Close()
	r, err := k.record(ctx, o, arrived.Object)
	if err != nil {
		return err
	}
	if !r.Final() {
		if r, err = k.read(ctx, r, arrived); err != nil {
			return err
		}
	}
	if r.State != StateAccepted {
		return nil
	}
	return k.Changed(ctx, r) // again on each delivery: an earlier one may have died before the call
}

// statementID returns the id of the record of a file that was not announced.
func statementID(o intake.Object) string { return o.ID("", "statement") }

// record returns the record of a version of a file: the announced record that the upload names,
// the record of an earlier delivery or of a repetition after a restore (R16.2), or a new one.
func (k *Service) record(ctx context.Context, o intake.Object, object objects.Object) (Record, error) {
	ids := []string{object.Metadata[MetaStatement], statementID(o), statementID(o.Listed(object.Modified))}
	r, by, found, err := intake.Find(ctx, o, ids, k.Store.Statement)
	o.By = by
	switch {
	case err != nil:
		return Record{}, err
	case !found:
		r.Head = intake.Head{ID: statementID(o), Object: o, Via: audit.SourceImport, At: o.At}
		r.State = StateReceived
	case r.Waiting():
		r.Object, r.At = o, o.At
	}
	return r, nil
}

// read reads a file and stores the result.
func (k *Service) read(ctx context.Context, r Record, arrived intake.File) (Record, error) {
	file, err := k.file(ctx, r, arrived, k.Products)
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
		switch f.Severity {
		case sheet.SeverityError:
			r.Errors++
		case sheet.SeverityWarning:
			r.Warnings++
		case sheet.SeverityHint:
			r.Hints++
		}
	}
	if len(file.Findings) > 0 {
		data, err := encodeFindings(file.Findings)
		if err != nil {
			return Record{}, err
		}
		if err := k.put(ctx, r.findingsKey(), data); err != nil {
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
		"errors", kept.Errors, "warnings", kept.Warnings, "hints", kept.Hints)
	return kept, nil
}

// file reads and checks a file. The dictionary with which it remarks on names is loaded only for a file
// whose content is read; without one there are no remarks.
func (k *Service) file(ctx context.Context, r Record, upload intake.File, dictionary func(context.Context) (*product.Dictionary, error)) (*statement.File, error) {
	data, err := upload.Bytes()
	switch {
	case errors.Is(err, intake.ErrTooLarge):
		return statement.TooLarge(), nil
	case err != nil:
		return nil, err
	}
	var names func(entitlement.Entitlement) []sheet.Finding
	if dictionary != nil {
		products, err := dictionary(ctx)
		if err != nil {
			return nil, err
		}
		names = remarks(products)
	}
	file := statement.ReadFile(data, statement.Options{Name: r.Object.Key, Date: day.In(r.Object.At, k.Zone), Names: names})
	if file.Refused {
		if code := misfiled.Code(kind.Statements, data, false); code != "" {
			file.Refuse(code)
		}
	}
	return file, nil
}

// store writes the content of a statement to where load reads it.
func (k *Service) store(ctx context.Context, r Record, s entitlement.Statement) error {
	data, err := entitlement.Encode(s)
	if err != nil {
		return err
	}
	return k.put(ctx, r.contentKey(), data)
}

func (k *Service) put(ctx context.Context, key string, data []byte) error {
	if err := k.Reports.Put(ctx, key, "application/json", data); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// Current returns the statements in use, with publishers in the catalog's spelling, as
// entitlement.Attribute requires.
func (k *Service) Current(ctx context.Context) ([]entitlement.Statement, error) {
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
	k.known = known // drops replaced statements
	k.mu.Unlock()
	return all, k.spell(ctx, all)
}

// Attribution attributes the lines of the statements in use to the organisation's pairs. If only
// some pairs are asked about, added has them, see entitlement.AttributeAdded; otherwise it is nil.
func (k *Service) Attribution(ctx context.Context, pairs []agreement.Pair, added map[agreement.PairKey]bool) (entitlement.Attribution, error) {
	current, err := k.Current(ctx)
	if err != nil {
		return entitlement.Attribution{}, err
	}
	return entitlement.AttributeAdded(current, pairs, added), nil
}

// content returns the content of a statement in use.
func (k *Service) content(ctx context.Context, r Record) (entitlement.Statement, error) {
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

// knownKey identifies the content of a statement: which version of a file was read, and when. The
// id alone does not: after a restore to a point in time, an announced statement may get another
// file.
type knownKey struct {
	id, key, version string
	read             int64
}

func (r Record) knownKey() knownKey {
	return knownKey{r.ID, r.Object.Key, r.Object.Identity(), r.EndedAt.UnixMilli()}
}

// load reads the content that store wrote.
func (k *Service) load(ctx context.Context, r Record) (entitlement.Statement, error) {
	data, err := contents(ctx, k.Reports, r.contentKey())
	if err != nil {
		return entitlement.Statement{}, err
	}
	return entitlement.Decode(data)
}

// again reads a statement from its file, because the stored content is damaged, missing, or of
// a later version. Its findings are stored already, so it looks up no names.
func (k *Service) again(ctx context.Context, r Record) (entitlement.Statement, error) {
	arrived, err := intake.Open(ctx, k.Uploads, kind.Statements, r.Object)
	if err != nil {
		return entitlement.Statement{}, fmt.Errorf("read statement %s again: %w", r.ID, err)
	}
	defer arrived.Close()
	file, err := k.file(ctx, r, arrived, nil)
	if err != nil {
		return entitlement.Statement{}, err
	}
	if file.Refused || file.Rejected > 0 {
		return entitlement.Statement{}, fmt.Errorf("statement %s was accepted before and is now rejected", r.ID)
	}
	return file.Statement, k.store(ctx, r, file.Statement)
}

// contents reads an object that this package wrote.
func contents(ctx context.Context, bucket objects.Bucket, key string) ([]byte, error) {
	object, err := bucket.Open(ctx, key, "", "")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }() // fully read, or not needed
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return data, nil
}

// spell replaces publishers with the catalog's spelling. The lines are shared with k.known, so it
// changes copies.
func (k *Service) spell(ctx context.Context, all []entitlement.Statement) error {
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

// Findings returns the findings of a file, in the order of the file; none before it was read.
// errs.NotFound report_expired if they are no longer stored.
func (k *Service) Findings(ctx context.Context, r Record) ([]sheet.Finding, error) {
	if r.Errors+r.Warnings+r.Hints == 0 {
		return nil, nil
	}
	data, err := contents(ctx, k.Reports, r.findingsKey())
	if errors.Is(err, objects.ErrNotFound) {
		return nil, errs.Wrap(err, errs.NotFound, "report_expired")
	}
	if err != nil {
		return nil, err
	}
	findings, err := decodeFindings(data)
	if err != nil {
		return nil, fmt.Errorf("findings of statement %s: %w", r.ID, err)
	}
	return findings, nil
}

// Remove takes an accepted statement out of use. The event says by whom; Remove fills in its
// Subject, Before and After. Removing a removed statement again has no effect. errs.Conflict
// statement_not_in_use for any other state; errs.Stale version_stale if it changed since it was
// read.
func (k *Service) Remove(ctx context.Context, read Record, event audit.Event) (Record, error) {
	switch read.State {
	case StateAccepted:
		event.Subject = "statement/" + read.ID
		event.Before = map[string]string{"file": read.Name(), "state": string(read.State)}
		event.After = map[string]string{"state": string(StateRemoved)}
		var err error
		if read, err = k.Store.RemoveStatement(ctx, read, event.At, event); err != nil {
			return Record{}, err
		}
	case StateRemoved: // call Changed again: the first call may have died before it
	default:
		return Record{}, errs.New(errs.Conflict, "statement_not_in_use")
	}
	return read, k.Changed(ctx, read)
}
