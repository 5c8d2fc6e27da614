package catalog

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Limits of a file: enough for 200,000 titles and their publishers, with a margin. A caller that
// knows the size of a file refuses one above MaxFileBytes without reading it.
const (
	MaxFileBytes    = 32 << 20
	MaxFileRows     = 250_000
	MaxFileFindings = 1000 // further findings are only counted
)

// File is a checked CSV file of publishers and titles, or of Microsoft's list of subscriptions. In a
// file of publishers and titles always
//
//	len(Additions) + Rejected = Rows
type File struct {
	Additions []Addition
	// Subscriptions are those of a file of Microsoft's list, which has no Additions. Their Rows and
	// Rejected add up to Rows.
	Subscriptions []Listed
	Rows          int // without blank rows and the header
	Rejected      int // rows with an error; all rows of a refused file
	// Findings are the errors, in the order of the file. A finding about the whole file has no
	// line, and then there are no Additions.
	Findings []Finding
}

// Finding is one error in a file.
type Finding struct {
	Line  int // from 1; 0 for the whole file
	Field string
	Value string
	Code  string
	Args  errs.Args
}

// ReadFile checks a CSV file with a publisher and a product title on each line. A line without a
// title is a publisher. The separator is a comma, semicolon or tab. A header may name the columns
// in English, Dutch or French, in any order and among others; without a header they are the first
// two. Invalid rows are reported and do not stop the file.
//
// Microsoft's list of product names and service plans is recognised by its header.
func ReadFile(data []byte) *File {
	f := &File{}
	if len(data) > MaxFileBytes {
		f.refuse(TooLarge())
		return f
	}
	content, code := sheet.Text(data)
	if code != "" {
		f.refuse(Finding{Code: code})
		return f
	}
	if plans, separator, ok := planLayoutOf(content); ok {
		f.readPlans(content, separator, plans)
		return f
	}
	columns := defaultLayout
	for r := range sheet.Records(content, sheet.GuessSeparator(content, evidence)) {
		if f.Rows == 0 && !columns.named {
			if l, ok := headerLayout(r.Cells); ok {
				columns = l
				continue
			}
		}
		if f.Rows++; f.Rows <= MaxFileRows {
			f.row(r, columns)
		}
	}
	f.checkRows()
	return f
}

// checkRows refuses a file with no or too many rows.
func (f *File) checkRows() {
	switch {
	case f.Rows == 0:
		f.refuse(Finding{Code: "feed_empty"})
	case f.Rows > MaxFileRows:
		f.refuse(Finding{Code: "feed_too_many_rows", Args: errs.Pairs("max", strconv.Itoa(MaxFileRows), "count", strconv.Itoa(f.Rows))})
	}
}

// TooLarge returns the finding about a file of more than MaxFileBytes.
func TooLarge() Finding {
	return Finding{Code: "feed_too_large", Args: errs.Pairs("max", strconv.Itoa(MaxFileBytes>>20))}
}

func (f *File) refuse(why Finding) {
	f.Additions, f.Subscriptions, f.Rejected, f.Findings = nil, nil, f.Rows, []Finding{why}
}

// row checks one row. It becomes an addition or findings.
func (f *File) row(r sheet.Record, columns layout) {
	var wrong []errs.Violation
	a := Addition{}
	switch {
	case r.Flaw != "":
		wrong = []errs.Violation{{Code: string(r.Flaw)}}
	case !columns.fits(r.Cells):
		wrong = []errs.Violation{{Code: "feed_columns", Args: errs.Pairs("count", strconv.Itoa(len(r.Cells)))}}
	default:
		a.Publisher, wrong = agreement.ParsePublisher("publisher", columns.at(r.Cells, columns.publisher))
		if title := columns.at(r.Cells, columns.title); strings.TrimSpace(title) != "" {
			var alsoWrong []errs.Violation
			a.Title, alsoWrong = agreement.ParseTitle("title", title)
			wrong = append(wrong, alsoWrong...)
		}
	}
	if wrong != nil {
		f.reject(r.Line, wrong)
		return
	}
	f.Additions = append(f.Additions, a)
}

// reject counts a row with errors.
func (f *File) reject(line int, wrong []errs.Violation) {
	f.Rejected++
	for _, v := range wrong[:min(len(wrong), MaxFileFindings-min(len(f.Findings), MaxFileFindings))] {
		f.Findings = append(f.Findings, Finding{Line: line, Field: v.Field, Value: v.Value, Code: v.Code, Args: v.Args})
	}
}

// layout says which columns a file has, from 0; -1 for none.
type layout struct {
	publisher, title int
	named            bool // a header names the columns, so other columns are allowed
}

var defaultLayout = layout{publisher: 0, title: 1}

// fits reports whether a row has no unexpected columns.
func (l layout) fits(cells []string) bool {
	return l.named || !slices.ContainsFunc(cells[min(len(cells), 2):], func(cell string) bool { return cell != "" })
}

// at returns a cell as text.
func (l layout) at(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return text.Readable(cells[i])
}

// publisherColumns and titleColumns are the column names that a header may use, in English, Dutch
// and French, in the form of text.Letters.
var (
	publisherColumns = []string{
		"publisher", "publishername", "softwarepublisher", "applicationpublisher", "manufacturer", "vendor", "vendorname",
		"uitgever", "softwareuitgever", "fabrikant", "leverancier",
		"editeur", "nomdelediteur", "editeurdelogiciels", "fabricant", "fournisseur",
	}
	titleColumns = []string{
		"title", "producttitle", "softwaretitle", "product", "productname", "applicationname", "application", "software",
		"titel", "producttitel", "softwaretitel", "productnaam", "toepassing",
		"titre", "titreduproduit", "titredeproduit", "produit", "nomduproduit", "logiciel", "application",
	}
)

// headerLayout reads a record as a header. A header names the publisher, and the title if there
// are more columns.
func headerLayout(cells []string) (layout, bool) {
	l := layout{publisher: -1, title: -1, named: true}
	for i, cell := range cells {
		switch name := text.Letters(text.Shorten(cell, 64)); {
		case l.publisher < 0 && slices.Contains(publisherColumns, name):
			l.publisher = i
		case l.title < 0 && slices.Contains(titleColumns, name):
			l.title = i
		}
	}
	return l, l.publisher >= 0 && (l.title >= 0 || len(cells) == 1)
}

// evidence says how a file of publishers and titles shows its separator.
var evidence = sheet.Evidence{Separators: sheet.RarestFirst, Records: evidenceRecords, Points: separatorPoints}

const evidenceRecords = 20

// separatorPoints favours two columns. A header counts more than all records, because it may name
// other columns too.
func separatorPoints(cells []string, first bool) int {
	points := 0
	if len(cells) == 2 {
		points++
	}
	if first && len(cells) > 1 {
		if _, ok := headerLayout(cells); ok {
			points += 3 * evidenceRecords
		}
	}
	return points
}
