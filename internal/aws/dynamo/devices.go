package dynamo

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/text"
)

// Devices stores devices and their groups. It is safe for concurrent use.
type Devices struct{ db *engine }

var _ device.Store = (*Devices)(nil)

// Devices implements device.Store. The list has only names and ids, so that the writes of a file with
// many devices do not have to copy each into a single partition.
func (s *Devices) Devices(ctx context.Context, q device.Query) (page device.Page, err error) {
	folded := text.Fold(q.Prefix)
	query := []string{"devices", folded}
	c, first, err := decodeCursor(q.Cursor, query...)
	if err != nil {
		return device.Page{}, err
	}
	from := deviceNamePrefix + folded[:readable(folded, maxSortName)]
	if !first && !strings.HasPrefix(c.After, from) { // DynamoDB rejects a start outside of the query
		return device.Page{}, errs.New(errs.Invalid, "cursor_invalid")
	}
	in := &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(devicesPK)), ":s": str(from)},
		Limit:                     aws.Int32(int32(q.Limit) + 1),
	}
	if !first {
		in.ExclusiveStartKey = key(devicesPK, sk(c.After))
	}
	var ids []string
	last, more := "", false
	err = s.db.query(ctx, in, func(it item) (bool, error) {
		if len(ids) == q.Limit {
			more = true
			return false, nil
		}
		ids, last = append(ids, attr(it, "id")), attr(it, "sk")
		return true, nil
	})
	if err != nil {
		return device.Page{}, err
	}
	found, err := s.DevicesByID(ctx, ids)
	for _, d := range found {
		// A long prefix selects more than it should. The device may have been deleted or renamed meanwhile.
		if d.Version > 0 && strings.HasPrefix(text.Fold(d.Name), folded) {
			page.Items = append(page.Items, d)
		}
	}
	if more {
		page.Next = cursor{After: last}.encode(query...)
	}
	return page, err
}

// AllDevices implements device.Store. It reads the names first, and then the devices, many at a time.
func (s *Devices) AllDevices(ctx context.Context, prefix string) (all []device.Device, err error) {
	folded := text.Fold(prefix)
	var ids []string
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(devicesPK)), ":s": str(deviceNamePrefix + folded[:readable(folded, maxSortName)])},
	}, func(it item) (bool, error) {
		ids = append(ids, attr(it, "id"))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	found, err := s.DevicesByID(ctx, ids)
	return slices.DeleteFunc(found, func(d device.Device) bool { return d.Version == 0 || !strings.HasPrefix(text.Fold(d.Name), folded) }), err
}

// GroupsOf implements device.Store.
func (s *Devices) GroupsOf(ctx context.Context, deviceID string) (groups []device.Group, err error) {
	all, err := s.groups(ctx)
	if err != nil {
		return nil, err
	}
	within, err := s.containing(ctx, all, deviceID)
	for id, in := range within[deviceID] {
		if slices.Contains(in, membersSK) {
			groups = append(groups, all.groups[id])
		}
	}
	slices.SortFunc(groups, func(a, b device.Group) int { return cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)) })
	return groups, err
}

// DevicesByID implements device.Store.
func (s *Devices) DevicesByID(ctx context.Context, ids []string) ([]device.Device, error) {
	at, keys := map[string][]int{}, make([]item, 0, len(ids))
	for i, id := range ids {
		if !isKeyText(id) {
			continue
		}
		if len(at[id]) == 0 { // DynamoDB rejects a key that is given twice
			keys = append(keys, key(deviceKey(id)))
		}
		at[id] = append(at[id], i)
	}
	devices := make([]device.Device, len(ids))
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[deviceItem](it)
		for _, n := range at[i.ID] {
			devices[n] = i.device()
		}
		return err
	})
	return devices, err
}

// ByDirectoryID implements device.Store.
func (s *Devices) ByDirectoryID(ctx context.Context, ids []device.DirectoryID) ([]string, error) {
	type place struct {
		pk pk
		sk sk
	}
	at, keys := map[place][]int{}, make([]item, 0, len(ids))
	for n, id := range ids {
		for _, d := range directoryIDs(strings.ToLower(id.ObjectID), strings.ToLower(id.DeviceID)) {
			p, sort := directoryIDKey(d.kind, d.id)
			if len(at[place{p, sort}]) == 0 { // DynamoDB rejects a key that is given twice
				keys = append(keys, key(p, sort))
			}
			at[place{p, sort}] = append(at[place{p, sort}], n)
		}
	}
	owners := make([]string, len(ids))
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		for _, n := range at[place{pk(attr(it, "pk")), sk(attr(it, "sk"))}] {
			owners[n] = attr(it, "id")
		}
		return nil
	})
	return owners, err
}

func deviceNotFound(id string) error { return errs.New(errs.NotFound, "device_not_found", "id", id) }

