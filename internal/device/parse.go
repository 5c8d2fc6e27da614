package device

import (
	"slices"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Draft is an unchecked device, as entered: a JSON body, a form or a row of a file.
type Draft struct {
	ObjectID      string
	DeviceID      string
	Name          string
	OS, OSVersion string
	Join          Join // JoinUnknown if it is not known
	Disabled      bool
	Seen          time.Time // zero if unknown
}

// Parse is the only way from a draft to a device. It returns every violation, with the fields "objectId",
// "deviceId", "displayName", "operatingSystem", "operatingSystemVersion" and "joinType". The Device is
// valid only if there are none.
func Parse(d Draft) (Device, []errs.Violation) {
	var c checker
	parsed := Device{
		ObjectID: c.id("objectId", d.ObjectID), DeviceID: c.id("deviceId", d.DeviceID),
		Name: c.label("displayName", d.Name, subscription.NameMaxChars, true),
		OS:   c.label("operatingSystem", d.OS, subscription.NameMaxChars, false), OSVersion: c.label("operatingSystemVersion", d.OSVersion, subscription.IDMaxChars, false),
		Join: d.Join, Disabled: d.Disabled, Seen: d.Seen,
	}
	if d.Join != JoinUnknown && !slices.Contains(Joins, d.Join) {
		c.violate("device_join_type", "joinType", string(d.Join))
	}
	return parsed, c.violations
}

// GroupDraft is an unchecked group, without its members.
type GroupDraft struct {
	ObjectID string
	Name     string
	Type     GroupType // empty for Security
}

// ParseGroup is the only way from a draft to a group. It returns every violation, with the fields
// "objectId", "name" and "type". The Group is valid only if there are none.
func ParseGroup(d GroupDraft) (Group, []errs.Violation) {
	var c checker
	g := Group{ObjectID: c.id("objectId", d.ObjectID), Name: c.label("name", d.Name, subscription.NameMaxChars, true), Type: d.Type}
	switch {
	case d.Type == "":
		g.Type = Security
	case !slices.Contains(GroupTypes, d.Type):
		c.violate("device_group_type", "type", string(d.Type))
	}
	return g, c.violations
}

// checker collects the violations of one draft.
type checker struct{ violations []errs.Violation }

func (c *checker) violate(code, field, value string) {
	c.violations = append(c.violations, errs.Violation{Code: code, Field: field, Value: text.Quote(value)})
}

func (c *checker) label(field, typed string, longest int, required bool) string {
	value, violations := subscription.ParseLabel(field, typed, longest, required)
	c.violations = append(c.violations, violations...)
	return value
}

// id checks an id of the directory and returns it in lower case: the directory compares it so.
func (c *checker) id(field, typed string) string {
	return strings.ToLower(c.label(field, typed, subscription.IDMaxChars, false))
}
