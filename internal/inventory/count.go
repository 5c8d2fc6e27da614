package inventory

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"trueup/internal/position"
)

// counts are the numbers of devices: in total, by title and by product; and of users by product,
// nil if no device has one.
type counts struct {
	devices                 int
	titles, products, users []int
	several                 map[severalPCs]int // how many main users have so many devices with a product, if several
}

// severalPCs is a product on several devices of one user.
type severalPCs struct{ product, devices int32 }

// products says which products titles count as.
type products struct {
	known []position.Product
	of    []int32 // by title: the index of its product, -1 for none
	// family numbers the products of which several versions are known, by product; -1 for a
	// product with one version. Of the versions on a device only the highest counts (R6.7).
	family []int32
	// unknown is the number that all unknown titles have, so that devices with one are counted like
	// those of a product. Known has an empty product for it. -1 if there are none.
	unknown int32
}

// newProducts returns the products of titles, by decisions.
func newProducts(decisions []Decision) products {
	p := products{of: make([]int32, len(decisions)), unknown: -1}
	numbers := map[position.Product]int32{}
	families := map[position.Product][]int32{}
	for i, d := range decisions {
		switch {
		case d.Kind == Unknown:
			if p.unknown < 0 {
				p.unknown = p.add(position.Product{})
			}
			p.of[i] = p.unknown
			continue
		case !d.Counts():
			p.of[i] = -1
			continue
		}
		number, met := numbers[d.Product]
		if !met {
			number = p.add(d.Product)
			numbers[d.Product] = number
			family := d.Product
			family.Version = ""
			families[family] = append(families[family], number)
		}
		p.of[i] = number
	}
	for _, versions := range families {
		if len(versions) > 1 {
			for _, number := range versions {
				p.family[number] = versions[0]
			}
		}
	}
	return p
}

// add adds a product and returns its number.
func (p *products) add(known position.Product) (number int32) {
	p.known, p.family = append(p.known, known), append(p.family, -1)
	return int32(len(p.known)) - 1
}

// count counts the added rows. A device counts once for a product, however many of its titles it
// has, and for the highest version only. Nothing can be added afterwards.
//
// Users are counted in two steps. The first pass over the devices knows the products of each, and
// writes a record of them for each of its users. The users of a product are then counted from
// those records like the devices of a title, and the devices of each user beside them. A device
// without a user counts as one.
//
// The first pass also fills into, if it is not nil.
func (c *counter) count(p products, into *PCs) (total counts, err error) {
	if err := c.flush(); err != nil {
		return counts{}, err
	}
	pass := pass{from: c.installed, owners: c.owners, shares: c.shares, seed: c.seed, products: p, titles: len(p.of)}
	if c.users {
		if pass.crowd, err = c.crowd(); err != nil {
			return counts{}, err
		}
	}
	if into != nil {
		pass.called = c.called
	}
	if total, err = pass.run(); err != nil {
		return counts{}, err
	}
	if into != nil {
		*into = pcs(p.known, pass.parts)
	}
	if !c.users {
		total.users = nil
		return total, nil
	}
	shared, err := countShares(c.shares, len(p.known))
	if err != nil {
		return counts{}, err
	}
	for i := range total.users {
		total.users[i] += shared.titles[i]
	}
	total.several = shared.several
	return total, nil
}

// others counts the devices of other platforms, by platform.
func (c *counter) others() ([]int, error) { return distinct(c.elsewhere, len(c.platforms)) }

// distinct counts the distinct keys of records, by each number below n in their content.
func distinct(from *spill, n int) ([]int, error) {
	total, err := (&pass{from: from, products: noProducts(n), titles: n}).run()
	return total.titles, err
}

// noProducts is for records whose content does not tell products: numbers below n.
func noProducts(n int) products { return products{of: slices.Repeat([]int32{-1}, n)} }

// pass counts the records of a spill. Without owners it does not count users.
type pass struct {
	products
	titles       int
	from, owners *spill
	seed         maphash.Seed
	crowd        crowd
	isShares     bool // the records are those of shares

	sharing sync.Mutex
	shares  *spill // what users share with their devices, if there are owners

	called   *spill       // names of devices; nil if the pass gathers no PCs
	gathered atomic.Int64 // PCs so far
	parts    []*gathered  // of the counters, after run
}

// counters is how many titles are recognised at the same time, and how many partitions are counted.
const counters = 2

