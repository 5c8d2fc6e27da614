package inventory

import (
	"errors"
	"hash/maphash"
)

// aliases are the names of devices with an id. One file of an archive may name a device by its id
// and another by its name; these are one device.
type aliases struct {
	ids     map[string]string // keys of devices, by the key of their name; "" if several have the name
	learned []uint64          // hashes of devices whose name was learned recently
	named   bool              // a row has no id of its device, or no name beside it
	key     []byte
}

// maxAliases is the number of names that are learned. Each takes up to 600 bytes. R6.2 names
// 100,000 devices.
const maxAliases = 200_000

// aliasSlots is the number of recent devices that are remembered, so that a file sorted by title does
// not look up the name of a device in each row. It is a power of two.
const aliasSlots = 1 << 16

// learn learns the name of the device with that key and hash.
func (a *aliases) learn(hash uint64, device, name []byte) {
	if len(name) == 0 {
		a.named = true
		return
	}
	if a.learned == nil {
		a.learned, a.ids = make([]uint64, aliasSlots), map[string]string{}
	}
	slot := &a.learned[hash%aliasSlots]
	if *slot == hash {
		return
	}
	*slot = hash
	var flaw string
	if a.key, flaw = appendDevice(a.key[:0], name); flaw != "" || string(a.key) == string(device) {
		return
	}
	switch id, known := a.ids[string(a.key)]; {
	case !known && len(a.ids) < maxAliases:
		a.ids[string(a.key)] = string(device)
	case known && id != string(device):
		a.ids[string(a.key)] = ""
	}
}

// join gives the records of devices that are named by their name the id that other rows have beside
// the name. Nothing can be added afterwards.
func (c *counter) join() error {
	if err := c.flush(); err != nil || !c.names.named || len(c.names.ids) == 0 {
		return err
	}
	for _, of := range []**spill{&c.installed, &c.owners, &c.elsewhere} {
		joined := newSpill((*of).dir, (*of).disk)
		err := c.rename(*of, joined)
		err = errors.Join(err, (*of).close())
		*of = joined
		if err != nil {
			return err
		}
	}
	return nil
}

// rename copies records, with the ids of their devices.
func (c *counter) rename(from, to *spill) error {
	var chunk, record []byte
	for part := range partitions {
		move := func(key, content []byte) error {
			at := part
			if id := c.names.ids[string(key)]; id != "" {
				key, at = []byte(id), int(maphash.String(c.seed, id)>>32%partitions)
			}
			record = appendRecord(record[:0], key, content)
			return to.add(at, record)
		}
		var err error
		if chunk, err = from.each(part, chunk, move); err != nil {
			return err
		}
	}
	return nil
}
