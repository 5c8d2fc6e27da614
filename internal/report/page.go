package report

import (
	"bufio"
	"html"
	"io"

	"trueup/internal/sheet"
)

// pageStyle is for screen and paper: rows are not split across pages, and every page repeats the
// header.
const pageStyle = `
:root { color-scheme: light; }
body { font: 14px/1.4 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 2rem; }
h1 { font-size: 1.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #767676; text-align: left; vertical-align: top; font-weight: normal; }
thead th, tfoot th, tfoot td { font-weight: bold; border-bottom-width: 2px; }
thead th { vertical-align: bottom; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n, .d { white-space: nowrap; }
tbody th { min-width: 14em; }
.stale { border-left: 4px solid #b45f06; padding-left: .6rem; font-weight: bold; }
tbody tr:nth-child(even) { background: #f4f4f4; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { margin: 0; font-size: 8pt; }
  .scroll { overflow: visible; }
  th, td { padding: .15rem .25rem; hyphens: auto; }
  tbody th, tbody td { overflow-wrap: anywhere; }
  tbody th { min-width: 10em; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  tr { break-inside: avoid; }
}
`

// PagePolicy is the Content-Security-Policy of a page: it runs and loads nothing, and sends nothing.
// The page contains it, because a page that is downloaded from S3 has none of our headers. Only a
// header can also forbid that other pages frame it; a page from S3 is an attachment, which browsers
// do not frame.
const PagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

// HTML writes the table as one self-contained page for reading and printing.
func (t Table) HTML(to io.Writer) error {
	p := page{bufio.NewWriterSize(to, 1<<16)}
	p.raw("<!DOCTYPE html>\n<html lang=\"").text(t.Lang).raw("\">\n<head>\n<meta charset=\"utf-8\">\n").
		raw("<meta http-equiv=\"Content-Security-Policy\" content=\"").raw(PagePolicy).raw("\">\n").
		raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n").
		raw("<title>").text(t.Title).raw("</title>\n<style>").raw(pageStyle).raw("</style>\n</head>\n<body>\n<main>\n")
	p.raw("<h1 id=\"title\">").text(t.Title).raw("</h1>\n")
	if t.Stale != "" {
		p.raw("<p class=\"stale\">").text(t.Stale).raw("</p>\n")
	}
	// Accessibility: a scrolling region must be reachable by keyboard and have a name.
	p.raw("<div class=\"scroll\" role=\"region\" aria-labelledby=\"title\" tabindex=\"0\">\n<table aria-describedby=\"about\">\n<thead>\n<tr>")
	for _, c := range t.Columns {
		p.raw("<th scope=\"col\"").numeric(c).raw(">").text(c.Name).raw("</th>")
	}
	p.raw("</tr>\n</thead>\n<tbody>\n")
	for cells := range t.Rows {
		p.row(t.Columns, cells)
	}
	p.raw("</tbody>\n")
	if t.Totals != nil {
		p.raw("<tfoot>\n").row(t.Columns, t.Totals).raw("</tfoot>\n")
	}
	p.raw("</table>\n</div>\n<div id=\"about\">\n")
	for _, sentence := range t.About {
		p.raw("<p>").text(sentence).raw("</p>\n")
	}
	p.raw("</div>\n</main>\n</body>\n</html>\n")
	return p.Flush() // returns the first error of any write
}

// page writes HTML. Everything except the markup in this file goes through text, and only between
// tags or in a quoted attribute.
type page struct{ *bufio.Writer }

// markup is HTML that is a constant in this file. Its type keeps other strings out of raw.
type markup string

func (p page) raw(m markup) page {
	io.WriteString(p, string(m))
	return p
}

func (p page) text(s string) page {
	io.WriteString(p, html.EscapeString(s))
	return p
}

func (p page) numeric(c Column) page {
	if c.Numeric {
		p.raw(" class=\"n\"")
	}
	return p
}

func (p page) date(c Cell) page {
	if c.Kind == sheet.KindDay {
		p.raw(" class=\"d\"")
	}
	return p
}

// row writes a row. Its first cell is the row's header.
func (p page) row(columns []Column, cells []Cell) page {
	p.raw("<tr>")
	for i, c := range cells {
		if i == 0 {
			p.raw("<th scope=\"row\">").text(c.String()).raw("</th>")
			continue
		}
		p.raw("<td").numeric(columns[i]).date(c).raw(">").text(c.String()).raw("</td>")
	}
	return p.raw("</tr>\n")
}
