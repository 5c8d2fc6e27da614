package directories_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/directories"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

func (w *world) event() audit.Event {
	at := noon.Add(time.Duration(w.clock.Add(1)) * time.Millisecond)
	return audit.Event{ID: w.NewID(at), At: at, By: "tester", Action: "test", Source: audit.SourceAPI}
}

// devices returns the devices, by name, as system, version, way of joining and whether they are disabled.
// Devices with one name are told apart by the ends of their device ids.
func (w *world) devices() map[string]string {
	w.t.Helper()
	all, err := w.table.Devices.AllDevices(w.t.Context(), "")
	must(w.t, err)
	found := map[string]string{}
	for _, d := range all {
		found[d.Name+" "+d.DeviceID[max(len(d.DeviceID)-3, 0):]] = fmt.Sprintf("%s %s %s %t %s", d.OS, d.OSVersion, d.Join, d.Disabled, d.Seen.Format("2006-01-02"))
	}
	return found
}

// groups returns the groups of devices: type, names of the devices, names of the groups within, and whether
// a change waits.
func (w *world) groups() map[string]string {
	w.t.Helper()
	heads, err := w.table.Devices.Groups(w.t.Context())
	must(w.t, err)
	found := map[string]string{}
	for id := range heads {
		g, err := w.table.Devices.Group(w.t.Context(), id)
		must(w.t, err)
		devices, err := w.table.Devices.DevicesByID(w.t.Context(), slices.Collect(maps.Keys(g.Devices)))
		must(w.t, err)
		var names []string
		for _, d := range devices {
			names = append(names, d.Name)
		}
		slices.Sort(names)
		for _, within := range g.Groups {
			names = append(names, "("+heads[within].Name+")")
		}
		found[g.Name] = strings.TrimSpace(fmt.Sprintf("%s: %s", g.Type, strings.Join(names, " ")))
		if g.Waiting {
			found[g.Name] += " waits"
		}
	}
	return found
}

// byHand adds a device that has no ids in the directory.
func (w *world) byHand(name string) device.Device {
	w.t.Helper()
	d := device.Device{ID: "hand-" + name, Name: name, CreatedAt: noon, Version: 1}
	_, err := w.table.Devices.CreateDevice(w.t.Context(), d, once.Change{Event: w.event()})
	must(w.t, err)
	return d
}

// license gives a subscription for devices to a group.
func (w *world) license(groupName string, quantity int) {
	w.t.Helper()
	h := subscription.Holding{
		Subscription: subscription.Subscription{ID: "apps", Name: "Apps", Kind: subscription.ForDevices, CreatedAt: noon, Version: 1},
		Seats:        subscription.Seats{Quantity: quantity, Available: quantity, AsOf: noon, Version: 1},
	}
	_, err := w.table.Subscriptions.Create(w.t.Context(), h, once.Change{Event: w.event()})
	must(w.t, err)
	_, err = w.table.Devices.Assign(w.t.Context(), w.group(groupName), device.Assignment{Subscription: h.ID, Today: subscription.Today{Now: noon, Zone: time.UTC}}, w.event())
	must(w.t, err)
}

func (w *world) group(name string) device.Group {
	w.t.Helper()
	heads, err := w.table.Devices.Groups(w.t.Context())
	must(w.t, err)
	for id, g := range heads {
		if g.Name == name {
			g, err := w.table.Devices.Group(w.t.Context(), id)
			must(w.t, err)
			return g
		}
	}
	w.t.Fatalf("there is no group %s", name)
	return device.Group{}
}

// R9.2: lists of devices of Entra, Intune and Graph create devices and complete them.
func TestR9_2_Devices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.byHand("kiosk-02")
	r := w.put("devices/entra.csv", w.sample("devices/entra-devices.csv"))
	same(t, "first list", []any{r.State, r.Counts}, []any{directories.StateSucceeded, directories.Counts{Rows: 3, Created: 2, Changed: 1}})
	first := map[string]string{
		"KIOSK-01 001": "Windows 10.0.22631.4460 joined false 2026-11-25",
		"KIOSK-02 002": "Windows 10.0.17134.1 hybrid false 2026-03-01",
		"KIOSK-01 003": "Windows 10.0.19045.5011 registered true 0001-01-01",
	}
	same(t, "devices", w.devices(), first)
	r = w.put("devices/entra.csv", w.sample("devices/entra-devices.csv"))
	same(t, "the same again", r.Counts, directories.Counts{Rows: 3, Unchanged: 3})
	r = w.put("devices/intune.csv", w.sample("devices/intune-devices.csv"))
	same(t, "the list of Intune", []int{r.Rows, r.Created}, []int{2, 1})

	// What a row does not state stays, and an earlier sign-in changes nothing.
	r = w.put("devices/a.csv", "deviceId,displayName,operatingSystem,approximateLastSignInDateTime\n5d0c0000-0000-4000-9000-000000000002,Kiosk 2,,2026-01-01\n")
	same(t, "a list with few columns", r.Counts, directories.Counts{Rows: 1, Changed: 1})
	same(t, "its device", w.devices()["Kiosk 2 002"], first["KIOSK-02 002"])
	// A name without an id must tell which device it is.
	r = w.put("devices/b.csv", "deviceId,displayName,operatingSystem,operatingSystemVersion\n,KIOSK-01,Windows,10.0.22631.1\n,Desk,macOS,14\n")
	same(t, "names", r.Counts, directories.Counts{Rows: 2, Created: 1, Rejected: 1})
	same(t, "findings", w.findings(r), []string{"2 KIOSK-01 directory_device_several"})
}

