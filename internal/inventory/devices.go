package inventory

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"

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
	var why *errs.Error // of the first document that is known and has no software
	r.rowsOf.count = nil
	for {
		document, line, flaw, err := d.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		r.list, r.inArray = d.list, d.array
		if flaw == "" {
			recognised, none, err := r.device(document, line)
			switch {
			case err != nil:
				return err
			case recognised:
				known = true
				continue
			case none != nil:
				why = cmp.Or(why, none)
				if none.Code == "inventory_nothing" { // such as the page after the last
					continue
				}
			}
			if flaw = rowDocument; !known && document[0] == '[' {
				flaw = skipped // above the header of a table
			}
		}
		if unknown++; !known && unknown == unknownDocuments {
			return r.noInventory(why)
		}
		r.row(line, flaw)
	}
	if !known {
		return r.noInventory(why)
	}
	return nil
}

// noInventory says what a file of JSON is. why is what one of its documents is, nil if that is not known.
func (r *reading) noInventory(why *errs.Error) *errs.Error {
	unknown := why == nil || why.Code == "inventory_document"
	switch {
	case unknown && r.developer != "":
		return developerError(r.developer)
	case why == nil:
		return errs.New(errs.Invalid, "inventory_format")
	}
	return why
}

// device counts the titles of a document. recognised is false if it is no inventory, or damaged;
// why then tells what it is, if that is known.
func (r *reading) device(b []byte, line int64) (recognised bool, why *errs.Error, err error) {
	var d document
	switch {
	case b[0] == '[' && json.Valid(b):
		recognised, err = r.arrayRow(b, line)
		return recognised, nil, err
	case json.Unmarshal(b, &d) != nil:
		return false, nil, nil //nolint:nilerr // a damaged document is a result
	}
	if recognised, err = r.tabular(b, line, ownerIn(b)); recognised || err != nil {
		return recognised, nil, err
	}
	switch {
	case d.Content != nil && d.Content.Softwares != nil:
		return true, nil, r.glpi(&d, line)
	case d.Action == "removed" && d.Columns != nil:
		r.removed++
		return true, nil, r.is(Osquery, false)
	case d.Columns != nil:
		return true, nil, r.logged(&d, b, line, d.Columns...)
	case d.Snapshot != nil:
		return true, nil, r.logged(&d, b, line, d.Snapshot...)
	}
	d.owner = ownerIn(b)
	for _, read := range []func(*document, int64) (bool, error){r.graph, r.fleet} {
		if recognised, err := read(&d, line); recognised || err != nil {
			return recognised, nil, err
		}
	}
	if why := d.nothing(b); why != nil {
		return false, why, nil
	}
	recognised, why, err = r.flat(b, line, place{})
	if recognised || why != nil || err != nil || d.Content != nil {
		return recognised, why, err
	}
	return r.nested(b, line, place{}, 1)
}

// nothing says why a document of an API has no software; nil if it is none.
func (d *document) nothing(b []byte) *errs.Error {
	empty := func(l list) bool { return l != nil && len(l) == 0 }
	switch {
	case len(d.Error) > 0 && d.Error[0] == '{', len(d.Errors) > 0 && d.Errors[0] == '[':
		return errs.New(errs.Invalid, "inventory_answer")
	case empty(d.Value):
		return errs.New(errs.Invalid, "inventory_nothing", "system", "Microsoft Graph")
	case empty(d.Hosts), empty(d.SoftwareTitles), empty(d.Software), d.Count == "0" && bytes.Contains(b, []byte(`"software`)):
		return errs.New(errs.Invalid, "inventory_nothing", "system", "Fleet")
	}
	return nil
}

