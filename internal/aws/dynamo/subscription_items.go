package dynamo

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/day"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// subscriptionItem is the description of a subscription. Its seats have an item of their own.
type subscriptionItem struct {
	itemKey
	ID         string            `dynamodbav:"id"`
	Name       string            `dynamodbav:"name"`
	Kind       subscription.Kind `dynamodbav:"kind"`
	SKU        string            `dynamodbav:"sku,omitempty"`
	PartNumber string            `dynamodbav:"part_number,omitempty"`
	Services   []serviceRecord   `dynamodbav:"services,omitempty"`
	Countries  []string          `dynamodbav:"countries,omitempty"`
	Amount     int64             `dynamodbav:"amount,omitempty"` // of the price, in hundredths
	Currency   string            `dynamodbav:"currency,omitempty"`
	Agreement  string            `dynamodbav:"agreement,omitempty"`
	Unwatched  bool              `dynamodbav:"unwatched,omitempty"`
	Created    int64             `dynamodbav:"created"`
	Version    int64             `dynamodbav:"version"`
}

// serviceRecord is a service of a subscription.
type serviceRecord struct {
	ID        string   `dynamodbav:"id"`
	Name      string   `dynamodbav:"name"`
	Requires  []string `dynamodbav:"requires,omitempty"`
	Excludes  []string `dynamodbav:"excludes,omitempty"`
	Countries []string `dynamodbav:"countries,omitempty"`
}

func newSubscriptionItem(s subscription.Subscription) subscriptionItem {
	i := subscriptionItem{
		itemKey: keyed(subscriptionKey(s.ID)), ID: s.ID, Name: s.Name, Kind: s.Kind, SKU: s.SKU, PartNumber: s.PartNumber,
		Countries: s.Countries, Amount: s.Price.Amount, Currency: s.Price.Currency, Agreement: s.AgreementID,
		Unwatched: s.Unwatched, Created: millis(s.CreatedAt), Version: s.Version,
	}
	for _, v := range s.Services {
		i.Services = append(i.Services, serviceRecord(v))
	}
	return i
}

func (i subscriptionItem) subscription() subscription.Subscription {
	s := subscription.Subscription{
		ID: i.ID, Name: i.Name, Kind: i.Kind, SKU: i.SKU, PartNumber: i.PartNumber, Countries: i.Countries,
		Price: subscription.Price{Amount: i.Amount, Currency: i.Currency}, AgreementID: i.Agreement,
		Unwatched: i.Unwatched, CreatedAt: fromMillis(i.Created), Version: i.Version,
	}
	for _, r := range i.Services {
		s.Services = append(s.Services, subscription.Service(r))
	}
	return s
}

// subscriptionNameItem records which subscription has a name.
type subscriptionNameItem struct {
	itemKey
	ID   string `dynamodbav:"id"`   // of the subscription
	Name string `dynamodbav:"name"` // folded
}

func newSubscriptionNameItem(id, name string) subscriptionNameItem {
	folded := text.Fold(name)
	return subscriptionNameItem{keyed(subscriptionNameKey(folded)), id, folded}
}

// subscriptionCountItem has the number of subscriptions.
type subscriptionCountItem struct {
	itemKey
	N int `dynamodbav:"n"`
	// Tip is another random text after each change of a description. As long as it is the same, so are
	// all descriptions: a number could be the same again after the table was restored.
	Tip string `dynamodbav:"tip"`
}

// seatsItem has the number of licences of a subscription and its term. It is the only item that
// changes of different users have in common. avail is qty - assigned in every version of the item: a
// condition cannot add, so the difference is stored.
type seatsItem struct {
	itemKey
	Quantity   int      `dynamodbav:"qty"`
	Assigned   int      `dynamodbav:"assigned"`
	Available  int      `dynamodbav:"avail"`
	EndsOn     day.Date `dynamodbav:"ends,omitempty"`
	Months     int      `dynamodbav:"months"`
	AutoRenew  bool     `dynamodbav:"auto_renew"`
	ShortSince int64    `dynamodbav:"short_since,omitempty"`
	AsOf       int64    `dynamodbav:"as_of,omitempty"`
	Version    int64    `dynamodbav:"version"`
}

func newSeatsItem(id string, s subscription.Seats) seatsItem {
	return seatsItem{
		itemKey: keyed(seatsKey(id)), Quantity: s.Quantity, Assigned: s.Assigned, Available: s.Available, EndsOn: s.EndsOn,
		Months: s.Months, AutoRenew: s.AutoRenew, ShortSince: millis(s.ShortSince), AsOf: millis(s.AsOf), Version: s.Version,
	}
}

func (i seatsItem) seats() subscription.Seats {
	return subscription.Seats{
		Quantity: i.Quantity, Assigned: i.Assigned, Available: i.Available, EndsOn: i.EndsOn, Months: i.Months,
		AutoRenew: i.AutoRenew, ShortSince: fromMillis(i.ShortSince), AsOf: fromMillis(i.AsOf), Version: i.Version,
	}
}

