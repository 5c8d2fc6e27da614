package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/i18n"
	"trueup/internal/objects"
)

// AnnotatedCopy is the input of operations that return an annotated copy.
type AnnotatedCopy struct {
	Reader
	Lang i18n.Lang `query:"lang" doc:"The language of the copy. The default is the language of Accept-Language."`
}

// Language returns the language of the copy.
func (c AnnotatedCopy) Language() i18n.Lang { return cmp.Or(c.Lang, c.Reader.Lang()) }

// Redirection is the output of operations that redirect to a stored file.
type Redirection struct {
	Location     string `header:"Location" doc:"The address of the download, which is valid for some minutes."`
	CacheControl string `header:"Cache-Control" hidden:"true"`
}

// DescribeAnnotatedCopy describes an operation that returns an annotated copy of something, such as "an import".
func DescribeAnnotatedCopy(op *huma.Operation, of string) {
	op.Summary = "Download the annotated copy of " + of
	op.Description = "Redirects to the uploaded file with an extra column that has the findings of each row, ready to correct and upload again. Do not send the token to that address: S3 refuses a request with both."
	op.Errors = append(op.Errors, http.StatusNotFound)
	op.DefaultStatus = http.StatusSeeOther
}

// RedirectToCopy redirects to an annotated copy with a key. It is saved under the name of the file, so that
// it can be uploaded again.
func RedirectToCopy(ctx context.Context, files objects.Bucket, key, file string) (*Redirection, error) {
	url, err := files.PresignGet(ctx, key, file, DownloadFor)
	if err != nil {
		return nil, err
	}
	return &Redirection{Location: url, CacheControl: "no-store"}, nil
}