// A row without an id that has the name of a device above it may be about the same one.
func TestDeviceNamedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const columns = "deviceId,displayName,operatingSystem\n"
	r := w.put("devices/a.csv", columns+"d1,PC 1,\n,pc 1,Windows\nd2,PC 1,\n")
	same(t, "counts", r.Counts, directories.Counts{Rows: 3, Created: 2, Rejected: 1})
	same(t, "findings", w.findings(r), []string{"3 pc 1 directory_device_repeated line=2"})
}

// A list deletes only on request, and not many without a confirmation; never a device with a licence.
func TestMissingDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const columns = "deviceId,displayName,operatingSystem\n"
	line := func(i int) string { return fmt.Sprintf("id-%d,PC %d,Windows\n", i, i) }
	all := columns
	for i := range 10 {
		all += line(i)
	}
	w.put("devices/a.csv", all)
	without := func(numbers ...int) string {
		left := all
		for _, i := range numbers {
			left = strings.Replace(left, line(i), "", 1)
		}
		return left
	}
	r := w.put("devices/a.csv", without(3))
	same(t, "not asked for", []any{r.Counts, len(w.devices())}, []any{directories.Counts{Rows: 9, Unchanged: 9}, 10})
	r = w.put("devices/a.csv", without(3, 4), "missing", "delete")
	same(t, "a fifth", []any{r.Counts, len(w.devices())}, []any{directories.Counts{Rows: 8, Unchanged: 8, Deleted: 2}, 8})
	r = w.put("devices/a.csv", without(3, 4, 5, 6), "missing", "delete")
	same(t, "more", []any{r.Counts, w.findings(r)}, []any{directories.Counts{Rows: 6, Unchanged: 6, Held: 2}, []string{"0  directory_devices_held devices=2 of=8 percent=20"}})
	r = w.put("devices/a.csv", without(3, 4, 5, 6), "missing", "delete", "confirm", "2")
	same(t, "confirmed", []any{r.Counts, len(w.devices())}, []any{directories.Counts{Rows: 6, Unchanged: 6, Deleted: 2}, 6})
	r = w.put("devices/a.csv", without(3, 4, 5, 6, 7)+"id-x,,\n", "missing", "delete")
	same(t, "with a row that may be about it", []any{r.Deleted, w.findings(r)[0]}, []any{0, "0  directory_devices_unsure"})

	w.put("devices/groups/Rooms/a.csv", columns+line(7))
	w.license("Rooms", 5)
	r = w.put("devices/a.csv", without(3, 4, 5, 6, 7), "missing", "delete")
	same(t, "with a licence", []any{r.Counts, w.findings(r)}, []any{directories.Counts{Rows: 5, Unchanged: 5}, []string{"0 PC 7 device_licensed group=Rooms"}})
	r = w.put("devices/a.csv", columns+"other,PC 0,\n"+line(7))
	same(t, "another PC of the same name", r.Counts, directories.Counts{Rows: 2, Created: 1, Unchanged: 1})
}

