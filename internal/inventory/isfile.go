package inventory

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"

	"trueup/internal/sheet"
)

// documentKeys are keys of JSON documents that only an inventory has.
var documentKeys = [][]byte{
	[]byte(`"softwares"`), []byte(`"deviceCount"`), []byte(`"hosts_count"`), []byte(`"hostIdentifier"`), []byte(`"detectedApps"`),
	[]byte(`"software_titles"`), []byte(`"softwareName"`), []byte(`"DisplayVersion"`), []byte(`"host_identifier"`),
}

// IsFile reports whether a file that arrived as something else is an inventory, by its start: JSON
// of a known system, a list in which each row has a device, or a ZIP archive that begins with one
// of them. A list of one PC that names none is not recognised, because other files have the same
// columns.
func IsFile(data []byte) bool {
	if sheet.IsZIP(data) {
		return isArchiveOf(data)
	}
	r := &reading{}
	text, head, err := r.asText(bytes.NewReader(data[:min(len(data), sheet.StartBytes)]))
	if err != nil {
		return false
	}
	if isJSON(head) {
		return slices.ContainsFunc(documentKeys, func(key []byte) bool { return bytes.Contains(head, key) })
	}
	c, _, ok, err := findHeader(sheet.NewStream(text, make([]byte, sheet.StreamBuffer)))
	return err == nil && ok && (c.id >= 0 || c.device >= 0 || c.numbers && c.shape != Table)
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
