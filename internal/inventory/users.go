package inventory

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"trueup/internal/position"
)

// A device has one main user, whose licence covers it: the one of its users who has most devices in
// the file, and of several the first by name. A licence for a user covers several devices of that user,
// so a device counts for one user only, while every user of it is a user of its products.

// crowd is the number of devices of each user, by the hash of the user's key; nil if no device has
// several users, so that each is the main user of its devices.
type crowd map[uint64]int32

// mains are the main users of devices, by the index of the device in its partition.
type mains map[int32][]byte

// crowd counts the devices of users, if any device has several.
func (c *counter) crowd() (crowd, error) {
	var chunk []byte
	var err error
	of, isShared := map[string]uint64{}, false
	for partition := 0; partition < partitions && !isShared; partition++ {
		clear(of)
		chunk, err = c.owners.each(partition, chunk, func(key, user []byte) error {
			hash := maphash.Bytes(c.seed, user)
			if first, met := of[string(key)]; !met {
				of[string(key)] = hash
			} else if first != hash {
				isShared = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if !isShared {
		return nil, nil
	}
	all, pairs := crowd{}, set{}
	for partition := range partitions {
		pairs.reset()
		chunk, err = c.owners.each(partition, chunk, func(key, user []byte) error {
			hash := maphash.Bytes(c.seed, user)
			if pairs.add(hash ^ mix(maphash.Bytes(c.seed, key)) | 1) {
				all[hash]++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// noteMain notes a user of a device, if that is its main user so far.
func (t *counting) noteMain(device int32, user []byte) {
	all := t.pass.crowd
	if all == nil {
		return
	}
	main, known := t.mains[device]
	if !known || cmp.Or(cmp.Compare(all[t.pass.hash(user)], all[t.pass.hash(main)]), bytes.Compare(main, user)) > 0 {
		t.mains[device] = append(main[:0], user...)
	}
}

// isMain reports whether a user is the main user of a device.
func (t *counting) isMain(device int32, user []byte) bool {
	return t.pass.crowd == nil || bytes.Equal(t.mains[device], user)
}

// countShares counts the users of n products in the records of shares: as titles, and those that have
// several devices with a product as several.
func countShares(shares *spill, n int) (counts, error) {
	return (&pass{from: shares, products: noProducts(n + 1), titles: n + 1, isShares: true}).run()
}

// addShare counts a record of a user with several. The number of devices with a product is that of the
// records that have it, without those of other users' devices.
func (t *counting) addShare(pair uint64, products []byte) (err error) {
	isMain := true
	for len(products) > 0 {
		var product uint64
		if product, products, err = cutNumber(products, len(t.titles)); err != nil {
			return err
		}
		if product == uint64(len(t.titles)-1) {
			isMain = false
			continue
		}
		at, isNew := t.pairs.put(pair | product)
		if isNew {
			t.titles[product]++
		}
		if isMain {
			t.pairs.times[at]++
		}
	}
	return nil
}

// addUsers counts the users of a partition who have several devices with a product.
func (t *counting) addUsers() {
	if len(t.again) == 0 {
		return
	}
	for at, pair := range t.pairs.slots {
		if devices := t.pairs.times[at]; devices > 1 {
			t.several[severalPCs{int32(pair & (productBit - 1)), devices}]++
		}
	}
}

// byUser returns for each product its main users by their number of devices, fewest first. A device
// without a user is one of a user with one. It returns nil if users are not known.
func (c *counts) byUser() [][]position.UserPCs {
	if c.users == nil {
		return nil
	}
	all, left := make([][]position.UserPCs, len(c.products)), slices.Clone(c.products)
	for of, users := range c.several {
		all[of.product] = append(all[of.product], position.UserPCs{PCs: int(of.devices), Users: users})
		left[of.product] -= int(of.devices) * users
	}
	for i := range all {
		if left[i] > 0 {
			all[i] = append(all[i], position.UserPCs{PCs: 1, Users: left[i]})
		}
		slices.SortFunc(all[i], func(a, b position.UserPCs) int { return cmp.Compare(a.PCs, b.PCs) })
	}
	return all
}
