package inventory

import (
	"bytes"
	"hash/crc32"
	"hash/maphash"
	"maps"
	"math"
	"strings"
)

// aliases are the names of devices. One file of an archive may name a device by its id and another by
// its name, or by its name with and without its domain; these are one device.
type aliases struct {
	ids   map[string]string // keys of devices, by the key of a name beside their id; "" if several have the name
	longs map[string]string // keys of names with a domain, by the key of the name without it; "" if there are several
	key   []byte

	// If there are more than maxAliases names, those with a smaller hash are learned, so that the result does
	// not depend on the order in which they are read.
	full bool
	most uint32 // the largest hash
}

// maxAliases is the number of names that are learned. Each takes up to 600 bytes. R6.2 names
// 100,000 devices.
const maxAliases = 200_000

// call writes a record of the device of the run and a name beside it. The names are learned only if
// they are needed (join): most files name every device by a GUID.
func (c *counter) call(name []byte) error {
	// Most devices of a GUID have no name beside them, and most names have no domain.
	if len(name) == 0 && (c.key[0] == 0 || !bytes.ContainsAny(c.key, `.\`)) {
		return nil
	}
	c.record = appendRecord(c.record[:0], c.key, name)
	return c.called.add(c.partition(), c.record)
}

// learnAll learns the names of all devices.
func (c *counter) learnAll() error {
	c.names = aliases{ids: map[string]string{}, longs: map[string]string{}, most: math.MaxUint32}
	var chunk []byte
	var err error
	for partition := 0; partition < partitions && err == nil; partition++ {
		chunk, err = c.called.each(partition, chunk, func(device, name []byte) error {
			c.names.learn(device, name)
			return nil
		})
	}
	return err
}

// learn learns the name beside the device with that key, and a domain in either.
func (a *aliases) learn(device, name []byte) {
	a.learnLong(device)
	var flaw string
	if a.key, flaw = appendDevice(a.key[:0], name); flaw != "" || string(a.key) == string(device) {
		return
	}
	a.note(a.ids, a.key, device)
	a.learnLong(a.key)
}

// learnLong learns a name with a domain.
func (a *aliases) learnLong(long []byte) {
	if short := shortOf(long); short != "" {
		a.note(a.longs, []byte(short), long)
	}
}

// note notes what a name stands for.
func (a *aliases) note(names map[string]string, name, of []byte) {
	switch known, met := names[string(name)]; {
	case met && known != string(of):
		names[string(name)] = ""
	case met || a.full && hashOf(name) > a.most:
	default:
		names[string(name)] = string(of)
	}
	for len(a.ids)+len(a.longs) > maxAliases {
		a.learnFewer()
	}
}

// learnFewer forgets about half of the names.
func (a *aliases) learnFewer() {
	a.full = true
	a.most /= 2
	for _, names := range []map[string]string{a.ids, a.longs} {
		maps.DeleteFunc(names, func(name, _ string) bool { return hashOf([]byte(name)) > a.most })
	}
}

// hashOf returns a hash that is the same in every process.
func hashOf(name []byte) uint32 { return crc32.ChecksumIEEE(name) }

// shortOf returns the key of a name without its domain, for the key of a name such as
// pc1.example.com or EXAMPLE\pc1; empty for another. An IP address has no domain.
func shortOf(key []byte) string {
	if len(key) == 0 || key[0] == 0 {
		return ""
	}
	name := string(key[1:])
	if _, after, cut := strings.Cut(name, `\`); cut {
		name = after
	}
	labels := strings.Split(name, ".")
	if len(labels[0]) == len(key)-1 || strings.Trim(labels[0], "0123456789") == "" || strings.ContainsAny(name, ` \/:,`) {
		return ""
	}
	return string([]byte{byte(len(labels[0]))}) + labels[0]
}

// deviceOf returns the key of the device that a key stands for: the key itself, if no other is known.
func (a *aliases) deviceOf(key string) string {
	const most = 8 // names of names; more are not real
	for range most {
		next := a.ids[key]
		if next == "" {
			if _, known := a.ids[key]; known {
				return key // of several devices
			}
			if next = a.longs[key]; next == "" {
				if short := shortOf([]byte(key)); short != "" && a.longs[short] == key {
					next = a.ids[short]
				}
			}
		}
		if next == "" {
			return key
		}
		if a.ids[next] == key { // each is the name of the other
			return min(key, next)
		}
		key = next
	}
	return key
}

// join gives the records of devices that are named by a name the key of their device (deviceOf).
// Nothing can be added afterwards.
func (c *counter) join() error {
	if err := c.flush(); err != nil || !c.named {
		return err
	}
	if err := c.learnAll(); err != nil {
		return err
	}
	a := &c.names
	if len(a.ids)+len(a.longs) == 0 {
		return nil
	}
	for _, of := range []*spill{c.installed, c.owners, c.elsewhere} {
		of.moved, of.isMoved = newSpill(of.dir, of.disk), nil
		moved, err := c.rename(of, of.moved)
		if err != nil {
			return err
		}
		if moved {
			of.isMoved = func(key []byte) bool { return a.isName(key) && a.deviceOf(string(key)) != string(key) }
		}
	}
	return nil
}

// isName reports whether a key may be a name of another device. It is quick to say no.
func (a *aliases) isName(key []byte) bool {
	if key[0] == 0 {
		return false // a GUID
	}
	if _, known := a.ids[string(key)]; known {
		return true
	}
	_, known := a.longs[string(key)]
	return known || bytes.IndexAny(key, `.\`) > 0
}

// rename copies the records of devices that have another key. moved tells that there are some.
func (c *counter) rename(from, to *spill) (moved bool, err error) {
	var chunk, record []byte
	for part := range partitions {
		chunk, err = from.each(part, chunk, func(key, content []byte) error {
			if !c.names.isName(key) {
				return nil
			}
			device := c.names.deviceOf(string(key))
			if device == string(key) {
				return nil
			}
			moved = true
			record = appendRecord(record[:0], []byte(device), content)
			return to.add(int(maphash.String(c.seed, device)>>32%partitions), record)
		})
		if err != nil {
			return moved, err
		}
	}
	return moved, nil
}
