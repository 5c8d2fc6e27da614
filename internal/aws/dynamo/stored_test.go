package dynamo

import (
	"encoding/json"
	"hash/fnv"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/entitlement"
	"trueup/internal/register"
	"trueup/internal/testkit/golden"
)

// storedItem is a type of items. Items have no attribute for their version: a changed type
// must read the items that are already stored.
type storedItem struct {
	zero any
	// was has, for each older version from 1, the attributes that have another name in the
	// current version: by current path, the path in that version, or "" if it had none.
	was []map[string]string
	// parts are types with some of the attributes of the item.
	parts []any
}

// wholeHead has all attributes of the heads of the journal of agreements: no type of the
// package reads all of them.
type wholeHead struct {
	PK       string   `dynamodbav:"pk"`
	SK       string   `dynamodbav:"sk"`
	Seq      int64    `dynamodbav:"seq"`
	Weight   int64    `dynamodbav:"weight"`
	Saved    int64    `dynamodbav:"saved"`
	Gone     []string `dynamodbav:"gone"`
	Deleted  []string `dynamodbav:"deleted"`
	Tip      string   `dynamodbav:"tip"`
	TipSeq   int64    `dynamodbav:"tip_seq"`
	Copied   int64    `dynamodbav:"copied"`
	CopiedAt int64    `dynamodbav:"copied_at"`
	Checks   int      `dynamodbav:"checks"`
	Checked  int64    `dynamodbav:"checked"`
	Retired  int64    `dynamodbav:"retired"`
	Changes  int64    `dynamodbav:"changes"`
	Changed  int64    `dynamodbav:"changed"`
}

