package directories

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// annotatedKey returns the key in the reports bucket of the annotated copy in a language, if Annotated.
func (r Record) annotatedKey(lang i18n.Lang) string {
	return kind.AnnotatedPrefix + r.ID + "." + string(lang) + ".csv"
}

// AnnotatedCopy returns the key in the reports bucket of the annotated copy in a language. It returns
// errs.NotFound annotated_list_unavailable if there is none, and report_expired if it is no longer stored.
func AnnotatedCopy(ctx context.Context, reports objects.Bucket, r Record, lang i18n.Lang) (key string, err error) {
	if !r.Annotated {
		return "", errs.New(errs.NotFound, "annotated_list_unavailable")
	}
	key = r.annotatedKey(lang)
	object, err := reports.Open(ctx, key, "", "")
	if errors.Is(err, objects.ErrNotFound) {
		return "", errs.Wrap(err, errs.NotFound, "report_expired")
	}
	if err != nil {
		return "", err
	}
	return key, object.Body.Close()
}

// annotate stores a copy of the file in each language, with the findings of each row, and reports
// whether there is one: see directory.Annotate. A file without findings and a very large one have none.
func (j *job) annotate(ctx context.Context, findings []sheet.Finding) (annotated bool, err error) {
	if j.content == nil || len(findings) == 0 || j.Object.Size > directory.MaxAnnotated {
		return false, nil
	}
	open := func() (io.ReadCloser, error) { return j.content.open() }
	var copied bytes.Buffer
	for _, lang := range i18n.Langs {
		copied.Reset()
		annotated, err = directory.Annotate(open, findings, directory.Annotation{
			Messages: i18n.Column(lang, "messages"), Sentence: func(f sheet.Finding) string { return i18n.Text(lang, f.Code, f.Args) },
			More: func(left int) string {
				return i18n.Text(lang, "findings_more", errs.Pairs("count", strconv.Itoa(left)))
			},
		}, &copied)
		if err != nil || !annotated {
			return false, err
		}
		if err := j.Reports.Put(ctx, j.annotatedKey(lang), "text/csv; charset=utf-8", copied.Bytes()); err != nil {
			return false, fmt.Errorf("store the annotated copy: %w", err)
		}
	}
	return true, nil
}
