package dynamo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/device"
	"trueup/internal/id"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// Devices that a list lacks are deleted many at a time: groups are read once for several. Each is deleted whole, or
// refused with its reason.
func TestR10_DeletionsReadGroupsOnce(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	direct, s := dynamo.Open(storetest.Client(t), table), dynamo.Open(engine.NewClient(proxy.URL), table)
	var deletions []device.Deletion
	var groups []device.Group
	const number = 50
	for i := range number {
		d := registerDevice(t, direct, fmt.Sprint("pc", i), fmt.Sprint("PC ", i))
		if i == 7 {
			d.Version = 9 // has changed since it was read
		}
		deletions = append(deletions, device.Deletion{Device: d, Event: edited("device.deleted")})
	}
	const groupsMade = 200 // two batches of reads
	for i := range groupsMade {
		members := map[string]time.Time{"stays": noon}
		if i < number { // 25 devices are in two groups each
			members[fmt.Sprint("pc", i%(number/2))] = noon
		}
		g := device.Group{ID: fmt.Sprintf("g%03d", i), Name: fmt.Sprint("G ", i), Type: device.Security, Devices: members, CreatedAt: noon, Version: 1}
		if i == 3 {
			g.Subscription = "apps"
		}
		groups = append(groups, g)
	}
	must(t, dynamo.StoreGroups(t.Context(), direct, groups))

	before := proxy.Requests()
	refused, err := s.Devices.DeleteDevices(t.Context(), deletions[25:], false)
	must(t, err)
	requests := proxy.Requests() - before
	t.Logf("%d requests for 25 devices in no group, of %d groups", requests, groupsMade)
	if requests > 12 {
		t.Errorf("%d requests for the deletion of 25 devices: groups were read for each", requests)
	}
	equal(t, "refused, of those in no group", slices.Compact(refused), []error{nil})
	refused, err = s.Devices.DeleteDevices(t.Context(), deletions[:25], false)
	must(t, err)
	for i, err := range refused {
		switch i {
		case 3: // in the group that holds a subscription
			wantCode(t, "a device with a licence", err, "device_licensed")
		case 7:
			wantCode(t, "a device that has changed", err, "version_stale")
		default:
			wantCode(t, fmt.Sprint("device ", i), err, "")
		}
	}
	left := 0
	stored, err := direct.Devices.Groups(t.Context())
	must(t, err)
	for _, g := range stored {
		left += g.Count
	}
	equal(t, "members that are left", left, groupsMade+2*2)
	all, err := direct.Devices.AllDevices(t.Context(), "")
	must(t, err)
	equal(t, "devices that are left", len(all), 2)
}

// A transaction has 4 MB: a device whose groups have larger lists is refused with a reason, and not with an error of
// the table.
func TestR10_DeviceInLargeGroups(t *testing.T) {
	t.Parallel()
	s := open(t)
	full := device.Members{Devices: map[string]time.Time{}}
	for i := range device.GroupDevicesMax {
		full.Devices[id.New(noon, fmt.Sprint(i))] = noon
	}
	d := registerDevice(t, s, id.New(noon, "0"), "PC")
	var groups []device.Group
	for i := range 11 { // with as many that wait
		groups = append(groups, device.Group{ID: id.New(noon, fmt.Sprint("g", i)), Type: device.Security, Devices: full.Devices, Pending: &full, Version: 1})
	}
	must(t, dynamo.StoreGroups(t.Context(), s, groups))
	wantCode(t, "a device in large groups", s.Devices.DeleteDevice(t.Context(), d, true, edited("device.deleted")), "device_in_large_groups")
}