// graph counts a document of Microsoft Graph or Defender.
func (r *reading) graph(d *document, line int64) (recognised bool, err error) {
	if d.Value != nil {
		r.page(d.Next != "")
	}
	switch {
	case d.DisplayName != "" && d.DeviceCount != "":
		return true, r.numberedRows(Graph, line, d.program)
	case len(d.Value) == 0:
		return false, nil
	case d.Value[0].DeviceCount != "":
		return true, r.numberedRows(Graph, line, d.Value...)
	case d.Value[0].SoftwareName != "":
		return true, r.programs(Defender, line, owner{}, d.Value...)
	case slices.ContainsFunc(d.Value, func(p program) bool { return len(p.DetectedApps) > 0 }):
		for i := range d.Value {
			h := &d.Value[i]
			o := h.owner
			o.id = firstOf(h.ID, o.id)
			if err := r.programs(Graph, line, o, h.DetectedApps...); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	return false, nil
}

// fleet counts a document of Fleet.
func (r *reading) fleet(d *document, line int64) (recognised bool, err error) {
	host, _ := d.owner.device()
	if d.Software != nil && host == "" || d.Hosts != nil || d.SoftwareTitles != nil {
		r.page(d.Meta.More)
	}
	switch {
	case len(d.Host) > 0 && len(d.Host[0].Software) > 0:
		return true, r.hosts(line, d.Host...)
	case len(d.Hosts) > 0:
		return true, r.hosts(line, d.Hosts...)
	case host != "" && slices.ContainsFunc(d.Software, func(p program) bool { return p.Name != "" }):
		return true, r.hosts(line, d.program)
	case len(d.Software) > 0 && d.Software[0].HostsCount != "":
		return true, r.numberedRows(Fleet, line, d.Software...)
	case len(d.SoftwareTitles) > 0:
		return true, r.numberedRows(Fleet, line, d.SoftwareTitles...)
	case host == "" && d.Name != "" && d.HostsCount != "":
		return true, r.numberedRows(Fleet, line, d.program)
	}
	return false, nil
}

// page counts a page of an API. A list is complete if one of its pages has no next one.
func (r *reading) page(more bool) {
	r.pages++
	if more {
		r.linked++
	}
}

func firstOf(values ...value) value {
	for _, v := range values {
		if named([]byte(v)) {
			return v
		}
	}
	return ""
}

// glpi counts the inventory of a device.
func (r *reading) glpi(d *document, line int64) error {
	c := d.Content
	o := owner{
		id: firstOf(d.DeviceID, c.Hardware.UUID, c.Hardware.Name), name: c.Hardware.Name, user: c.Hardware.User,
		platform: c.System.Kernel, os: firstOf(c.System.FullName, c.System.Name), build: c.System.Version,
	}
	return r.programs(GLPI, line, o, c.Softwares...)
}

// logged counts rows that osqueryd logged. The name of the query may tell their source.
func (r *reading) logged(d *document, b []byte, line int64, rows ...program) error {
	o := ownerIn(b)
	o.id, o.name = d.HostIdentifier, ""
	if len(rows) == 1 && !named([]byte(o.id)) {
		o.id, o.name = rows[0].owner.id, rows[0].owner.name
	}
	if table := tableOf(string(d.Name)); table != "" {
		for i := range rows {
			rows[i].Source = firstOf(rows[i].Source, value(table))
		}
	}
	return r.programs(Osquery, line, o, rows...)
}

// hosts counts hosts of Fleet.
func (r *reading) hosts(line int64, hosts ...program) error {
	for i := range hosts {
		h := &hosts[i]
		if err := r.programs(Fleet, line, h.owner, h.Software...); err != nil {
			return err
		}
	}
	return nil
}

// programs counts titles of a device. Its rows can say more of it, or be of another device.
func (r *reading) programs(shape Shape, line int64, o owner, programs ...program) error {
	if err := r.is(shape, false); err != nil {
		return err
	}
	ofAll := o.system()
	for i := range programs {
		p := &programs[i]
		if r.isPackage(p) {
			continue
		}
		s := &ofAll
		if told := p.platform(); told.told {
			s = &told
		}
		publisher := firstOf(p.Publisher, p.Vendor, p.SoftwareVendor)
		if publisher == "" && p.owner.build == "" && windows(string(p.Name), "").name != nil { // a row of osquery's table os_version
			publisher = "Microsoft"
		}
		device, alias := o.device()
		user := firstOf(p.owner.user, o.user)
		if !named([]byte(device)) {
			device, alias = p.owner.device()
		}
		r.evident = r.evident || named([]byte(device))
		name, version := cmp.Or(p.Name, p.DisplayName, p.SoftwareName), cmp.Or(p.Version, p.SoftwareVersion)
		count := func([][]byte) (string, error) {
			return r.install(&install{
				device: []byte(device), alias: []byte(alias), publisher: []byte(publisher), name: []byte(name), version: []byte(version), user: []byte(user),
			}, s)
		}
		flaw, err := r.countRow(count, []string{"name", "version"}, [][]byte{[]byte(name), []byte(version)})
		if err != nil {
			return err
		}
		r.row(line, flaw)
	}
	return nil
}

// isPackage reports whether a row has a package, and leaves it out.
func (r *reading) isPackage(p *program) bool {
	_, packages := sourceOf(string(p.Source))
	if packages {
		r.leaveOut(string(p.Source))
	}
	return packages
}

// numberedRows counts titles with numbers of devices.
func (r *reading) numberedRows(shape Shape, line int64, programs ...program) error {
	if err := r.is(shape, true); err != nil {
		return err
	}
	r.evident = true
	for i := range programs {
		p := &programs[i]
		if r.isPackage(p) {
			continue
		}
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
	number, ok := parseNumber([]byte(cmp.Or(p.DeviceCount, p.HostsCount)))
	if ok {
		title := install{publisher: []byte(firstOf(p.Publisher, p.Vendor)), name: []byte(cmp.Or(p.DisplayName, p.Name)), version: []byte(p.Version)}
		var err error
		s := p.platform()
		flaw, err = r.literally(func() (string, error) { return r.addNumber(&s, &title, []byte(p.ID), number) })
		if err != nil {
			return err
		}
	}
	r.row(line, flaw)
	return nil
}
