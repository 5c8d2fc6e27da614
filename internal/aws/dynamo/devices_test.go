package dynamo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

var thatDay = subscription.Today{Now: noon, Zone: time.UTC}

// registerDevice stores a device.
func registerDevice(t *testing.T, s *dynamo.Table, id, name string) device.Device {
	t.Helper()
	d := device.Device{ID: id, Name: name, CreatedAt: noon, Version: 1}
	_, err := s.Devices.CreateDevice(t.Context(), d, once.Change{Event: edited("device.created")})
	must(t, err)
	return d
}

// deviceGroup stores a group with devices and groups.
func deviceGroup(t *testing.T, s *dynamo.Table, id string, devices, groups []string) device.Group {
	t.Helper()
	g := device.Group{ID: id, Name: "Group " + id, Type: device.Security, CreatedAt: noon, Version: 1}
	_, err := s.Devices.CreateGroup(t.Context(), g, once.Change{Event: edited("device_group.created")})
	must(t, err)
	if len(devices)+len(groups) > 0 {
		g, err = changeMembers(t.Context(), s, device.Group{ID: id}, adding(true, devices, groups))
		must(t, err)
	}
	return g
}

func adding(confirmed bool, devices, groups []string) device.Change {
	return device.Change{Confirmed: confirmed, To: func(m device.Members) (device.Members, error) { return m.With(devices, groups, noon), nil }}
}

func taking(confirmed bool, devices ...string) device.Change {
	return device.Change{Confirmed: confirmed, To: func(m device.Members) (device.Members, error) { return m.Without(devices, nil), nil }}
}

// changeMembers makes a change of the members of a group.
func changeMembers(ctx context.Context, s *dynamo.Table, read device.Group, c device.Change) (device.Group, error) {
	event := edited(device.ActionMembersChanged)
	c.By, c.At = event.By, event.At
	g, _, err := s.Devices.ChangeMembers(read, c).Apply(ctx, once.Change{Event: event})
	return g, err
}

// settleMembers ends the waiting of a change of members.
func settleMembers(ctx context.Context, s *dynamo.Table, read device.Group, confirm bool) (device.Group, error) {
	event := edited("device_group.confirmed")
	if !confirm {
		event = edited("device_group.rejected")
	}
	g, _, err := s.Devices.Settle(read, confirm, event.At).Apply(ctx, once.Change{Event: event})
	return g, err
}

// forDevices stores a subscription for devices.
func forDevices(t *testing.T, s *dynamo.Table, id string, quantity int) subscription.Holding {
	t.Helper()
	h := holdingOf(id, "Apps "+id, quantity)
	h.Kind = subscription.ForDevices
	return subscribe(t, s, h)
}

func mustDeviceGroup(t *testing.T, s *dynamo.Table, id string) device.Group {
	t.Helper()
	g, err := s.Devices.Group(t.Context(), id)
	must(t, err)
	return g
}

// actionsOf returns the events of a subject with an action.
func actionsOf(t *testing.T, s *dynamo.Table, subject, action string) []audit.Event {
	t.Helper()
	return slices.DeleteFunc(eventsOf(t, s, subject), func(e audit.Event) bool { return e.Action != action })
}

// assigning assigns a subscription to a group that is read now.
func assigning(ctx context.Context, s *dynamo.Table, group, subscription string) error {
	g, err := s.Devices.Group(ctx, group)
	if err != nil {
		return err
	}
	_, err = s.Devices.Assign(ctx, g, device.Assignment{Subscription: subscription, Today: thatDay}, edited("device_group.assigned"))
	return err
}

// wantCode checks the codes of an error and of its first violation.
func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := errs.CodeOf(err)
	if e := errs.As(err); e != nil && len(e.Violations) > 0 {
		got += " " + e.Violations[0].Field + " " + e.Violations[0].Code
	}
	if got != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// soundGroups checks what is true of devices and groups at every moment.
func soundGroups(t *testing.T, s *dynamo.Table) {
	t.Helper()
	all, err := s.Devices.Groups(t.Context())
	must(t, err)
	for id, head := range all {
		g := mustDeviceGroup(t, s, id)
		if g.Count != len(g.Devices) || g.Waiting != (g.Pending != nil) || g.Version != head.Version {
			t.Errorf("group %s has %d devices and waits: %t; its items say %d, %v", id, g.Count, g.Waiting, len(g.Devices), g.Pending)
		}
		if violations := g.Members().Check(id, all); len(violations) > 0 {
			t.Errorf("group %s: %v", id, violations)
		}
		if g.Subscription != "" {
			holder, err := dynamo.Holder(t.Context(), s, g.Subscription)
			must(t, err)
			equal(t, "the group that holds the subscription of group "+id, holder, id)
		}
		for deviceID := range g.Devices {
			found, err := s.Devices.DevicesByID(t.Context(), []string{deviceID})
			must(t, err)
			if found[0].Version == 0 {
				t.Errorf("group %s has the device %s, which does not exist", id, deviceID)
			}
		}
	}
	subscriptions, err := s.Subscriptions.Subscriptions(t.Context())
	must(t, err)
	for _, h := range subscriptions {
		holder, err := dynamo.Holder(t.Context(), s, h.ID)
		must(t, err)
		if holder != "" && all[holder].Subscription != h.ID {
			t.Errorf("subscription %s belongs to group %s, which holds %q", h.ID, holder, all[holder].Subscription)
		}
	}
}

