package directory

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/directory/columns"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// MaxAnnotated is the size, in bytes, up to which a file has an annotated copy.
const MaxAnnotated = 32 << 20

// Annotation is the words of an annotated copy in the reader's language.
type Annotation struct {
	Messages string                     // name of the column, which sheet.IsMessages must know
	Sentence func(sheet.Finding) string // text of a finding
	More     func(left int) string      // says that a row has so many findings more
}

// Limits of a copy: its bytes, because short rows are filled up to the columns of the header, and the
// bytes of the sentences of a row, because a reader of the copy refuses a row that is too long.
const (
	maxCopied    = 2 * MaxAnnotated
	maxSentences = 4000
)

// Annotate writes a copy of a table of text: UTF-8 with a byte-order mark, the header, and the rows with
// their own separator and cells, and their findings in one more column. Cells that a row has more than the
// header follow after it. Findings about the whole file are at the first row, with what they are about.
// Lines above the header and blank lines are left out, and the lines that findings quote are those of the
// copy. A row that cannot be split is one cell, and of one that is too long only the findings are there.
// No cell starts a formula of a spreadsheet; Read removes the apostrophe.
//
// It returns false, and what it wrote is of no use, for a file without a table of text, as JSON and
// workbooks are, and for one whose copy would be too large. open opens the file, once or twice.
func Annotate(open func() (io.ReadCloser, error), findings []sheet.Finding, a Annotation, to *bytes.Buffer) (done bool, err error) {
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, func(a, b sheet.Finding) int { return cmp.Compare(a.Line, b.Line) })
	if err := renumber(open, findings); err != nil {
		return false, err
	}
	file, err := open()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	t, err := openCopied(file)
	if t == nil || err != nil {
		return false, err
	}
	to.WriteString(sheet.BOM)
	t.write(to, t.header, a.Messages)
	err = t.rows(func(line int, cells []string) bool {
		n := 0
		for n < len(findings) && findings[n].Line <= line {
			n++
		}
		t.write(to, cells, t.sentences(findings[:n], a))
		findings = findings[n:]
		return to.Len() <= maxCopied
	})
	if len(findings) > 0 { // about no row that the copy has
		t.write(to, nil, t.sentences(findings, a))
	}
	return to.Len() <= maxCopied, err
}

// renumber changes the lines that findings quote into those of the copy.
func renumber(open func() (io.ReadCloser, error), findings []sheet.Finding) (err error) {
	quoted := map[string]string{}
	for _, f := range findings {
		if line := f.Args["line"]; line != "" {
			quoted[line] = line
		}
	}
	if len(quoted) == 0 {
		return nil
	}
	file, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	t, err := openCopied(file)
	if t == nil || err != nil {
		return err
	}
	next := 1 + linesOf(t.header)
	err = t.rows(func(line int, cells []string) bool {
		if own := strconv.Itoa(line); quoted[own] != "" {
			quoted[own] = strconv.Itoa(next)
		}
		next += linesOf(cells)
		return true
	})
	for i := range findings {
		if line := findings[i].Args["line"]; line != "" {
			findings[i].Args = maps.Clone(findings[i].Args)
			findings[i].Args["line"] = quoted[line]
		}
	}
	return err
}

// linesOf returns the number of lines that a row takes, as sheet.Stream counts them.
func linesOf(cells []string) int {
	lines := 1
	for _, c := range cells {
		lines += strings.Count(c, "\n")
	}
	return lines
}

// copied is a table of text with all its columns.
type copied struct {
	stream   *sheet.Stream
	header   []string // without the messages of an earlier copy
	messages int      // index of the column of those; -1 for none
}

// openCopied finds the table of a file; nil if it has none that is text.
func openCopied(file io.Reader) (*copied, error) {
	buffered := bufio.NewReader(file)
	if start, err := buffered.Peek(4); err == nil && sheet.IsZIP(start) {
		return nil, nil
	}
	var plain sheet.Plain
	content, head, err := plain.Open(buffered)
	if err != nil || columns.IsJSON(head) {
		return nil, err
	}
	t := &copied{stream: sheet.NewStream(content, make([]byte, sheet.StreamBuffer)), messages: -1}
	place, err := columns.InText(t.stream)
	if err != nil || place.Header == nil {
		return nil, err
	}
	for i, c := range t.stream.Cells {
		t.header = append(t.header, text.Readable(string(c)))
		if sheet.IsMessages(t.header[i]) {
			t.messages = i
		}
	}
	if t.messages >= 0 {
		t.header = slices.Delete(t.header, t.messages, t.messages+1)
	}
	t.stream.Cells = t.stream.Cells[:cap(t.stream.Cells)] // rows may have more columns than the header
	return t, nil
}

// rows calls each for every row that is not blank, with its line and its cells without the messages of an
// earlier copy, until each returns false.
func (t *copied) rows(each func(line int, cells []string) (more bool)) error {
	var cells []string
	for {
		flaw, err := t.stream.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		cells = cells[:0]
		blank := false
		switch {
		case flaw == sheet.RowTooLong:
		case flaw == sheet.RowQuote, t.stream.Width > len(t.stream.Cells):
			cells = append(cells, text.Readable(string(t.stream.Raw())))
		default:
			blank = t.stream.Width <= t.stream.Columns // a longer row has a finding, whatever its cells are
			for i, c := range t.stream.Cells[:t.stream.Width] {
				if i != t.messages {
					cells = append(cells, text.Readable(string(c)))
					blank = blank && len(bytes.TrimSpace(c)) == 0
				}
			}
		}
		if !blank && !each(int(t.stream.Line), cells) {
			return nil
		}
	}
}

// write writes a row: the cells below the header, the messages, and further cells.
func (t *copied) write(to *bytes.Buffer, cells []string, messages string) {
	separator := t.stream.Separator()
	for i := range t.header {
		if i < len(cells) {
			sheet.WriteCell(to, cells[i], separator)
		}
		to.WriteByte(separator)
	}
	sheet.WriteCell(to, messages, separator)
	for _, c := range cells[min(len(cells), len(t.header)):] {
		to.WriteByte(separator)
		sheet.WriteCell(to, c, separator)
	}
	to.WriteString("\r\n")
}

// sentences returns the texts of the findings of a row.
func (t *copied) sentences(findings []sheet.Finding, a Annotation) string {
	var b strings.Builder
	for i, f := range findings {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		if b.Len() > maxSentences {
			b.WriteString(a.More(len(findings) - i))
			break
		}
		b.WriteString(t.sentence(f, a))
	}
	return b.String()
}

// sentence returns the text of a finding, on one line, with the column or the thing that it is about.
func (t *copied) sentence(f sheet.Finding, a Annotation) string {
	sentence, about := text.Collapse(a.Sentence(f)), ""
	at := f.Position - 1
	if t.messages >= 0 && at > t.messages {
		at--
	}
	switch {
	case f.Line == 0:
		about = f.Value
	case at >= 0 && at < len(t.header):
		about = t.header[at]
	}
	if about = text.Collapse(about); about != "" {
		return about + ": " + sentence
	}
	return sentence
}
