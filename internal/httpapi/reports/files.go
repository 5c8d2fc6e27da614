package reports

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/sheet"
)

// format is a file format of reports (R8.4).
type format struct {
	httpapi.Format
	write func(report.Table, io.Writer) error
}

var (
	formatCSV  = format{httpapi.FormatCSV, report.Table.CSV}
	formatXLSX = format{httpapi.FormatXLSX, report.Table.XLSX}
	formatHTML = format{httpapi.FormatHTML, report.Table.HTML}
)

// reportFile is a file with the age of its data, or a redirect to it.
type reportFile struct {
	Aged
	Status int
	httpapi.FileHeaders
	Body []byte
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

// Chosen is the parameter of a file whose columns can be chosen, with the keys of its columns.
type Chosen[Column ~string] struct {
	Columns []Column `query:"columns" maxItems:"50" doc:"The columns of the file, in this order: names of columns, separated by commas, each once. The default is all."`
}

// repeated returns an error for each column that is given twice. An input calls it in a Resolve of its own: that
// of an embedded struct would hide the one that reads the date.
func (c *Chosen[Column]) repeated() []error {
	var broken []errs.Violation
	for i, column := range c.Columns {
		if slices.Contains(c.Columns[:i], column) {
			broken = append(broken, errs.Violation{Code: "column_repeated", Field: httpapi.ParameterField + "columns", Value: string(column)})
		}
	}
	return httpapi.Refusals(broken)
}

// columns returns the keys of the columns; none for all.
func (c *Chosen[Column]) columns() (keys []string) {
	for _, column := range c.Columns {
		keys = append(keys, string(column))
	}
	return keys
}

// fileInput is an input of an operation that returns a report as a file.
type fileInput interface {
	separator() sheet.Separator // of a CSV file
	columns() []string
}

// PurchasesFile is the parameters of a file of the License purchase report, which a saved view has, too.
type PurchasesFile struct {
	PurchasesQuery
	Chosen[report.PurchaseColumn]
}

// Resolve implements huma.Resolver.
func (in *PurchasesFile) Resolve(c huma.Context) []error {
	return append(in.Dated.Resolve(c), in.repeated()...)
}

type downloadPurchasesInput struct {
	FileReader
	PurchasesFile
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
	f, err := o.purchasesFilter(ctx, in.PurchasesQuery, v)
	r := v.Purchases(f, by(in.Sort, in.Sorted), v.Settings)
	return printed{r.Table(v.Words), v.Calendar.Today, v.Age}, err
}

// InstallationsFile is the parameters of a file of the License installation report, which a saved view has, too.
type InstallationsFile struct {
	InstallationsQuery
	Chosen[report.InstallationColumn]
}

// Resolve implements huma.Resolver.
func (in *InstallationsFile) Resolve(c huma.Context) []error {
	return append(in.Dated.Resolve(c), in.repeated()...)
}

type downloadInstallationsInput struct {
	FileReader
	InstallationsFile
}

func (o *operations) installationsTable(ctx context.Context, in *downloadInstallationsInput) (printed, error) {
	v, f, err := o.installationsOf(ctx, in.InstallationsQuery, in.FileReader.lang())
	if err != nil {
		return printed{}, err
	}
	r := v.Installations(f, by(in.Sort, in.Sorted), v.Settings)
	return printed{r.Table(v.Words), v.Calendar.Today, v.Age}, nil
}

// ComparisonFile is the parameters of a file of the comparison, which a saved view has, too.
type ComparisonFile struct {
	ComparisonQuery
	Chosen[report.ComparisonColumn]
}

// Resolve implements huma.Resolver.
func (in *ComparisonFile) Resolve(c huma.Context) []error {
	return append(in.ComparisonQuery.Resolve(c), in.repeated()...)
}

type downloadComparisonInput struct {
	FileReader
	ComparisonFile
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
	subscribed    = "Subscription report"
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
		// The names of the first two are those of former routes: CloudFormation cannot replace a route by one of
		// another name and the same path.
		"exportSubscriptionsCSV":  file(o, formatCSV, subscribed, report.NameSubscriptions, o.subscriptionsTable),
		"exportSubscriptionsXLSX": file(o, formatXLSX, subscribed, report.NameSubscriptions, o.subscriptionsTable),
		"printSubscriptionReport": file(o, formatHTML, subscribed, report.NameSubscriptions, o.subscriptionsTable),
	}
}

// file returns a function that adds the operation of a report as a file. Descriptions call the
// report what; the file's name begins with name.
func file[In any, Input interface {
	*In
	fileInput
}](o *operations, f format, what, name string, table func(context.Context, *In) (printed, error)) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		op.Summary = "Download the " + what + " as " + strings.ToUpper(f.Extension)
		op.Description = "Returns all rows of the " + what + ", with all columns or those of the parameter columns, totals, notice and the time of its licence data. No cell starts a formula in a spreadsheet program. " + httpapi.TooLargeForResponse
		op.Errors = append(op.Errors, http.StatusNotFound)
		f.Returns(&op)
		huma.Register(api, op, func(ctx context.Context, in *In) (*reportFile, error) {
			t, err := table(ctx, in)
			if err != nil {
				return nil, err
			}
			t.Separator = Input(in).separator()
			var body bytes.Buffer
			if err := f.write(t.Choose(Input(in).columns()), &body); err != nil {
				return nil, err
			}
			return o.answer(ctx, f, t.age, t.Lang, name+"-"+string(t.day)+"."+f.Extension, body.Bytes())
		})
	}
}

// aged returns a file with the age of its data. huma finds status and body only in the type itself.
func aged(age string, f *httpapi.File) *reportFile {
	return &reportFile{Aged{age}, f.Status, f.FileHeaders, f.Body}
}

// answer returns the file, or stores it and returns a redirect.
func (o *operations) answer(ctx context.Context, f format, age, lang, name string, body []byte) (*reportFile, error) {
	file, err := f.Answer(ctx, o.Reports, lang, name, body)
	if err != nil {
		return nil, err
	}
	if file.Status == http.StatusOK {
		file.ContentSecurityPolicy = report.PagePolicy + "; frame-ancestors 'none'"
	}
	return aged(age, file), nil
}