func TestR10_Devices(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	full := device.Device{
		ID: "full", ObjectID: "o1", DeviceID: "d1", Name: "Büro 1", OS: "Windows", OSVersion: "10.0.22631.4460", Join: device.JoinHybrid,
		Disabled: true, Seen: noon.Add(-time.Hour), CreatedAt: noon, Version: 1,
	}
	_, err := s.Devices.CreateDevice(ctx, full, once.Change{Event: edited("device.created")})
	must(t, err)
	for i, name := range []string{"pc 10", "PC 1", "pc 1!", "Desk", "PC 1"} {
		registerDevice(t, s, fmt.Sprint(i), name)
	}
	found, err := s.Devices.DevicesByID(ctx, []string{"none", "full", "1", "full"})
	must(t, err)
	equal(t, "devices by id", found, []device.Device{{}, full, {ID: "1", Name: "PC 1", CreatedAt: noon, Version: 1}, full})

	list := func(prefix string, limit int) (ids []string) {
		for cursor := ""; ; {
			page, err := s.Devices.Devices(ctx, device.Query{Prefix: prefix, Limit: limit, Cursor: cursor})
			must(t, err)
			for _, d := range page.Items {
				ids = append(ids, d.ID)
			}
			if cursor = page.Next; cursor == "" {
				return ids
			}
		}
	}
	for _, limit := range []int{1, 2, 5, 200} {
		equal(t, "all, sorted by name", list("", limit), []string{"full", "3", "1", "4", "2", "0"})
		equal(t, "those that begin with a text", list("Pc 1", limit), []string{"1", "4", "2", "0"})
	}
	equal(t, "a text that no name begins with", len(list("x", 9)), 0)
	long := strings.Repeat("é", 600)
	registerDevice(t, s, "long", long)
	equal(t, "a long text", list(long, 9), []string{"long"})
	equal(t, "a longer text", len(list(long+"x", 9)), 0)
	page, err := s.Devices.Devices(ctx, device.Query{Limit: 1})
	must(t, err)
	_, err = s.Devices.Devices(ctx, device.Query{Prefix: "p", Limit: 1, Cursor: page.Next})
	wantCode(t, "a cursor of another list", err, "cursor_invalid")

	owners, err := s.Devices.ByDirectoryID(ctx, []device.DirectoryID{{DeviceID: "gone"}, {DeviceID: "D1"}, {ObjectID: "o1"}, {ObjectID: "d1"}, {DeviceID: "d1"}})
	must(t, err)
	equal(t, "devices by their ids in the directory", owners, []string{"", "full", "full", "", "full"})

	taken := device.Device{ID: "taken", ObjectID: "o1", Name: "X", Version: 1}
	_, err = s.Devices.CreateDevice(ctx, taken, once.Change{Event: edited("device.created")})
	wantCode(t, "an object id that is taken", err, "taken objectId device_object_id_taken")
	taken.ObjectID, taken.DeviceID = "o2", "d1"
	_, err = s.Devices.CreateDevice(ctx, taken, once.Change{Event: edited("device.created")})
	wantCode(t, "a device id that is taken", err, "taken deviceId device_id_taken")

	after := full
	after.Name, after.ObjectID, after.Disabled = "Zimmer", "", false
	after, err = s.Devices.EditDevice(ctx, full, after, false, edited("device.changed"))
	must(t, err)
	equal(t, "version", after.Version, int64(2))
	equal(t, "all after a change of the name", list("", 200), []string{"3", "1", "4", "2", "0", "full", "long"})
	event := eventOf(t, s, "device/full", "device.changed")
	equal(t, "before", event.Before, map[string]string{"name": "Büro 1", "objectId": "o1", "enabled": "false"})
	equal(t, "after", event.After, map[string]string{"name": "Zimmer"})
	_, err = s.Devices.EditDevice(ctx, full, full, true, edited("device.changed"))
	wantCode(t, "a change of an older version", err, "version_stale")
	wantCode(t, "a deletion of an older version", s.Devices.DeleteDevice(ctx, full, true, edited("device.deleted")), "version_stale")

	must(t, s.Devices.DeleteDevice(ctx, after, false, edited("device.deleted")))
	wantCode(t, "a second deletion", s.Devices.DeleteDevice(ctx, after, false, edited("device.deleted")), "device_not_found")
	equal(t, "those called Zimmer", len(list("zimmer", 9)), 0)
	taken.ObjectID = "o1"
	_, err = s.Devices.CreateDevice(ctx, taken, once.Change{Event: edited("device.created")})
	must(t, err) // both ids are free
}

