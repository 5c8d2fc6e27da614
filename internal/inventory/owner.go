package inventory

import (
	"bytes"
	"slices"
)

// owner is what an object of JSON says about a device: its id and name, its user and its system. What
// it does not say is empty.
type owner struct {
	id, name, user      value
	platform, os, build value
}

// ownerNames are the names of keys with each part of an owner: those that columns of tables have.
var ownerNames = [...]names{idNames, deviceNames, userNames, platformNames, systemNames, buildNames}

// part returns a part of an owner, in the order of ownerNames.
func (o *owner) part(i int) *value {
	return [...]*value{&o.id, &o.name, &o.user, &o.platform, &o.os, &o.build}[i]
}

// ownerKey is the part of an owner that a key has, and its rank among the keys of that part.
type ownerKey struct{ part, rank int }

var ownerKeys = func() map[string]ownerKey {
	keys := map[string]ownerKey{}
	for part, list := range ownerNames {
		for rank, name := range list {
			keys[name] = ownerKey{part, rank}
		}
	}
	return keys
}()

// Objects in an object around a list may describe its device: {"general": {"name": "PC1"},
// "operatingSystem": {"name": "macOS", "version": "14"}, "applications": […]}. deviceObjects and
// systemNames are their keys, and the other two have the meaning of further keys in them.
var (
	deviceObjects = names{
		"device", "host", "computer", "machine", "endpoint", "asset", "agent", "client", "node", "pc", "workstation", "general", "hardware", "system",
		"decorations", "deviceinfo", "hostinfo", "computerinfo", "systeminfo", "machineinfo",
	}
	inDeviceObjects = map[string]int{"name": 1}
	inSystemObjects = map[string]int{"name": 4, "fullname": 4, "caption": 4, "kernel": 3, "family": 3, "version": 5}
)

// ownerIn returns what an object says about a device.
func ownerIn(object []byte) owner { return ownerInside(object, nil, 3) }

// ownerInside is ownerIn for an object with further keys, in which so many levels of objects are read.
func ownerInside(object []byte, further map[string]int, levels int) (o owner) {
	const unknown = 1 << 10 // more than any rank
	ranks := [len(ownerNames)]int{unknown, unknown, unknown, unknown, unknown, unknown}
	objectFields(object, func(key, content []byte) {
		name := keyName(key)
		if content[0] == '{' && levels > 0 {
			o.add(&ranks, name, content, levels)
			return
		}
		k, known := ownerKeys[name]
		if !known {
			if k.part, known = further[name]; !known {
				return
			}
			k.rank = unknown - 2 // after the keys of the table, and before other objects
		}
		if k.rank >= ranks[k.part] {
			return
		}
		var v value
		_ = v.UnmarshalJSON(content) // never fails
		if named([]byte(v)) {
			*o.part(k.part), ranks[k.part] = v, k.rank
		}
	})
	return o
}

// add adds what an object in the object says, where nothing else does.
func (o *owner) add(ranks *[len(ownerNames)]int, name string, content []byte, levels int) {
	const inner = 1<<10 - 1
	var found owner
	switch {
	case slices.Contains(systemNames, name):
		found = ownerInside(content, inSystemObjects, 0)
	case name == "system", name == "hardware": // their name may be another's
		found = ownerInside(content, nil, levels-1)
	case slices.Contains(deviceObjects, name):
		found = ownerInside(content, inDeviceObjects, levels-1)
	default:
		return
	}
	for i := range ranks {
		if v := *found.part(i); v != "" && inner < ranks[i] {
			*o.part(i), ranks[i] = v, inner
		}
	}
}

// device returns the device by its id and with its name as alias, or by its name; empty if it is not
// named.
func (o *owner) device() (device, alias value) {
	if o.id == "" {
		return o.name, ""
	}
	return o.id, o.name
}

// system returns the system of the device.
func (o *owner) system() system { return systemOf(string(o.platform), string(o.os), string(o.build)) }

// within returns what is known of the device of rows, by an object around them that is in an object of
// this owner. An object that names a device names its user, too.
func (o owner) within(inner owner) owner {
	if device, _ := inner.device(); device != "" {
		o.id, o.name, o.user = inner.id, inner.name, inner.user
	} else if inner.user != "" {
		o.user = inner.user
	}
	if inner.system().told {
		o.platform, o.os, o.build = inner.platform, inner.os, inner.build
	}
	return o
}

// keyName is columnName for keys that can name a device. Most have only ASCII letters and few other
// characters.
func keyName(key []byte) string {
	var buffer [maxColumnName]byte
	name := buffer[:0]
	if len(key) > maxColumnName {
		return ""
	}
	for _, c := range key {
		switch {
		case c >= 0x80:
			return columnName(string(key))
		case c >= 'A' && c <= 'Z':
			name = append(name, c+'a'-'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			name = append(name, c)
		}
	}
	return composed(string(bytes.TrimSuffix(name, []byte("0"))), deviceThing)
}
