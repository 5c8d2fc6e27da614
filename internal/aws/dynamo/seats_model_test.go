package dynamo_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"trueup/internal/subscription"
)

// Operations of a client on seats and users.
const (
	opApply    = "apply"     // changes of users, in one transaction
	opQuantity = "quantity"  // another quantity of a subscription
	opSeats    = "seats"     // a read of the seats of a subscription
	opUser     = "user"      // a read of a user
	opVersion  = "version"   // the version of a user that the journal has
	opLicenses = "licenses"  // a change of the licences of a user by package licensing
	opNoneFree = "none free" // a user without a licence of a subscription is refused one
	opDeleted  = "deleted"   // a user is refused because of its deletion
	opLoses    = "loses"     // a change is refused because the call does not acknowledge what the user would lose
)

// seatOp is a request of a client.
type seatOp struct {
	kind     string
	what     string // for the counts: which change
	changes  []subscription.Change
	id       string // of the subscription or the user
	quantity int
	// Of opLicenses, opNoneFree and opLoses:
	want         subscription.Want
	call         string
	subscription string
	loses        int
}

// seatOut is the result that the client received.
type seatOut struct {
	unanswered bool // it was done, as its audit event shows, but the client received no result
	refused    *subscription.Refusal
	seats      subscription.Seats
	user       subscription.User
	version    int64
	decision   subscription.Decision
}

// seatWorld is the state of the model. It is immutable.
type seatWorld struct {
	seats map[string]subscription.Seats
	users map[string]subscription.User
	text  string // identifies the state
}

func newSeatWorld(seats map[string]subscription.Seats, users map[string]subscription.User) *seatWorld {
	w := &seatWorld{seats: seats, users: users}
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(seats)) {
		b.WriteString(shownSeats(id, seats[id]) + "; ")
	}
	for _, id := range slices.Sorted(maps.Keys(users)) {
		b.WriteString(shownUser(users[id]) + "; ")
	}
	w.text = b.String()
	return w
}

func shownSeats(id string, s subscription.Seats) string {
	short := ""
	if !s.ShortSince.IsZero() {
		short = fmt.Sprintf(" short since %d", s.ShortSince.Sub(noon).Milliseconds())
	}
	return fmt.Sprintf("%s %d of %d, %d free%s v%d", id, s.Assigned, s.Quantity, s.Available, short, s.Version)
}

func shownUser(u subscription.User) string {
	state := ""
	if !u.DeletedAt.IsZero() {
		state = " deleted"
	}
	return fmt.Sprintf("%s %s v%d%s %v", u.ID, u.UPN, u.Version, state, slices.Sorted(maps.Keys(u.Licenses)))
}

// apply makes changes of users, if the state of the model allows it.
func (w *seatWorld) apply(changes []subscription.Change) (next *seatWorld, ok bool) {
	seats, users := maps.Clone(w.seats), maps.Clone(w.users)
	assigned := map[string]int{}
	for _, c := range changes {
		if !w.isAt(c) || w.owner(c) != "" {
			return w, false
		}
		users[c.After.ID] = c.After
		for id, n := range c.Delta() {
			s := seats[id]
			s.Assigned += n
			s.Available -= n
			seats[id] = s
			assigned[id] += max(n, 0)
		}
	}
	for id, n := range assigned {
		if n > 0 && seats[id].Available < 0 {
			return w, false
		}
	}
	return newSeatWorld(seats, users), true
}

// isAt reports whether the user of a change is as it was read.
func (w *seatWorld) isAt(c subscription.Change) bool {
	return w.users[c.After.ID].Version == c.Before.Version
}

// owner returns the id of another user that has the name that a change takes; empty for none.
func (w *seatWorld) owner(c subscription.Change) string {
	taken, _ := c.Names()
	for id, u := range w.users {
		if taken != "" && id != c.After.ID && u.Claims() == taken {
			return id
		}
	}
	return ""
}

// refuses reports whether the state explains a refusal: each of its parts, with the seats as they are.
func (w *seatWorld) refuses(changes []subscription.Change, r *subscription.Refusal) bool {
	of := func(id string) subscription.Change {
		return changes[slices.IndexFunc(changes, func(c subscription.Change) bool { return c.After.ID == id })]
	}
	for _, id := range r.Moved {
		if w.isAt(of(id)) {
			return false
		}
	}
	for _, id := range r.Names {
		if w.owner(of(id)) == "" {
			return false
		}
	}
	for id, found := range r.Seats {
		assign, release := 0, 0
		for _, c := range changes {
			n := c.Delta()[id]
			assign, release = assign+max(n, 0), release+max(-n, 0)
		}
		if shownSeats(id, w.seats[id]) != shownSeats(id, found) || assign == 0 || found.Available >= assign-release {
			return false
		}
	}
	return len(r.Moved)+len(r.Names)+len(r.Seats) > 0
}

// changed returns a user after a change of its licences, which ones it gets and loses, and whether the same call
// assigned one that it holds.
func (w *seatWorld) changed(op *seatOp) (after subscription.User, added, removed []string, again bool) {
	after = w.users[op.id]
	held := after.Licenses
	after.Licenses = map[string]subscription.Grant{}
	for id, g := range held {
		if op.want.Removes(id) {
			removed = append(removed, id)
		} else {
			after.Licenses[id] = g
		}
	}
	for _, a := range op.want.Add {
		if g, holds := held[a.Subscription]; holds {
			again = again || g.Call == op.call
			continue
		}
		added = append(added, a.Subscription)
		after.Licenses[a.Subscription] = subscription.Grant{Call: op.call}
	}
	if len(added)+len(removed) > 0 {
		after.Version++
	}
	slices.Sort(added)
	slices.Sort(removed)
	return after, added, removed, again
}

