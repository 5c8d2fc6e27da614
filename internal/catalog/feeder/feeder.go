// Package feeder receives the files of kind.Catalog, which admins put in the uploads bucket: CSV files
// of publishers and titles, which it adds to the catalog, Microsoft's list of subscriptions, and exported
// rules and decisions (R5.4). It does not depend on AWS.
//
// Known rows change nothing, and nothing is removed. So a file may be delivered more than once
// and in any order, and after a fault the next delivery adds what is missing.
package feeder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/misfiled"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// ResultKey returns the key in the reports bucket of the Result of a file, as JSON. A newer file
// of the same name replaces it.
func ResultKey(key string) string {
	return kind.Catalog.Results + kind.Catalog.Below(key) + ".result.json"
}

// Feeder is the use case.
type Feeder struct {
	Catalog *catalog.Store
	Rules   Rules
	Uploads objects.Bucket
	Reports objects.Bucket
	Clock   func() time.Time
	NewID   func(at time.Time) string // returns a new id of an audit event
	Log     *slog.Logger
}

// Rules receives exported rules and decisions. Package inventories implements it.
type Rules interface {
	// IsFile reports whether a file has exported rules.
	IsFile(data []byte) bool
	// Add adds all of them, or none if a finding is an error, with an audit event. It returns how many the
	// file has, and how many of them were there already. An error of kind errs.Invalid is about the file.
	Add(ctx context.Context, data []byte, event func() audit.Event) (rows, unchanged int, found []sheet.Finding, err error)
}

// Result is the result of a file. Added + Unchanged + Rejected = Rows; a row is added if it has
// anything new. After a fault, rows that an earlier attempt added completely are unchanged.
type Result struct {
	File                             string
	At                               time.Time
	Rows, Added, Unchanged, Rejected int
	Publishers, Titles               int       // added
	Findings                         []Finding // at most catalog.MaxFileFindings
}

// Finding is an error or a warning about a row or the file, in every language.
type Finding struct {
	catalog.Finding
	Severity sheet.Severity // empty for an error
	Messages map[i18n.Lang]string
}

// Receive adds one version of a file to the catalog. A nil error means that the file is handled,
// even if it has no valid row or no longer exists.
func (f *Feeder) Receive(ctx context.Context, o intake.Object) error {
	began := f.Clock()
	if o.IsFolder() {
		return nil
	}
	data, err := f.read(ctx, o)
	if errors.Is(err, objects.ErrNotFound) {
		f.Log.WarnContext(ctx, "catalog file gone")
		return nil
	}
	if err != nil {
		return err
	}
	r, err := f.add(ctx, o, data)
	if err != nil {
		return err
	}
	r.File, r.At = o.Key, began.UTC()
	body, err := r.encode()
	if err != nil {
		return err
	}
	if err := f.Reports.Put(ctx, ResultKey(o.Key), "application/json", body); err != nil {
		return fmt.Errorf("store the result: %w", err)
	}
	f.Log.InfoContext(ctx, "catalog fed", "rows", r.Rows, "publishers", r.Publishers, "titles", r.Titles, "unchanged", r.Unchanged, "rejected", r.Rejected,
		"duration_ms", float64(f.Clock().Sub(began).Microseconds())/1000)
	return f.Catalog.Save(ctx, 1, f.Clock())
}

// add adds the content of a file; nil data is a file that is too large.
func (f *Feeder) add(ctx context.Context, o intake.Object, data []byte) (Result, error) {
	if data == nil {
		return result(catalog.TooLarge()), nil
	}
	if code := misfiled.Code(kind.Catalog, data, false); code != "" { // first: it can be JSON like rules, and have titles
		return result(catalog.Finding{Code: code}), nil
	}
	if f.Rules.IsFile(data) {
		return f.addRules(ctx, o, data)
	}
	file := catalog.ReadFile(data)
	if file.Subscriptions != nil {
		return f.addSubscriptions(ctx, o, file)
	}
	return f.addTitles(ctx, o, file)
}

// event returns the audit event of a file.
func (f *Feeder) event(o intake.Object) audit.Event {
	now := f.Clock().UTC().Truncate(time.Millisecond)
	return audit.Event{ID: f.NewID(now), At: now, By: o.By, Action: "catalog.fed", Source: audit.SourceImport}
}

