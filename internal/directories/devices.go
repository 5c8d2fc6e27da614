package directories

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/device"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/lease"
	"trueup/internal/once"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

const (
	// atOnce is the number of devices that are written at the same time: each is a transaction of its own.
	atOnce = 8
	// maxTries is how often the change of a device or group is made again that others change meanwhile.
	maxTries = 5
)

// deviceIndex finds stored devices by what a file says of them.
type deviceIndex struct {
	all      []device.Device
	listed   []bool // in the file, also in a row with an error
	lines    []int  // of the row that is about it; 0 for none yet
	byDevice map[string]int
	byObject map[string]int
	byName   map[string][]int // by folded name
}

func newDeviceIndex(all []device.Device) *deviceIndex {
	x := &deviceIndex{byDevice: map[string]int{}, byObject: map[string]int{}, byName: map[string][]int{}}
	for _, d := range all {
		x.add(d)
	}
	return x
}

func (x *deviceIndex) add(d device.Device) int {
	i := len(x.all)
	x.all, x.listed, x.lines = append(x.all, d), append(x.listed, false), append(x.lines, 0)
	if d.DeviceID != "" {
		x.byDevice[d.DeviceID] = i
	}
	if d.ObjectID != "" {
		x.byObject[d.ObjectID] = i
	}
	x.byName[text.Fold(d.Name)] = append(x.byName[text.Fold(d.Name)], i)
	return i
}

// match returns the device that has one of the ids; or else, of a row without ids, the one with the name;
// or else, of a row with ids, the one with the name that has no ids, which was entered by hand. several says
// that it could be more than one.
func (x *deviceIndex) match(deviceID, objectID, name string) (i int, found, several bool) {
	if i, found = x.byDevice[deviceID]; found && deviceID != "" {
		return i, true, false
	}
	if i, found = x.byObject[objectID]; found && objectID != "" {
		return i, true, false
	}
	named := x.byName[text.Fold(name)]
	if deviceID != "" || objectID != "" {
		named = slices.DeleteFunc(slices.Clone(named), func(i int) bool { return x.all[i].DeviceID != "" || x.all[i].ObjectID != "" || x.listed[i] })
		if len(named) != 1 {
			return 0, false, false // several PCs have names like this one: it is another one
		}
	}
	if len(named) == 0 || name == "" {
		return 0, false, false
	}
	return named[0], true, len(named) > 1
}

// deviceWork is a row of a file of devices, with the device that it is about.
type deviceWork struct {
	directory.DeviceRow
	at int // in the index
}

// deviceList is the work on the rows of a file of devices.
type deviceList struct {
	*job
	*deviceIndex

	mu       sync.Mutex // of counts and findings, while devices are written
	rows     []deviceWork
	position int
	written  int // position of the last saved row
	rejects  int // rejected rows that are about a known device
}

// devices applies a file of devices. In the folder of a group, they become its members.
func (j *job) devices(ctx context.Context, content *scratch, lists []directory.Kind) error {
	all, err := j.Devices.AllDevices(ctx, "")
	if err != nil {
		return err
	}
	l := &deviceList{job: j, deviceIndex: newDeviceIndex(all), written: j.Position}
	_, err = j.read(content, lists, directory.Sink{
		Device: func(d directory.DeviceRow) error { return l.row(ctx, d) },
		Rejected: func(i directory.Identity) error {
			if at, found, _ := l.match(i.DeviceID, i.ObjectID, i.Name); found {
				l.listed[at] = true
				l.rejects++
			}
			return nil
		},
	})
	if err == nil {
		err = l.flush(ctx)
	}
	if group := j.groupFolder(); err == nil && group != "" {
		err = l.memberships(ctx, group)
	} else if err == nil {
		err = l.missing(ctx)
	}
	if errors.Is(err, lease.ErrInterrupted) {
		if err := j.save(ctx); err != nil {
			return err
		}
	}
	return err
}

// row adds a row.
func (l *deviceList) row(ctx context.Context, d directory.DeviceRow) error {
	l.position++
	isDone := l.position <= l.Position
	i, found, several := l.match(d.DeviceID, d.ObjectID, d.Name)
	switch {
	case several:
		if !isDone {
			l.Rejected++
			l.find(sheet.SeverityError, d.Line, d.Name, "directory_device_several")
		}
		return l.advance(ctx)
	case found && l.lines[i] > 0:
		if !isDone {
			l.Rejected++
			l.find(sheet.SeverityError, d.Line, d.Name, "directory_device_repeated", "line", strconv.Itoa(l.lines[i]))
		}
		return l.advance(ctx)
	case !found:
		i = l.add(device.Device{
			ID: id.New(l.Object.At, "device\x00"+l.ID+"\x00"+cmp.Or(d.DeviceID, d.ObjectID, text.Fold(d.Name))), Name: d.Name, DeviceID: d.DeviceID, ObjectID: d.ObjectID,
		})
	}
	l.listed[i], l.lines[i] = true, d.Line
	if !isDone {
		l.rows = append(l.rows, deviceWork{d, i})
	}
	return l.advance(ctx)
}