func TestR10_DeviceGroups(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	g := device.Group{ID: "a", ObjectID: "o1", Name: "Front Office", Type: device.Dynamic, CreatedAt: noon, Version: 1}
	c := once.Change{Event: edited("device_group.created"), Entry: once.Entry{Key: "k", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}}
	first, err := s.Devices.CreateGroup(ctx, g, c)
	must(t, err)
	equal(t, "first answer", len(first), 0)
	again := g
	again.ID = "a2"
	first, err = s.Devices.CreateGroup(ctx, again, c)
	must(t, err)
	equal(t, "answer of the repetition", string(first), "first")
	equal(t, "the group", mustDeviceGroup(t, s, "a"), g)
	other := device.Group{ID: "b", Name: "front OFFICE", Type: device.Security, CreatedAt: noon, Version: 1}
	_, err = s.Devices.CreateGroup(ctx, other, once.Change{Event: edited("device_group.created")})
	wantCode(t, "a name that is taken", err, "taken name device_group_name_taken")
	other.Name, other.ObjectID = "Back office", "o1"
	_, err = s.Devices.CreateGroup(ctx, other, once.Change{Event: edited("device_group.created")})
	wantCode(t, "an object id that is taken", err, "taken objectId device_object_id_taken")
	other.ObjectID = ""
	_, err = s.Devices.CreateGroup(ctx, other, once.Change{Event: edited("device_group.created")})
	must(t, err)

	described := func(read device.Group, name string, kind device.GroupType, objectID string) (device.Group, error) {
		after := read
		after.Name, after.Type, after.ObjectID = name, kind, objectID
		return s.Devices.DescribeGroup(ctx, read, after, edited("device_group.changed"))
	}
	same, err := described(other, other.Name, other.Type, "")
	must(t, err)
	equal(t, "a description that changes nothing", same, other)
	_, err = described(other, "FRONT office", device.Security, "")
	wantCode(t, "another name that is taken", err, "taken name device_group_name_taken")
	_, err = described(other, other.Name, other.Type, "o1")
	wantCode(t, "another object id that is taken", err, "taken objectId device_object_id_taken")
	renamed, err := described(other, "BACK office", device.Distribution, "o2")
	must(t, err)
	equal(t, "renamed", mustDeviceGroup(t, s, "b"), renamed)
	_, err = described(other, "Any", device.Security, "")
	wantCode(t, "an older version", err, "version_stale")

	nested, err := changeMembers(ctx, s, device.Group{ID: "a"}, adding(false, nil, []string{"b"}))
	must(t, err)
	_, err = described(renamed, renamed.Name, device.Microsoft365, "o2")
	wantCode(t, "a group within another that becomes a Microsoft 365 group", err, "group_type_unsupported")
	wantCode(t, "a group within another", s.Devices.DeleteGroup(ctx, renamed, edited("device_group.deleted")), "device_group_nested")
	must(t, s.Devices.DeleteGroup(ctx, nested, edited("device_group.deleted")))
	wantCode(t, "twice", s.Devices.DeleteGroup(ctx, nested, edited("device_group.deleted")), "device_group_not_found")
	_, err = s.Devices.CreateGroup(ctx, device.Group{ID: "c", ObjectID: "o1", Name: "Front office", Type: device.Security, CreatedAt: noon, Version: 1}, once.Change{Event: edited("device_group.created")})
	must(t, err) // its name and its object id are free
	for _, id := range []string{"b", "c"} {
		must(t, s.Devices.DeleteGroup(ctx, mustDeviceGroup(t, s, id), edited("device_group.deleted")))
	}
	all, err := s.Devices.Groups(ctx)
	must(t, err)
	equal(t, "groups", len(all), 0)
	must(t, dynamo.CountDeviceGroups(ctx, s, device.GroupsMax))
	_, err = s.Devices.CreateGroup(ctx, g, once.Change{Event: edited("device_group.created")})
	wantCode(t, "one more than can be", err, "device_group_limit")
}