// staleDevice returns a function that returns the error for a device that is not as it was read.
func staleDevice(id string) func(item) error {
	return func(met item) error {
		if met == nil {
			return deviceNotFound(id)
		}
		return errs.New(errs.Stale, "version_stale")
	}
}

// directoryID is an id of a device or a group in the directory, which no other one may have.
type directoryID struct {
	kind, id    string
	code, field string // of the violation
}

func directoryIDs(objectID, deviceID string) (ids []directoryID) {
	if objectID != "" {
		ids = append(ids, directoryID{"OBJECT", objectID, "device_object_id_taken", "objectId"})
	}
	if deviceID != "" {
		ids = append(ids, directoryID{"DEVICE", deviceID, "device_id_taken", "deviceId"})
	}
	return ids
}

// claim adds the actions that give the ids of a directory to a device or group, and release those that
// it had.
func (s *Devices) claim(e *edit, owner string, had, has []directoryID) {
	was, is := map[directoryID]bool{}, map[directoryID]bool{}
	for _, d := range had {
		was[d] = true
	}
	for _, d := range has {
		is[d] = true
		if !was[d] {
			e.add(s.db.put(directoryIDItem{keyed(directoryIDKey(d.kind, d.id)), owner}, "attribute_not_exists(pk)", nil), func(item) error {
				return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: d.code, Field: d.field, Value: d.id}}}
			})
		}
	}
	for _, d := range had {
		if !is[d] {
			p, sort := directoryIDKey(d.kind, d.id)
			e.add(s.db.releasing(p, sort, owner), nil)
		}
	}
}

// releasing returns the action that deletes an item that records what has something unique.
func (db *engine) releasing(p pk, sort sk, owner string) *action {
	return &action{Delete: &types.Delete{
		TableName: &db.table, Key: key(p, sort), ConditionExpression: aws.String("id = :id"), ExpressionAttributeValues: item{":id": str(owner)},
	}}
}

// CreateDevice implements device.Store.
func (s *Devices) CreateDevice(ctx context.Context, d device.Device, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		e.add(s.db.put(newDeviceItem(d), "attribute_not_exists(pk)", nil), nil)
		e.add(s.db.put(newDeviceNameItem(d), "", nil), nil)
		s.claim(e, d.ID, nil, directoryIDs(d.ObjectID, d.DeviceID))
		e.audit(changed(c.Event, "device/"+d.ID, nil, describedDevice(d)))
		return nil
	})
}

func newDeviceNameItem(d device.Device) deviceNameItem {
	return deviceNameItem{keyed(deviceNameKey(text.Fold(d.Name), d.ID)), d.ID}
}

// EditDevice implements device.Store.
func (s *Devices) EditDevice(ctx context.Context, read, after device.Device, confirmed bool, event audit.Event) (device.Device, error) {
	after.ID, after.CreatedAt, after.Version = read.ID, read.CreatedAt, read.Version+1
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		e.add(s.db.put(newDeviceItem(after), "version = :was", item{":was": num(read.Version)}), staleDevice(read.ID))
		if was, is := newDeviceNameItem(read), newDeviceNameItem(after); was != is {
			e.add(s.db.releasing(pk(was.PK), sk(was.SK), read.ID), nil)
			e.add(s.db.put(is, "", nil), nil)
		}
		s.claim(e, read.ID, directoryIDs(read.ObjectID, read.DeviceID), directoryIDs(after.ObjectID, after.DeviceID))
		if !confirmed && !read.KeepsIdentity(after) {
			if err := s.keep(ctx, e, read.ID); err != nil {
				return err
			}
		}
		before, now := differing(describedDevice(read), describedDevice(after))
		e.audit(changed(event, "device/"+read.ID, before, now))
		return nil
	})
	return after, err
}

// keep returns errs.Conflict device_identity if a group that holds a subscription contains a device. It adds
// the condition that no group changes before the write.
func (s *Devices) keep(ctx context.Context, e *edit, deviceID string) error {
	all, err := s.groups(ctx)
	if err != nil {
		return err
	}
	within, err := s.containing(ctx, all, deviceID)
	if err != nil {
		return err
	}
	if err := s.proposals(ctx, all); err != nil {
		return err
	}
	if holder := holder(all, slices.Sorted(maps.Keys(within[deviceID]))); holder != "" {
		return errs.New(errs.Conflict, "device_identity", "group", holder)
	}
	s.move(e, all, 0)
	return nil
}

// describedDevice returns the attributes of a device that an audit event shows.
func describedDevice(d device.Device) map[string]string {
	said := map[string]string{"name": d.Name}
	for field, value := range map[string]string{
		"objectId": d.ObjectID, "deviceId": d.DeviceID, "operatingSystem": d.OS, "operatingSystemVersion": d.OSVersion, "joinType": string(d.Join),
	} {
		if value != "" {
			said[field] = value
		}
	}
	if d.Disabled {
		said["enabled"] = "false"
	}
	return said
}