// seating returns the action that changes how many licences of a subscription are assigned: assign are
// assigned and release are released in the same transaction. It needs an active term on a day, and as
// many free licences as are assigned, unless it only releases.
func (db *engine) seating(id string, assign, release int, today day.Date) *action {
	const (
		allOld = types.ReturnValuesOnConditionCheckFailureAllOld
		// As subscription.Seats.Status judges it.
		active = "(attribute_not_exists(ends) OR ends >= :today OR auto_renew = :yes AND months > :zero)"
	)
	// Licences that the same transaction releases are free for it. During a shortage they are not: the
	// quantity is below the number of users even after the release.
	condition, values := "attribute_exists(pk)", item{}
	if assign > 0 {
		condition = "avail >= :needed AND " + active
		values = item{
			":needed": num(int64(assign - release)), ":today": str(string(today)), ":yes": &types.AttributeValueMemberBOOL{Value: true}, ":zero": num(0),
		}
	}
	if assign == release {
		return &action{ConditionCheck: &types.ConditionCheck{
			TableName: &db.table, Key: key(seatsKey(id)), ConditionExpression: &condition, ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: allOld,
		}}
	}
	values[":more"], values[":less"] = num(int64(assign-release)), num(int64(release-assign))
	return &action{Update: &types.Update{
		TableName: &db.table, Key: key(seatsKey(id)), UpdateExpression: aws.String("ADD assigned :more, avail :less"),
		ConditionExpression: &condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: allOld,
	}}
}

// waiting returns the action that checks that no licence of a subscription is free. So nobody begins to
// wait while one is: who releases a licence later finds the user waiting.
func (db *engine) waiting(id string) *action {
	return &action{ConditionCheck: &types.ConditionCheck{
		TableName: &db.table, Key: key(seatsKey(id)), ConditionExpression: aws.String("avail < :one"),
		ExpressionAttributeValues: item{":one": num(1)}, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// userItem is a user with all licences.
type userItem struct {
	itemKey
	ID         string                 `dynamodbav:"id"`
	ObjectID   string                 `dynamodbav:"object_id,omitempty"`
	UPN        string                 `dynamodbav:"upn"`
	Name       string                 `dynamodbav:"name"`
	Location   string                 `dynamodbav:"location,omitempty"`
	Department string                 `dynamodbav:"department,omitempty"`
	Type       subscription.UserType  `dynamodbav:"type"`
	Disabled   bool                   `dynamodbav:"disabled,omitempty"`
	Seen       int64                  `dynamodbav:"seen,omitempty"`
	Excluded   bool                   `dynamodbav:"excluded,omitempty"`
	Until      day.Date               `dynamodbav:"excluded_until,omitempty"`
	Licenses   map[string]grantRecord `dynamodbav:"licenses,omitempty"`
	Waiting    map[string]grantRecord `dynamodbav:"waiting,omitempty"`
	Former     map[string]grantRecord `dynamodbav:"former,omitempty"`
	Created    int64                  `dynamodbav:"created"`
	Deleted    int64                  `dynamodbav:"deleted,omitempty"`
	Version    int64                  `dynamodbav:"version"`
	Expires    int64                  `dynamodbav:"expires,omitempty"` // schema.TTL, of a deleted user
}

// grantRecord is a licence of a user.
type grantRecord struct {
	At   int64    `dynamodbav:"at"`
	By   string   `dynamodbav:"by"`
	Call string   `dynamodbav:"call,omitempty"`
	Off  []string `dynamodbav:"off,omitempty"`
	Via  string   `dynamodbav:"via"`
}

// keptDeleted is how long the item of a deleted user is kept after the user can no longer be restored.
// Readers compare the clock; the margin keeps a restoration at the last moment apart from the deletion
// of the item.
const keptDeleted = 7 * 24 * time.Hour

func newUserItem(u subscription.User) userItem {
	i := userItem{
		itemKey: keyed(userKey(u.ID)), ID: u.ID, ObjectID: u.ObjectID, UPN: u.UPN, Name: u.Name, Location: u.Location,
		Department: u.Department, Type: u.Type, Disabled: u.Disabled, Seen: millis(u.Seen), Excluded: u.Excluded, Until: u.ExcludedUntil,
		Licenses: grantRecords(u.Licenses), Waiting: grantRecords(u.Waiting), Former: grantRecords(u.Former), Created: millis(u.CreatedAt), Deleted: millis(u.DeletedAt), Version: u.Version,
	}
	if !u.DeletedAt.IsZero() {
		i.Expires = u.RestorableUntil().Add(keptDeleted).Unix()
	}
	return i
}

func (i userItem) user() subscription.User {
	return subscription.User{
		ID: i.ID, ObjectID: i.ObjectID, UPN: i.UPN, Name: i.Name, Location: i.Location, Department: i.Department, Type: i.Type,
		Disabled: i.Disabled, Seen: fromMillis(i.Seen), Excluded: i.Excluded, ExcludedUntil: i.Until,
		Licenses: grants(i.Licenses), Waiting: grants(i.Waiting), Former: grants(i.Former),
		CreatedAt: fromMillis(i.Created), DeletedAt: fromMillis(i.Deleted), Version: i.Version,
	}
}

func grantRecords(all map[string]subscription.Grant) map[string]grantRecord {
	records := make(map[string]grantRecord, len(all))
	for id, g := range all {
		records[id] = grantRecord{At: millis(g.At), By: g.By, Call: g.Call, Off: g.Off, Via: g.Via}
	}
	return records
}

func grants(records map[string]grantRecord) map[string]subscription.Grant {
	if len(records) == 0 {
		return nil
	}
	all := make(map[string]subscription.Grant, len(records))
	for id, r := range records {
		all[id] = subscription.Grant{At: fromMillis(r.At), By: r.By, Call: r.Call, Off: r.Off, Via: r.Via}
	}
	return all
}

// upnItem records which user has a user principal name.
type upnItem struct {
	itemKey
	ID string `dynamodbav:"id"` // of the user
}