func TestR10_2_Members(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	for i := range 4 {
		registerDevice(t, s, fmt.Sprint("pc", i), fmt.Sprint("PC ", i))
	}
	deviceGroup(t, s, "g", nil, nil)
	deviceGroup(t, s, "h", []string{"pc1"}, nil)
	change := func(id string, c device.Change) error {
		_, err := changeMembers(ctx, s, device.Group{ID: id}, c)
		return err
	}
	must(t, change("g", adding(false, []string{"pc0", "pc1"}, []string{"h"})))
	g := mustDeviceGroup(t, s, "g")
	equal(t, "version", g.Version, int64(2))
	equal(t, "members", g.Members(), device.Members{Devices: map[string]time.Time{"pc0": noon, "pc1": noon}, Groups: []string{"h"}, Nested: map[string]time.Time{"h": noon}})
	must(t, change("g", adding(false, []string{"pc1"}, nil)))
	equal(t, "version after a change of nothing", mustDeviceGroup(t, s, "g").Version, int64(2))
	members, err := s.Devices.Members(ctx, "g")
	must(t, err)
	equal(t, "devices, each once", members, []device.Member{{DeviceID: "pc0", Joined: noon}, {DeviceID: "pc1", Joined: noon}})

	wantCode(t, "a device that does not exist", change("g", adding(false, []string{"pc2", "gone"}, nil)), "invalid_input devices device_unknown")
	wantCode(t, "a group that does not exist", change("g", adding(false, nil, []string{"gone"})), "invalid_input groups/0 device_group_unknown")
	wantCode(t, "a group above", change("h", adding(false, nil, []string{"g"})), "invalid_input groups/0 device_group_cycle")
	wantCode(t, "members of a group that does not exist", change("gone", adding(false, nil, nil)), "device_group_not_found")
	_, err = s.Devices.Members(ctx, "gone")
	wantCode(t, "devices of a group that does not exist", err, "device_group_not_found")

	must(t, s.Devices.DeleteDevice(ctx, device.Device{ID: "pc1", Name: "PC 1", Version: 1}, false, edited("device.deleted")))
	equal(t, "devices after the deletion", mustDeviceGroup(t, s, "g").Devices, map[string]time.Time{"pc0": noon})
	equal(t, "devices of the other group", len(mustDeviceGroup(t, s, "h").Devices), 0)
	said := map[string]string{}
	for _, event := range actionsOf(t, s, "device-group/g", device.ActionMembersChanged) {
		said[event.Before["left"]] = event.Before["devices"] + " to " + event.After["devices"]
	}
	equal(t, "the events of a group of the deleted device", said, map[string]string{"": "0 to 2", "pc1": "2 to 1"})
	equal(t, "groups of the deleted device", eventOf(t, s, "device/pc1", "device.deleted").Before["groups"], "g, h")
	soundGroups(t, s)
}

