package groups

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/retry"
)

// Group is a license group.
type Group struct {
	ID             string    `json:"id" doc:"The id of the group. It never changes." example:"unassigned"`
	Name           string    `json:"name" doc:"The name, which is unique. The name of the built-in group is in the reader's language." example:"Unassigned agreements"`
	BuiltIn        bool      `json:"builtIn" doc:"Whether this is the built-in group, which always exists and cannot be renamed or deleted." example:"true"`
	AgreementCount int       `json:"agreementCount" minimum:"0" doc:"The number of its agreements." example:"12"`
	CreatedAt      time.Time `json:"createdAt,omitzero" doc:"When the group was created; absent for the built-in group." example:"2026-11-21T09:30:00Z"`
	Version        int64     `json:"version" minimum:"0" doc:"Grows with every change to the group itself." example:"1"`
}

func groupOf(lang i18n.Lang, g group.Group) Group {
	out := Group{
		ID:             g.ID,
		Name:           g.Name,
		BuiltIn:        g.ID == group.UnassignedID,
		AgreementCount: g.Agreements,
		CreatedAt:      g.CreatedAt.UTC(),
		Version:        g.Version,
	}
	if out.BuiltIn {
		out.Name = i18n.Text(lang, i18n.UnassignedAgreements, nil)
	}
	return out
}

// group returns a license group with the number of its agreements.
func (o *operations) group(ctx context.Context, id string) (group.Group, error) {
	// The counts first: they are then valid at a moment at which the group existed.
	counts, _, err := o.Register.ByGroup(ctx)
	if err != nil {
		return group.Group{}, err
	}
	g, err := o.Groups.Group(ctx, id)
	g.Agreements = counts[id]
	return g, err
}

// reading is the policy for reads of groups and counts, which are repeated if a group was created
// or deleted in between. The last attempt needs no quiet moment.
var reading = retry.Policy{Attempts: exact + 1, First: 5 * time.Millisecond, Longest: 50 * time.Millisecond}

// exact is how often groups looks for one moment at which both were as it read them.
const exact = 3

// groups returns every license group with the number of its agreements: each agreement is counted
// exactly once. An agreement whose group does not exist counts as Unassigned: an older release may
// delete a group without the agreements that it does not know, until the schedule moves them.
//
// Groups and counts are those of one moment, unless groups are created or deleted all the time. One
// read of each is enough if no group was deleted since this process last read the register.
// Then the counts are those of a moment during the call, the groups were read after it, and a group
// that was created in between has no agreements.
func (o *operations) groups(ctx context.Context) (all []group.Group, err error) {
	deletions := o.Register.Deletions() // before the groups are read
	var counts, absent map[string]int   // absent: agreements in groups that were absent at the last read
	attempt := 0
	err = retry.Do(ctx, reading, func() (err error) {
		if all, err = o.Groups.Groups(ctx); err != nil {
			return err
		}
		if attempt++; attempt > exact {
			// A group is stored before its agreements, so a group that was counted and is absent
			// now was deleted, and its agreements became Unassigned.
			distribute(all, counts)
			return nil
		}
		var now agreement.Deletions
		if counts, now, err = o.Register.ByGroup(ctx); err != nil {
			return err
		}
		// A group that was absent before the groups were read was not created in between.
		missing, known := absentOf(all, counts), true
		for groupID := range missing {
			_, before := absent[groupID]
			known = known && before
		}
		if now != deletions || !known {
			deletions, absent = now, missing
			return retry.Again(errGroupsChange)
		}
		distribute(all, counts)
		return nil
	})
	return all, err
}

// absentOf returns the counts of the groups that are not in a list.
func absentOf(all []group.Group, counts map[string]int) map[string]int {
	absent := maps.Clone(counts)
	for i := range all {
		delete(absent, all[i].ID)
	}
	return absent
}

// distribute sets the number of agreements of each group. The first one, Unassigned, also gets those
// of groups that are absent.
func distribute(all []group.Group, counts map[string]int) {
	for i := range all {
		all[i].Agreements = counts[all[i].ID]
	}
	for _, n := range absentOf(all, counts) {
		all[0].Agreements += n
	}
}

var errGroupsChange = errors.New("license groups were created or deleted while they were counted")

// Groups is the list of all license groups.
type Groups struct {
	Items []Group `json:"items" doc:"The groups, the built-in one first, the others sorted by name."`
}

type listGroupsInput struct{ httpapi.Reader }

type listGroupsOutput struct{ Body Groups }

func (o *operations) groupOperations() httpapi.Operations {
	return httpapi.Operations{
		"listGroups": o.listGroups,
		"getGroup":   o.getGroup,
	}
}

func (o *operations) listGroups(api huma.API, op huma.Operation) {
	op.Summary = "List license groups"
	op.Description = "Lists every license group with the number of its agreements, in one page."
	huma.Register(api, op, func(ctx context.Context, in *listGroupsInput) (*listGroupsOutput, error) {
		found, err := o.groups(ctx)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return &listGroupsOutput{Groups{httpapi.PageOf(found, "", func(g group.Group) Group { return groupOf(lang, g) }).Items}}, nil
	})
}

// GroupID is the path parameter of a group.
type GroupID struct {
	ID string `path:"id" maxLength:"64" doc:"The group's id." example:"unassigned"`
}

type getGroupInput struct {
	httpapi.Reader
	httpapi.Condition
	GroupID
}

func (o *operations) getGroup(api huma.API, op huma.Operation) {
	op.Summary = "Read a license group"
	op.Description = "Returns one license group with the number of its agreements."
	op.Errors = append(op.Errors, http.StatusNotFound)
	httpapi.NotModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getGroupInput) (*httpapi.Tagged[Group], error) {
		g, err := o.group(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return httpapi.Current(in.Condition, httpapi.ETag(lang, g.Version, g.Agreements), groupOf(lang, g)), nil
	})
}
