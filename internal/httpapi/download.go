package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/manifest"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// Format is the format of a file in a response.
type Format struct {
	Extension string
	Media     string
	inline    bool   // shown by a browser, not saved
	binary    string // the OpenAPI format of binary content; empty for text
}

// The formats.
var (
	FormatCSV  = Format{Extension: "csv", Media: sheet.MediaCSV}
	FormatXLSX = Format{Extension: "xlsx", Media: sheet.MediaXLSX, binary: "binary"}
	FormatHTML = Format{Extension: "html", Media: "text/html; charset=utf-8", inline: true}
	FormatJSON = Format{Extension: "json", Media: "application/json"} // only for answers that are stored as files
)

// maxFileBytes is the maximum size of a file in a response. Lambda accepts 6 MB, as a JSON
// string, in which some bytes are longer.
const maxFileBytes = 5 << 20

// File is a file, or a redirect to it.
type File struct {
	Status int
	FileHeaders
	Body []byte
}

// FileHeaders is the headers of a file or of a redirect to it.
type FileHeaders struct {
	Location              string `header:"Location" doc:"The address of the download, which is valid for some minutes, if the file is too large for a response."`
	CacheControl          string `header:"Cache-Control" hidden:"true"`
	ContentType           string `header:"Content-Type" hidden:"true"`
	ContentLanguage       string `header:"Content-Language" hidden:"true"`
	ContentDisposition    string `header:"Content-Disposition" doc:"The file's name."`
	ContentSecurityPolicy string `header:"Content-Security-Policy" hidden:"true"`
}

// TooLargeForResponse is a sentence of the descriptions of operations that return files.
const TooLargeForResponse = "A file that is too large for a response is stored for a day, and the response redirects to it. Do not send the token to that address: S3 refuses a request with both."

// Returns adds the responses of an operation that returns files.
func (f Format) Returns(op *huma.Operation) {
	media, _, _ := strings.Cut(f.Media, ";")
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The file.", Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString, Format: f.binary}}}},
		"303": Redirected(),
	}
}

// Redirected returns the description of the redirect to a file that is too large for a response.
func Redirected() *huma.Response {
	return &huma.Response{Description: "A redirect to the file.", Headers: map[string]*huma.Param{"Location": {
		Description: "The address of the download, which is valid for some minutes.", Schema: &huma.Schema{Type: huma.TypeString, Format: "uri"},
	}}}
}

// Fits reports whether a file fits in a response: text as a JSON string, binary content in
// base64.
func (f Format) Fits(body []byte) bool {
	if f.binary != "" {
		return base64.StdEncoding.EncodedLen(len(body)) <= maxFileBytes
	}
	if len(body) > maxFileBytes {
		return false
	}
	carried, err := json.Marshal(string(body))
	return err == nil && len(carried) <= maxFileBytes
}

// Answer returns a file as the response, or stores it under manifest.ExportsPrefix and returns a
// redirect.
func (f Format) Answer(ctx context.Context, exports objects.Bucket, lang, name string, body []byte) (*File, error) {
	if !f.Fits(body) {
		return f.Store(ctx, exports, lang, name, body)
	}
	disposition := "attachment"
	if f.inline {
		disposition = "inline"
	}
	headers := FileHeaders{ContentType: f.Media, ContentLanguage: lang, ContentDisposition: disposition + `; filename="` + name + `"`}
	return &File{http.StatusOK, headers, body}, nil
}

// Store stores a file that is too large for a response, and returns a redirect.
func (f Format) Store(ctx context.Context, exports objects.Bucket, lang, name string, body []byte) (*File, error) {
	sum := sha256.Sum256(body)
	key := manifest.ExportsPrefix + hex.EncodeToString(sum[:]) + "/" + name
	if err := exports.Put(ctx, key, f.Media, body); err != nil {
		return nil, err
	}
	address, err := exports.PresignGet(ctx, key, name, DownloadFor)
	if err != nil {
		return nil, err
	}
	return &File{Status: http.StatusSeeOther, FileHeaders: FileHeaders{Location: address, CacheControl: "no-store", ContentLanguage: lang}}, nil
}

// Export is a list as a table, whose columns have the names of the fields in JSON.
type Export struct {
	Name    string // of the sheet of a workbook
	Columns []string
	Rows    iter.Seq[[]sheet.Value]
	About   string // what the list is and when it was made, on a second sheet
}

// Write returns the table as a file: CSV with a separator, or a workbook.
func (e Export) Write(f Format, separator sheet.Separator) ([]byte, error) {
	header := make([]sheet.Value, len(e.Columns))
	widths := make([]int, len(e.Columns))
	for i, name := range e.Columns {
		header[i], widths[i] = sheet.Value{Text: name}, 24
	}
	var file bytes.Buffer
	if f.Extension == FormatXLSX.Extension {
		table := sheet.Sheet{Name: e.Name, Widths: widths, Header: header, Rows: e.Rows, IsTable: true}
		about := sheet.Sheet{Name: "trueup", Widths: []int{120}, Header: []sheet.Value{{Text: e.About}}, Rows: func(func([]sheet.Value) bool) {}}
		err := sheet.WriteWorkbook(&file, table, about)
		return file.Bytes(), err
	}
	err := e.csv(&file, header, separator)
	return file.Bytes(), err
}

func (e Export) csv(to io.Writer, header []sheet.Value, separator sheet.Separator) error {
	w, err := sheet.NewCSVWriter(to, separator.Byte())
	if err != nil {
		return err
	}
	w.Write(header)
	for row := range e.Rows {
		w.Write(row)
	}
	return w.Flush()
}