// R10.3: a change by others than a global admin waits if the group, or one above, holds a subscription.
func TestR10_3_PendingMembers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	for i := range 5 {
		registerDevice(t, s, fmt.Sprint("pc", i), fmt.Sprint("PC ", i))
	}
	deviceGroup(t, s, "in", []string{"pc0"}, nil)
	deviceGroup(t, s, "top", nil, []string{"in"})
	forDevices(t, s, "apps", 1)
	must(t, assigning(ctx, s, "top", "apps"))
	change := func(c device.Change) (device.Group, error) {
		return changeMembers(ctx, s, device.Group{ID: "in"}, c)
	}
	devices := func(g device.Group) string { return fmt.Sprint(len(g.Devices), g.Waiting) }

	g, err := change(adding(false, []string{"pc1"}, nil))
	must(t, err)
	equal(t, "proposed", devices(g), "1 true")
	equal(t, "pending", g.Pending, &device.Members{Devices: map[string]time.Time{"pc0": noon, "pc1": noon}, By: "tester", At: noon})
	equal(t, "stored", mustDeviceGroup(t, s, "in"), g)
	g, err = change(adding(false, []string{"pc2", "pc3"}, nil))
	must(t, err)
	equal(t, "devices of the later proposal", len(g.Pending.Devices), 4)
	_, err = change(adding(true, []string{"pc4"}, nil))
	wantCode(t, "a change by a global admin", err, "device_group_pending")
	must(t, s.Devices.DeleteDevice(ctx, device.Device{ID: "pc3", Name: "PC 3", Version: 1}, false, edited("device.deleted")))
	wantCode(t, "deletion of a device with a licence", s.Devices.DeleteDevice(ctx, device.Device{ID: "pc0", Name: "PC 0", Version: 1}, false, edited("device.deleted")), "device_licensed")

	_, err = settleMembers(ctx, s, g, true)
	wantCode(t, "confirmation of what was read before", err, "version_stale")
	_, err = changeMembers(ctx, s, g, adding(false, []string{"pc4"}, nil))
	wantCode(t, "a change of what was read before", err, "version_stale")
	g, err = settleMembers(ctx, s, mustDeviceGroup(t, s, "in"), true)
	must(t, err)
	equal(t, "confirmed", mustDeviceGroup(t, s, "in"), g)
	equal(t, "devices", devices(g), "3 false")
	equal(t, "who proposed", eventOf(t, s, "device-group/in", "device_group.confirmed").Before["proposedBy"], "tester")
	_, err = settleMembers(ctx, s, g, true)
	wantCode(t, "confirmed twice", err, "device_group_not_pending")

	// A growing group is a conflict, not an error (L17).
	members, err := s.Devices.Members(ctx, "top")
	must(t, err)
	h, err := s.Subscriptions.Subscription(ctx, "apps")
	must(t, err)
	must(t, s.Devices.Use(ctx, []*subscription.Holding{&h}))
	equal(t, "who uses it", fmt.Sprint(h.Group, h.Used(), h.Free()), fmt.Sprint("top", len(members), 1-len(members)))
	equal(t, "conflicts", len(h.Conflicts(noon, time.UTC)), 1)

	g, err = change(taking(false, "pc1", "pc2"))
	must(t, err)
	g, err = settleMembers(ctx, s, g, false)
	must(t, err)
	equal(t, "rejected", devices(g), "3 false")
	_, err = change(taking(false, "pc1"))
	must(t, err)
	g, err = change(adding(false, []string{"pc1"}, nil))
	must(t, err)
	equal(t, "withdrawn", devices(g), "3 false")
	equal(t, "actions", len(actionsOf(t, s, "device-group/in", device.ActionChangeWithdrawn)), 1)

	deviceGroup(t, s, "more", nil, nil)
	_, err = change(adding(false, nil, []string{"more"}))
	must(t, err)
	must(t, s.Devices.DeleteGroup(ctx, mustDeviceGroup(t, s, "more"), edited("device_group.deleted")))
	g, err = settleMembers(ctx, s, mustDeviceGroup(t, s, "in"), true)
	must(t, err)
	equal(t, "groups without the deleted one", len(g.Groups), 0)
	must(t, s.Devices.DeleteDevice(ctx, device.Device{ID: "pc0", Name: "PC 0", Version: 1}, true, edited("device.deleted")))
	soundGroups(t, s)
}

// R10.3: what a pending change concerns cannot be changed unseen before the confirmation.
func TestR10_3_NothingUnseen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	for i := range 4 {
		registerDevice(t, s, fmt.Sprint("pc", i), fmt.Sprint("PC ", i))
	}
	deviceGroup(t, s, "deep", nil, nil)
	deviceGroup(t, s, "in", []string{"pc0"}, []string{"deep"})
	deviceGroup(t, s, "top", []string{"pc3"}, nil)
	forDevices(t, s, "apps", 5)
	must(t, assigning(ctx, s, "top", "apps"))
	change := func(id string, c device.Change) (device.Group, error) {
		return changeMembers(ctx, s, device.Group{ID: id}, c)
	}
	g, err := change("top", adding(false, nil, []string{"in"}))
	must(t, err)
	equal(t, "a group that is to be within", fmt.Sprint(g.Waiting, len(actionsOf(t, s, "device-group/top", device.ActionChangeProposed))), "true 1")
	for _, id := range []string{"in", "deep"} {
		g, err := change(id, adding(false, []string{"pc1"}, nil))
		must(t, err)
		if !g.Waiting {
			t.Errorf("a device joins the group %s, which is to be within another, without a confirmation", id)
		}
	}

	// The identity of a device that has a licence, or is to have one.
	for _, id := range []string{"pc0", "pc1", "pc3"} {
		found, err := s.Devices.DevicesByID(ctx, []string{id})
		must(t, err)
		other := found[0]
		other.Name = "Another PC"
		_, err = s.Devices.EditDevice(ctx, found[0], other, false, edited("device.changed"))
		wantCode(t, "another identity of "+id, err, "device_identity")
		other = found[0]
		other.OS = "Windows"
		other, err = s.Devices.EditDevice(ctx, found[0], other, false, edited("device.changed"))
		must(t, err)
		other.DeviceID, other.Name = "by a global admin "+id, "Another PC"
		_, err = s.Devices.EditDevice(ctx, found[0], other, true, edited("device.changed"))
		wantCode(t, "an older version", err, "version_stale")
	}

	// A change back, after the licences were taken back, ends the waiting; other changes are refused until it ends.
	top := mustDeviceGroup(t, s, "top")
	_, err = s.Devices.Unassign(ctx, top, edited("device_group.unassigned"))
	must(t, err)
	_, err = change("top", adding(false, []string{"pc2"}, nil))
	wantCode(t, "another change", err, "device_group_pending")
	_, err = change("top", adding(true, nil, []string{"in"}))
	wantCode(t, "what waits, by a global admin", err, "device_group_pending")
	g, err = change("top", device.Change{To: func(m device.Members) (device.Members, error) { return m.Without(nil, []string{"in"}), nil }})
	must(t, err)
	equal(t, "a change back", g.Waiting, false)
	soundGroups(t, s)

	// A list that waits with a group that was deleted can be added to.
	must(t, assigning(ctx, s, "top", "apps"))
	deviceGroup(t, s, "gone", nil, nil)
	_, err = change("top", adding(false, nil, []string{"gone"}))
	must(t, err)
	must(t, s.Devices.DeleteGroup(ctx, mustDeviceGroup(t, s, "gone"), edited("device_group.deleted")))
	g, err = change("top", adding(false, []string{"pc2"}, nil))
	must(t, err)
	equal(t, "what waits", fmt.Sprint(len(g.Pending.Devices), g.Pending.Groups), "2 []")
	// Nothing waits any more when the only device that would join is deleted.
	must(t, s.Devices.DeleteDevice(ctx, device.Device{ID: "pc2", Name: "PC 2", Version: 1}, false, edited("device.deleted")))
	equal(t, "after the deletion", mustDeviceGroup(t, s, "top").Waiting, false)
	// Nor when the only device that would leave is deleted.
	_, err = change("top", taking(false, "pc3"))
	must(t, err)
	found, err := s.Devices.DevicesByID(ctx, []string{"pc3"})
	must(t, err)
	must(t, s.Devices.DeleteDevice(ctx, found[0], true, edited("device.deleted")))
	equal(t, "after the deletion of what would leave", mustDeviceGroup(t, s, "top").Waiting, false)
	soundGroups(t, s)
}

