package console

import (
	"net/url"
	"slices"
	"strings"
)

// Formats of files. Reports can be printed, too.
var (
	reportFormats = []string{"xlsx", "csv", "html"}
	listFormats   = []string{"xlsx", "csv"}
)

// exporting returns the handler of a list of the API as a file, with these parameters of the page.
func exporting(path string, parameters ...string) func(*visit) error {
	return func(v *visit) error { return v.export(path, parameters...) }
}

// export responds with a list or a report of the API as a file. path is the path in the API without the
// format; variables in it have the values of the page's path.
func (v *visit) export(path string, parameters ...string) error {
	format := v.r.PathValue("format")
	if !slices.Contains(reportFormats, format) {
		return errNotFound
	}
	query := v.only(parameters...)
	query.Set("lang", string(v.lang))
	if format == "csv" {
		query.Set("separator", v.T("csv_separator"))
	}
	var values []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			values = append(values, v.r.PathValue(strings.TrimSuffix(name, "}")))
		}
	}
	return v.forward(path+"."+format, values, query)
}

// files are links to a list as files.
type files struct {
	Formats []string
	at      func(format string) string

	also   *files // another list
	titled string // what it has
}

// and returns the links with those to another list.
func (f files) and(title string, also files) files {
	f.also, f.titled = &also, title
	return f
}

// reportFiles returns links to the report at an address as files, with the values in the address.
func reportFiles(report string) files {
	path, query, found := strings.Cut(report, "?")
	if found {
		query = "?" + query
	}
	return files{Formats: reportFormats, at: func(format string) string { return path + "/export/" + format + query }}
}

// listFiles returns links to a list of the API as files, with a query.
func listFiles(path string, query url.Values) files {
	return files{Formats: listFormats, at: func(format string) string { return address("/console/export"+path+"/"+format, query) }}
}
