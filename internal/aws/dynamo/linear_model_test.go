package dynamo_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
)

// Operations of a client. A change passes the agreement that a get returned.
const (
	opCreate      = "create"
	opRename      = "rename"
	opMove        = "move"
	opAdd         = "add pairs"
	opRemove      = "remove pairs"
	opDelete      = "delete"
	opCreateGroup = "create group"
	opDeleteGroup = "delete group"
	opGet         = "get"
	opList        = "list"
	opGroups      = "list groups"
)

// operation is a request of a client.
type operation struct {
	kind    string
	id      string // of the agreement or the group
	version int64  // of the agreement when it was read
	name    string // of the agreement or the group that is created or renamed
	target  agreement.Target
	fresh   string // id of the group that is created if the target names a group that does not exist
	pairs   []agreement.PairKey
}

// outcome is the result that the client received.
type outcome struct {
	unknown    bool // whether it was done is not known: the client died, or got no answer in time
	code       string
	violations []errs.Violation
	after      shown             // the agreement, of a get and of changes that return it
	listed     []shown           // of a list, sorted by id
	groups     map[string]string // id → name, of a list of groups
}

// shown is an agreement in the model. pairs is nil if the pairs were not read.
type shown struct {
	id, name, group string
	version         int64
	count           int
	pairs           []agreement.PairKey // sorted
}

func (s shown) String() string {
	return fmt.Sprintf("%s %s in %s v%d %v", s.id, s.name, s.group, s.version, s.pairs)
}

// world is the state of the model: all agreements, and the groups by id. It is immutable.
type world struct {
	agreements map[string]shown
	groups     map[string]string
	text       string // identifies the state
}

func newWorld(agreements map[string]shown, groups map[string]string) *world {
	w := &world{agreements: agreements, groups: groups}
	var b strings.Builder
	for _, a := range w.list() {
		b.WriteString(a.String() + "; ")
	}
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		b.WriteString(id + "=" + groups[id] + "; ")
	}
	w.text = b.String()
	return w
}

func (w *world) list() (all []shown) {
	for _, id := range slices.Sorted(maps.Keys(w.agreements)) {
		all = append(all, w.agreements[id])
	}
	return all
}

// namedBy returns the id of the agreement that has a name; empty for none.
func (w *world) namedBy(name string) string {
	for id, a := range w.agreements {
		if a.name == name {
			return id
		}
	}
	return ""
}

func (w *world) isTaken(pair agreement.PairKey) bool {
	for _, a := range w.agreements {
		if slices.Contains(a.pairs, pair) {
			return true
		}
	}
	return false
}

// groupNamed returns the id of the group that has a name; empty for none.
func (w *world) groupNamed(name string) string {
	for id, n := range w.groups {
		if n == name {
			return id
		}
	}
	return ""
}

// place returns the group of a target, and all groups, with a new one if the target needs it.
func (w *world) place(op *operation) (id string, groups map[string]string, ok bool) {
	switch {
	case op.target.NewName != "":
		if id := w.groupNamed(op.target.NewName); id != "" {
			return id, w.groups, true
		}
		groups := maps.Clone(w.groups)
		groups[op.fresh] = op.target.NewName
		return op.fresh, groups, true
	case op.target.GroupID == "" || op.target.GroupID == group.UnassignedID:
		return group.UnassignedID, w.groups, true
	}
	_, ok = w.groups[op.target.GroupID]
	return op.target.GroupID, w.groups, ok
}

// apply applies an operation, if the state of the model allows it.
func (w *world) apply(op *operation) (next *world, after shown, ok bool) {
	agreements, groups := maps.Clone(w.agreements), w.groups
	a, exists := w.agreements[op.id]
	switch op.kind {
	case opCreateGroup:
		if w.groupNamed(op.name) != "" {
			return w, shown{}, false
		}
		groups = maps.Clone(groups)
		groups[op.id] = op.name
		return newWorld(agreements, groups), shown{}, true
	case opDeleteGroup:
		if _, exists := w.groups[op.id]; !exists {
			return w, shown{}, false
		}
		groups = maps.Clone(groups)
		delete(groups, op.id)
		for id, a := range agreements {
			if a.group == op.id {
				a.group = group.UnassignedID
				a.version++
				agreements[id] = a
			}
		}
		return newWorld(agreements, groups), shown{}, true
	case opCreate:
		a = shown{id: op.id, name: op.name}
		if ok = !exists && w.namedBy(op.name) == ""; ok {
			a.group, groups, ok = w.place(op)
		}
		ok = ok && a.add(w, op.pairs)
	case opRename:
		ok = exists && (w.namedBy(op.name) == "" || w.namedBy(op.name) == op.id)
		a.name = op.name
	case opMove:
		if ok = exists; ok {
			a.group, groups, ok = w.place(op)
		}
	case opAdd:
		ok = exists && a.add(w, op.pairs)
	case opRemove:
		ok = exists && len(op.pairs) < len(a.pairs)
		a.pairs = slices.DeleteFunc(slices.Clone(a.pairs), func(p agreement.PairKey) bool { return slices.Contains(op.pairs, p) })
		ok = ok && len(a.pairs)+len(op.pairs) == a.count
	case opDelete:
		delete(agreements, op.id)
		if ok = exists && a.version == op.version; !ok {
			return w, shown{}, false
		}
		return newWorld(agreements, groups), shown{}, true
	}
	if !ok || op.kind != opCreate && a.version != op.version {
		return w, shown{}, false
	}
	a.version++
	a.count = len(a.pairs)
	agreements[a.id] = a
	return newWorld(agreements, groups), a, true
}