// R10.3: a confirmation of what is impossible now says so, and the change can be rejected.
func TestR10_3_ImpossibleChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	deviceGroup(t, s, "in", nil, nil)
	deviceGroup(t, s, "top", nil, nil)
	forDevices(t, s, "apps", 5)
	must(t, assigning(ctx, s, "top", "apps"))
	_, err := changeMembers(ctx, s, device.Group{ID: "top"}, adding(false, nil, []string{"in"}))
	must(t, err)
	_, err = changeMembers(ctx, s, device.Group{ID: "in"}, adding(true, nil, []string{"top"}))
	must(t, err)
	_, err = settleMembers(ctx, s, mustDeviceGroup(t, s, "top"), true)
	wantCode(t, "a group that would contain itself", err, "device_group_change_impossible  device_group_cycle")
	g, err := settleMembers(ctx, s, mustDeviceGroup(t, s, "top"), false)
	must(t, err)
	equal(t, "rejected", g.Waiting, false)
	soundGroups(t, s)
}

// R10.1: a group holds one subscription at most, and a subscription belongs to one group.
func TestDeviceGroupIsOneToOne(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	for i := range 3 {
		registerDevice(t, s, fmt.Sprint("pc", i), "PC")
	}
	deviceGroup(t, s, "in", []string{"pc0", "pc1"}, nil)
	deviceGroup(t, s, "g", []string{"pc1", "pc2"}, []string{"in"})
	deviceGroup(t, s, "h", nil, nil)
	apps := forDevices(t, s, "apps", 2)
	forDevices(t, s, "other", 9)
	subscribe(t, s, holdingOf("users", "For users", 9))

	wantCode(t, "more devices than licences", assigning(ctx, s, "g", "apps"), "devices_too_many")
	wantCode(t, "a subscription for users", assigning(ctx, s, "g", "users"), "subscription_for_users")
	wantCode(t, "no such subscription", assigning(ctx, s, "g", "gone"), "subscription_not_found")
	wantCode(t, "no such group", assigning(ctx, s, "gone", "apps"), "device_group_not_found")
	reseat(t, s, "apps", toQuantity(3))
	before, err := s.Subscriptions.Subscription(ctx, "apps")
	must(t, err)
	must(t, assigning(ctx, s, "g", "apps"))
	// A change of the quantity that began before the assignment is made again, and sees the devices.
	after, err := s.Subscriptions.Subscription(ctx, "apps")
	must(t, err)
	equal(t, "version of the seats", after.Seats.Version, before.Seats.Version+1)
	equal(t, "the audit event", eventOf(t, s, "device-group/g", "device_group.assigned").After, map[string]string{
		"subscription": "apps", "subscriptionName": "Apps apps", "devices": "3", "quantity": "3",
	})
	held := mustDeviceGroup(t, s, "g")
	equal(t, "subscription", held.Subscription, "apps")
	must(t, assigning(ctx, s, "g", "apps"))
	equal(t, "version after the same again", mustDeviceGroup(t, s, "g").Version, held.Version)
	wantCode(t, "a second subscription", assigning(ctx, s, "g", "other"), "group_has_subscription")
	wantCode(t, "a second group", assigning(ctx, s, "h", "apps"), "subscription_has_group")
	wantCode(t, "deletion of the subscription", s.Subscriptions.Delete(ctx, apps.Subscription, edited("subscription.deleted")), "subscription_in_use")
	wantCode(t, "deletion of the group", s.Devices.DeleteGroup(ctx, held, edited("device_group.deleted")), "device_group_in_use")
	team := held
	team.Type = device.Microsoft365
	_, err = s.Devices.DescribeGroup(ctx, held, team, edited("device_group.changed"))
	wantCode(t, "a type without licences", err, "group_type_unsupported")
	soundGroups(t, s)

	free, err := s.Devices.Unassign(ctx, held, edited("device_group.unassigned"))
	must(t, err)
	_, err = s.Devices.Unassign(ctx, held, edited("device_group.unassigned"))
	wantCode(t, "an older version", err, "version_stale")
	_, err = s.Devices.Unassign(ctx, free, edited("device_group.unassigned"))
	wantCode(t, "without a subscription", err, "device_group_no_subscription")
	equal(t, "stored", mustDeviceGroup(t, s, "g"), free)
	must(t, s.Subscriptions.Delete(ctx, apps.Subscription, edited("subscription.deleted")))
	must(t, s.Devices.DeleteGroup(ctx, free, edited("device_group.deleted")))
	soundGroups(t, s)
}

