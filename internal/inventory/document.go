package inventory

import (
	"bytes"
	"encoding/json"
)

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
	HostIdentifier value  `json:"hostIdentifier"`
	Action         value  `json:"action"`
	Columns        oneRow `json:"columns"`
	Snapshot       list   `json:"snapshot"`

	// Microsoft Graph and Defender: a page of detectedApps, of devices with them, or of software.
	Value list  `json:"value"`
	Next  value `json:"@odata.nextLink"`

	// Fleet: a host, hosts, or software with numbers of hosts.
	Host           list  `json:"host"`
	Hosts          list  `json:"hosts"`
	SoftwareTitles list  `json:"software_titles"`
	Count          value `json:"count"`
	Meta           struct {
		More bool `json:"has_next_results"`
	} `json:"meta"`

	// An error of an API.
	Error  json.RawMessage `json:"error"`
	Errors json.RawMessage `json:"errors"`

	// Graph and Fleet: a row, or a host.
	program
}

// program is a row of a list of software. A row of osquery can name the device: its table has no
// such column, but the query can add one. A host of Fleet has the same fields and a list of
// software.
type program struct {
	owner owner // ownerIn of the row

	Name      value `json:"name"`
	Publisher value `json:"publisher"`
	Version   value `json:"version"`

	ID     value `json:"id"`     // of the row; in Graph and Fleet
	Vendor value `json:"vendor"` // Fleet
	Source value `json:"source"` // Fleet: the table of osquery

	HostsCount value `json:"hosts_count"` // Fleet
	Versions   list  `json:"versions"`    // Fleet: of a title
	Software   list  `json:"software"`    // Fleet: of a host

	DisplayName  value `json:"displayName"`  // Graph
	DeviceCount  value `json:"deviceCount"`  // Graph
	DetectedApps list  `json:"detectedApps"` // Graph: of a device

	SoftwareName    value `json:"softwareName"` // Defender
	SoftwareVendor  value `json:"softwareVendor"`
	SoftwareVersion value `json:"softwareVersion"`
}

// platform returns the system that a row tells.
func (p *program) platform() system {
	if other, _ := sourceOf(string(p.Source)); other != "" {
		return system{told: true, platform: other}
	}
	return p.owner.system()
}

// list is a list of rows, or one row; empty for a JSON value of any other type.
type list []program

// UnmarshalJSON never fails: a value of another type does not make the document invalid.
func (l *list) UnmarshalJSON(b []byte) error {
	var one program
	switch {
	case json.Unmarshal(b, (*[]program)(l)) == nil:
		if len(*l) > 0 {
			arrayElements(b, func(i int, row []byte) { (*l)[i].owner = ownerIn(row) })
		}
	case json.Unmarshal(b, &one) == nil:
		one.owner = ownerIn(b)
		*l = list{one}
	default:
		*l = nil
	}
	return nil
}

// oneRow is one row; empty for a JSON value of any other type, such as the columns of a table.
type oneRow list

// UnmarshalJSON never fails.
func (s *oneRow) UnmarshalJSON(b []byte) error {
	if *s = nil; b[0] != '{' {
		return nil
	}
	return (*list)(s).UnmarshalJSON(b)
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
