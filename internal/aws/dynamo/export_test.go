package dynamo

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// Cursor returns a forged cursor of a query.
func Cursor(after string, query ...string) string { return cursor{After: after}.encode(query...) }

// AuditItem returns the item of an event.
func AuditItem(e audit.Event) map[string]types.AttributeValue { return marshal(newAuditItem(e)) }

// AnnounceDeletion announces the deletion of a license group.
func AnnounceDeletion(ctx context.Context, table *Table, id string, at time.Time) error {
	return table.tombstones.announceDeletion(ctx, id, rand.Text(), at)
}

// Announced returns whether each tombstone of a license group is an announcement.
func Announced(ctx context.Context, t testing.TB, table *Table, id string) (announced [tombstonesPerGroup]bool) {
	t.Helper()
	for n := range announced {
		p, sort := tombstoneKey(id, n)
		it, err := table.db.get(ctx, p, sort)
		if err != nil {
			t.Fatal(err)
		}
		announced[n] = attr(it, announcement) != ""
	}
	return announced
}

// Within runs a transaction on the condition that a license group was not deleted.
func Within(ctx context.Context, table *Table, id string) error {
	entry := agreementRecord("", 1, time.Time{})
	entry.guard = existing{table.tombstones, []string{id}}
	return table.journals.append(ctx, nil, entry)
}

// CountSubscriptions adds to the number of subscriptions.
func CountSubscriptions(ctx context.Context, table *Table, n int) error {
	return table.db.transact(ctx, []*action{table.Subscriptions.counting(n)})
}

// CountDeviceGroups adds to the number of groups of devices.
func CountDeviceGroups(ctx context.Context, table *Table, n int) error {
	_, err := table.db.edit(ctx, time.Time{}, func(e *edit) error {
		all, err := table.Devices.groups(ctx)
		table.Devices.move(e, all, n)
		return err
	})
	return err
}

// StoreGroups stores groups of devices with their members and the changes that wait.
func StoreGroups(ctx context.Context, table *Table, groups []device.Group) error {
	for some := range slices.Chunk(groups, 10) {
		var actions []*action
		for _, g := range some {
			g.Count, g.Waiting = len(g.Devices), g.Pending != nil
			actions = append(actions, table.db.put(newDeviceGroupItem(g), "", nil), table.db.put(membersItem{keyed(membersKey(g.ID)), joinedMillis(g.Devices)}, "", nil))
			if p := g.Pending; p != nil {
				actions = append(actions, table.db.put(pendingItem{keyed(pendingKey(g.ID)), joinedMillis(p.Devices), p.Groups, "someone", 1}, "", nil))
			}
		}
		if err := table.db.transact(ctx, actions); err != nil {
			return err
		}
	}
	return CountDeviceGroups(ctx, table, len(groups))
}

// Known returns the agreements of the pairs that refs name and their agreements still have.
func Known(ctx context.Context, table *Table, refs []register.PairRef) ([]string, error) {
	found, err := table.parts.agreements.known(ctx, refs, "")
	owners := make([]string, len(found))
	for i, known := range found {
		owners[i] = known.Agreement
	}
	return owners, err
}

// Follow records the run that follows an open run, as that was read.
func Follow(ctx context.Context, r *Refreshes, open, next refresher.Run) error {
	return lost(r.db.transact(ctx, []*action{r.followed(open, next)}))
}

// Holder returns the group that the holder's item of a subscription names; empty for none.
func Holder(ctx context.Context, table *Table, subscriptionID string) (string, error) {
	p, sort := holderKey(subscriptionID)
	it, err := table.db.get(ctx, p, sort)
	return attr(it, "group"), err
}
