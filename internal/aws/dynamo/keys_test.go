package dynamo

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/subscription"
	"trueup/internal/testkit/golden"
)

func TestDocument(t *testing.T) {
	golden.Equal(t, "doc.go", []byte(document()))
}

// No partition of the table or of an index gets more than its share of 5,000 rows, because
// a partition takes 1,000 writes a second.
func TestSpread(t *testing.T) {
	t.Parallel()
	const most = 0.30 // of all rows; a quarter is even over four shards
	for name, rows := range map[string]func(i int) (agreement, pair string){
		"one agreement":                 func(i int) (string, string) { return "Office", fmt.Sprintf("%07d", i) },
		"an agreement each":             func(i int) (string, string) { return fmt.Sprintf("Office %d", i), fmt.Sprintf("%07d", i) },
		"50 agreements, random numbers": func(i int) (string, string) { return fmt.Sprintf("Deal %d", i%50), rand.Text()[:8] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := importer.Plan{Stage: "0123456789abcdef.1", At: time.Unix(1e9, 0), Group: group.Group{ID: "g"}}
			byName := map[string]int{}
			for i := range pairfile.MaxRows {
				name, number := rows(i)
				at, ok := byName[name]
				if !ok {
					at = len(p.Create)
					byName[name] = at
					p.Create = append(p.Create, importer.Creation{ID: digest(name), Name: name})
				}
				p.Create[at].Pairs = append(p.Create[at].Pairs, agreement.Pair{Authorization: number, License: number})
			}
			partitions, rows := map[string]int{}, 0
			count := func(it item) {
				rows++
				for attribute := range it {
					if attribute == "pk" || strings.HasSuffix(attribute, "_pk") {
						partitions[attribute+" "+attr(it, attribute)]++
					}
				}
			}
			for _, c := range p.Create {
				count(marshal(newAgreementItem(agreementItem{ID: c.ID, Name: c.Name, Pairs: len(c.Pairs), Stage: p.Stage})))
				count(marshal(newNameItem(c.ID, c.Name, p.Stage)))
				for _, pair := range c.Pairs {
					count(marshal(newPairItem(c.ID, pair, p.At, string(p.Stage), p.Stage)))
				}
			}
			for partition, n := range partitions {
				if float64(n) > most*float64(rows) && n > 1 {
					t.Errorf("%s gets %d of %d rows", partition, n, rows)
				}
			}
		})
	}
}

func TestKeysFitDynamoDB(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ΐ", 3*agreement.NameMaxChars) // folds to three letters of two bytes each
	if p, _ := nameKey(long); len(p) > 2048 {
		t.Errorf("partition key of %d bytes", len(p))
	}
	if p, _ := upnKey(subscription.FoldUPN(strings.Repeat("ΐ", subscription.UPNMaxChars))); len(p) > 2048 {
		t.Errorf("partition key of a user's name of %d bytes", len(p))
	}
	for _, s := range []sk{second(groupNameKey(long)), second(subscriptionNameKey(long))} {
		if len(s) > 1024 {
			t.Errorf("sort key of %d bytes", len(s))
		}
	}
}

func second(_ pk, s sk) sk { return s }

func FuzzCursor(f *testing.F) {
	f.Add("", "q")
	f.Add(cursor{After: "01+01", Moment: 7}.encode("pairs", "a"), "pairs")
	f.Fuzz(func(t *testing.T, s, query string) {
		c, first, err := decodeCursor(s, query)
		if err != nil || first {
			return
		}
		if again, _, err := decodeCursor(c.encode(query), query); err != nil || again != c {
			t.Errorf("%+v came back as %+v, %v", c, again, err)
		}
	})
}

// Audit events are spread evenly, even if they have the same time.
func TestSPEC12_SpreadOfEvents(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"of one moment": 0, "of a day": 8 * time.Second} {
		partitions := map[pk]int{}
		for i := range 10_000 {
			p, _ := auditKey(id.New(time.Unix(1e9, 0).Add(time.Duration(i)*step), fmt.Sprint(i)))
			partitions[p]++
		}
		for p, n := range partitions {
			if n > 1400 || len(partitions) != auditShards {
				t.Errorf("%s: %s gets %d of 10,000, %d partitions are used", name, p, n, len(partitions))
			}
		}
	}
}
