package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"trueup/internal/errs"
)

// unknownDocuments is the number of unknown documents at the start of a file after which it is
// refused.
const unknownDocuments = 100

// readDocuments reads the JSON of GLPI and osquery.
func (r *reading) readDocuments(file *bufio.Reader) error {
	d := &documents{file: file, line: 1, held: r.document}
	defer func() { r.document = d.held }()
	known, unknown := false, 0
	before := r.lists
	for {
		document, line, flaw, err := d.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		r.lists = before + d.list
		if flaw == "" {
			recognised, err := r.device(document, line)
			if err != nil {
				return err
			}
			if recognised {
				known = true
				continue
			}
			flaw = rowDocument
		}
		if unknown++; !known && unknown == unknownDocuments {
			return errs.New(errs.Invalid, "inventory_format")
		}
		r.row(line, flaw)
	}
	if !known {
		r.forget(unknown)
		return errs.New(errs.Invalid, "inventory_format")
	}
	return nil
}

// forget removes the bad rows of a file that is not an inventory, which is reported as one bad
// row.
func (r *reading) forget(rows int) {
	kept := min(rows, len(r.tally.Bad))
	r.tally.Bad = r.tally.Bad[:len(r.tally.Bad)-kept]
	r.tally.Rows -= rows
	r.tally.BadRows -= rows
}

// document has the fields that are read from a JSON document of either kind.
type document struct {
	// GLPI: the inventory of a device.
	DeviceID value `json:"deviceid"`
	Content  *struct {
		Softwares []program `json:"softwares"`
		Hardware  struct {
			UUID value `json:"uuid"`
			Name value `json:"name"`
		} `json:"hardware"`
	} `json:"content"`

	// osqueryd: a line of its log.
	HostIdentifier value     `json:"hostIdentifier"`
	Action         value     `json:"action"`
	Columns        *program  `json:"columns"`
	Snapshot       []program `json:"snapshot"`

	// osqueryi and fleet managers: a row.
	program
}

// program is a row of a list of software. A row of osquery can name the device: its table has no
// such column, but the query can add one.
type program struct {
	Name      value `json:"name"`
	Publisher value `json:"publisher"`
	Version   value `json:"version"`

	UUID        value `json:"uuid"`
	HostUUID    value `json:"host_uuid"`
	Host        value `json:"host_identifier"`
	Hostname    value `json:"hostname"`
	Computer    value `json:"computer_name"`
	HostName    value `json:"host_hostname"`
	HostDisplay value `json:"host_display_name"`
}

// device returns the device that the row names; empty if it names none.
func (p *program) device() value {
	for _, v := range []value{p.UUID, p.HostUUID, p.Host, p.Hostname, p.Computer, p.HostName, p.HostDisplay} {
		if v != "" {
			return v
		}
	}
	return ""
}

// value is a JSON string, or a number as text; empty for any other type.
type value string

// UnmarshalJSON never fails: a value of another type does not make the row invalid.
func (v *value) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case len(b) > 1 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0: // without escapes
		*v = value(b[1 : len(b)-1])
	case json.Unmarshal(b, &s) == nil:
		*v = value(s)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*v = value(b)
	default:
		*v = ""
	}
	return nil
}

// device counts the titles of a document. recognised is false if it is neither of GLPI nor of
// osquery, or damaged.
func (r *reading) device(b []byte, line int64) (recognised bool, err error) {
	var d document
	if json.Unmarshal(b, &d) != nil {
		return false, nil //nolint:nilerr // a damaged document is a result
	}
	switch {
	case d.Content != nil && d.Content.Softwares != nil:
		device := firstOf(d.DeviceID, d.Content.Hardware.UUID, d.Content.Hardware.Name)
		return true, r.programs(GLPI, line, device, d.Content.Softwares...)
	case d.Action == "removed" && d.Columns != nil:
		// The meaning of a log of differences depends on lines outside the file.
		if err := r.is(Osquery); err != nil {
			return true, err
		}
		r.row(line, rowRemoved)
		return true, nil
	case d.Columns != nil:
		return true, r.programs(Osquery, line, firstOf(d.HostIdentifier, d.Columns.device()), *d.Columns)
	case d.Snapshot != nil:
		return true, r.programs(Osquery, line, d.HostIdentifier, d.Snapshot...)
	case bytes.Contains(b, nameKey) && bytes.Contains(b, versionKey):
		device := firstOf(d.HostIdentifier, d.program.device())
		if device == "" { // no real device has this name
			device = value(fmt.Sprintf("\x00%d", r.lists))
		}
		return true, r.programs(Osquery, line, device, d.program)
	}
	return false, nil
}

var (
	nameKey    = []byte(`"name"`)
	versionKey = []byte(`"version"`)
)

func firstOf(values ...value) value {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// programs counts titles in a document, of the given device or of the devices that rows name.
func (r *reading) programs(shape Shape, line int64, device value, programs ...program) error {
	if err := r.is(shape); err != nil {
		return err
	}
	for i := range programs {
		p := &programs[i]
		flaw, err := r.counter.add([]byte(firstOf(device, p.device())), []byte(p.Publisher), []byte(p.Name), []byte(p.Version))
		if err != nil {
			return err
		}
		r.row(line, flaw)
	}
	return nil
}
