package people

import (
	"cmp"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/slots"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// row is a user in a table.
type row struct {
	id, objectID, upn, name string
	upnKey, nameKey         string // see plain
	*place
	licenses, waiting, former string // see packGrants

	seen, created, deleted int64 // in milliseconds; noTime for none
	active                 int64 // see lastActive
	version                int64
	disabled               bool
	excluded               bool
	excludedUntil          day.Date
}

// place is what many users have in common. It is never changed.
type place struct {
	location, department string
	kind                 subscription.UserType
	departmentKey        string // see plain
}

var noTime = time.Time{}.UnixMilli()

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() } // noTime gives the zero time

// plain returns the form in which users are searched and sorted: Élodie comes before Emma.
func plain(s string) string { return text.Fold(text.WithoutAccents(s)) }

// user returns the user in a row. words are those of the table.
func (r *row) user(words []string) subscription.User {
	return subscription.User{
		ID: r.id, ObjectID: r.objectID, UPN: r.upn, Name: r.name, Location: r.location, Department: r.department, Type: r.kind,
		Disabled: r.disabled, Seen: timeOf(r.seen), Excluded: r.excluded, ExcludedUntil: r.excludedUntil,
		Licenses: unpackGrants(r.licenses, words), Waiting: unpackGrants(r.waiting, words), Former: unpackGrants(r.former, words),
		CreatedAt: timeOf(r.created), DeletedAt: timeOf(r.deleted), Version: r.version,
	}
}

// table holds rows in slots. A row is live until the user is forgotten or gets another slot.
type table struct {
	rows   []row
	texts  slots.Texts // keys of name, user principal name and department of each row
	orders [len(sorts)][]uint32

	live     slots.Set
	deleted  slots.Set
	licensed slots.Set
	guests   slots.Set
	disabled slots.Set
	holders  []slots.Set // by the word that is the id of the subscription
	waiters  []slots.Set // by the same

	words  words // in the grants of rows
	places map[place]*place
}

// row returns the row of a user.
func (t *table) row(u *subscription.User) row {
	r := row{
		id: u.ID, objectID: u.ObjectID, upn: u.UPN, name: u.Name, upnKey: plain(u.UPN), nameKey: plain(u.Name),
		place:    t.place(place{u.Location, u.Department, u.Type, plain(u.Department)}),
		licenses: packGrants(u.Licenses, &t.words), waiting: packGrants(u.Waiting, &t.words), former: packGrants(u.Former, &t.words),
		seen: u.Seen.UnixMilli(), created: u.CreatedAt.UnixMilli(), deleted: u.DeletedAt.UnixMilli(),
		version: u.Version, disabled: u.Disabled, excluded: u.Excluded, excludedUntil: u.ExcludedUntil,
	}
	r.active = r.lastActive()
	return r
}

// lastActive returns User.LastActive in milliseconds.
func (r *row) lastActive() int64 {
	u := subscription.User{Seen: timeOf(r.seen), CreatedAt: timeOf(r.created)}
	return u.LastActive().UnixMilli()
}

func (t *table) place(p place) *place {
	shared, known := t.places[p]
	if !known {
		if t.places == nil {
			t.places = map[place]*place{}
		}
		shared = &p
		t.places[p] = shared
	}
	return shared
}

// separator terminates each of the texts of a row. No name contains it.
const separator = "\x00"

// texts appends the texts of a row to search.
func (r *row) texts(to []byte) []byte {
	for _, key := range [...]string{r.nameKey, r.upnKey, r.departmentKey} {
		to = append(append(to, key...), separator...)
	}
	return to
}

// staysLike reports whether a row has the same texts and the same place in every order as another one.
func (r *row) staysLike(other *row) bool {
	return r.nameKey == other.nameKey && r.upnKey == other.upnKey && r.departmentKey == other.departmentKey && r.seen == other.seen && r.created == other.created
}

// append puts a row into the next slot. It is in no order yet.
func (t *table) append(r row) uint32 {
	slot := uint32(len(t.rows))
	t.rows = append(t.rows, r)
	t.texts.AppendBy(r.texts)
	t.include(slot)
	return slot
}

// include adds the row in a slot to the sets. It returns false if grants of the row have a word that the
// table does not have, which only a damaged copy has.
func (t *table) include(slot uint32) bool {
	r := &t.rows[slot]
	t.live.Put(slot)
	if r.deleted != noTime {
		t.deleted.Put(slot)
	}
	if r.kind == subscription.Guest {
		t.guests.Put(slot)
	}
	if r.disabled {
		t.disabled.Put(slot)
	}
	if r.licenses != "" {
		t.licensed.Put(slot)
	}
	return t.put(&t.holders, r.licenses, slot) && t.put(&t.waiters, r.waiting, slot)
}

// put adds a slot to the sets of the subscriptions of grants: see include.
func (t *table) put(sets *[]slots.Set, grants string, slot uint32) bool {
	for word := range subscriptionsIn(grants) {
		if word >= uint64(len(t.words.list)) {
			return false
		}
		setOf(sets, word).Put(slot)
	}
	return true
}

