package directories

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"trueup/internal/directory"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// AnnotatedKey returns the key in the reports bucket of the annotated copy in a language, if Annotated.
func (r Record) AnnotatedKey(lang i18n.Lang) string {
	return r.resultsPrefix() + r.ID + ".annotated." + string(lang) + ".csv"
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
		}, &copied)
		if err != nil || !annotated {
			return false, err
		}
		if err := j.Reports.Put(ctx, j.AnnotatedKey(lang), "text/csv; charset=utf-8", copied.Bytes()); err != nil {
			return false, fmt.Errorf("store the annotated copy: %w", err)
		}
	}
	return true, nil
}