// Two admins at the same time: one of each pair of changes that exclude each other is made.
func TestR10_TwoAdminsAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	one := func(what string, want string, changes ...func(ctx context.Context) error) {
		t.Helper()
		var made atomic.Int64
		var g errgroup.Group
		for _, change := range changes {
			g.Go(func() error {
				err := change(t.Context())
				if err == nil {
					made.Add(1)
				} else if code := errs.CodeOf(err); code != want {
					return fmt.Errorf("%s: %w", what, err)
				}
				return nil
			})
		}
		must(t, g.Wait())
		equal(t, what, int(made.Load()), 1)
	}
	members := func(id string, c device.Change) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := changeMembers(ctx, s, device.Group{ID: id}, c)
			return err
		}
	}
	for n := range 5 {
		name := func(s string) string { return fmt.Sprint(s, n) }
		deviceGroup(t, s, name("a"), nil, nil)
		deviceGroup(t, s, name("b"), nil, nil)
		x := forDevices(t, s, name("x"), 1)
		assign := func(group, subscription string) func(context.Context) error {
			return func(ctx context.Context) error { return assigning(ctx, s, group, subscription) }
		}
		one("groups for a subscription", "subscription_has_group", assign(name("a"), x.ID), assign(name("b"), x.ID))
		g, other := mustDeviceGroup(t, s, name("a")), name("b")
		if g.Subscription == "" {
			g, other = mustDeviceGroup(t, s, name("b")), name("a")
		}
		_, err := s.Devices.Unassign(t.Context(), g, edited("device_group.unassigned"))
		must(t, err)
		one("groups that contain each other", "invalid_input", members(name("a"), adding(true, nil, []string{name("b")})), members(name("b"), adding(true, nil, []string{name("a")})))
		d := registerDevice(t, s, name("pc"), "PC")
		var both errgroup.Group
		both.Go(func() error {
			if err := members(other, adding(true, []string{d.ID}, nil))(t.Context()); err != nil && errs.CodeOf(err) != "invalid_input" {
				return err
			}
			return nil
		})
		both.Go(func() error { return s.Devices.DeleteDevice(t.Context(), d, true, edited("device.deleted")) })
		must(t, both.Wait())
		equal(t, "devices after an addition and the deletion", len(mustDeviceGroup(t, s, other).Devices), 0)
		soundGroups(t, s)
	}
}

