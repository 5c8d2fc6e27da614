package directory

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/device"
	"trueup/internal/directory/columns"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// joins are the ways of joining as Graph names them, and parts of what the admin centres write, in the
// form of text.Letters. The first that fits counts: "hybrid joined" is not "joined".
var joins = []struct {
	join  device.Join
	words []string
}{
	{device.JoinHybrid, []string{"serverad", "hybrid", "hibrid"}},
	{device.JoinRegistered, []string{"workplace", "regist", "inscrit", "enregistr"}},
	{device.JoinDirectory, []string{"azuread", "azureadjoin", "entrajoin", "join", "gekoppeld", "toegevoegd", "joint", "eingebunden", "beigetreten", "verknupft", "unido", "unida", "ingressado", "associado"}},
}

// device reads the record as a device.
func (r *reading) device() error {
	c := &r.record
	r.what = firstOf(c.get(columns.DeviceID), c.get(columns.ObjectID))
	d := DeviceRow{Line: c.line, Seen: r.moment(columns.Seen, c.cells[columns.Seen]), Registered: r.moment(columns.Registered, c.cells[columns.Registered])}
	d.Name = r.label(columns.Name, subscription.NameMaxChars, true)
	d.OS = r.label(columns.System, subscription.NameMaxChars, false)
	d.OSVersion = r.label(columns.SystemVersion, subscription.NameMaxChars, false)
	d.ObjectID = r.deviceGUID(columns.ObjectID)
	d.DeviceID = r.deviceGUID(columns.DeviceID)
	d.Join = r.join()
	enabled, given := r.bool(columns.Enabled)
	d.Enabled = enabled || !given
	d.Stated.set(StatedEnabled, given)
	d.Stated.set(StatedObjectID, d.ObjectID != "")
	d.Stated.set(StatedName, true)
	d.Stated.set(StatedSystem, d.OS != "")
	d.Stated.set(StatedJoin, d.Join != device.JoinUnknown)
	d.Stated.set(StatedSeen, !d.Seen.IsZero())
	d.Stated.set(StatedRegistered, !d.Registered.IsZero())
	if r.wrong == 0 {
		r.repeatedDevice(&d)
	}
	if !r.done() {
		return r.rejected(Identity{ObjectID: text.Quote(c.get(columns.ObjectID)), DeviceID: text.Quote(c.get(columns.DeviceID)), Name: text.Quote(c.get(columns.Name))})
	}
	if r.sink.Device == nil {
		return nil
	}
	return r.sink.Device(d)
}

// label reads a name or an id.
func (r *reading) label(f columns.Field, longest int, required bool) string {
	value, violations := subscription.ParseLabel(string(fieldNames[f]), r.record.get(f), longest, required)
	r.violated(violations)
	return value
}

// deviceGUID reads an id, in lower case; empty for none.
func (r *reading) deviceGUID(f columns.Field) string {
	id := strings.ToLower(r.label(f, subscription.IDMaxChars, false))
	if id == noGUID {
		return ""
	}
	return id
}

func (r *reading) join() device.Join {
	typed := r.record.get(columns.Join)
	letters := text.Letters(text.Shorten(typed, 64))
	for _, j := range joins {
		if slices.ContainsFunc(j.words, func(word string) bool { return strings.Contains(letters, word) }) {
			return j.join
		}
	}
	if !slices.Contains(never, letters) {
		r.warn(columns.Join, typed, "directory_join")
	}
	return device.JoinUnknown
}

// repeatedDevice rejects a device that came before. Devices that are reinstalled have the same name and
// another id.
func (r *reading) repeatedDevice(d *DeviceRow) {
	line, repeated := r.repeats('d', d.DeviceID)
	if !repeated {
		line, repeated = r.repeats('o', d.ObjectID)
	}
	if !repeated && d.DeviceID == "" && d.ObjectID == "" {
		line, repeated = r.repeats('n', d.Name)
	}
	if repeated {
		r.reject(columns.Name, d.Name, "directory_device_repeated", "line", strconv.Itoa(line))
	}
}

// group reads the record as a group, and its members if the object has them.
func (r *reading) group() error {
	c := &r.record
	r.what = c.get(columns.ObjectID)
	types := strings.ToLower(c.get(columns.GroupTypes))
	g := GroupRow{
		Line: c.line, ObjectID: strings.ToLower(r.label(columns.ObjectID, subscription.IDMaxChars, true)), Name: r.label(columns.Name, subscription.NameMaxChars, true),
		Unified: strings.Contains(types, "unified"), Dynamic: strings.Contains(types, "dynamic"), Rule: c.get(columns.Rule),
	}
	g.Security, _ = r.bool(columns.Security)
	g.Mail, _ = r.bool(columns.Mail)
	if r.wrong == 0 {
		if line, repeated := r.repeats('g', g.ObjectID); repeated {
			r.reject(columns.ObjectID, g.ObjectID, "directory_group_repeated", "line", strconv.Itoa(line))
		}
	}
	if !r.done() {
		return nil
	}
	if r.sink.Group != nil {
		if err := r.sink.Group(g); err != nil {
			return err
		}
	}
	members := c.members
	line := c.line
	for _, m := range members {
		if err := r.count(); err != nil {
			return err
		}
		r.record = m
		r.record.line = line
		if err := r.member(g.ObjectID); err != nil {
			return err
		}
	}
	return nil
}

// member reads the record as a member of a group; group is its object id, if it is known.
func (r *reading) member(group string) error {
	c := &r.record
	entity := c.get(columns.Entity)
	m := MemberRow{Line: c.line, GroupID: group, Type: MemberType(strings.ToLower(entity[strings.LastIndexByte(entity, '.')+1:]))}
	switch {
	case entity == "" && c.get(columns.DeviceID) != "":
		m.Type = MemberDevice
	case entity == "" && c.get(columns.UPN) != "":
		m.Type = MemberUser
	case !slices.Contains(MemberTypes, m.Type):
		r.Skipped++
		r.find(sheet.SeverityHint, columns.Entity, entity, "directory_member_type")
		return nil
	}
	r.what = c.get(columns.Name)
	m.ObjectID = strings.ToLower(r.label(columns.ObjectID, subscription.IDMaxChars, true))
	m.DeviceID = r.deviceGUID(columns.DeviceID)
	m.Name = r.label(columns.Name, subscription.NameMaxChars, false)
	m.UPN = r.label(columns.UPN, subscription.UPNMaxChars, false)
	if r.wrong == 0 {
		if line, repeated := r.repeats('m', group+" "+m.ObjectID); repeated {
			r.reject(columns.ObjectID, m.ObjectID, "directory_member_repeated", "line", strconv.Itoa(line))
		}
	}
	if !r.done() {
		return r.rejected(Identity{ObjectID: text.Quote(c.get(columns.ObjectID)), DeviceID: text.Quote(c.get(columns.DeviceID)), Name: text.Quote(c.get(columns.Name))})
	}
	if r.sink.Member == nil {
		return nil
	}
	return r.sink.Member(m)
}
