package directories

import (
	"context"
	"strconv"
	"strings"

	"trueup/internal/device"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// GroupsFolder is a folder below devices/. Each folder in it has the name of a group of devices, and a file there
// lists the members of the group.
const GroupsFolder = "groups"

// groupFolder returns the name of the group whose members the file lists; empty if it is not in the folder of
// a group.
func (j *job) groupFolder() string {
	parts := strings.Split(kind.Devices.Below(j.Object.Key), "/")
	if len(parts) < 3 || parts[0] != GroupsFolder {
		return ""
	}
	return parts[1]
}

// member is a member of a group as a file states it.
type member struct {
	line     int
	deviceID string // of a device
	objectID string
	name     string
	isGroup  bool
}

// groups applies a file of groups. The members that it has join their groups: Graph lists only some of them
// with a group, so that nobody leaves one. It has at most device.GroupsMax groups, and is always applied as
// a whole.
func (j *job) groups(ctx context.Context, content *scratch, lists []directory.Kind) error {
	j.Counts, j.Position = Counts{Rows: j.Rows}, 0 // a repetition finds what the attempt before it stored
	var rows []directory.GroupRow
	members := map[string][]member{} // by the object id of the group
	_, err := j.read(content, lists, directory.Sink{
		Group:  func(g directory.GroupRow) error { rows = append(rows, g); return nil },
		Member: func(m directory.MemberRow) error { j.member(m, members); return nil },
	})
	if err != nil {
		return err
	}
	stored := map[string]string{} // ids of the groups of the file, by their object ids
	for _, row := range rows {
		if stored[row.ObjectID], err = j.group(ctx, row); err != nil {
			return err
		}
	}
	for _, row := range rows {
		groupID, joining := stored[row.ObjectID], members[row.ObjectID]
		switch {
		case len(joining) == 0:
		case groupID == "":
			j.Skipped += len(joining)
		default:
			if err := j.join(ctx, groupID, joining, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// members applies a file of the members of one group.
func (j *job) members(ctx context.Context, content *scratch, lists []directory.Kind) error {
	j.Counts, j.Position = Counts{Rows: j.Rows}, 0
	members := map[string][]member{}
	_, err := j.read(content, lists, directory.Sink{Member: func(m directory.MemberRow) error { j.member(m, members); return nil }})
	if err != nil {
		return err
	}
	groupID, err := j.named(ctx, j.groupFolder())
	if err != nil || groupID == "" {
		j.Rejected += len(members[""])
		return err
	}
	return j.join(ctx, groupID, members[""], !j.Part && j.file.Rejected == 0)
}

// memberships makes the devices of a file the members of a group.
func (l *deviceList) memberships(ctx context.Context, group string) error {
	groupID, err := l.named(ctx, group)
	if err != nil || groupID == "" {
		return err
	}
	var devices []string
	for i, d := range l.all {
		if l.listed[i] {
			devices = append(devices, d.ID)
		}
	}
	found, err := l.Devices.DevicesByID(ctx, devices)
	if err != nil {
		return err
	}
	exist := devices[:0]
	for i, d := range found {
		if d.Version > 0 { // its row may have been refused
			exist = append(exist, devices[i])
		}
	}
	_, err = l.become(ctx, groupID, exist, nil, !l.Part && l.file.Rejected+l.Rejected == 0, true)
	return err
}

// member notes a member of a group, or leaves it out if it is a user.
func (j *job) member(m directory.MemberRow, members map[string][]member) {
	if m.Type == directory.MemberUser {
		j.Skipped++
		return
	}
	members[m.GroupID] = append(members[m.GroupID], member{m.Line, m.DeviceID, m.ObjectID, m.Name, m.Type == directory.MemberGroup})
}

// typeOf returns the type of a group.
func typeOf(g directory.GroupRow) device.GroupType {
	switch {
	case g.Unified:
		return device.Microsoft365
	case g.Dynamic:
		return device.Dynamic
	case g.Mail && !g.Security:
		return device.Distribution
	default:
		return device.Security
	}
}

// group makes a stored group agree with a row, and returns its id; empty if that is refused.
func (j *job) group(ctx context.Context, row directory.GroupRow) (groupID string, err error) {
	refused := func(err error) (string, error) {
		if err = j.cannot(row.Line, row.Name, err); err == nil {
			j.Rejected++
		}
		return "", err
	}
	parsed, violations := device.ParseGroup(device.GroupDraft{ObjectID: row.ObjectID, Name: row.Name, Type: typeOf(row)})
	if err := errs.Violated(violations); err != nil {
		return refused(err)
	}
	for range maxTries {
		all, err := j.Devices.Groups(ctx)
		if err != nil {
			return "", err
		}
		g, found := matchGroup(all, parsed)
		switch {
		case !found:
			g = parsed
			g.ID, g.CreatedAt, g.Version = id.New(j.Object.At, "device-group\x00"+j.ID+"\x00"+text.Fold(parsed.Name)), j.now(), 1
			if _, err := j.Devices.CreateGroup(ctx, g, once.Change{Event: j.event("device_group.created")}); err != nil {
				return refused(err)
			}
			j.Created++
			return g.ID, nil
		case g.Name == parsed.Name && g.Type == parsed.Type && g.ObjectID == parsed.ObjectID:
			j.Unchanged++
			return g.ID, nil
		}
		_, err = j.Devices.DescribeGroup(ctx, g, parsed, j.event("device_group.changed"))
		switch kind := errs.KindOf(err); {
		case err == nil:
			j.Changed++
			return g.ID, nil
		case kind != errs.Stale && kind != errs.NotFound:
			return refused(err)
		}
	}
	j.Skipped++
	j.find(sheet.SeverityWarning, row.Line, row.Name, "directory_device_changing")
	return "", nil
}

// matchGroup returns the group with the id in the directory, or else the one with the name if it has no
// other id.
func matchGroup(all map[string]device.Group, as device.Group) (found device.Group, ok bool) {
	for _, g := range all {
		switch {
		case as.ObjectID != "" && g.ObjectID == as.ObjectID:
			return g, true
		case text.Fold(g.Name) == text.Fold(as.Name) && (g.ObjectID == "" || as.ObjectID == ""):
			found, ok = g, true
		}
	}
	return found, ok
}

// named returns the id of the group with a name, which is created if there is none. It returns an empty id
// after a finding that says why there can be no group of that name.
func (j *job) named(ctx context.Context, name string) (string, error) {
	all, err := j.Devices.Groups(ctx)
	if err != nil {
		return "", err
	}
	parsed, violations := device.ParseGroup(device.GroupDraft{Name: name})
	if err := errs.Violated(violations); err != nil {
		return "", j.cannot(0, name, err)
	}
	if g, found := matchGroup(all, parsed); found {
		return g.ID, nil
	}
	parsed.ID, parsed.CreatedAt, parsed.Version = id.New(j.Object.At, "device-group\x00"+j.ID+"\x00"+text.Fold(parsed.Name)), j.now(), 1
	if _, err = j.Devices.CreateGroup(ctx, parsed, once.Change{Event: j.event("device_group.created")}); err != nil {
		return "", j.cannot(0, name, err)
	}
	return parsed.ID, nil
}

// cannot notes in a finding why a group cannot be stored. It returns err if it is a fault.
func (j *job) cannot(line int, name string, err error) error {
	if codeOf(err) == "" {
		return err
	}
	j.find(sheet.SeverityError, line, name, codeOf(err), argsOf(err)...)
	return nil
}

// join makes devices and groups members of a group, and counts their rows. replace says that the list is
// complete, so that others leave.
func (j *job) join(ctx context.Context, groupID string, members []member, replace bool) error {
	var wanted []device.DirectoryID
	for _, m := range members {
		if m.deviceID != "" {
			wanted = append(wanted, device.DirectoryID{DeviceID: m.deviceID})
		} else {
			wanted = append(wanted, device.DirectoryID{ObjectID: m.objectID})
		}
	}
	owners, err := j.Devices.ByDirectoryID(ctx, wanted)
	if err != nil {
		return err
	}
	known := 0
	var devices, groups []string
	for i, m := range members {
		switch {
		case owners[i] == "":
			j.Skipped++
			j.find(sheet.SeverityWarning, m.line, m.name, "directory_member_unknown")
			continue
		case m.isGroup:
			groups = append(groups, owners[i])
		default:
			devices = append(devices, owners[i])
		}
		known++
	}
	joined, err := j.become(ctx, groupID, devices, groups, replace, false)
	if err != nil {
		return err
	}
	if joined < 0 {
		j.Rejected += known
	} else {
		j.Changed += joined
		j.Unchanged += known - joined
	}
	return nil
}

// become adds members to a group, and with replace takes the others out of it, unless they are many and that
// was not confirmed. keepGroups says that the list cannot have groups, so that those within the group stay. It
// returns the number of members that join, or -1 after a finding that says why there is no change. What waits
// for a global admin is a finding.
func (j *job) become(ctx context.Context, groupID string, devices, groups []string, replace, keepGroups bool) (joined int, err error) {
	var held, of, left int
	event := j.event(device.ActionMembersChanged)
	edit := j.Devices.ChangeMembers(device.Group{ID: groupID}, device.Change{By: event.By, At: event.At, To: func(from device.Members) (device.Members, error) {
		to := from.With(devices, groups, j.now())
		joined = len(to.Devices) + len(to.Groups) - len(from.Devices) - len(from.Groups)
		held, left, of = 0, 0, len(from.Devices)+len(from.Groups)
		if !replace {
			return to, nil
		}
		stay := groups
		if keepGroups {
			stay = from.Groups
		}
		exact := from.Only(devices, stay).With(devices, groups, j.now())
		left = len(to.Devices) + len(to.Groups) - len(exact.Devices) - len(exact.Groups)
		if left*100 > heldAbove*of && j.settings.Confirmed != left {
			held, left = left, 0
			return to, nil
		}
		return exact, nil
	}})
	after, _, err := edit.Apply(ctx, once.Change{Event: event})
	if e := errs.As(err); e != nil && codeOf(err) != "" {
		for _, v := range e.Violations {
			j.find(sheet.SeverityError, 0, v.Value, v.Code, pairs(v.Args)...)
		}
		if len(e.Violations) == 0 {
			j.find(sheet.SeverityError, 0, "", e.Code, argsOf(err)...)
		}
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	j.Deleted, j.Held = j.Deleted+left, j.Held+held
	if held > 0 {
		j.find(sheet.SeverityWarning, 0, after.Name, "directory_members_held", "members", strconv.Itoa(held), "of", strconv.Itoa(of), "percent", strconv.Itoa(heldAbove))
	}
	if after.Waiting {
		j.find(sheet.SeverityHint, 0, after.Name, "directory_members_wait", "group", after.ID)
	}
	return joined, nil
}