// exclude removes the row in a slot from the sets.
func (t *table) exclude(slot uint32) {
	for _, set := range [...]slots.Set{t.live, t.deleted, t.licensed, t.guests, t.disabled} {
		set.Clear(slot)
	}
	for word := range subscriptionsIn(t.rows[slot].licenses) {
		setOf(&t.holders, word).Clear(slot)
	}
	for word := range subscriptionsIn(t.rows[slot].waiting) {
		setOf(&t.waiters, word).Clear(slot)
	}
}

// setOf returns the set of a word.
func setOf(sets *[]slots.Set, word uint64) *slots.Set {
	if missing := int(word) + 1 - len(*sets); missing > 0 {
		*sets = append(*sets, make([]slots.Set, missing)...)
	}
	return &(*sets)[word]
}

// apply applies a batch to the table.
func (t *table) apply(b *batch) {
	var out, in []uint32 // slots of the rows that leave and enter the orders
	anyDeleted := false
	for _, id := range b.ids {
		slot, known := t.find(id)
		u, exists := b.fetched[id]
		if !exists {
			if known {
				out = append(out, slot)
			}
			continue
		}
		r := t.row(&u)
		anyDeleted = anyDeleted || r.deleted != noTime
		if known && r.staysLike(&t.rows[slot]) {
			t.exclude(slot)
			t.rows[slot] = r
			t.include(slot)
			continue
		}
		if known {
			out = append(out, slot)
		}
		in = append(in, t.append(r))
	}
	t.replace(out, in)
	if anyDeleted {
		t.replace(t.unrestorable(), nil)
	}
	live := len(t.order(subscription.SortID))
	if dead := len(t.rows) - live; dead > live/4+1024 {
		t.compact()
	}
}

// replace removes rows from the orders and from the table, and adds others to the orders.
func (t *table) replace(out, in []uint32) {
	for i, sort := range sorts {
		t.orders[i] = slots.Splice(t.rows, t.orders[i], by(sort), out, in)
	}
	for _, slot := range out {
		t.exclude(slot)
		t.rows[slot] = row{}
	}
}

// clockSkew is more than the clocks of two processes differ.
const clockSkew = 24 * time.Hour

// unrestorable returns the slots of users who could not be restored any more when the last user was
// deleted. Their items expire, without an entry in the journal.
func (t *table) unrestorable() (found []uint32) {
	last := noTime
	for slot := range t.deleted.All() {
		last = max(last, t.rows[slot].deleted)
	}
	sure := timeOf(last).Add(-clockSkew)
	for slot := range t.deleted.All() {
		if u := (subscription.User{DeletedAt: timeOf(t.rows[slot].deleted)}); !u.Restorable(sure) {
			found = append(found, slot)
		}
	}
	return found
}

// compact gives the live rows new slots and frees the others. It costs as much as reading a saved
// copy, but runs so rarely that this does not matter.
func (t *table) compact() {
	// This fails only for a table from a copy that another release folded differently. Such a table is
	// not compacted until the process ends.
	if compacted, err := restore(t.save()); err == nil {
		*t = compacted
	}
}

// sorts are the sorts for which a table keeps an order.
var sorts = [...]subscription.Sort{subscription.SortID, subscription.SortName, subscription.SortUPN, subscription.SortSeen, subscription.SortCreated}

// order returns the slots in the order of a sort. The default is by name.
func (t *table) order(sort subscription.Sort) []uint32 {
	for i, s := range sorts {
		if s == sort {
			return t.orders[i]
		}
	}
	return t.order(subscription.SortName)
}

// find returns the slot of a user.
func (t *table) find(id string) (slot uint32, exists bool) {
	byID := t.order(subscription.SortID)
	at, exists := slots.Search(t.rows, byID, by(subscription.SortID), &row{id: id})
	if !exists {
		return 0, false
	}
	return byID[at], true
}

// by returns how the rows of an order compare. No two users are equal.
func by(sort subscription.Sort) slots.Compare[row] {
	switch sort {
	case subscription.SortID:
		return compareID
	case subscription.SortUPN:
		return func(a, b *row) int {
			if c := strings.Compare(a.upnKey, b.upnKey); c != 0 {
				return c
			}
			return compareID(a, b)
		}
	case subscription.SortSeen:
		return func(a, b *row) int {
			if a.seen != b.seen {
				return cmp.Compare(a.seen, b.seen)
			}
			return compareName(a, b)
		}
	case subscription.SortCreated:
		return func(a, b *row) int {
			if a.created != b.created {
				return cmp.Compare(a.created, b.created)
			}
			return compareName(a, b)
		}
	default:
		return compareName
	}
}

func compareID(a, b *row) int { return strings.Compare(a.id, b.id) }

func compareName(a, b *row) int {
	if c := strings.Compare(a.nameKey, b.nameKey); c != 0 {
		return c
	}
	return compareID(a, b)
}
