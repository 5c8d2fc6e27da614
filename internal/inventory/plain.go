package inventory

import (
	"bytes"
	"io"

	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// readPlain reads a file that is not an archive.
func (r *reading) readPlain(file io.Reader) error {
	text, head, err := r.plain.Open(file)
	if err != nil {
		return err
	}
	content, _ := sheet.Content(head)
	if code := contentCodes[content]; code != "" {
		return errs.New(errs.Invalid, code)
	}
	if isJSON(head) {
		r.developer = developerDocument(head)
		return r.readDocuments(text)
	}
	if tool := developerText(head); tool != "" {
		return developerError(tool)
	}
	if list := packageList(head); list != nil {
		return list
	}
	if mark, names := listMark(head); mark != 0 {
		return r.readList(text, mark, names)
	}
	if above, l, ok := findLayout(head); ok {
		return r.readFixed(text, above, l)
	}
	return r.readTable(text, head)
}

// contentCodes maps codes of sheet.Content to those of files that are not text.
var contentCodes = map[string]string{
	"file_xls": "inventory_workbook", "file_xlsx": "inventory_workbook", "file_numbers": "inventory_workbook",
	"file_word": "inventory_page", "file_rtf": "inventory_page", "file_document": "inventory_page",
	"file_zip": "inventory_packed", "file_gzip": "inventory_packed",
	"file_pdf": "inventory_page", "file_html": "inventory_page",
}

func isJSON(head []byte) bool {
	start := bytes.TrimLeft(head, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}