func (p *pass) run() (counts, error) {
	var all errgroup.Group
	var parts [counters]*counting
	for i := range parts {
		n := len(p.known)
		t := &counting{
			pass: p, counts: counts{titles: make([]int, p.titles), products: make([]int, n), users: make([]int, n)},
			last: make([]int, n), numbers: map[string]int32{}, newer: map[[2]int32]bool{}, mains: mains{},
		}
		if p.isShares {
			t.several, t.pairs.times = map[severalPCs]int{}, []int32{}
		}
		if p.called != nil {
			t.gathered = newGathered()
			p.parts = append(p.parts, t.gathered)
		}
		parts[i] = t
		all.Go(func() error {
			for partition := i; partition < partitions; partition += counters {
				if err := t.count(partition); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return counts{}, err
	}
	total := parts[0].counts
	for _, t := range parts[1:] {
		total.add(t.counts)
	}
	return total, nil
}

func (c *counts) add(o counts) {
	c.devices += o.devices
	for i, n := range o.titles {
		c.titles[i] += n
	}
	for i, n := range o.products {
		c.products[i] += n
		c.users[i] += o.users[i]
	}
	for of, n := range o.several {
		c.several[of] += n
	}
}

// counting counts the devices of partitions, one after the other.
type counting struct {
	counts
	pass  *pass
	chunk []byte // of the scratch file

	// Of the partition.
	numbers map[string]int32 // index of a device in devices, by key
	devices []device
	again   []int32 // devices with several records
	pairs   set     // a device of several, and a title or a product
	owned   []int32 // the products of devices with a user, in the order of the devices' ranges
	mains   mains

	one     int   // devices with one record, so far
	last    []int // by product: the last of them that has it
	present []int32
	highest []int32
	sorted  []uint64
	record  []byte
	content []byte
	newer   map[[2]int32]bool // whether the first version is newer

	gathered *gathered // nil if the pass gathers no PCs
}

// device is the state of a device while its partition is counted.
type device struct {
	several  int32 // its number among those with several records, from 0; single for one record
	owned    bool  // it has a user
	from, to int32 // range of its products in counting.owned
	set      int32 // its products, if PCs are gathered
}

const single = -1

// count counts a partition.
func (t *counting) count(partition int) (err error) {
	clear(t.numbers)
	clear(t.mains)
	t.devices, t.again, t.owned = t.devices[:0], t.again[:0], t.owned[:0]
	if t.chunk, err = t.pass.from.each(partition, t.chunk, t.addDevice); err != nil {
		return err
	}
	t.counts.devices += len(t.devices)
	if t.pass.owners != nil {
		if t.chunk, err = t.pass.owners.each(partition, t.chunk, t.addOwner); err != nil {
			return err
		}
	}
	if len(t.again) > 0 {
		t.pairs.reset()
	}
	if t.chunk, err = t.pass.from.each(partition, t.chunk, t.add); err != nil {
		return err
	}
	if t.pass.isShares {
		t.addUsers()
		return nil
	}
	t.addSeveral()
	if t.gathered != nil {
		if err := t.gather(partition); err != nil {
			return err
		}
	}
	if len(t.owned) == 0 {
		return nil
	}
	t.pairs.reset()
	t.chunk, err = t.pass.owners.each(partition, t.chunk, t.share)
	return err
}

// addDevice notes the device of a record.
func (t *counting) addDevice(key, _ []byte) error {
	number, met := t.numbers[string(key)]
	switch {
	case !met:
		t.numbers[string(key)] = int32(len(t.devices))
		t.devices = append(t.devices, device{several: single})
	case t.devices[number].several == single:
		t.devices[number].several = int32(len(t.again))
		t.again = append(t.again, number)
	}
	return nil
}

// addOwner notes that a device has a user.
func (t *counting) addOwner(key, user []byte) error {
	if number, met := t.numbers[string(key)]; met {
		t.devices[number].owned = true
		t.noteMain(number, user)
	}
	return nil
}

// add counts a record. It contains each title once.
func (t *counting) add(key, titles []byte) (err error) {
	d := &t.devices[t.numbers[string(key)]]
	if d.several != single {
		pair := uint64(d.several+1) << 32
		if t.pass.isShares {
			return t.addShare(pair, titles)
		}
		return t.addPairs(pair, titles)
	}
	t.one++
	t.present = t.present[:0]
	for len(titles) > 0 {
		var title uint64
		if title, titles, err = cutNumber(titles, len(t.titles)); err != nil {
			return err
		}
		t.titles[title]++
		if product := t.pass.of[title]; product >= 0 && t.last[product] != t.one {
			t.last[product] = t.one
			t.present = append(t.present, product)
		}
	}
	t.install(d, t.present)
	return nil
}

const productBit = 1 << 31 // of a pair

// addPairs counts a record of a device with several.
func (t *counting) addPairs(pair uint64, titles []byte) (err error) {
	for len(titles) > 0 {
		var title uint64
		if title, titles, err = cutNumber(titles, len(t.titles)); err != nil {
			return err
		}
		if t.pairs.add(pair | title) {
			t.titles[title]++
			if product := t.pass.of[title]; product >= 0 {
				t.pairs.add(pair | productBit | uint64(product))
			}
		}
	}
	return nil
}

// addSeveral counts the products of the devices with several records.
func (t *counting) addSeveral() {
	if len(t.again) == 0 || len(t.pass.known) == 0 {
		return
	}
	t.sorted = t.sorted[:0]
	for _, pair := range t.pairs.slots {
		if pair&productBit != 0 {
			t.sorted = append(t.sorted, pair)
		}
	}
	slices.Sort(t.sorted)
	for from := 0; from < len(t.sorted); {
		several := t.sorted[from] >> 32
		t.present = t.present[:0]
		for ; from < len(t.sorted) && t.sorted[from]>>32 == several; from++ {
			t.present = append(t.present, int32(t.sorted[from]&(productBit-1)))
		}
		t.install(&t.devices[t.again[several-1]], t.present)
	}
}

// install counts the products of a device, given each once.
func (t *counting) install(d *device, present []int32) {
	present = t.highestOf(present)
	if t.gathered != nil {
		d.set = t.gathered.set(present)
	}
	for _, product := range present {
		t.products[product]++
		if !d.owned {
			t.users[product]++
		}
	}
	if d.owned {
		d.from = int32(len(t.owned))
		t.owned = append(t.owned, present...)
		d.to = int32(len(t.owned))
	}
}

// highestOf removes every product that is also present in a newer version. Where the order of two
// versions is not known, both count. The order of present may change.
func (t *counting) highestOf(present []int32) []int32 {
	slices.SortFunc(present, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.pass.family[a], t.pass.family[b]), cmp.Compare(a, b))
	})
	t.highest = t.highest[:0]
	for len(present) > 0 {
		family, n := t.pass.family[present[0]], 1
		for n < len(present) && t.pass.family[present[n]] == family {
			n++
		}
		versions := present[:n]
		present = present[n:]
		if family < 0 || n == 1 {
			t.highest = append(t.highest, versions...)
			continue
		}
		compared := versions[:min(n, maxVersions)]
		for _, product := range versions {
			if !slices.ContainsFunc(compared, func(other int32) bool { return other != product && t.isNewer(other, product) }) {
				t.highest = append(t.highest, product)
			}
		}
	}
	return t.highest
}