func storedItems() map[string]storedItem {
	return map[string]storedItem{
		"agreement": {zero: agreementItem{}}, "details": {zero: detailsItem{}}, "name": {zero: nameItem{}}, "orphans": {zero: orphansItem{}},
		"pair": {zero: pairItem{}}, "known-pair": {zero: knownItem{}, was: []map[string]string{{"mark.counts.of_pair": ""}}}, "answer": {zero: answerItem{}}, "aside": {zero: asideRecord{}, was: []map[string]string{{"mark.counts.of_pair": ""}}},
		"results": {zero: resultsItem{}, was: []map[string]string{{"mark.counts.of_pair": "", "aside.mark.counts.of_pair": ""}}},
		"group":   {zero: groupItem{}}, "group-name": {zero: groupNameItem{}}, "group-count": {zero: groupCountItem{}}, "tombstone": {zero: tombstoneItem{}},
		"import": {zero: importItem{}, was: []map[string]string{{"record.principal": ""}}}, "open-import": {zero: openImportItem{}}, "writer": {zero: leaseItem{}}, "clearing": {zero: clearingItem{}},
		"stage": {zero: stageItem{}}, "commits": {zero: commitsItem{}},
		"refresh": {zero: runItem{}, was: []map[string]string{{
			"record.kind": "", "record.reached": "", "record.since": "", "next.record.kind": "", "next.record.reached": "", "next.record.since": "",
			"record.counts.of_pair": "", "next.record.counts.of_pair": "",
		}, {"record.counts.of_pair": "", "next.record.counts.of_pair": ""}}},
		"open-refresh": {zero: refreshItem{}, was: []map[string]string{{"settled": "", "full": "", "ended_run": "", "settled_run": "", "known_token": ""}, {"ended_run": "", "settled_run": "", "known_token": ""}}}, "held-refresh": {zero: heldItem{}}, "fence": {zero: fenceItem{}},
		"statement": {zero: statementItem{}, was: []map[string]string{{"record.hints": "", "record.principal": ""}, {"record.principal": ""}}}, "newest-statement": {zero: newestItem{}}, "snapshot": {zero: snapshotItem{}, was: []map[string]string{{"supplement": "", "subscriptions": ""}, {"subscriptions": ""}}},
		"adjustments":  {zero: adjustmentsItem{}},
		"subscription": {zero: subscriptionItem{}}, "subscription-name": {zero: subscriptionNameItem{}}, "subscription-count": {zero: subscriptionCountItem{}},
		"directory-file": {zero: directoryFileItem{}, was: []map[string]string{{"expires": "", "record.annotated": "", "record.deleting": ""}, {"record.annotated": "", "record.deleting": ""}, {"record.deleting": ""}}}, "open-directory-file": {zero: openDirectoryFileItem{}}, "newest-directory-file": {zero: newestFileItem{}}, "directory-lease": {zero: leaseItem{}},
		"digest-day": {zero: digestDayItem{}}, "sent-reminder": {zero: sentItem{}}, "feed": {zero: feedItem{}}, "feed-hash": {zero: feedHashItem{}},
		"license-job": {zero: licenseJobItem{}, was: []map[string]string{{"order.source": ""}}}, "open-license-job": {zero: openLicenseJobItem{}},
		"seats": {zero: seatsItem{}}, "user": {zero: userItem{}, was: []map[string]string{{"excluded": "", "excluded_until": "", "waiting": ""}}}, "upn": {zero: upnItem{}},
		"device": {zero: deviceItem{}}, "device-name": {zero: deviceNameItem{}}, "directory-id": {zero: directoryIDItem{}}, "device-group": {zero: deviceGroupItem{}, was: []map[string]string{{"nested": ""}}},
		"device-group-name": {zero: deviceGroupNameItem{}}, "device-group-count": {zero: deviceGroupCountItem{}}, "members": {zero: membersItem{}},
		"pending-members": {zero: pendingItem{}}, "holder": {zero: holderItem{}},
		"view": {zero: viewItem{}, was: []map[string]string{{"sending.attempts": "", "sending.skipped": ""}}}, "view-file": {zero: viewFileItem{}, was: []map[string]string{{"report": ""}}}, "own-views": {zero: ownViewsItem{}}, "view-place": {zero: viewPlaceItem{}},
		"inventory": {zero: inventoryItem{}, was: []map[string]string{
			{"good.other_platforms": "", "good.macos": "", "good.pcs": "", "next": ""}, {"good.macos": "", "good.pcs": "", "next": ""}, {"good.pcs": "", "next": ""}, {"good.pcs": "", "next.pcs": ""},
		}}, "rules": {zero: rulesItem{}},
		"head": {zero: wholeHead{}, parts: []any{headItem{}, agreementHead{}}}, "entry": {zero: entryItem{}}, "audit": {zero: auditItem{}, was: []map[string]string{{"by_name": ""}}}, "caller": {zero: callerItem{}}, "idempotency": {zero: onceItem{}},
	}
}

// Items of every version must stay readable.
func TestR16_6_StoredItems(t *testing.T) {
	t.Parallel()
	for name, stored := range storedItems() {
		format, version := "item-"+name, len(stored.was)+1
		golden.Shape(t, format, version, stored.zero)
		current := itemJSON(t, marshal(everyField(stored.zero, nil)))
		golden.Versions(t, format, "json", version, func() []byte { return current }, func(v int, sample []byte) {
			it, err := attributevalue.UnmarshalMapJSON(sample)
			if err != nil {
				t.Fatal(err)
			}
			var was map[string]string
			if v < version {
				was = stored.was[v-1]
			} else if diff := cmp.Diff(string(sample), string(current)); diff != "" {
				t.Errorf("%s is written in another way (-version %d +now):\n%s", format, v, diff)
			}
			every := cmp.Exporter(func(reflect.Type) bool { return true }) // types embed unexported ones
			for _, zero := range append([]any{stored.zero}, stored.parts...) {
				got := reflect.New(reflect.TypeOf(zero))
				if err := attributevalue.UnmarshalMap(it, got.Interface()); err != nil {
					t.Errorf("%s, version %d: %v", format, v, err)
				}
				if diff := cmp.Diff(everyField(zero, was), got.Elem().Interface(), every); diff != "" {
					t.Errorf("%s, version %d (-want +got):\n%s", format, v, diff)
				}
			}
		})
	}
}