func (f *Feeder) addTitles(ctx context.Context, o intake.Object, file *catalog.File) (Result, error) {
	fed, err := f.Catalog.Feed(ctx, file.Additions, func() audit.Event { return f.event(o) })
	if err != nil {
		return Result{}, err
	}
	r := result(file.Findings...)
	r.Rows, r.Added, r.Unchanged, r.Rejected = file.Rows, len(file.Additions)-fed.Unchanged, fed.Unchanged, file.Rejected
	r.Publishers, r.Titles = fed.Publishers, fed.Titles
	return r, nil
}

// addSubscriptions adds a file of Microsoft's list: what the subscriptions include, then their names as
// titles. A row is added if either is new: after a fault between the two, the next delivery adds the titles.
func (f *Feeder) addSubscriptions(ctx context.Context, o intake.Object, file *catalog.File) (Result, error) {
	event := func() audit.Event { return f.event(o) }
	listed, err := f.Catalog.AddSubscriptions(ctx, file.Subscriptions, o.At, event)
	if err != nil {
		return Result{}, err
	}
	products, err := f.Catalog.Products(ctx)
	if err != nil {
		return Result{}, err
	}
	fed, err := f.Catalog.Feed(ctx, catalog.Titles(products, file.Subscriptions), event)
	if err != nil {
		return Result{}, err
	}
	added := rowsOf(file.Subscriptions, listed, fed.New)
	r := result(file.Findings...)
	r.Rows, r.Added, r.Unchanged, r.Rejected = file.Rows, added, file.Rows-file.Rejected-added, file.Rejected
	r.Publishers, r.Titles = fed.Publishers, fed.Titles
	return r, nil
}

// rowsOf returns the number of rows of the subscriptions with an index in any of the lists.
func rowsOf(all []catalog.Listed, indexes ...[]int) (rows int) {
	for i := range all {
		if slices.ContainsFunc(indexes, func(list []int) bool { _, found := slices.BinarySearch(list, i); return found }) {
			rows += all[i].Rows
		}
	}
	return rows
}

func (f *Feeder) addRules(ctx context.Context, o intake.Object, data []byte) (Result, error) {
	rows, unchanged, found, err := f.Rules.Add(ctx, data, func() audit.Event { return f.event(o) })
	if e := errs.As(err); e != nil && e.Kind == errs.Invalid {
		found = []sheet.Finding{{Severity: sheet.SeverityError, Code: e.Code, Args: e.Args}}
	} else if err != nil {
		return Result{}, err
	}
	r := result()
	r.Rows, r.Added, r.Unchanged = rows, rows-unchanged, unchanged
	for _, finding := range found {
		if finding.Severity == sheet.SeverityError {
			r.Added, r.Unchanged, r.Rejected = 0, 0, rows
		}
		if len(r.Findings) < catalog.MaxFileFindings {
			r.Findings = append(r.Findings, ruleFinding(finding))
		}
	}
	return r, nil
}

// ruleFinding returns a finding about a file of rules.
func ruleFinding(f sheet.Finding) Finding {
	found := Finding{
		Finding:  catalog.Finding{Line: f.Line, Field: string(f.Column), Value: f.Value, Code: f.Code, Args: f.Args},
		Messages: messages(f.Code, f.Args),
	}
	if f.Severity != sheet.SeverityError {
		found.Severity = f.Severity
	}
	return found
}

// result returns a result with errors.
func result(found ...catalog.Finding) Result {
	r := Result{Findings: make([]Finding, len(found))}
	for i, finding := range found {
		r.Findings[i] = Finding{Finding: finding, Messages: messages(finding.Code, finding.Args)}
	}
	return r
}

// messages returns the message of a code in every language.
func messages(code string, args errs.Args) map[i18n.Lang]string {
	all := make(map[i18n.Lang]string, len(i18n.Langs))
	for _, lang := range i18n.Langs {
		all[lang] = i18n.Text(lang, code, args)
	}
	return all
}

// read reads a file. It returns nil for one that is too large.
func (f *Feeder) read(ctx context.Context, o intake.Object) ([]byte, error) {
	file, err := intake.Open(ctx, f.Uploads, kind.Catalog, o)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.Bytes()
	switch {
	case errors.Is(err, intake.ErrTooLarge):
		return nil, nil
	case err != nil:
		return nil, err
	case data == nil:
		data = []byte{}
	}
	return data, nil
}