// A process dies at any request to the table, or replies are lost: a change is made whole or not at all,
// and can be made again.
func TestR10_DeathAndLostReplies(t *testing.T) {
	t.Parallel()
	for n := range 12 {
		t.Run(fmt.Sprint("request ", n), func(t *testing.T) {
			t.Parallel()
			table := storetest.Table(t)
			direct := dynamo.Open(storetest.Client(t), table)
			d := registerDevice(t, direct, "pc", "PC")
			registerDevice(t, direct, "other", "PC")
			deviceGroup(t, direct, "g", []string{"pc", "other"}, nil)
			deviceGroup(t, direct, "h", []string{"pc"}, nil)
			forDevices(t, direct, "apps", 5)
			faults := faultproxy.Faults(nil)
			if n%2 == 1 {
				faults = faultproxy.Faults{{Kind: faultproxy.CutReply, Rate: 0.2}, {Kind: faultproxy.TransactionConflict, Rate: 0.2}}
			}
			proxy := faultproxy.New(storetest.Endpoint(t), uint64(n), faults)
			defer proxy.Close()
			ctx, die := context.WithCancel(t.Context())
			defer die()
			proxy.SetHooks(faultproxy.Hooks{Before: func(request int, _ string) {
				if request == 1+2*n {
					die()
				}
			}})
			dying := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(30*time.Second))
			work := func(ctx context.Context, s *dynamo.Table) error {
				if err := assigning(ctx, s, "g", "apps"); err != nil {
					return err
				}
				_, err := changeMembers(ctx, s, device.Group{ID: "g"}, taking(false, "other"))
				if err != nil {
					return err
				}
				if err := s.Devices.DeleteDevice(ctx, d, true, edited("device.deleted")); err != nil && errs.CodeOf(err) != "device_not_found" {
					return err
				}
				g, err := s.Devices.Group(ctx, "g")
				if err != nil || !g.Waiting && len(g.Devices) == 0 {
					return err
				}
				_, err = settleMembers(ctx, s, g, true)
				return err
			}
			if err := work(ctx, dying); err == nil && ctx.Err() != nil {
				t.Log("it died after the last write")
			}
			proxy.Close() // its last request may still be on its way to the table
			soundGroups(t, direct)
			if g := mustDeviceGroup(t, direct, "g"); len(g.Devices) > 0 || g.Subscription == "" {
				must(t, work(t.Context(), direct))
			}
			soundGroups(t, direct)
			g := mustDeviceGroup(t, direct, "g")
			equal(t, "the group", fmt.Sprint(g.Subscription, len(g.Devices), g.Waiting), "apps0 false")
			equal(t, "the other group", len(mustDeviceGroup(t, direct, "h").Devices), 0)
			holder, err := dynamo.Holder(t.Context(), direct, "apps")
			must(t, err)
			equal(t, "holder", holder, "g")
			equal(t, "assigned, says the audit log", len(actionsOf(t, direct, "device-group/g", "device_group.assigned")), 1)
		})
	}
}

// The largest group fits the item of its members, and so does the list that waits: 400 KB each.
func TestLargestDeviceGroupFits(t *testing.T) {
	t.Parallel()
	s := open(t)
	m := device.Members{Devices: map[string]time.Time{}}
	for i := range device.GroupDevicesMax {
		m.Devices[id.New(noon, fmt.Sprint(i))] = noon
	}
	for i := range device.GroupGroupsMax {
		m.Groups = append(m.Groups, id.New(noon, fmt.Sprint("group", i)))
	}
	must(t, dynamo.StoreGroups(t.Context(), s, []device.Group{{ID: id.New(noon, "g"), Devices: m.Devices, Groups: m.Groups, Pending: &m, Version: 1}}))
}

// TestR8_2_DevicesOf: each device of the groups and of those within them once, sorted by name, without those that
// were deleted meanwhile.
func TestR8_2_DevicesOf(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, id := range []string{"c", "a", "b"} {
		registerDevice(t, s, id, "PC "+id)
	}
	deviceGroup(t, s, "within", []string{"a", "c"}, nil)
	deviceGroup(t, s, "above", []string{"c", "b"}, []string{"within"})
	deviceGroup(t, s, "empty", nil, nil)
	for _, test := range []struct {
		groups  []string
		devices string
		unknown []string
	}{
		{[]string{"above"}, "a b c", nil},
		{[]string{"above", "within", "above"}, "a b c", nil},
		{[]string{"within", "empty"}, "a c", nil},
		{[]string{"empty"}, "", nil},
		{nil, "", nil},
		{[]string{"within", "none", "other"}, "", []string{"none", "other"}},
	} {
		devices, unknown, err := s.Devices.DevicesOf(t.Context(), test.groups)
		must(t, err)
		var ids []string
		for _, d := range devices {
			ids = append(ids, d.ID)
		}
		equal(t, fmt.Sprint("devices of ", test.groups), strings.Join(ids, " "), test.devices)
		equal(t, fmt.Sprint("unknown of ", test.groups), unknown, test.unknown)
	}
}
