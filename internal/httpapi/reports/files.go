package reports

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/manifest"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/sheet"
)

// format is a file format of reports (R8.4).
type format struct {
	extension   string
	media       string
	disposition string // of Content-Disposition
	binary      string // the OpenAPI format of binary content; empty for text
	write       func(report.Table, io.Writer) error
}

var (
	formatCSV  = format{"csv", "text/csv; charset=utf-8", "attachment", "", report.Table.CSV}
	formatXLSX = format{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment", "binary", report.Table.XLSX}
	formatHTML = format{"html", "text/html; charset=utf-8", "inline", "", report.Table.HTML}
	formatJSON = format{extension: "json", media: "application/json", disposition: "attachment"} // only for answers that are stored as files
)

// maxFileBytes is the maximum size of a file in a response. Lambda accepts 6 MB, as a JSON
// string, in which some bytes are longer.
const maxFileBytes = 5 << 20

// reportFile is a file, or a redirect to it.
type reportFile struct {
	Aged
	Status                int
	Location              string `header:"Location" doc:"The address of the download, which is valid for some minutes, if the file is too large for a response."`
	CacheControl          string `header:"Cache-Control" hidden:"true"`
	ContentType           string `header:"Content-Type" hidden:"true"`
	ContentLanguage       string `header:"Content-Language" hidden:"true"`
	ContentDisposition    string `header:"Content-Disposition" doc:"The file's name."`
	ContentSecurityPolicy string `header:"Content-Security-Policy" hidden:"true"`
	Body                  []byte
}

// FileReader is the input of operations that return files. It has a query parameter for the
// language because a link cannot set headers.
type FileReader struct {
	httpapi.Reader
	Lang i18n.Lang `query:"lang" doc:"The language of the file. The default is the language of Accept-Language."`
	httpapi.Separated
}

func (r FileReader) lang() i18n.Lang { return cmp.Or(r.Lang, r.Reader.Lang()) }

func (r FileReader) separator() sheet.Separator { return r.SeparatorIn(r.lang()) }

// separable is an input with the separator of a CSV file.
type separable interface{ separator() sheet.Separator }

type downloadPurchasesInput struct {
	FileReader
	PurchasesQuery
}

// printed is a report as a table, its day, and the age of its data.
type printed struct {
	report.Table
	day day.Date
	age string
}

func (o *operations) purchasesTable(ctx context.Context, in *downloadPurchasesInput) (printed, error) {
	v, err := o.view(ctx, in.date, in.Recent, in.FileReader.lang(), position.Options{})
	if err != nil {
		return printed{}, err
	}
	f, err := o.purchasesFilter(ctx, in.PurchasesQuery)
	r := v.Purchases(f, by(in.Sort, in.Sorted), v.Settings)
	return printed{r.Table(v.Words), v.Calendar.Today, v.Age}, err
}

type downloadInstallationsInput struct {
	FileReader
	InstallationsQuery
}

func (o *operations) installationsTable(ctx context.Context, in *downloadInstallationsInput) (printed, error) {
	v, err := o.view(ctx, in.date, in.Recent, in.FileReader.lang(), in.options())
	if err != nil {
		return printed{}, err
	}
	f, err := o.installationsFilter(ctx, in.InstallationsQuery)
	r := v.Installations(f, by(in.Sort, in.Sorted), v.Settings)
	return printed{r.Table(v.Words), v.Calendar.Today, v.Age}, err
}

type downloadComparisonInput struct {
	FileReader
	ComparisonQuery
}

func (o *operations) comparisonTable(ctx context.Context, in *downloadComparisonInput) (printed, error) {
	c, v, err := o.compared(ctx, in.FileReader.lang(), in.ComparisonQuery)
	if err != nil {
		return printed{}, err
	}
	return printed{c.Table(v.Words), v.Calendar.Today, v.Age}, nil
}

// Names of the reports in descriptions.
const (
	purchases     = "License purchase report"
	installations = "License installation report"
	comparison    = "comparison of two days"
)

func (o *operations) fileOperations() httpapi.Operations {
	return httpapi.Operations{
		"downloadLicensePurchasesCSV":      file(o, formatCSV, purchases, report.NamePurchases, o.purchasesTable),
		"downloadLicensePurchasesXLSX":     file(o, formatXLSX, purchases, report.NamePurchases, o.purchasesTable),
		"printLicensePurchases":            file(o, formatHTML, purchases, report.NamePurchases, o.purchasesTable),
		"downloadLicenseInstallationsCSV":  file(o, formatCSV, installations, report.NameInstallations, o.installationsTable),
		"downloadLicenseInstallationsXLSX": file(o, formatXLSX, installations, report.NameInstallations, o.installationsTable),
		"printLicenseInstallations":        file(o, formatHTML, installations, report.NameInstallations, o.installationsTable),
		"downloadComparisonCSV":            file(o, formatCSV, comparison, report.NameComparison, o.comparisonTable),
		"downloadComparisonXLSX":           file(o, formatXLSX, comparison, report.NameComparison, o.comparisonTable),
		"printComparison":                  file(o, formatHTML, comparison, report.NameComparison, o.comparisonTable),
	}
}

// file returns a function that adds the operation of a report as a file. Descriptions call the
// report what; the file's name begins with name.
func file[In separable](o *operations, f format, what, name string, table func(context.Context, *In) (printed, error)) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		op.Summary = "Download the " + what + " as " + strings.ToUpper(f.extension)
		op.Description = "Returns all rows of the " + what + ", with totals, notice and the time of its licence data. No cell starts a formula in a spreadsheet program. " +
			"A file that is too large for a response is stored for a day, and the response redirects to it. Do not send the token to that address: S3 refuses a request with both."
		op.Errors = append(op.Errors, http.StatusNotFound)
		media, _, _ := strings.Cut(f.media, ";")
		op.Responses = map[string]*huma.Response{
			"200": {Description: "The file.", Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString, Format: f.binary}}}},
			"303": redirected(),
		}
		huma.Register(api, op, func(ctx context.Context, in *In) (*reportFile, error) {
			t, err := table(ctx, in)
			if err != nil {
				return nil, err
			}
			t.Separator = (*in).separator()
			var body bytes.Buffer
			if err := f.write(t.Table, &body); err != nil {
				return nil, err
			}
			return o.answer(ctx, f, t.age, t.Lang, name+"-"+string(t.day)+"."+f.extension, body.Bytes())
		})
	}
}

