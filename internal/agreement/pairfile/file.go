// Package pairfile reads and annotates CSV files of agreement numbers: one pair of an
// authorization number and a license number on each line, with an optional name.
//
// Read never fails. Everything wrong with a file is a finding with its line and column. Annotate
// returns the file with the findings beside the lines.
package pairfile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// The limits of R3.3; the limit of a file name is sheet.FileNameMaxChars. A caller that knows a file's size refuses a file above MaxBytes without
// reading it.
const (
	MaxBytes = 4 << 20
	MaxRows  = 5000        // different pairs; also rows with errors
	MaxLines = 4 * MaxRows // rows
)

// findingsPerRow limits the findings of one row. It is enough for everything that can be wrong
// with three cells, and prevents ten thousand findings for as many columns.
const findingsPerRow = 12

// Options are the options of Read.
type Options struct {
	FileName string            // last part of the decoded object key; not checked if empty
	Program  agreement.Program // of every pair; empty or ProgramUnknown to suggest one
	Limits   agreement.Limits
}

// Row is a good row. It satisfies every rule that does not need the store.
type Row struct {
	Line int
	// Name is the parsed name of the agreement; the authorization number if the row has none
	// (R3.4).
	Name  string
	Named bool // whether the row has its own name: the others go where R3.4 says
	Pair  agreement.Pair
}

// File is a checked CSV file. Always
//
//	len(Rows) + Unchanged + Rejected = Total
//
// where Rejected counts the rows with at least one error.
type File struct {
	// Rows are the good rows in the order of the file, without rows that repeat an earlier pair
	// under the same name.
	Rows []Row
	// Findings are in the order of the file: first about the file, then by line and position.
	Findings  []sheet.Finding
	Total     int // data rows: not blank, not the header
	Unchanged int // rows that repeat an earlier pair under the same name (R3.6)
	Rejected  int // rows with an error; all rows of a refused file
	// Refused means that the whole file is refused, for example because it is not text. Then
	// there are no Rows and nothing to annotate.
	Refused bool

	text   string // the file without its byte-order mark and separator line
	sep    byte
	line   int // physical line at the start of text
	layout layout
	widest int // columns of the widest record with too many
}

// Read checks a whole CSV file (R3.2 to R3.6) and reports everything that is wrong with it (R3.7)
// as findings; it never fails. Good rows share the memory of one copy of the file.
func Read(data []byte, o Options) *File {
	f := &File{line: 1, layout: defaultLayout}
	r := reader{File: f, options: o}
	r.checkName()
	r.checkProgram()
	if len(data) > MaxBytes {
		r.refuse("file_too_large", 0)
		return f
	}
	if code, line := sheet.Content(data); code != "" {
		r.refuse(code, line)
		return f
	}
	f.text = sheet.WithoutEnd(strings.TrimPrefix(string(data), sheet.BOM))
	sep, length := sheet.SeparatorLine(f.text)
	if length > 0 {
		f.text, f.line = f.text[length:], 2
		f.sep = sep
	} else {
		f.sep = guessSeparator(f.text)
	}
	r.rows()
	if f.Refused {
		f.Rows, f.Unchanged, f.Rejected = nil, 0, f.Total
	}
	return f
}

// IsFile reports whether a file that arrived as something else is a file of pairs, by its start: its
// header names both numbers, or its first good row has two.
func IsFile(data []byte) bool {
	f := Read(sheet.Start(data), Options{})
	if f.layout.header != nil {
		return f.layout.missing() == sheet.ColumnNone
	}
	return len(f.Rows) > 0 && agreement.LooksLikeNumber(f.Rows[0].Pair.Authorization) && agreement.LooksLikeNumber(f.Rows[0].Pair.License)
}

// Refuse refuses the whole file, instead of what is wrong with its rows.
func (f *File) Refuse(code string) {
	f.Refused, f.Findings = true, []sheet.Finding{{Severity: sheet.SeverityError, Code: code}}
	f.Rows, f.Unchanged, f.Rejected = nil, 0, f.Total
}

// Position returns the position of a column in the file, counting from 1; 0 if the file does not
// have it. It is for findings from other packages, such as a name that is taken.
func (f *File) Position(c sheet.Column) int { return f.layout.position(c) }

// reader reads one file.
type reader struct {
	*File
	options Options
	scanner *sheet.Scanner
	pairs   map[agreement.PairKey]int // good rows by pair
	draft   [1]agreement.Pair         // of the current row; avoids an allocation per row
	unread  bool                      // the columns are not known, so no row is read
	tooMany bool                      // more rows than a file may have
}

// refuse refuses the whole file.
func (r *reader) refuse(code string, line int, args ...string) {
	r.Refused = true
	r.add(sheet.Finding{Line: line, Code: code, Args: errs.Pairs(args...)})
}

