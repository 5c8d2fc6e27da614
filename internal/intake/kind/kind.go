// Package kind is the table of the kinds of files that arrive in the uploads bucket.
//
// The table is plain data. From it follow the prefixes that call a function and the function's
// rights on files and results (package manifest), the choice of a receiver (package trigger), the
// limits and media types of announced files (package httpapi), and the lists in infra/restore.sh.
// A further kind of file is a row here and its receiver in package app.
package kind

import (
	"slices"
	"strings"
)

// Kind is one kind of file.
type Kind struct {
	Name     string
	Prefix   string   // of the keys in the uploads bucket; ends in a slash
	Results  string   // prefix of the keys of results in the reports bucket; empty if there are none
	Function string   // the function that receives the files
	Formats  []Format // the formats of announced files
	MaxBytes int64    // of a file; a receiver may refuse a smaller one by its content
}

// Format is a file format, which the name of a file shows.
type Format struct {
	Extension string // with the dot, in lower case; empty for any name
	MediaType string
}

var (
	csv  = Format{Extension: ".csv", MediaType: "text/csv"}
	xlsx = Format{Extension: ".xlsx", MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	// lists are the formats of lists of a directory.
	lists = []Format{csv, xlsx, {Extension: ".json", MediaType: "application/json"}, {Extension: ".jsonl", MediaType: "application/jsonl"}}
)

// The kinds of files. The sizes are those of the packages that read the files.
var (
	Agreements = Kind{
		Name:   "agreements",
		Prefix: "agreements/", Results: "imports/", Function: "import",
		Formats: []Format{csv}, MaxBytes: 4 << 20,
	}
	Catalog = Kind{
		Name:   "catalog",
		Prefix: "catalog/", Results: "catalog/", Function: "import",
		Formats: []Format{csv}, MaxBytes: 32 << 20,
	}
	Inventory = Kind{
		Name:   "inventory",
		Prefix: "inventory/", Results: "inventory/", Function: "inventory",
		Formats: []Format{{MediaType: "application/octet-stream"}}, MaxBytes: 16 << 30,
	}
	Statements = Kind{
		Name:   "statements",
		Prefix: "entitlements/", Results: "statements/", Function: "refresh",
		Formats:  []Format{csv, xlsx},
		MaxBytes: 16 << 20,
	}
	Users = Kind{
		Name:   "users",
		Prefix: "users/", Results: "users/", Function: "directory",
		Formats: lists, MaxBytes: 512 << 20,
	}
	Devices = Kind{
		Name:   "devices",
		Prefix: "devices/", Results: "devices/", Function: "directory",
		Formats: lists, MaxBytes: 512 << 20,
	}
	Subscriptions = Kind{
		Name:   "subscriptions",
		Prefix: "subscriptions/", Results: "subscriptions/", Function: "directory",
		Formats: lists, MaxBytes: 16 << 20,
	}
)

// KeptDays is for how many days the uploads bucket keeps a file, and what has the same personal data.
const KeptDays = 90

// AnnotatedPrefix is the prefix in the reports bucket of annotated copies of lists of users, devices and
// subscriptions. They have personal data, so they are kept as long as uploads.
const AnnotatedPrefix = "annotated/"

// Table lists every kind of file.
var Table = []Kind{Agreements, Catalog, Inventory, Statements, Users, Devices, Subscriptions}

// Of returns the kinds that a function receives, in the order of the table.
func Of(function string) (kinds []Kind) {
	for _, k := range Table {
		if k.Function == function {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Key returns the key of a file in the uploads bucket. folder is empty for a file directly below
// the prefix.
func (k Kind) Key(folder, file string) string {
	if folder == "" {
		return k.Prefix + file
	}
	return k.Prefix + folder + "/" + file // not path.Join: a folder can be called ".."
}

// Below returns the part of a key below the prefix: a file's name, with its folder.
func (k Kind) Below(key string) string { return strings.TrimPrefix(key, k.Prefix) }

// Extensions returns the extensions of the kind's formats.
func (k Kind) Extensions() []string {
	extensions := make([]string, len(k.Formats))
	for i, f := range k.Formats {
		extensions[i] = f.Extension
	}
	return extensions
}

// MediaType returns the media type of a file with that name or key; empty if no format has its
// extension. Case does not matter.
func (k Kind) MediaType(name string) string {
	i := slices.IndexFunc(k.Formats, func(f Format) bool { return strings.HasSuffix(strings.ToLower(name), f.Extension) })
	if i < 0 {
		return ""
	}
	return k.Formats[i].MediaType
}

// maxPut is the maximum size in bytes of an object that S3 accepts in one request.
const maxPut = 5 << 30

// MaxUpload returns the maximum size in bytes of an announced file, which is uploaded in one
// request. A larger file can be put into the bucket in parts.
func (k Kind) MaxUpload() int64 { return min(k.MaxBytes, maxPut) }
