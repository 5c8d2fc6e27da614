package snapshot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trueup/internal/catalog"
	"trueup/internal/device"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/report"
)

// PCs reads which products each PC has.
type PCs interface {
	// Indexed returns the PCs of every source, and the sources without them. The PCs are shared and must
	// not be changed.
	Indexed(ctx context.Context) ([]inventory.Indexed, []inventory.Unsearched, error)
}

// DeviceGroups is the part of device.Store that reports of groups of devices need.
type DeviceGroups interface {
	// DevicesOf returns the devices of groups, each once, and the ids of the groups that do not exist.
	DevicesOf(ctx context.Context, groups []string) (devices []device.Device, unknown []string, err error)
}

// groupDevices is the devices of groups that were read last.
type groupDevices struct {
	devices []device.Device
	at      time.Time // when the read began
}

// devicesOf returns the devices of groups, as they were at most most ago, and how long ago that was.
func (l *Library) devicesOf(ctx context.Context, groups []string, most time.Duration) (devices []device.Device, age time.Duration, unknown []string, err error) {
	groups = slices.Compact(slices.Sorted(slices.Values(groups)))
	var began time.Time
	key := digest("devices of groups", groups)
	if l.Clock != nil {
		began = l.wall()
		if last, ok := l.data.find(key); ok {
			last := last.(groupDevices) //nolint:forcetypeassert // as kept below
			if age := began.Sub(last.at); age >= 0 && age <= most {
				return last.devices, age, nil, nil
			}
		}
	}
	devices, unknown, err = l.DeviceGroups.DevicesOf(ctx, groups)
	if l.Clock != nil && err == nil && unknown == nil {
		l.data.keep(maxData, cached{key, groupDevices{devices, began}, len(devices)})
	}
	return devices, 0, unknown, err
}

// OfDevices returns live data with the installations on the PCs of groups of devices only: see ADR 0039. The
// devices are those of at most most ago, and age is how long ago that was. unknown has the ids of the groups that
// do not exist; v is nil then.
func (l *Library) OfDevices(ctx context.Context, of *View, groups []string, most time.Duration) (v *View, age time.Duration, unknown []string, err error) {
	devices, age, unknown, err := l.devicesOf(ctx, groups, most)
	if err != nil || len(unknown) > 0 {
		return nil, 0, unknown, err
	}
	sources, without, err := l.PCs.Indexed(ctx)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("snapshot: PCs: %w", err)
	}
	sought, tallies := make([]inventory.Sought, len(devices)), make([]inventory.Counted, len(sources))
	shown := make([]string, 0, 4*len(devices)) // what the list of missed devices has
	for i, d := range devices {
		sought[i] = inventory.Sought{ID: d.DeviceID, Name: d.Name}
		shown = append(shown, d.ID, d.DeviceID, d.Name, d.OS)
	}
	for i := range sources {
		tallies[i] = sources[i].Counted
	}
	version := digest("devices", of.Version, talliesVersion(tallies), shown)
	data, err := kept(&l.data, maxData, version, func() (*report.Data, int, error) {
		d, err := l.onDevices(ctx, of, devices, inventory.Select(sources, sought))
		return d, len(d.Installed) + len(devices), err
	})
	if err != nil {
		return nil, 0, nil, err
	}
	now := *data
	now.Changed = of.Data.Changed
	searched := *now.Searched
	searched.Unsearched = append([]inventory.Unsearched{}, without...)
	now.Searched = &searched
	return &View{Data: &now, Version: version, Products: of.Products, Adjusted: of.Adjusted, library: l}, age, nil, nil
}

// onDevices returns data whose installations are those of a selection of devices.
func (l *Library) onDevices(ctx context.Context, of *View, devices []device.Device, selected inventory.Selection) (*report.Data, error) {
	d := *of.Data
	d.Titles, d.Installed = nil, slices.Clone(selected.Lines)
	d.LeftOut = report.LeftOutOf(selected.LeftOut)
	d.Searched = &report.Searched{Devices: len(devices), PCs: selected.PCs}
	for i, match := range selected.Matches {
		d.Searched.Add(devices[i], match)
	}
	err := l.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, _ journal.Head) error {
		newNames(c, of.Products).lines(d.Installed)
		return nil
	})
	return &d, err
}
