package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"trueup/internal/errs"
)

// unknownDocuments is the number of unknown documents at the start of a file after which it is
// refused.
const unknownDocuments = 100

// readDocuments reads JSON.
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

// document has the fields that are read from a JSON document of any kind.
type document struct {
	// GLPI: the inventory of a device.
	DeviceID value `json:"deviceid"`
	Content  *struct {
		Softwares []program `json:"softwares"`
		Hardware  struct {
			UUID value `json:"uuid"`
			Name value `json:"name"`
			User value `json:"lastloggeduser"`
		} `json:"hardware"`
		System struct {
			Name     value `json:"name"`
			FullName value `json:"full_name"`
			Version  value `json:"version"`
			Kernel   value `json:"kernel_name"`
		} `json:"operatingsystem"`
	} `json:"content"`

	// osqueryd: a line of its log.
	HostIdentifier value     `json:"hostIdentifier"`
	Action         value     `json:"action"`
	Columns        *program  `json:"columns"`
	Snapshot       []program `json:"snapshot"`

	// Microsoft Graph: a page of detectedApps.
	Value list `json:"value"`

	// Fleet: a host, hosts, or software with numbers of hosts.
	Host           list `json:"host"`
	Hosts          list `json:"hosts"`
	SoftwareTitles list `json:"software_titles"`

	// osqueryi and fleet managers: a row, or a host.
	program
}

// program is a row of a list of software. A row of osquery can name the device: its table has no
// such column, but the query can add one. A host of Fleet has the same fields and a list of
// software.
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

	Platform value `json:"platform"`
	OS       value `json:"os_version"`

	DisplayName value `json:"displayName"` // Graph
	DeviceCount value `json:"deviceCount"` // Graph
	Vendor      value `json:"vendor"`      // Fleet
	Source      value `json:"source"`      // Fleet: the table of osquery
	HostsCount  value `json:"hosts_count"` // Fleet
	Versions    list  `json:"versions"`    // Fleet: of a title
	Software    list  `json:"software"`    // Fleet: of a host
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

// list is a list of rows, or one row; empty for a JSON value of any other type.
type list []program

