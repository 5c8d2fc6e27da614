package dynamo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/refresher"
	"trueup/internal/testkit/storetest"
)

// Entries of the journal expire. A point from before the deleted ones is forgotten, and so is a text
// that is no point: neither may look like no change.
func TestR7_1_ForgottenChanges(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	world := refreshed{dynamo.Open(client, table)}
	add := func(number string) {
		t.Helper()
		must(t, world.Add(t.Context(), "a"+number, "unassigned", agreement.Pair{Authorization: number, License: number}))
	}
	add("1")
	store := refreshes(world.store)
	_, point, err := store.Changes(t.Context())
	must(t, err)
	add("2")
	pairs, answered, err := store.ChangedSince(t.Context(), point)
	must(t, err)
	if len(pairs) != 1 || len(answered) != 1 || answered[0].AgreementID != "a2" {
		t.Errorf("changed: %v, %+v", pairs, answered)
	}
	forget := func() {
		t.Helper()
		for sk, it := range storetest.Dump(t, client, table) {
			pk, _ := it["pk"].(string)
			if !strings.HasPrefix(pk, "JOURNAL#") || strings.Contains(sk, "HEAD") {
				continue
			}
			_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(table), Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: it["sk"].(string)},
			}})
			must(t, err)
		}
	}
	// The entries that were read are not read again: they may even be gone.
	forget()
	add("3")
	for range 2 {
		pairs, answered, err := store.ChangedSince(t.Context(), point)
		must(t, err)
		if len(pairs) != 2 || len(answered) != 2 || answered[0].AgreementID != "a2" || answered[1].AgreementID != "a3" {
			t.Errorf("changed: %v, %+v", pairs, answered)
		}
	}
	forget()
	store = refreshes(world.store) // as a new process
	for _, since := range []string{point, "no point!"} {
		if _, err := store.Count(t.Context(), refresher.Scope{Since: since}); !errors.Is(err, refresher.ErrForgotten) {
			t.Errorf("count since %q: %v", since, err)
		}
		if _, err := store.Pairs(t.Context(), refresher.Scope{Since: since}, 10, ""); !errors.Is(err, refresher.ErrForgotten) {
			t.Errorf("pairs since %q: %v", since, err)
		}
		if _, _, err := store.ChangedSince(t.Context(), since); !errors.Is(err, refresher.ErrForgotten) {
			t.Errorf("changed since %q: %v", since, err)
		}
	}
	_, now, err := store.Changes(t.Context())
	must(t, err)
	if n, err := store.Count(t.Context(), refresher.Scope{Since: now}); n != 0 || err != nil {
		t.Errorf("since now: %d, %v", n, err)
	}
}
