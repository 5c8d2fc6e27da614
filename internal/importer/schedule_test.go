package importer_test

import (
	"context"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"trueup/internal/aws/dynamo"
	"trueup/internal/testkit/storetest"
)

// schedules is the number of random schedules. The flag -rapid.checks overrides it.
const schedules = 200 / rarely

// TestR3_9_RandomSchedules delivers the same event one to five times, concurrently and in
// sequence, and again after an error. The table must be the same as after one delivery.
func TestR3_9_RandomSchedules(t *testing.T) {
	t.Parallel()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		must(t, f.Value.Set(strconv.Itoa(schedules)))
	}
	s := newStand(t)
	event := s.put(file("agreements/Sales/a.csv", "1,1,Office\n2,2,Visio\n3,3,office\n3,3,Office\n"))
	must(t, deliver(t.Context(), s.Importer, event))
	want := unstriped(storetest.Dump(t, s.engine, s.table))
	equal(t, "import", numbers(s.record(idOf(t, event))), "succeeded: 4 rows = 3 added + 1 unchanged + 0 rejected, 2 created, 0 extended")

	const most = 5
	var clients [most]*dynamodb.Client
	for i := range clients {
		clients[i] = client(storetest.Endpoint(t))
	}
	rapid.Check(t, func(rt *rapid.T) {
		s.clearTable()
		var at [most]time.Duration
		n := rapid.IntRange(1, most).Draw(rt, "deliveries")
		afterwards := rapid.IntRange(0, n-1).Draw(rt, "of which afterwards")
		for i := range n {
			at[i] = time.Duration(rapid.IntRange(0, 30_000).Draw(rt, "microseconds"))*time.Microsecond + time.Duration(i/2)*10*time.Millisecond
		}
		once := func(i int) error {
			im := *s.Importer // a separate process: nothing is cached
			im.Store = dynamo.Open(clients[i], s.table).Imports
			return deliver(context.Background(), &im, event)
		}
		again := make([]bool, n)
		var g errgroup.Group
		for i := range n - afterwards {
			g.Go(func() error {
				time.Sleep(at[i])
				again[i] = once(i) != nil // the error, if real, repeats at the next delivery
				return nil
			})
		}
		must(t, g.Wait())
		for i := range n {
			if again[i] || i >= n-afterwards {
				if err := once(i); err != nil {
					rt.Fatalf("delivery %d: %v", i+1, err)
				}
			}
		}
		if diff := cmp.Diff(want, unstriped(storetest.Dump(t, s.engine, s.table))); diff != "" {
			rt.Fatalf("table after %d deliveries (-once +now):\n%s", n, diff)
		}
	})
}

// clearTable empties the table.
func (s *stand) clearTable() {
	s.t.Helper()
	dump := storetest.Dump(s.t, s.engine, s.table)
	for keys := range slices.Chunk(slices.Collect(maps.Values(dump)), 25) {
		var requests []types.WriteRequest
		for _, item := range keys {
			requests = append(requests, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: item["pk"].(string)}, "sk": &types.AttributeValueMemberS{Value: item["sk"].(string)},
			}}})
		}
		_, err := s.engine.BatchWriteItem(s.t.Context(), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{s.table: requests},
		})
		must(s.t, err)
	}
}

var stripe = regexp.MustCompile(`^(JOURNAL#[a-z]+)#\d+\||^(JOURNAL#[a-z]+\|HEAD)#\d+$`)

// unstriped returns a dump that does not depend on which stripe of the journal a process wrote
// its only entry to.
func unstriped(dump map[string]map[string]any) map[string]map[string]any {
	same := make(map[string]map[string]any, len(dump))
	for key, item := range dump {
		if stripe.MatchString(key) {
			key = stripe.ReplaceAllString(key, "$1$2#n|")
			delete(item, "pk")
			delete(item, "sk")
			delete(item, "tip")
		}
		for same[key] != nil {
			key += " again"
		}
		same[key] = item
	}
	return same
}
