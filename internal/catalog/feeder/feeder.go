// Package feeder adds CSV files of publishers and titles (kind.Catalog), which admins put in the
// uploads bucket, to the catalog. It does not depend on AWS.
//
// Known rows change nothing, and nothing is removed. So a file may be delivered more than once
// and in any order, and after a fault the next delivery adds what is missing.
package feeder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/i18n"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
)

// ResultKey returns the key in the reports bucket of the Result of a file, as JSON. A newer file
// of the same name replaces it.
func ResultKey(key string) string {
	return kind.Catalog.Results + kind.Catalog.Below(key) + ".result.json"
}

// Feeder is the use case.
type Feeder struct {
	Catalog *catalog.Store
	Uploads objects.Bucket
	Reports objects.Bucket
	Clock   func() time.Time
	NewID   func(at time.Time) string // returns a new id of an audit event
	Log     *slog.Logger
}

// Result is the result of a file. Added + Unchanged + Rejected = Rows; a row is added if it has
// anything new.
type Result struct {
	File                             string
	At                               time.Time
	Rows, Added, Unchanged, Rejected int
	Publishers, Titles               int       // added
	Findings                         []Finding // at most catalog.MaxFileFindings
}

// Finding is an error in a row or in the file, in every language.
type Finding struct {
	catalog.Finding
	Messages map[i18n.Lang]string
}

// Receive adds one version of a file to the catalog. A nil error means that the file is handled,
// even if it has no valid row or no longer exists.
func (f *Feeder) Receive(ctx context.Context, o intake.Object) error {
	began := f.Clock()
	if o.IsFolder() {
		return nil
	}
	file, err := f.read(ctx, o)
	if errors.Is(err, objects.ErrNotFound) {
		f.Log.WarnContext(ctx, "catalog file gone")
		return nil
	}
	if err != nil {
		return err
	}
	fed, err := f.Catalog.Feed(ctx, file.Additions, func() audit.Event {
		now := f.Clock().UTC().Truncate(time.Millisecond)
		return audit.Event{ID: f.NewID(now), At: now, By: o.By, Action: "catalog.fed", Source: audit.SourceImport}
	})
	if err != nil {
		return err
	}
	r := Result{
		File: o.Key, At: began.UTC(), Rows: file.Rows, Added: len(file.Additions) - fed.Unchanged, Unchanged: fed.Unchanged, Rejected: file.Rejected,
		Publishers: fed.Publishers, Titles: fed.Titles, Findings: make([]Finding, len(file.Findings)),
	}
	for i, found := range file.Findings {
		messages := make(map[i18n.Lang]string, len(i18n.Langs))
		for _, lang := range i18n.Langs {
			messages[lang] = i18n.Text(lang, found.Code, found.Args)
		}
		r.Findings[i] = Finding{found, messages}
	}
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

// read reads and checks a file.
func (f *Feeder) read(ctx context.Context, o intake.Object) (*catalog.File, error) {
	file, err := intake.Open(ctx, f.Uploads, kind.Catalog, o)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.Bytes()
	switch {
	case errors.Is(err, intake.ErrTooLarge):
		return &catalog.File{Findings: []catalog.Finding{catalog.TooLarge()}}, nil
	case err != nil:
		return nil, err
	}
	return catalog.ReadFile(data), nil
}
