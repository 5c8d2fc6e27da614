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

// unknownDocuments is after how many documents that are neither of GLPI nor of
// osquery a file that began with them is not read on.
const unknownDocuments = 100

// readDocuments reads GLPI's and osquery's JSON.
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

// forget takes back the bad rows of a file that is not an inventory: it is
// told as one.
func (r *reading) forget(rows int) {
	told := min(rows, len(r.tally.Bad))
	r.tally.Bad = r.tally.Bad[:len(r.tally.Bad)-told]
	r.tally.Rows -= rows
	r.tally.BadRows -= rows
}

// document is what is read of a JSON document of either kind.
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

// program is a row of a list of software. osquery's can name the device: its
// table has no column for that, but the query can add one.
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

// device returns what the row says of the device; empty when it says nothing.
func (p *program) device() value {
	for _, v := range []value{p.UUID, p.HostUUID, p.Host, p.Hostname, p.Computer, p.HostName, p.HostDisplay} {
		if v != "" {
			return v
		}
	}
	return ""
}

// value is a JSON string, or a number as text; empty for everything else.
type value string

// UnmarshalJSON never fails: a column of another kind is not worth the row.
func (v *value) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case len(b) > 1 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0: // as it stands
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

// device counts the titles of a document; recognised is false when it is
// neither GLPI's nor osquery's, or damaged.
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
		// What a log of differences adds up to depends on lines that are not here.
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
		if device == "" { // no device is called this
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

// programs counts titles that a document has of one device, or of the devices
// its rows name.
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
