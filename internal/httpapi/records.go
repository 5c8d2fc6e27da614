package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/i18n"
)

// List adds an operation that lists records page by page. read returns the records of a page and
// the cursor of the next one.
func List[Stored, Shown any](
	api huma.API, op huma.Operation,
	read func(ctx context.Context, limit int, cursor string) (items []Stored, next string, err error),
	show func(i18n.Lang, Stored) Shown,
) {
	type input struct {
		Reader
		Paging
	}
	type output struct{ Body Page[Shown] }
	huma.Register(api, op, func(ctx context.Context, in *input) (*output, error) {
		items, next, err := read(ctx, in.Limit, in.Cursor)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return &output{PageOf(items, next, func(r Stored) Shown { return show(lang, r) })}, nil
	})
}

// recordInput is the input of a conditional read of a record: a Reader, a Condition, and the id.
type recordInput interface {
	Lang() i18n.Lang
	RecordID() string
	NoneMatch() string
}

// Read adds an operation that returns the record with an id, or 304 if the caller has its current
// version. read returns the record and its version.
func Read[In recordInput, Stored, Shown any](
	api huma.API, op huma.Operation,
	read func(ctx context.Context, id string) (record Stored, version int64, err error),
	show func(context.Context, i18n.Lang, Stored) (Shown, error),
) {
	op.Errors = append(op.Errors, http.StatusNotFound)
	NotModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *In) (*Tagged[Shown], error) {
		record, version, err := read(ctx, (*in).RecordID())
		if err != nil {
			return nil, err
		}
		lang := (*in).Lang()
		tag := ETag(lang, version)
		if Matches((*in).NoneMatch(), tag) {
			return &Tagged[Shown]{Status: http.StatusNotModified, ETag: tag}, nil
		}
		shown, err := show(ctx, lang, record)
		if err != nil {
			return nil, err
		}
		return &Tagged[Shown]{Status: http.StatusOK, ETag: tag, Body: shown}, nil
	})
}