// answer returns the file, or stores it and returns a redirect.
func (o *operations) answer(ctx context.Context, f format, age, lang, name string, body []byte) (*reportFile, error) {
	if fits(f, body) {
		return &reportFile{
			Aged: Aged{age}, Status: http.StatusOK, ContentType: f.media, ContentLanguage: lang, ContentDisposition: f.disposition + `; filename="` + name + `"`,
			ContentSecurityPolicy: report.PagePolicy + "; frame-ancestors 'none'", Body: body,
		}, nil
	}
	return o.stored(ctx, f, age, lang, name, body)
}

// stored stores a file that is too large for a response, and returns a redirect.
func (o *operations) stored(ctx context.Context, f format, age, lang, name string, body []byte) (*reportFile, error) {
	sum := sha256.Sum256(body)
	key := manifest.ExportsPrefix + hex.EncodeToString(sum[:]) + "/" + name
	if err := o.Reports.Put(ctx, key, f.media, body); err != nil {
		return nil, err
	}
	address, err := o.Reports.PresignGet(ctx, key, name, httpapi.DownloadFor)
	if err != nil {
		return nil, err
	}
	return &reportFile{Aged: Aged{age}, Status: http.StatusSeeOther, Location: address, CacheControl: "no-store", ContentLanguage: lang}, nil
}

// redirected returns the description of the redirect to a file that is too large for a response.
func redirected() *huma.Response {
	return &huma.Response{Description: "A redirect to the file.", Headers: map[string]*huma.Param{"Location": {
		Description: "The address of the download, which is valid for some minutes.", Schema: &huma.Schema{Type: huma.TypeString, Format: "uri"},
	}}}
}

// fits reports whether a file fits in a response: text as a JSON string, binary content in
// base64.
func fits(f format, body []byte) bool {
	if f.binary != "" {
		return base64.StdEncoding.EncodedLen(len(body)) <= maxFileBytes
	}
	if len(body) > maxFileBytes {
		return false
	}
	carried, err := json.Marshal(string(body))
	return err == nil && len(carried) <= maxFileBytes
}