// add reports an error or a warning, depending on the rule.
func (r *reader) add(f sheet.Finding) {
	f.Severity = severityOf(f.Code)
	r.Findings = append(r.Findings, f)
}

func (r *reader) checkName() {
	if r.options.FileName == "" {
		return
	}
	for _, v := range ParseFileName(r.options.FileName) {
		r.Refused = true
		r.add(sheet.Finding{Code: v.Code, Value: v.Value, Args: v.Args})
	}
}

// checkProgram reports an unknown program once, instead of on every row.
func (r *reader) checkProgram() {
	program, violations := agreement.ParseProgram(r.options.Program)
	r.options.Program = program
	for _, v := range violations {
		r.Refused = true
		r.add(sheet.Finding{Code: v.Code, Value: v.Value, Args: v.Args})
	}
}

func (r *reader) rows() {
	s, header, more := firstRecord(r.text, r.sep, r.line, &r.layout)
	likely := min(MaxRows, 1+len(r.text)/16)
	r.pairs = make(map[agreement.PairKey]int, likely)
	r.Rows = make([]Row, 0, likely)
	if header {
		r.scanner = unwrapped(s, r.sep, &r.layout)
		r.header()
		more = s.Next()
	}
	for titles := !header; more; more = s.Next() {
		r.scanner = unwrapped(s, r.sep, &r.layout)
		r.Total++
		if r.unread || r.tooMany || titles && r.unknownHeader() {
			continue
		}
		titles = titles && r.scanner.Filled < 2 // lines above the first record
		r.next(r.scanner != s)
	}
	switch {
	case r.Total == 0:
		r.refuse("file_empty", 0)
	case r.tooMany:
		r.refuse("file_too_many_rows", 0, "max", strconv.Itoa(MaxRows), "count", strconv.Itoa(r.Total))
	}
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Line == 0 })
	slices.SortStableFunc(r.Findings, func(a, b sheet.Finding) int { return cmp.Compare(a.Line, b.Line) })
}

// next checks the current record, unless it is one too many.
func (r *reader) next(wasQuoted bool) {
	before := len(r.Findings)
	if !r.misplacedHeader() {
		if wasQuoted {
			r.about("line_in_quotes", 0)
		}
		r.row()
	}
	if !r.unread && (r.Total > MaxLines || len(r.pairs) > MaxRows || r.Rejected > MaxRows) {
		r.Findings, r.tooMany = r.Findings[:before], true
	}
}

// row checks the current record. It becomes a good row, an unchanged row, or findings.
func (r *reader) row() {
	s, l := r.scanner, r.layout
	before := len(r.Findings)
	r.flaws()
	if !l.fits(s) {
		if s.Filled > l.most() {
			r.widest = max(r.widest, s.Filled)
		}
		// An unclosed quote that was reported explains the number of columns.
		if len(r.Findings) == before || s.Cells[len(s.Cells)-1].Flaw != sheet.FlawUnclosed {
			r.columns(before)
		}
		r.reject(before)
		return
	}
	r.draft[0] = agreement.Pair{Authorization: at(s.Cells, l.authorization), License: at(s.Cells, l.license)}
	name := at(s.Cells, l.name)
	named := !meansNoName(name)
	if !named {
		name = r.draft[0].Authorization
	}
	volume, violations := agreement.Parse(agreement.Draft{Name: name, Pairs: r.draft[:], Program: r.options.Program, ASCII: true}, r.options.Limits)
	r.violations(before, violations, named)
	wrong := len(r.Findings) > before
	r.suspicions()
	if wrong {
		r.reject(before)
		return
	}
	r.accept(Row{Line: s.Line, Name: volume.Name, Named: named, Pair: volume.Pairs[0]})
}

// accept keeps a row unless an earlier row has its pair. A row without a name repeats a pair
// whatever name the other row has, before or after it (R3.4).
func (r *reader) accept(row Row) {
	key := row.Pair.Key()
	i, taken := r.pairs[key]
	if !taken {
		r.pairs[key] = len(r.Rows)
		r.Rows = append(r.Rows, row)
		return
	}
	earlier := &r.Rows[i]
	switch {
	case !row.Named || earlier.Named && text.Fold(earlier.Name) == text.Fold(row.Name):
		r.repeated(row, earlier.Line)
	case !earlier.Named:
		r.repeated(*earlier, row.Line)
		earlier.Line = 0 // this row takes its place
		r.pairs[key] = len(r.Rows)
		r.Rows = append(r.Rows, row)
	default:
		r.Rejected++
		r.aboutPair(row, "pair_under_two_names", "line", strconv.Itoa(earlier.Line), "name", earlier.Name)
	}
}