// UnmarshalJSON never fails: a value of another type does not make the document invalid.
func (l *list) UnmarshalJSON(b []byte) error {
	var one program
	switch {
	case json.Unmarshal(b, (*[]program)(l)) == nil:
	case json.Unmarshal(b, &one) == nil:
		*l = list{one}
	default:
		*l = nil
	}
	return nil
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

// device counts the titles of a document. recognised is false if it is no inventory, or damaged.
func (r *reading) device(b []byte, line int64) (recognised bool, err error) {
	var d document
	if json.Unmarshal(b, &d) != nil {
		return false, nil //nolint:nilerr // a damaged document is a result
	}
	switch {
	case d.Content != nil && d.Content.Softwares != nil:
		return true, r.glpi(&d, line)
	case d.Action == "removed" && d.Columns != nil:
		// The meaning of a log of differences depends on lines outside the file.
		if err := r.is(Osquery, false); err != nil {
			return true, err
		}
		r.row(line, rowRemoved)
		return true, nil
	case d.Columns != nil:
		return true, r.programs(Osquery, line, owner{device: firstOf(d.HostIdentifier, d.Columns.device())}, *d.Columns)
	case d.Snapshot != nil:
		return true, r.programs(Osquery, line, owner{device: d.HostIdentifier}, d.Snapshot...)
	}
	if recognised, err := r.listed(&d, line); recognised || err != nil {
		return recognised, err
	}
	if bytes.Contains(b, nameKey) && bytes.Contains(b, versionKey) {
		device := firstOf(d.HostIdentifier, d.program.device())
		if device == "" { // no real device has this name
			device = value(fmt.Sprintf("\x00%d", r.lists))
		}
		return true, r.programs(Osquery, line, owner{device: device}, d.program)
	}
	return false, nil
}

// listed counts a document of Graph or Fleet.
func (r *reading) listed(d *document, line int64) (recognised bool, err error) {
	host := d.program.device()
	switch {
	case len(d.Value) > 0 && d.Value[0].DeviceCount != "":
		return true, r.numbered(Graph, line, d.Value...)
	case d.DisplayName != "" && d.DeviceCount != "":
		return true, r.numbered(Graph, line, d.program)
	case len(d.Host) > 0 && len(d.Host[0].Software) > 0:
		return true, r.hosts(line, d.Host...)
	case len(d.Hosts) > 0:
		return true, r.hosts(line, d.Hosts...)
	case len(d.Software) > 0 && host != "":
		return true, r.hosts(line, d.program)
	case len(d.Software) > 0 && d.Software[0].HostsCount != "":
		return true, r.numbered(Fleet, line, d.Software...)
	case len(d.SoftwareTitles) > 0:
		return true, r.numbered(Fleet, line, d.SoftwareTitles...)
	case host == "" && d.Name != "" && d.HostsCount != "":
		return true, r.numbered(Fleet, line, d.program)
	}
	return false, nil
}

var (
	nameKey    = []byte(`"name"`)
	versionKey = []byte(`"version"`)
)

func firstOf(values ...value) value {
	for _, v := range values {
		if named([]byte(v)) {
			return v
		}
	}
	return ""
}

// owner is what a document says about the device of its rows. Rows can name the device instead.
type owner struct {
	device, user value
	system       system
}

// glpi counts the inventory of a device.
func (r *reading) glpi(d *document, line int64) error {
	c := d.Content
	o := owner{
		device: firstOf(d.DeviceID, c.Hardware.UUID, c.Hardware.Name), user: c.Hardware.User,
		system: systemOf(string(c.System.Kernel), string(firstOf(c.System.FullName, c.System.Name)), string(c.System.Version)),
	}
	return r.programs(GLPI, line, o, c.Softwares...)
}

// hosts counts hosts of Fleet.
func (r *reading) hosts(line int64, hosts ...program) error {
	for i := range hosts {
		h := &hosts[i]
		o := owner{device: h.device(), system: systemOf(string(h.Platform), string(h.OS), "")}
		if err := r.programs(Fleet, line, o, h.Software...); err != nil {
			return err
		}
	}
	return nil
}

// programs counts titles of a device.
func (r *reading) programs(shape Shape, line int64, o owner, programs ...program) error {
	if err := r.is(shape, false); err != nil {
		return err
	}
	for i := range programs {
		p := &programs[i]
		s := &o.system
		if told := p.platform(); told.platform != "" || told.name != nil {
			s = &told
		}
		publisher := firstOf(p.Publisher, p.Vendor)
		if publisher == "" && p.OS == "" && windows(string(p.Name), "").name != nil { // a row of osquery's table os_version
			publisher = "Microsoft"
		}
		flaw, err := r.install(&install{
			device: []byte(firstOf(o.device, p.device())), publisher: []byte(publisher), name: []byte(p.Name), version: []byte(p.Version),
			user: []byte(o.user),
		}, s)
		if err != nil {
			return err
		}
		r.row(line, flaw)
	}
	return nil
}

// numbered counts titles with numbers of devices.
func (r *reading) numbered(shape Shape, line int64, programs ...program) error {
	if err := r.is(shape, true); err != nil {
		return err
	}
	for i := range programs {
		p := &programs[i]
		if len(p.Versions) > 0 && p.Versions[0].HostsCount != "" {
			for _, v := range p.Versions {
				one := *p
				one.Version, one.HostsCount = v.Version, v.HostsCount
				if err := r.numberedRow(line, &one); err != nil {
					return err
				}
			}
			continue
		}
		if err := r.numberedRow(line, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) numberedRow(line int64, p *program) error {
	flaw := rowNumber
	number, ok := parseNumber([]byte(firstOf(p.DeviceCount, p.HostsCount)))
	if ok {
		var err error
		name, publisher := firstOf(p.DisplayName, p.Name), firstOf(p.Publisher, p.Vendor)
		flaw, err = r.addNumber(p.platform().platform, []byte(publisher), []byte(name), []byte(p.Version), number)
		if err != nil {
			return err
		}
	}
	r.row(line, flaw)
	return nil
}

// sources are the first words of the tables of osquery from which Fleet takes software of other
// platforms, such as apps and those of Debian's packages.
var sources = map[string]string{
	"apps": "macOS", "homebrew": "macOS", "pkg": "macOS", "ios": "iOS", "ipados": "iOS", "android": "Android",
	"deb": "Linux", "rpm": "Linux", "portage": "Linux", "pacman": "Linux",
}

// platform returns the platform that a row names.
func (p *program) platform() system {
	source, _, _ := strings.Cut(string(p.Source), "_")
	if other := sources[source]; other != "" {
		return system{platform: other}
	}
	return systemOf(string(p.Platform), string(p.OS), "")
}