// R10.2, R10.3: lists of groups and of the members of a group. What decides about licences waits.
func TestR10_GroupsFromFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("devices/entra.csv", w.sample("devices/entra-devices.csv"))
	r := w.put("devices/groups.json", w.sample("devices/groups.json"))
	same(t, "groups", []any{r.State, r.Counts}, []any{directories.StateSucceeded, directories.Counts{Rows: 6, Created: 4, Changed: 1, Skipped: 1}})
	want := map[string]string{"Kiosks": "security: KIOSK-01", "Shop floor": "dynamic:", "Finance team": "microsoft365:", "All staff": "distribution:"}
	same(t, "stored", w.groups(), want)
	r = w.put("devices/groups.json", w.sample("devices/groups.json"))
	same(t, "the same again", r.Counts, directories.Counts{Rows: 6, Unchanged: 5, Skipped: 1})

	r = w.put("devices/groups/Rooms/members.json", w.sample("devices/members.json"))
	same(t, "members of a new group", []any{r.Counts, r.List}, []any{directories.Counts{Rows: 4, Changed: 2, Skipped: 2}, r.List})
	want["Rooms"] = "security: KIOSK-01 (Shop floor)"
	same(t, "with members", w.groups(), want)

	// A list of devices in the folder of a group creates them, and they are its devices; groups within stay.
	r = w.put("devices/groups/rooms/b.csv", "deviceId,displayName,operatingSystem\n5d0c0000-0000-4000-9000-000000000001,KIOSK-01,Windows\nnew,Room 9,\n")
	same(t, "devices of a group", []any{r.Counts, w.groups()["Rooms"]}, []any{directories.Counts{Rows: 2, Created: 1, Unchanged: 1}, "security: KIOSK-01 Room 9 (Shop floor)"})

	w.license("Rooms", 5)
	const one = "deviceId,displayName,operatingSystem\nnew,Room 9,\n"
	r = w.put("devices/groups/Rooms/b.csv", one)
	same(t, "one of three would leave", []any{r.Held, w.findings(r), w.groups()["Rooms"]}, []any{1, []string{"0 Rooms directory_members_held members=1 of=3 percent=20"}, "security: KIOSK-01 Room 9 (Shop floor)"})
	r = w.put("devices/groups/Rooms/b.csv", one+"extra,Room 10,\n", "confirm", "1")
	same(t, "what waits", []any{r.Deleted, w.findings(r), w.groups()["Rooms"]}, []any{1, []string{"0 Rooms directory_members_wait group=" + w.group("Rooms").ID}, "security: KIOSK-01 Room 9 (Shop floor) waits"})
	same(t, "devices that would stay or join", len(w.group("Rooms").Pending.Devices), 2)
	w.put("devices/groups/Rooms/b.csv", one+"extra,Room 10,\n", "confirm", "1")
	same(t, "the same again", len(w.group("Rooms").Pending.Devices), 2)

	// After a page of a longer list, all members stay.
	part := strings.Replace(w.sample("devices/members.json"), `"value"`, `"@odata.nextLink": "https://graph.microsoft.com/v1.0/x", "value"`, 1)
	w.put("devices/groups/Kiosks/c.csv", one)
	r = w.put("devices/groups/Kiosks/m.json", part, "confirm", "1")
	same(t, "a part", []any{r.Part, r.Deleted, w.groups()["Kiosks"]}, []any{true, 0, "security: KIOSK-01 Room 9 (Shop floor)"})

	// A Microsoft 365 group cannot be a member, so nothing changes.
	w.put("devices/groups/Shop floor/m.json", strings.ReplaceAll(w.sample("devices/members.json"), "000000000202", "000000000203"))
	same(t, "a Microsoft 365 group as a member", w.groups()["Shop floor"], "dynamic:")
	r = w.put("devices/groups/"+strings.Repeat("x", 300)+"/c.csv", one)
	if found := w.findings(r); len(found) != 1 || !strings.Contains(found[0], " text_too_long ") {
		t.Errorf("a name that no group can have: %v", found)
	}
}

// A process that dies at any store call leaves no device twice and no group with half of its members. The next
// delivery completes the file.
func TestDeathInAListOfDevices(t *testing.T) {
	t.Parallel()
	const columns = "deviceId,displayName,operatingSystem\n"
	prepare := func(t *testing.T) (*world, intake.Object) {
		t.Helper()
		w := newWorld(t)
		w.byHand("PC 2")
		w.put("devices/groups/Rooms/a.csv", columns+"d1,PC 1,\nd9,PC 9,\n")
		return w, w.upload("devices/groups/Rooms/a.csv", columns+"d1,PC 1,Windows\nd2,PC 2,\nd3,PC 3,\n", "confirm", "1")
	}
	w, o := prepare(t)
	calls := w.dieAt(o, 0, false)
	same(t, "without a death", w.record(o).Counts, directories.Counts{Rows: 3, Created: 1, Changed: 2, Deleted: 1})
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprint("call ", n), func(t *testing.T) {
			t.Parallel()
			w, o := prepare(t)
			w.dieAt(o, n, n%2 == 0)
			w.clock.Add(60_000) // the lease ends
			must(t, w.Receive(t.Context(), o))
			r := w.record(o)
			if r.State != directories.StateSucceeded || r.Rows != 3 || r.Created+r.Changed+r.Unchanged != 3 {
				t.Errorf("%s %+v", r.State, r.Counts)
			}
			same(t, "group", w.groups(), map[string]string{"Rooms": "security: PC 1 PC 2 PC 3"})
			same(t, "devices", slices.Sorted(maps.Keys(w.devices())), []string{"PC 1 d1", "PC 2 d2", "PC 3 d3", "PC 9 d9"})
		})
	}
}
