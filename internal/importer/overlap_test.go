package importer_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/importer"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// TestR3_9_OverlappingFilesAtOnce lets two functions import files with common pairs: one wins,
// and the findings of the other name the owner of the pairs.
func TestR3_9_OverlappingFilesAtOnce(t *testing.T) {
	t.Parallel()
	for _, onError := range []string{"reject", "skip"} {
		for repetition := range 5 {
			t.Run(fmt.Sprintf("%s %d", onError, repetition), func(t *testing.T) {
				t.Parallel()
				s := newStand(t)
				var files [2]upload
				for i, name := range []string{"Left", "Right"} {
					var body strings.Builder
					for n := range 150 { // more than one transaction
						fmt.Fprintf(&body, "%d,%d,%s %d\n", i*100+n, i*100+n, name, n%3)
					}
					files[i] = file("agreements/"+name+"/a.csv", body.String(), importer.MetaOnError, onError)
				}
				var imports [2]importer.Import
				var g errgroup.Group
				events := [2][]byte{s.put(files[0]), s.put(files[1])}
				for i := range events {
					g.Go(func() error { return deliver(t.Context(), s.importer(storetest.Endpoint(t)), events[i]) })
				}
				must(t, g.Wait())
				winner := -1
				for i, event := range events {
					imports[i] = s.record(idOf(t, event))
					if imports[i].Errors == 0 {
						winner = i
					}
				}
				if winner < 0 {
					t.Fatalf("nobody won: %s; %s", numbers(imports[0]), numbers(imports[1]))
				}
				equal(t, "winner", numbers(imports[winner]), "succeeded: 150 rows = 150 added + 0 unchanged + 0 rejected, 3 created, 0 extended")
				loser := imports[1-winner]
				want := "rejected: 150 rows = 0 added + 0 unchanged + 150 rejected, 0 created, 0 extended"
				if onError == "skip" {
					want = "succeeded: 150 rows = 100 added + 0 unchanged + 50 rejected, 3 created, 0 extended"
				}
				equal(t, "loser", numbers(loser), want)
				findings := s.findings(loser)
				equal(t, "findings of the loser", len(findings), 50)
				for i, line := range findings {
					row, theirs := i, 100+i // row of the right file in the left one
					if winner == 1 {
						row, theirs = 100+i, i
					}
					name := []string{"Left", "Right"}[winner]
					if line != fmt.Sprintf("error %d.1 pair_taken %s %d", row+1, name, theirs%3) {
						t.Errorf("finding %q of row %d", line, row)
					}
				}
				owners := map[string]int{}
				for _, line := range s.seen() {
					_, pairs, _ := strings.Cut(line, ": ")
					for _, pair := range strings.Fields(pairs) {
						owners[pair]++
					}
				}
				pairs := 150
				if onError == "skip" {
					pairs = 250
				}
				equal(t, "pairs", len(owners), pairs)
				for pair, n := range owners {
					if n != 1 {
						t.Errorf("%s belongs to %d agreements", pair, n)
					}
				}
				if left := s.staged(loser.ID); onError == "reject" && len(left) > 0 {
					t.Errorf("the loser left %v", left)
				}
			})
		}
	}
}

// take moves a pair to an agreement that has another one, like a single change by a user: without
// a stage.
func (s *stand) take(pair, from string) {
	s.t.Helper()
	out, err := s.engine.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &s.table, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "PAIR#" + from + "+" + from}, "sk": &types.AttributeValueMemberS{Value: "PAIR"},
	}})
	must(s.t, err)
	item := maps.Clone(out.Item)
	delete(item, "stage")
	item["pk"] = &types.AttributeValueMemberS{Value: "PAIR#" + pair + "+" + pair}
	item["o_sk"] = &types.AttributeValueMemberS{Value: pair + "+" + pair}
	item["authorization"] = &types.AttributeValueMemberS{Value: pair}
	item["license"] = item["authorization"]
	_, err = s.engine.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &s.table, Item: item})
	must(s.t, err)
	owner := item["agreement"].(*types.AttributeValueMemberS).Value
	s.set("AGREEMENT#"+owner, "AGREEMENT", "pairs", &types.AttributeValueMemberN{Value: "2"})
}

// TestR3_9_TakenWhileItWasStored takes a pair after it was looked up: the only one of its
// agreement, in the second transaction, after the other agreement was extended.
func TestR3_9_TakenWhileItWasStored(t *testing.T) {
	t.Parallel()
	visio, pairs := "", ""
	for n := range 97 {
		visio += fmt.Sprintf("%d,%d,Visio\n", 100+n, 100+n)
		pairs += fmt.Sprintf(" %d+%d", 100+n, 100+n)
	}
	for onError, c := range map[string]struct {
		more     string // row whose pair was taken earlier
		want     string
		findings []string
		seen     []string
	}{
		"reject": {
			want: "rejected: 98 rows = 0 added + 0 unchanged + 98 rejected, 0 created, 0 extended",
			seen: []string{"Unassigned / Office v1: 1+1", "Unassigned / Rival v1: 2+2 9+9"},
		},
		"skip": {
			more:     "9,9,Visio\n",
			want:     "succeeded: 99 rows = 97 added + 0 unchanged + 2 rejected, 1 created, 0 extended",
			findings: []string{"error 99.1 pair_taken Rival"},
			seen:     []string{"Unassigned / Office v1: 1+1", "Unassigned / Rival v1: 2+2 9+9", "Unassigned / Visio v1:" + pairs},
		},
	} {
		t.Run(onError, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.run(file("agreements/a.csv", "1,1,Office\n9,9,Rival\n"))
			proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
			t.Cleanup(proxy.Close)
			var transactions atomic.Int32
			var once sync.Once
			proxy.SetHooks(faultproxy.Hooks{Before: func(_ int, operation string) {
				// The first transaction claims the import. The others wait here until the pair is
				// taken.
				if operation == "TransactWriteItems" && transactions.Add(1) > 1 {
					once.Do(func() { s.take("2", "9") })
				}
			}})
			event := s.put(file("agreements/b.csv", "2,2,Office\n"+visio+c.more, importer.MetaOnError, onError))
			must(t, deliver(t.Context(), s.importer(proxy.URL), event))
			imp := s.record(idOf(t, event))
			equal(t, "import", numbers(imp), c.want)
			equal(t, "findings", s.findings(imp), append([]string{"error 1.1 taken_meanwhile Rival"}, c.findings...))
			equal(t, "store", s.seen(), c.seen)
		})
	}
}