// maxVersions is the number of versions of a product with which each version on a device is
// compared. A real PC has a few; a forged one must not take quadratic time.
const maxVersions = 64

// maxNewer is the number of comparisons that are remembered.
const maxNewer = 1 << 16

// isNewer reports whether product a is a newer version than b.
func (t *counting) isNewer(a, b int32) bool {
	newer, known := t.newer[[2]int32{a, b}]
	if !known {
		if len(t.newer) >= maxNewer {
			clear(t.newer)
		}
		newer = position.Newer(t.pass.known[a].Version, t.pass.known[b].Version)
		t.newer[[2]int32{a, b}] = newer
	}
	return newer
}

// share writes what a user shares with a device: its products, after a number of no product if the
// user is not its main user.
func (t *counting) share(key, user []byte) error {
	number, met := t.numbers[string(key)]
	if !met {
		return nil // the device has no valid title
	}
	d := t.devices[number]
	if d.from == d.to || !t.pairs.add(t.pass.hash(user)^mix(uint64(number)+1)|1) { // a pair may have several records
		return nil
	}
	t.content = t.content[:0]
	if !t.isMain(number, user) {
		t.content = binary.AppendUvarint(t.content, uint64(len(t.pass.known)))
	}
	for _, product := range t.owned[d.from:d.to] {
		t.content = binary.AppendUvarint(t.content, uint64(product))
	}
	t.record = appendRecord(t.record[:0], user, t.content)
	t.pass.sharing.Lock()
	defer t.pass.sharing.Unlock()
	return t.pass.shares.add(int(t.pass.hash(user)>>32%partitions), t.record)
}

func (p *pass) hash(key []byte) uint64 { return maphash.Bytes(p.seed, key) }