// Every item of the key table has a type with samples.
func TestR16_6_EveryItemIsStored(t *testing.T) {
	t.Parallel()
	types := map[reflect.Type]bool{}
	for _, stored := range storedItems() {
		for _, zero := range append([]any{stored.zero}, stored.parts...) {
			types[reflect.TypeOf(zero)] = true
		}
	}
	for _, p := range patterns() {
		if !types[reflect.TypeOf(p.zero)] {
			t.Errorf("%s: storedItems does not have its type %T", p.entity, p.zero)
		}
	}
}

// itemJSON returns an item in the JSON of DynamoDB, with sorted attributes.
func itemJSON(t *testing.T, it item) []byte {
	t.Helper()
	encoded, err := attributevalue.MarshalMapJSON(it)
	if err != nil {
		t.Fatal(err)
	}
	var sorted any
	if err := json.Unmarshal(encoded, &sorted); err != nil {
		t.Fatal(err)
	}
	encoded, err = json.MarshalIndent(sorted, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(encoded, '\n')
}

// everyField returns a value of the type of zero. Each field has a value that depends on the
// path of its attribute: on its tag, so that a Go field can be renamed. was is the paths of
// an older version, see storedItem.
func everyField(zero any, was map[string]string) any {
	v := reflect.New(reflect.TypeOf(zero)).Elem()
	fill(v, "", was, map[reflect.Type]bool{})
	return v.Interface()
}

// fill sets all fields of v. It stops at a type that contains itself.
func fill(v reflect.Value, path string, was map[string]string, within map[reflect.Type]bool) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(path)
	case reflect.Int, reflect.Int64:
		sum := fnv.New32()
		_, _ = sum.Write([]byte(path)) // never fails
		v.SetInt(1 + int64(sum.Sum32()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		if !within[v.Type().Elem()] {
			v.Set(reflect.New(v.Type().Elem()))
			within[v.Type().Elem()] = true
			fill(v.Elem(), path, was, within)
			within[v.Type().Elem()] = false
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(path))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path, was, within)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, "key", was, within)
		fill(value, path, was, within)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			tag, _, _ := strings.Cut(field.Tag.Get("dynamodbav"), ",")
			at := strings.TrimPrefix(path+"."+tag, ".")
			if field.Anonymous {
				at = path
			}
			if before, changed := was[at]; changed {
				if before == "" {
					continue
				}
				at = before
			}
			fill(v.Field(i), at, was, within)
		}
	default:
		panic("fill does not know " + v.Type().String())
	}
}

// A run that a release began is continued by the next release, so the next release must read
// its cursor.
func TestR16_6_StoredCursors(t *testing.T) {
	t.Parallel()
	want := register.PairRef{AgreementID: "a1", Pair: "01-07001+01-07001"}
	golden.Shape(t, "refresh-cursor", 1, want)
	golden.Versions(t, "refresh-cursor", "txt", 1, func() []byte { return []byte(encodePairCursor(want)) }, func(version int, sample []byte) {
		if got, err := decodePairCursor(string(sample)); got != want || err != nil {
			t.Errorf("version %d: %+v, %v", version, got, err)
		}
	})
}

func TestR16_6_StoredEntitlements(t *testing.T) {
	t.Parallel()
	office := entitlement.Entitlement{
		Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Type: "License",
		Effective: 10, ActiveSA: 4, Unresolved: 1, Start: "2026-01-01", End: "2028-12-31", SAEnd: "2027-12-31",
	}
	few := []entitlement.Entitlement{office, {Family: "Visio"}}
	many := make([]entitlement.Entitlement, 40)
	for i := range many {
		many[i] = office
		many[i].Family = strings.Repeat("Office ", 5)
	}
	for format, list := range map[string][]entitlement.Entitlement{"entitlements": few, "entitlements-packed": many} {
		golden.Versions(t, format, "bin", 1, func() []byte { return encodeEntitlements(list) }, func(version int, sample []byte) {
			got, err := decodeEntitlements(sample)
			if diff := cmp.Diff(list, got); diff != "" || err != nil {
				t.Errorf("%s, version %d: %v (-want +got)\n%s", format, version, err, diff)
			}
		})
	}
}
