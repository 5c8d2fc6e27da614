// Package feeder feeds the catalog with CSV files of publishers and titles that
// admins put into the uploads bucket: the use case behind KeyPrefix. No AWS here.
//
// What a file says is added, and what is there already is no change; nothing is
// taken away. So it does not matter how often S3 delivers an event, in which
// order, or where a function dies: the next delivery adds what is missing.
package feeder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/i18n"
	"trueup/internal/intake"
	"trueup/internal/objects"
)

// KeyPrefix is where files for the catalog are put in the uploads bucket, and
// where what became of them is written in the reports bucket.
const KeyPrefix = "catalog/"

// ResultKey returns the object in the reports bucket that holds the Result of a
// file, as JSON. A newer file of the same name replaces it.
func ResultKey(key string) string { return key + ".result.json" }

// Feeder feeds the catalog.
type Feeder struct {
	Catalog *catalog.Store
	Uploads objects.Bucket
	Reports objects.Bucket
	Clock   func() time.Time
	NewID   func(at time.Time) string // a new id of an audit event
	Log     *slog.Logger
}

// Result is what became of a file. Always Added + Unchanged + Rejected = Rows,
// where a row is added when it says anything new.
type Result struct {
	File       string    `json:"file"`
	At         time.Time `json:"at"`
	Rows       int       `json:"rows"`
	Added      int       `json:"added"`
	Unchanged  int       `json:"unchanged"`
	Rejected   int       `json:"rejected"`
	Publishers int       `json:"publishers"` // that were added
	Titles     int       `json:"titles"`     // that were added
	Findings   []Finding `json:"findings"`   // at most catalog.MaxFileFindings
}

// Finding is something wrong with a row, or with the file, in every language.
type Finding struct {
	catalog.Finding
	Messages map[i18n.Lang]string `json:"messages"`
}

// Receive feeds the catalog with one version of a file. A nil error means that it is
// dealt with, also when nothing in the file could be used or the file is gone.
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
		return fmt.Errorf("read %s: %w", o.Key, err)
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
	body, err := json.Marshal(r)
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

// read reads and checks a file; one that is too large is refused unread.
func (f *Feeder) read(ctx context.Context, o intake.Object) (*catalog.File, error) {
	object, err := f.Uploads.Open(ctx, o.Key, o.Version, o.ETag)
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or of no interest
	if object.Size > catalog.MaxFileBytes {
		return &catalog.File{Findings: []catalog.Finding{catalog.TooLarge()}}, nil
	}
	data := bytes.NewBuffer(make([]byte, 0, object.Size+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(object.Body, catalog.MaxFileBytes+1)); err != nil {
		return nil, err
	}
	return catalog.ReadFile(data.Bytes()), nil
}
