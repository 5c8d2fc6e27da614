package dynamo

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/register"
)

// What the journal of agreements stores beside its entries. Type journals does not
// interpret it.

// journalRetention is how long the entries of the journals of agreements and of users are kept. A
// process or a saved copy that is further behind reads the table.
const journalRetention = 30 * 24 * time.Hour

// agreementRecord returns an entry of the journal of agreements.
func agreementRecord(body string, weight int, at time.Time) record {
	return record{name: register.JournalName, body: body, weight: weight, expires: at.Add(journalRetention)}
}

// agreementHead has the attributes that only the heads of the journal of agreements have.
type agreementHead struct {
	// In the first stripe: the license groups that were deleted but not yet emptied. Gone is
	// shared with releases without stripes; Deleted is only written by releases with stripes.
	// A release without stripes removes a group from Gone without moving the agreements that
	// other stripes put into the group.
	Gone    []string `dynamodbav:"gone"`
	Deleted []string `dynamodbav:"deleted"`

	// In the first stripe: how often Upkeep checked the groups that agreements are stored
	// under, and when it last did, in milliseconds.
	Checks  int   `dynamodbav:"checks"`
	Checked int64 `dynamodbav:"checked"`

	// In the first stripe: Upkeep.Retire has checked the expiry of the entries up to this one.
	Retired int64 `dynamodbav:"retired"`

	// How many changes of this stripe made licence data stale, and when the last one did, in
	// milliseconds (R7.3).
	Changes int64 `dynamodbav:"changes"`
	Changed int64 `dynamodbav:"changed"`
}

// gone returns the license groups that were deleted but not yet emptied.
func (i agreementHead) gone() []string {
	all := slices.Clone(i.Deleted)
	for _, id := range i.Gone {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// deletedGroups returns the payload of the journal of agreements, see register.Gone.
func deletedGroups(head item) ([]string, error) {
	i, err := decode[agreementHead](head)
	return i.gone(), err
}

// outdating returns the change of a head for a transaction that makes licence data stale
// (R7.3).
func outdating(at time.Time) headChange {
	return headChange{set: ", changed = :now", add: ", changes :one", values: item{":now": num(millis(at)), ":one": num(1)}}
}

// list returns strings as an attribute.
func list(values []string) types.AttributeValue {
	l := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(values))}
	for i, v := range values {
		l.Value[i] = str(v)
	}
	return l
}