// add adds pairs. It returns false if an agreement has one of them.
func (s *shown) add(w *world, pairs []agreement.PairKey) bool {
	if slices.ContainsFunc(pairs, w.isTaken) {
		return false
	}
	s.pairs = slices.Concat(s.pairs, pairs)
	slices.Sort(s.pairs)
	return true
}

// refuses reports whether the state explains the error of an operation.
func (w *world) refuses(op *operation, out *outcome) bool {
	a, exists := w.agreements[op.id]
	switch out.code {
	case "agreement_not_found":
		return !exists
	case "version_stale":
		return exists && a.version != op.version
	case "group_not_found":
		if op.kind == opDeleteGroup {
			_, exists := w.groups[op.id]
			return !exists
		}
		_, _, exists := w.place(op)
		return !exists
	case "pair_not_found":
		return slices.ContainsFunc(op.pairs, func(p agreement.PairKey) bool { return !slices.Contains(a.pairs, p) })
	case "pairs_last":
		return exists && a.version == op.version && len(a.pairs) <= len(op.pairs)
	case "taken":
		return len(out.violations) > 0 && !slices.ContainsFunc(out.violations, func(v errs.Violation) bool { return !w.has(op, v) })
	}
	return false
}

// has reports whether an agreement or a group has the name or the pair of a violation.
func (w *world) has(op *operation, v errs.Violation) bool {
	switch v.Code {
	case "group_name_taken":
		return w.groupNamed(op.name) != ""
	case "name_taken":
		owner := w.namedBy(op.name)
		return owner != "" && owner != op.id
	case "pair_taken":
		at, err := strconv.Atoi(strings.TrimPrefix(v.Field, "pairs/"))
		return err == nil && at < len(op.pairs) && w.isTaken(op.pairs[at])
	}
	return false
}

// step is the model. An operation with an unknown outcome ends after all other operations,
// so it may take effect at any moment after it began; taking effect after all of them
// stands for never.
func step(w *world, op *operation, out *outcome) (bool, *world) {
	switch op.kind {
	case opList:
		return slices.EqualFunc(w.list(), out.listed, equalShown), w
	case opGroups:
		return maps.Equal(w.groups, out.groups), w
	case opGet:
		a, exists := w.agreements[op.id]
		if out.code != "" {
			return !exists && out.code == "agreement_not_found", w
		}
		return exists && equalShown(a, out.after), w
	}
	if out.code != "" {
		return w.refuses(op, out), w
	}
	next, after, done := w.apply(op)
	switch {
	case out.unknown:
		return true, next
	case out.after.id == "": // the operation does not return the agreement
		return done, next
	}
	return done && equalShown(after, out.after), next
}

// equalShown compares agreements, and their pairs if they were read.
func equalShown(a, b shown) bool {
	return a.id == b.id && a.name == b.name && a.group == b.group && a.version == b.version && a.count == b.count &&
		(a.pairs == nil || b.pairs == nil || slices.Equal(a.pairs, b.pairs))
}

var linearModel = porcupine.Model{
	Init:  func() any { return newWorld(map[string]shown{}, map[string]string{}) },
	Equal: func(a, b any) bool { return a.(*world).text == b.(*world).text },
	Hash: func(state any) uint64 {
		h := fnv.New64a()
		h.Write([]byte(state.(*world).text))
		return h.Sum64()
	},
	Step: func(state, input, output any) (bool, any) {
		return step(state.(*world), input.(*operation), output.(*outcome))
	},
	DescribeOperation: func(input, output any) string {
		op, out := input.(*operation), output.(*outcome)
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s", op.kind, op.id)
		if op.version > 0 {
			fmt.Fprintf(&b, " v%d", op.version)
		}
		for _, v := range []string{op.name, op.target.NewName, op.target.GroupID} {
			if v != "" {
				fmt.Fprintf(&b, " %q", v)
			}
		}
		if len(op.pairs) > 0 {
			fmt.Fprintf(&b, " %v", op.pairs)
		}
		b.WriteString(": ")
		switch {
		case out.unknown:
			b.WriteString("unknown")
		case out.code != "":
			b.WriteString(out.code)
			for _, v := range out.violations {
				b.WriteString(" " + v.Code + " " + v.Field)
			}
		case op.kind == opList:
			fmt.Fprint(&b, out.listed)
		case op.kind == opGroups:
			fmt.Fprint(&b, out.groups)
		case out.after.id != "":
			b.WriteString(out.after.String())
		default:
			b.WriteString("done")
		}
		return b.String()
	},
	DescribeState: func(state any) string { return state.(*world).text },
}
