package snapshot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/device"
	"trueup/internal/inventory"
	"trueup/internal/report"
)

// rooms is a group of devices with the names of its members.
type rooms []string

func (r *rooms) DevicesOf(_ context.Context, groups []string) (devices []device.Device, unknown []string, err error) {
	for _, id := range groups {
		if id != "rooms" {
			unknown = append(unknown, id)
		}
	}
	for _, name := range *r {
		devices = append(devices, device.Device{ID: "id of " + name, Name: name, Version: 1})
	}
	return devices, unknown, nil
}

// TestR8_2_OfDevices: the report of a group compares all licences with its PCs, follows its members, files and
// licences, and leaves the report of all PCs as it is.
func TestR8_2_OfDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	read := func(rows string) inventory.Indexed {
		t.Helper()
		var pcs inventory.PCs
		tally, err := inventory.Read(t.Context(), strings.NewReader("PC,Software,Publisher,Version\n"+rows), inventory.Options{Scratch: t.TempDir(), PCs: &pcs})
		if err != nil {
			t.Fatal(err)
		}
		return inventory.Indexed{Counted: inventory.Counted{Source: "intune", Key: "inventory/pcs.csv", At: now, Tally: tally}, PCs: &pcs}
	}
	w.indexed = []inventory.Indexed{read("pc1,Microsoft Office Professional Plus 2021,Microsoft,16\npc2,Microsoft Office Professional Plus 2021,Microsoft,16\n")}
	w.unsearched = []inventory.Unsearched{{Source: "numbers", Reason: inventory.WithoutDevices, PCs: 9}}
	group := rooms{"PC1", "pc3"}
	l := w.library()
	l.DeviceGroups = &group

	of := func() report.Installations {
		t.Helper()
		all, _, err := l.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v, _, unknown, err := l.OfDevices(t.Context(), all, []string{"rooms"}, 0)
		if err != nil || unknown != nil {
			t.Fatal(err, unknown)
		}
		return v.Installations(report.Filter{DeviceGroups: []string{"rooms"}}, report.Order{}, settings())
	}
	check := func(name string, installed int, want report.Searched) {
		t.Helper()
		got := of()
		want.Unsearched = []inventory.Unsearched{{Source: "numbers", Reason: inventory.WithoutDevices, PCs: 9}}
		var office *report.Installation
		for i := range got.Rows {
			if got.Rows[i].Product == "Office Professional Plus 2021" {
				office = &got.Rows[i]
			}
		}
		if office == nil || office.Installed != installed || office.Licenses != 100 {
			t.Errorf("%s: %+v", name, office)
		}
		missed := got.Searched.Missed
		searched := *got.Searched
		searched.Missed = nil
		if diff := cmp.Diff(want, searched); diff != "" || len(missed) != want.NotFound {
			t.Errorf("%s: missed %v (-want +got):\n%s", name, missed, diff)
		}
	}
	check("first", 1, report.Searched{Devices: 2, ByName: 1, NotFound: 1, PCs: 1})
	group = append(group, "pc2")
	check("a device that joins", 2, report.Searched{Devices: 3, ByName: 2, NotFound: 1, PCs: 2})
	w.indexed[0] = read("pc3,Microsoft Office Professional Plus 2021,Microsoft,16\n")
	w.indexed[0].Key = "inventory/next.csv"
	check("another file", 1, report.Searched{Devices: 3, ByName: 1, NotFound: 2, PCs: 1})

	all, _, err := l.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := all.Installations(report.Filter{}, report.Order{}, settings())
	if whole.Searched != nil || whole.Totals.Needed != 94 {
		t.Errorf("%+v", whole.Totals)
	}
	if v, _, unknown, err := l.OfDevices(t.Context(), all, []string{"rooms", "none"}, 0); v != nil || err != nil || cmp.Diff([]string{"none"}, unknown) != "" {
		t.Errorf("%v, %v, %v", v, unknown, err)
	}
}
