package dynamo

import (
	"time"

	"trueup/internal/device"
	"trueup/internal/text"
)

// deviceItem is a device.
type deviceItem struct {
	itemKey
	ID        string      `dynamodbav:"id"`
	ObjectID  string      `dynamodbav:"object_id,omitempty"`
	DeviceID  string      `dynamodbav:"device_id,omitempty"`
	Name      string      `dynamodbav:"name"`
	OS        string      `dynamodbav:"os,omitempty"`
	OSVersion string      `dynamodbav:"os_version,omitempty"`
	Join      device.Join `dynamodbav:"join_type,omitempty"`
	Disabled  bool        `dynamodbav:"disabled,omitempty"`
	Seen      int64       `dynamodbav:"seen,omitempty"`
	Created   int64       `dynamodbav:"created"`
	Version   int64       `dynamodbav:"version"`
}

func newDeviceItem(d device.Device) deviceItem {
	return deviceItem{
		itemKey: keyed(deviceKey(d.ID)), ID: d.ID, ObjectID: d.ObjectID, DeviceID: d.DeviceID, Name: d.Name, OS: d.OS, OSVersion: d.OSVersion,
		Join: d.Join, Disabled: d.Disabled, Seen: millis(d.Seen), Created: millis(d.CreatedAt), Version: d.Version,
	}
}

func (i deviceItem) device() device.Device {
	return device.Device{
		ID: i.ID, ObjectID: i.ObjectID, DeviceID: i.DeviceID, Name: i.Name, OS: i.OS, OSVersion: i.OSVersion, Join: i.Join,
		Disabled: i.Disabled, Seen: fromMillis(i.Seen), CreatedAt: fromMillis(i.Created), Version: i.Version,
	}
}

// deviceNameItem is the place of a device in the list, which is sorted by folded name.
type deviceNameItem struct {
	itemKey
	ID string `dynamodbav:"id"` // of the device
}

// directoryIDItem records which device or group has an id in the directory.
type directoryIDItem struct {
	itemKey
	ID string `dynamodbav:"id"` // of the device or group
}

// deviceGroupItem is a group of devices without its devices. All these items are read together, to
// judge how groups are nested.
type deviceGroupItem struct {
	itemKey
	ID           string           `dynamodbav:"id"`
	ObjectID     string           `dynamodbav:"object_id,omitempty"`
	Name         string           `dynamodbav:"name"`
	Type         device.GroupType `dynamodbav:"type"`
	Groups       []string         `dynamodbav:"groups,omitempty"`
	Nested       map[string]int64 `dynamodbav:"nested,omitempty"` // since when each of Groups is within it
	Count        int              `dynamodbav:"devices"`          // number of devices
	Subscription string           `dynamodbav:"subscription,omitempty"`
	Waiting      bool             `dynamodbav:"waiting,omitempty"`
	Created      int64            `dynamodbav:"created"`
	Version      int64            `dynamodbav:"version"`
}

func newDeviceGroupItem(g device.Group) deviceGroupItem {
	return deviceGroupItem{
		itemKey: keyed(deviceGroupKey(g.ID)), ID: g.ID, ObjectID: g.ObjectID, Name: g.Name, Type: g.Type, Groups: g.Groups, Nested: joinedMillis(g.Nested),
		Count: g.Count, Subscription: g.Subscription, Waiting: g.Waiting, Created: millis(g.CreatedAt), Version: g.Version,
	}
}

func (i deviceGroupItem) group() device.Group {
	return device.Group{
		ID: i.ID, ObjectID: i.ObjectID, Name: i.Name, Type: i.Type, Groups: i.Groups, Nested: joinedTimes(i.Nested), Count: i.Count, Subscription: i.Subscription,
		Waiting: i.Waiting, CreatedAt: fromMillis(i.Created), Version: i.Version,
	}
}

// deviceGroupNameItem records which group of devices has a name.
type deviceGroupNameItem struct {
	itemKey
	ID   string `dynamodbav:"id"`   // of the group
	Name string `dynamodbav:"name"` // folded
}

func newDeviceGroupNameItem(id, name string) deviceGroupNameItem {
	folded := text.Fold(name)
	return deviceGroupNameItem{keyed(deviceGroupNameKey(folded)), id, folded}
}

// deviceGroupCountItem has the number of groups of devices.
type deviceGroupCountItem struct {
	itemKey
	N int `dynamodbav:"n"`
	// Tip is another random text after each change of a group or of its members, see groupsOfDevices.
	Tip string `dynamodbav:"tip"`
}

// membersItem has when each device of a group joined, by id. A group has device.GroupDevicesMax at most,
// which take 200 kB.
type membersItem struct {
	itemKey
	Devices map[string]int64 `dynamodbav:"devices"`
}

// pendingItem has the members that a group gets if a global admin confirms it.
type pendingItem struct {
	itemKey
	Devices map[string]int64 `dynamodbav:"devices"`
	Groups  []string         `dynamodbav:"groups,omitempty"`
	By      string           `dynamodbav:"by"`
	At      int64            `dynamodbav:"at"`
}

// holderItem names the group that holds a subscription.
type holderItem struct {
	itemKey
	Group string `dynamodbav:"group"`
}

func joinedMillis(devices map[string]time.Time) map[string]int64 {
	joined := make(map[string]int64, len(devices))
	for id, at := range devices {
		joined[id] = millis(at)
	}
	return joined
}

func joinedTimes(devices map[string]int64) map[string]time.Time {
	if len(devices) == 0 {
		return nil
	}
	joined := make(map[string]time.Time, len(devices))
	for id, at := range devices {
		joined[id] = fromMillis(at)
	}
	return joined
}
