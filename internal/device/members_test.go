package device_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/device"
	"trueup/internal/errs"
)

func codes(violations []errs.Violation) (found []string) {
	for _, v := range violations {
		found = append(found, v.Field+" "+v.Code)
	}
	return found
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, violations := device.Parse(device.Draft{
		ObjectID: " 0A1B ", DeviceID: "DD-EE", Name: "  PC  1 ", OS: "Windows", OSVersion: "10.0.22631.4460", Join: device.JoinHybrid, Disabled: true, Seen: noon,
	})
	want := device.Device{ObjectID: "0a1b", DeviceID: "dd-ee", Name: "PC 1", OS: "Windows", OSVersion: "10.0.22631.4460", Join: device.JoinHybrid, Disabled: true, Seen: noon}
	if diff := cmp.Diff(want, got); diff != "" || len(violations) > 0 {
		t.Errorf("%v (-want +got)\n%s", violations, diff)
	}
	if _, violations := device.Parse(device.Draft{Name: "PC"}); len(violations) > 0 {
		t.Errorf("a name alone: %v", violations)
	}
	long := strings.Repeat("x", 257)
	_, violations = device.Parse(device.Draft{ObjectID: long, DeviceID: "a\x00b", OS: long, OSVersion: long, Join: "glued"})
	if diff := cmp.Diff([]string{
		"objectId text_too_long", "deviceId text_control", "displayName text_required", "operatingSystem text_too_long",
		"operatingSystemVersion text_too_long", "joinType device_join_type",
	}, codes(violations)); diff != "" {
		t.Errorf("violations (-want +got)\n%s", diff)
	}
}