// repeated counts a row whose pair another line has under the same name, or under any.
func (r *reader) repeated(row Row, line int) {
	r.Unchanged++
	r.aboutPair(row, "pair_repeated", "line", strconv.Itoa(line))
}

// aboutPair reports a finding about a good row's pair, which begins in the first number's column.
func (r *reader) aboutPair(row Row, code string, args ...string) {
	r.add(sheet.Finding{
		Line: row.Line, Position: r.layout.position(ColumnAuthorization), Column: ColumnAuthorization,
		Value: text.Quote(row.Pair.String()), Code: code, Args: errs.Pairs(args...),
	})
}

// reject counts the current record as rejected and sorts its findings, from index before, by
// position.
func (r *reader) reject(before int) {
	r.Rejected++
	own := r.Findings[before:]
	slices.SortStableFunc(own, func(a, b sheet.Finding) int { return cmp.Compare(a.Position, b.Position) })
	if len(own) > findingsPerRow {
		r.Findings = r.Findings[:before+findingsPerRow]
	}
}

// matters reports whether a badly written cell in a column that is not read may hide a row or a
// cell that is read.
func (r *reader) matters(i int, c sheet.Cell) bool {
	switch c.Flaw {
	case sheet.FlawBreak:
		return r.layout.mayHoldRows(i, c.Text, r.sep)
	case sheet.FlawUnclosed:
		return !r.layout.fits(r.scanner)
	case sheet.FlawStray: // the quote is a character of the cell
	}
	return false
}

// flaws reports the badly written cells of the current record.
func (r *reader) flaws() {
	s := r.scanner
	for i, c := range s.Cells {
		if c.Flaw == "" || r.layout.ignores(i) && !r.matters(i, c) {
			continue
		}
		var args errs.Args
		if c.Flaw == sheet.FlawBreak {
			args = errs.Pairs("lines", strconv.Itoa(1+sheet.LineEnds(c.Text)))
		}
		r.add(sheet.Finding{
			Line:     s.Line,
			Position: i + 1,
			Column:   r.layout.columnAt(i),
			Value:    text.Quote(c.Text),
			Code:     string(c.Flaw),
			Args:     args,
		})
		if i >= findingsPerRow {
			return
		}
	}
}

// columns reports a record with too few or too many columns, and what is wrong with its cells
// regardless of their column.
func (r *reader) columns(before int) {
	s := r.scanner
	r.about("columns", r.layout.misfit(s), "count", strconv.Itoa(s.Columns), "separator", string(r.sep))
	for i, c := range s.Cells {
		if len(r.Findings)-before >= findingsPerRow {
			return
		}
		if c.Flaw != "" || r.layout.ignores(i) || text.IsASCII(c.Text) {
			continue
		}
		for _, v := range agreement.NotASCII(c.Text) {
			r.add(sheet.Finding{Line: s.Line, Position: i + 1, Column: r.layout.columnAt(i), Value: v.Value, Code: v.Code, Args: v.Args})
		}
	}
}

// about reports a finding about the current record, at a position counting from 0.
func (r *reader) about(code string, at int, args ...string) {
	s := r.scanner
	r.add(sheet.Finding{
		Line: s.Line, Position: at + 1, Column: r.layout.columnAt(at), Value: text.Quote(s.Record()), Code: code, Args: errs.Pairs(args...),
	})
}

// suspicions warns of numbers that are allowed, but are hardly ones (R3.2, R3.7).
func (r *reader) suspicions() {
	for i, number := range []string{r.draft[0].Authorization, r.draft[0].License} {
		code := suspicion(number)
		if code == "" {
			continue
		}
		at := r.layout.authorization
		if i == 1 {
			at = r.layout.license
		}
		r.add(sheet.Finding{Line: r.scanner.Line, Position: at + 1, Column: r.layout.columnAt(at), Value: text.Quote(number), Code: code})
	}
}

// violations turns the violations of the current record into findings. It omits violations of a
// badly written cell, which is already reported.
func (r *reader) violations(before int, violations []errs.Violation, named bool) {
	flawed := r.Findings[before:]
	for _, v := range violations {
		column := ColumnAuthorization // of the pair: where it begins
		switch v.Field {
		case "name":
			column = ColumnName
		case "pairs/0/license":
			column = ColumnLicense
		}
		if column == ColumnName && !named {
			continue // it is the authorization number, which has its own violation
		}
		ofPair := v.Field == "pairs/0" || v.Code == "numbers_differ"
		if slices.ContainsFunc(flawed, func(f sheet.Finding) bool {
			return f.Column == column || ofPair && f.Column != ColumnName
		}) {
			continue
		}
		r.add(sheet.Finding{Line: r.scanner.Line, Position: r.layout.position(column), Column: column, Value: v.Value, Code: v.Code, Args: v.Args})
	}
}
