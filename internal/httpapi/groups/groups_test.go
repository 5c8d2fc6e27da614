package groups

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/group"
)

// restless is an organisation in which a group is created, gets an agreement and is deleted between
// any two reads, after quiet of them. Its agreements move between the groups.
type restless struct {
	group.Store
	agreement.Register

	quiet     int // reads without changes that are left
	reads     int
	created   int
	known     int64 // deletions that this process knows
	deletions int64
	counts    map[string]int // by group; Unassigned always has an entry
}

const agreements = 7

func (r *restless) change() {
	r.reads++
	if r.quiet--; r.quiet >= 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(r.counts)) {
		if id != group.UnassignedID {
			r.counts[group.UnassignedID] += r.counts[id]
			delete(r.counts, id)
			r.deletions++
		}
	}
	r.created++
	r.counts[fmt.Sprintf("g%03d", r.created)] = 1
	r.counts[group.UnassignedID]--
}

func (r *restless) Groups(context.Context) (all []group.Group, err error) {
	r.change()
	all = []group.Group{{ID: group.UnassignedID}}
	for _, id := range slices.Sorted(maps.Keys(r.counts)) {
		if id != group.UnassignedID {
			all = append(all, group.Group{ID: id})
		}
	}
	return all, nil
}

func (r *restless) ByGroup(context.Context) (map[string]int, agreement.Deletions, error) {
	r.change()
	r.known = r.deletions
	return maps.Clone(r.counts), agreement.Deletions{N: r.deletions}, nil
}

func (r *restless) Deletions() agreement.Deletions { return agreement.Deletions{N: r.known} }

// A list of groups ends, with each agreement counted once, although groups are created and deleted
// all the time.
func TestGroupsChangeAllTheTime(t *testing.T) {
	t.Parallel()
	for quiet := range 5 {
		r := &restless{quiet: quiet, counts: map[string]int{group.UnassignedID: agreements}}
		all, err := (&operations{Deps{Groups: r, Register: r}}).groups(t.Context())
		if err != nil {
			t.Fatalf("after %d quiet reads: %v", quiet, err)
		}
		total := 0
		for _, g := range all {
			total += g.Agreements
		}
		if total != agreements || all[0].Agreements < agreements-1 {
			t.Errorf("after %d quiet reads: %+v, want %d agreements, all or all but one Unassigned", quiet, all, agreements)
		}
		if most := 1 + 2*exact; r.reads > most || quiet >= 2 && r.reads != 2 {
			t.Errorf("after %d quiet reads: %d reads, want 2 if nothing changes and %d at most", quiet, r.reads, most)
		}
	}
}

// A process that does not know of a deletion cannot tell whether it was made between its reads. It
// reads once more.
func TestGroupsWereDeletedSinceTheLastRead(t *testing.T) {
	t.Parallel()
	r := &restless{quiet: 100, counts: map[string]int{group.UnassignedID: agreements}, deletions: 1}
	for _, reads := range []int{4, 2} {
		r.reads = 0
		all, err := (&operations{Deps{Groups: r, Register: r}}).groups(t.Context())
		if err != nil || len(all) != 1 || all[0].Agreements != agreements || r.reads != reads {
			t.Errorf("%+v after %d reads (%v), want %d agreements after %d", all, r.reads, err, agreements, reads)
		}
	}
}