func TestParseGroup(t *testing.T) {
	t.Parallel()
	got, violations := device.ParseGroup(device.GroupDraft{ObjectID: "AB", Name: " Front  office "})
	if diff := cmp.Diff(device.Group{ObjectID: "ab", Name: "Front office", Type: device.Security}, got); diff != "" || len(violations) > 0 {
		t.Errorf("%v (-want +got)\n%s", violations, diff)
	}
	_, violations = device.ParseGroup(device.GroupDraft{ObjectID: strings.Repeat("x", 129), Type: "team"})
	if diff := cmp.Diff([]string{"objectId text_too_long", "name text_required", "type device_group_type"}, codes(violations)); diff != "" {
		t.Errorf("violations (-want +got)\n%s", diff)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	had := device.Members{Devices: map[string]time.Time{"a": at(1), "b": at(2)}, Groups: []string{"x"}}
	after := had.With([]string{"b", "c"}, []string{"w", "x"}, at(5))
	want := device.Members{Devices: map[string]time.Time{"a": at(1), "b": at(2), "c": at(5)}, Groups: []string{"w", "x"}, Nested: map[string]time.Time{"w": at(5)}}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("with (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(had, after.Without([]string{"c", "none"}, []string{"w"})); diff != "" {
		t.Errorf("without (-want +got)\n%s", diff)
	}
	if len(had.Devices) != 2 || len(had.Groups) != 1 {
		t.Errorf("the members that were read have changed: %v", had)
	}
	joined, left := had.Change(after.Without([]string{"a"}, nil))
	if !slices.Equal(joined, []string{"c"}) || !slices.Equal(left, []string{"a"}) {
		t.Errorf("joined %v, left %v", joined, left)
	}
	for name, test := range map[string]struct {
		other device.Members
		want  bool
	}{
		"itself": {had, true}, "another group": {had.With(nil, []string{"y"}, noon), false}, "another device": {had.With([]string{"z"}, nil, noon), false},
		"fewer devices": {had.Without([]string{"a"}, nil), false},
	} {
		if had.Same(test.other) != test.want {
			t.Errorf("same as %s: %t", name, !test.want)
		}
	}
	g := device.Group{Devices: had.Devices, Groups: had.Groups}
	if diff := cmp.Diff(had, g.Proposed()); diff != "" {
		t.Errorf("proposed (-want +got)\n%s", diff)
	}
	g.Pending = &device.Members{Devices: after.Devices, Groups: after.Groups, By: "an", At: noon}
	after.Nested = nil // a group that waits is within it when it is confirmed
	if diff := cmp.Diff(after, g.Proposed()); diff != "" {
		t.Errorf("proposed after a proposal (-want +got)\n%s", diff)
	}
}

// chain adds n nested groups: prefix0 contains prefix1, which contains prefix2, and so on.
func chain(prefix string, n int, into map[string]device.Group) {
	for i := range n {
		g := device.Group{}
		if i+1 < n {
			g.Groups = []string{fmt.Sprint(prefix, i+1)}
		}
		into[fmt.Sprint(prefix, i)] = g
	}
}

func TestCheckMembers(t *testing.T) {
	t.Parallel()
	groups := map[string]device.Group{"g": {}, "h": {}}
	chain("a", 4, groups)
	chain("b", device.DepthMax, groups)
	devices := map[string]time.Time{}
	for i := range device.GroupDevicesMax {
		devices[fmt.Sprint(i)] = noon
	}
	many := make([]string, device.GroupGroupsMax+1)
	for name, test := range map[string]struct {
		id      string
		members device.Members
		want    []string
	}{
		"none":              {"g", device.Members{}, nil},
		"all devices":       {"g", device.Members{Devices: devices}, nil},
		"too many devices":  {"g", device.Members{Devices: devices}.With([]string{"more"}, nil, noon), []string{"devices device_group_devices"}},
		"too many groups":   {"g", device.Members{Groups: many}, []string{"groups device_group_groups"}},
		"itself":            {"g", device.Members{Groups: []string{"g"}}, []string{"groups/0 device_group_cycle"}},
		"a group above":     {"a3", device.Members{Groups: []string{"a0", "h"}}, []string{"groups/0 device_group_cycle"}},
		"unknown":           {"g", device.Members{Groups: []string{"gone", "h"}}, []string{"groups/0 device_group_unknown"}},
		"as deep as can be": {"g", device.Members{Groups: []string{"b1"}}, nil},
		"too deep":          {"g", device.Members{Groups: []string{"b0"}}, []string{"groups/0 device_group_depth"}},
		"too deep together": {"a3", device.Members{Groups: []string{"b3", "b4"}}, []string{"groups/0 device_group_depth"}},
	} {
		if diff := cmp.Diff(test.want, codes(test.members.Check(test.id, groups))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// R10.3: a change of a group within one that holds a subscription changes licences, too.
func TestHolders(t *testing.T) {
	t.Parallel()
	groups := map[string]device.Group{
		"office": {Groups: []string{"branch"}, Subscription: "apps"}, "branch": {Groups: []string{"desk"}}, "desk": {},
		"lab": {Groups: []string{"desk"}, Subscription: "other"}, "free": {Groups: []string{"office"}},
	}
	for id, want := range map[string][]string{"office": {"office"}, "branch": {"office"}, "desk": {"lab", "office"}, "free": nil, "gone": nil} {
		if got := device.Holders(id, groups); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	// What a pending change would nest counts as well.
	groups["office"] = device.Group{Groups: []string{"branch"}, Subscription: "apps", Pending: &device.Members{Groups: []string{"free"}}}
	for id, want := range map[string][]string{"free": {"office"}, "desk": {"lab", "office"}} {
		if got := device.Holders(id, groups); !slices.Equal(got, want) {
			t.Errorf("%s, with a pending change: %v, want %v", id, got, want)
		}
	}
	if got := device.Within("office", groups); !slices.Equal(got, []string{"branch", "desk", "office"}) {
		t.Errorf("within: %v", got)
	}
}

func TestBecomeAndUnassign(t *testing.T) {
	t.Parallel()
	held, free, nested := device.Group{ID: "held", Subscription: "apps"}, device.Group{ID: "free"}, device.Group{ID: "nested"}
	groups := map[string]device.Group{"held": held, "free": free, "nested": nested, "above": {ID: "above", Groups: []string{"nested"}}}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a group with a subscription becomes a Microsoft 365 group": {held.Become(device.Microsoft365, groups), "group_type_unsupported"},
		"a group with a subscription becomes a dynamic group":       {held.Become(device.Dynamic, groups), ""},
		"another group becomes a Microsoft 365 group":               {free.Become(device.Microsoft365, groups), ""},
		"a group within another one becomes a Microsoft 365 group":  {nested.Become(device.Microsoft365, groups), "group_type_unsupported"},
		"a group within another one becomes a distribution list":    {nested.Become(device.Distribution, groups), ""},
		"unassign":                        {device.Unassign(held), ""},
		"unassign without a subscription": {device.Unassign(free), "device_group_no_subscription"},
	} {
		if code := errs.CodeOf(test.err); code != test.want || test.want == "" && test.err != nil {
			t.Errorf("%s: %v", name, test.err)
		}
	}
}

// A device that waited joins when it is confirmed, and a member keeps its place. Deleted groups are left out.
func TestSettled(t *testing.T) {
	t.Parallel()
	g := device.Group{
		Devices: map[string]time.Time{"a": at(1), "b": at(3)}, Groups: []string{"x"}, Nested: map[string]time.Time{"x": at(1)},
		Pending: &device.Members{Devices: map[string]time.Time{"a": at(1), "b": at(2), "c": at(2)}, Groups: []string{"gone", "x", "y"}, By: "an", At: at(2)},
	}
	want := device.Members{Devices: map[string]time.Time{"a": at(1), "b": at(3), "c": at(5)}, Groups: []string{"x", "y"}, Nested: map[string]time.Time{"x": at(1), "y": at(5)}}
	if diff := cmp.Diff(want, g.Settled(map[string]device.Group{"x": {}, "y": {}}, at(5))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if g.Pending.Devices["b"] != at(2) {
		t.Error("the pending change that was read has changed")
	}
}

// R10.3: by other ids, inventories and files find another PC.
func TestKeepsIdentity(t *testing.T) {
	t.Parallel()
	known, named := device.Device{Name: "PC 1", DeviceID: "d", ObjectID: "o"}, device.Device{Name: "PC 1"}
	for name, test := range map[string]struct {
		was, is device.Device
		want    bool
	}{
		"another name":             {known, device.Device{Name: "PC 2", DeviceID: "d", ObjectID: "o"}, true},
		"another device id":        {known, device.Device{Name: "PC 1", DeviceID: "e", ObjectID: "o"}, false},
		"another object id":        {known, device.Device{Name: "PC 1", DeviceID: "d", ObjectID: "p"}, false},
		"without an id":            {known, device.Device{Name: "PC 1", ObjectID: "o"}, false},
		"an id that was not known": {device.Device{Name: "PC 1", DeviceID: "d"}, known, false},
		"ids for a name":           {named, known, false},
		"a name in another case":   {named, device.Device{Name: "pc 1"}, true},
		"another name without ids": {named, device.Device{Name: "PC 2"}, false},
		"ids and another name":     {named, device.Device{Name: "PC 2", DeviceID: "d"}, false},
	} {
		if got := test.was.KeepsIdentity(test.is); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