// license is the model of a change of the licences of a user that was not refused.
func (w *seatWorld) license(op *seatOp, out *seatOut) (bool, *seatWorld) {
	after, added, removed, again := w.changed(op)
	if !after.DeletedAt.IsZero() {
		return false, w
	}
	outcome := subscription.Unchanged
	switch {
	case len(added) > 0 || again && len(removed) == 0:
		outcome = subscription.Assigned
	case len(removed) > 0:
		outcome = subscription.Removed
	}
	d := out.decision
	if !out.unanswered && (d.Outcome != outcome || !slices.Equal(d.Added, added) || !slices.Equal(d.Removed, removed) || shownUser(d.After) != shownUser(after)) {
		return false, w
	}
	if len(added)+len(removed) == 0 {
		return !out.unanswered, w // its audit event says that something changed
	}
	seats, users := maps.Clone(w.seats), maps.Clone(w.users)
	users[op.id] = after
	for _, id := range added {
		s := seats[id]
		if s.Available < 1 {
			return false, w
		}
		s.Available, s.Assigned = s.Available-1, s.Assigned+1
		seats[id] = s
	}
	for _, id := range removed {
		s := seats[id]
		s.Available, s.Assigned = s.Available+1, s.Assigned-1
		seats[id] = s
	}
	return true, newSeatWorld(seats, users)
}

// step is the model.
func (w *seatWorld) step(op *seatOp, out *seatOut) (bool, *seatWorld) {
	switch op.kind {
	case opSeats:
		return shownSeats(op.id, w.seats[op.id]) == shownSeats(op.id, out.seats), w
	case opUser:
		return shownUser(w.users[op.id]) == shownUser(out.user), w
	case opVersion:
		return w.users[op.id].Version == out.version, w
	case opLicenses:
		return w.license(op, out)
	case opNoneFree:
		u := w.users[op.id]
		_, holds := u.Licenses[op.subscription]
		return u.DeletedAt.IsZero() && !holds && w.seats[op.subscription].Available < 1, w
	case opDeleted:
		return !w.users[op.id].DeletedAt.IsZero(), w
	case opLoses:
		_, _, removed, _ := w.changed(op)
		return w.users[op.id].DeletedAt.IsZero() && len(removed) == op.loses, w
	case opQuantity:
		seats := maps.Clone(w.seats)
		seats[op.id] = seats[op.id].WithQuantity(op.quantity, noon.Add(quantityAt(op)))
		next := newSeatWorld(seats, w.users)
		return out.unanswered || shownSeats(op.id, seats[op.id]) == shownSeats(op.id, out.seats), next
	}
	if out.refused != nil {
		return w.refuses(op.changes, out.refused), w
	}
	next, ok := w.apply(op.changes)
	return ok, next
}

var seatModel = porcupine.Model{
	Init:  func() any { return newSeatWorld(map[string]subscription.Seats{}, map[string]subscription.User{}) },
	Equal: func(a, b any) bool { return a.(*seatWorld).text == b.(*seatWorld).text },
	Hash: func(state any) uint64 {
		h := fnv.New64a()
		h.Write([]byte(state.(*seatWorld).text))
		return h.Sum64()
	},
	Step: func(state, input, output any) (bool, any) {
		return state.(*seatWorld).step(input.(*seatOp), output.(*seatOut))
	},
	DescribeOperation: func(input, output any) string { return describedSeatOp(input.(*seatOp), output.(*seatOut)) },
	DescribeState:     func(state any) string { return state.(*seatWorld).text },
}

func describedSeatOp(op *seatOp, out *seatOut) string {
	var b strings.Builder
	b.WriteString(op.kind + " " + op.id)
	for _, c := range op.changes {
		fmt.Fprintf(&b, "[%s → %s]", shownUser(c.Before), shownUser(c.After))
	}
	switch op.kind {
	case opQuantity:
		fmt.Fprint(&b, " ", op.quantity)
	case opNoneFree:
		b.WriteString(" " + op.subscription)
	case opLicenses, opLoses:
		fmt.Fprintf(&b, " %+v, %s", op.want, op.call)
	}
	b.WriteString(": ")
	switch {
	case out.unanswered:
		b.WriteString("unanswered")
	case out.refused != nil:
		fmt.Fprintf(&b, "refused: moved %v, names %v", out.refused.Moved, out.refused.Names)
		for id, s := range out.refused.Seats {
			b.WriteString(", " + shownSeats(id, s))
		}
	case op.kind == opSeats || op.kind == opQuantity:
		b.WriteString(shownSeats(op.id, out.seats))
	case op.kind == opUser:
		b.WriteString(shownUser(out.user))
	case op.kind == opVersion:
		fmt.Fprint(&b, out.version)
	case op.kind == opLicenses:
		fmt.Fprintf(&b, "%s, %s", out.decision.Outcome, shownUser(out.decision.After))
	default:
		b.WriteString("done")
	}
	return b.String()
}
