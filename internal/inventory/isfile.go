package inventory

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"io"
	"slices"

	"trueup/internal/sheet"
)

// IsFile reports whether a file that arrived as something else is an inventory, by its start: JSON
// or a table in which the rows name a device or count devices, a list of a known system, or a ZIP
// archive that begins with one of them. A list of one PC that names none is not recognised, because
// other files have the same columns.
func IsFile(data []byte) bool {
	if sheet.IsZIP(data) {
		return isArchiveOf(data)
	}
	r := &reading{}
	text, head, err := r.plain.Open(bytes.NewReader(data[:min(len(data), sheet.StartBytes)]))
	if err != nil {
		return false
	}
	if isJSON(head) {
		return isDocument(text)
	}
	c, _, ok, err := findHeader(sheet.NewStream(text, make([]byte, sheet.StreamBuffer)))
	return err == nil && ok && (c.id >= 0 || c.device >= 0 || c.numbers && c.shape != Table)
}

// isDocument reports whether the start of a file of JSON is an inventory. It is read as one, so that
// every shape that Read knows is recognised.
func isDocument(text io.Reader) bool {
	start, err := io.ReadAll(text)
	if err != nil {
		return false
	}
	r := &reading{ctx: context.Background(), counter: newCounter("")}
	defer func() { _ = r.counter.close() }()                               // what it counted is not needed
	_ = r.readDocuments(bufio.NewReader(bytes.NewReader(complete(start)))) // a file can be an inventory and have mistakes
	return r.evident
}

// complete returns the start of a file of JSON as whole documents: up to the last comma, and with the
// brackets that are open there closed.
func complete(start []byte) []byte {
	var open []byte    // the brackets that close those that are open
	var atComma []byte // open at the last comma
	comma, quoted := -1, false
	for i := 0; i < len(start); i++ {
		switch c := start[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}', c == ']':
			open = open[:max(len(open)-1, 0)]
		case c == ',':
			comma, atComma = i, append(atComma[:0], open...)
		}
	}
	if len(open) == 0 || comma < 0 {
		return start
	}
	slices.Reverse(atComma)
	return append(start[:comma:comma], atComma...)
}

// archiveFiles is the number of files of an archive that are examined.
const archiveFiles = 3

func isArchiveOf(data []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	files := filesOf(archive)
	for _, entry := range files[:min(len(files), archiveFiles)] {
		file, err := entry.Open()
		if err != nil {
			continue
		}
		start, err := io.ReadAll(io.LimitReader(file, sheet.StartBytes))
		_ = file.Close() // only read
		if err == nil && !sheet.IsZIP(start) && IsFile(start) {
			return true
		}
	}
	return false
}