// advance writes the rows that are waiting, if they are enough.
func (l *deviceList) advance(ctx context.Context) error {
	if len(l.rows) < window {
		return ctx.Err()
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	if l.isEnding(ctx) {
		return lease.ErrInterrupted
	}
	if l.position-l.written < saveEvery {
		return nil
	}
	l.written = l.position
	return l.save(ctx)
}

// flush writes the rows that are waiting.
func (l *deviceList) flush(ctx context.Context) error {
	rows := l.rows
	l.rows = nil
	g, writing := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, r := range rows {
		g.Go(func() error { return l.write(writing, r) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if l.position > l.Position {
		l.done(l.position)
	}
	return nil
}

// write makes a device agree with its row, and counts the row.
func (l *deviceList) write(ctx context.Context, r deviceWork) error {
	stored := l.all[r.at]
	for range maxTries {
		after, violations := device.Parse(over(stored, r.DeviceRow))
		if err := errs.Violated(violations); err != nil {
			l.refused(r, err)
			return nil
		}
		after.ID, after.CreatedAt, after.Version = stored.ID, stored.CreatedAt, stored.Version
		var err error
		count := &l.Changed
		switch {
		case stored.Version == 0:
			after.CreatedAt, after.Version = l.Object.At.UTC().Truncate(time.Millisecond), 1 // so that a later list knows that it is older
			count = &l.Created
			_, err = l.Devices.CreateDevice(ctx, after, once.Change{Event: l.event("device.created")})
		case after == stored:
			count = &l.Unchanged
		default:
			_, err = l.Devices.EditDevice(ctx, stored, after, false, l.event("device.changed"))
		}
		switch kind := errs.KindOf(err); {
		case err == nil:
			l.mu.Lock()
			*count++
			l.mu.Unlock()
			return nil
		case codeOf(err) != "":
			l.refused(r, err)
			return nil
		case kind != errs.Stale && kind != errs.NotFound:
			return err
		}
		found, err := l.Devices.DevicesByID(ctx, []string{stored.ID})
		if err != nil {
			return err
		}
		if found[0].Version == 0 {
			break // deleted meanwhile
		}
		stored = found[0]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Skipped++
	l.find(sheet.SeverityWarning, r.Line, r.Name, "directory_device_changing")
	return nil
}

// refused counts a row that cannot be stored.
func (l *deviceList) refused(r deviceWork, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Rejected++
	l.find(sheet.SeverityError, r.Line, r.Name, codeOf(err), argsOf(err)...)
}

// over returns the description of a device after a row. What the row does not state stays, and a sign-in
// that is earlier than the known one changes nothing.
func over(stored device.Device, r directory.DeviceRow) device.Draft {
	d := device.Draft{
		ObjectID: cmp.Or(r.ObjectID, stored.ObjectID), DeviceID: cmp.Or(r.DeviceID, stored.DeviceID), Name: r.Name,
		OS: stored.OS, OSVersion: stored.OSVersion, Join: stored.Join, Disabled: stored.Disabled, Seen: stored.Seen,
	}
	if r.Stated.Has(directory.StatedSystem) {
		d.OS, d.OSVersion = r.OS, cmp.Or(r.OSVersion, stored.OSVersion)
	}
	if r.Stated.Has(directory.StatedJoin) {
		d.Join = r.Join
	}
	if r.Stated.Has(directory.StatedEnabled) {
		d.Disabled = !r.Enabled
	}
	if seen := r.Seen.UTC().Truncate(time.Millisecond); r.Stated.Has(directory.StatedSeen) && seen.After(stored.Seen) {
		d.Seen = seen
	}
	return d
}

// missing deletes the devices that a complete list lacks, if the settings say so.
func (l *deviceList) missing(ctx context.Context) error {
	if !l.settings.Delete || l.Part {
		return nil
	}
	if l.rejects < l.file.Rejected { // the others may be about devices that seem to be missing
		l.find(sheet.SeverityWarning, 0, "", "directory_devices_unsure")
		return nil
	}
	var gone []device.Device
	stored := 0
	for i, d := range l.all {
		if d.Version == 0 {
			continue // created by this file
		}
		stored++
		if !l.listed[i] && !d.CreatedAt.After(l.Object.At) {
			gone = append(gone, d)
		}
	}
	allowed, err := l.mayDelete(ctx, len(gone), stored)
	if err != nil {
		return err
	}
	if !allowed {
		l.find(sheet.SeverityWarning, 0, "", "directory_devices_held", "devices", strconv.Itoa(len(gone)), "of", strconv.Itoa(stored), "percent", strconv.Itoa(heldAbove))
		return nil
	}
	for some := range slices.Chunk(gone, window) {
		deletions := make([]device.Deletion, len(some))
		for i, d := range some {
			event := l.event("device.deleted")
			event.After = map[string]string{"call": l.ID}
			deletions[i] = device.Deletion{Device: d, Event: event}
		}
		refused, err := l.Devices.DeleteDevices(ctx, deletions, false)
		if err != nil {
			return err
		}
		for i, d := range some {
			switch err := refused[i]; {
			case err == nil:
				l.Deleted++
			case codeOf(err) != "":
				l.find(sheet.SeverityWarning, 0, d.Name, codeOf(err), argsOf(err)...)
			case errs.KindOf(err) == errs.Stale || errs.KindOf(err) == errs.NotFound: // changed or deleted by somebody else
			default:
				return err
			}
		}
		l.done(l.position)
		if err := l.save(ctx); err != nil {
			return err
		}
		if l.isEnding(ctx) {
			return lease.ErrInterrupted
		}
	}
	return nil
}
