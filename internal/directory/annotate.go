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
const MaxAnnotated = 64 << 20

// Annotation is the words of an annotated copy in the reader's language.
type Annotation struct {
	Messages string                     // name of the column, which sheet.IsMessages must know
	Sentence func(sheet.Finding) string // text of a finding
}

// Annotate writes a copy of a table of text: UTF-8 with a byte-order mark, the header, and the rows with
// their own separator and cells, each followed by its findings in one more column. Findings about the
// whole file are at the first row. Lines above the header and blank lines are left out, and the lines that
// findings quote are those of the copy. A row that cannot be split is one cell, and of one that is too long
// only the findings are there. No cell starts a formula of a spreadsheet; Read removes the apostrophe.
//
// It returns false, and has written nothing, for a file without a table of text: JSON and workbooks have
// no copy. open opens the file, once or twice.
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
	var sentences []string
	err = t.rows(func(line int, cells []string) {
		sentences = sentences[:0]
		for len(findings) > 0 && findings[0].Line <= line {
			sentences = append(sentences, t.sentence(findings[0], a))
			findings = findings[1:]
		}
		t.write(to, cells, strings.Join(sentences, "; "))
	})
	return true, err
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
	err = t.rows(func(line int, cells []string) {
		if own := strconv.Itoa(line); quoted[own] != "" {
			quoted[own] = strconv.Itoa(next)
		}
		next += linesOf(cells)
	})
	for i := range findings {
		if line := findings[i].Args["line"]; line != "" {
			findings[i].Args = maps.Clone(findings[i].Args)
			findings[i].Args["line"] = quoted[line]
		}
	}
	return err
}

// linesOf returns the number of lines that a row takes.
func linesOf(cells []string) int {
	lines := 1
	for _, c := range cells {
		lines += sheet.LineEnds(c)
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
		name := text.Readable(string(c))
		if sheet.IsMessages(name) {
			t.messages = i
			continue
		}
		t.header = append(t.header, name)
	}
	t.stream.Cells = t.stream.Cells[:cap(t.stream.Cells)] // rows may have more columns than the header
	return t, nil
}

// rows calls each for every row that is not blank, with its line and its cells without the messages of an
// earlier copy.
func (t *copied) rows(each func(line int, cells []string)) error {
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
		blank := true
		switch flaw {
		case sheet.RowTooLong:
			blank = false
		case sheet.RowQuote:
			cells, blank = append(cells, text.Readable(string(t.stream.Raw()))), false
		default:
			for i, c := range t.stream.Cells[:min(t.stream.Width, len(t.stream.Cells))] {
				if i != t.messages {
					cells = append(cells, text.Readable(string(c)))
					blank = blank && len(bytes.TrimSpace(c)) == 0
				}
			}
		}
		if !blank {
			each(int(t.stream.Line), cells)
		}
	}
}

// write writes a row. Its messages follow after the columns of the header, or after its last cell if it
// has more.
func (t *copied) write(to *bytes.Buffer, cells []string, messages string) {
	separator := t.stream.Separator()
	for i := range max(len(cells), len(t.header)) {
		if i < len(cells) {
			sheet.WriteCell(to, cells[i], separator)
		}
		to.WriteByte(separator)
	}
	sheet.WriteCell(to, messages, separator)
	to.WriteString("\r\n")
}

// sentence returns the text of a finding, on one line, with the column that it is about.
func (t *copied) sentence(f sheet.Finding, a Annotation) string {
	sentence := text.Collapse(a.Sentence(f))
	at := f.Position - 1
	if t.messages >= 0 && at > t.messages {
		at--
	}
	if at >= 0 && at < len(t.header) {
		return text.Collapse(t.header[at]) + ": " + sentence
	}
	return sentence
}
