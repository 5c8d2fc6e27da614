package sessions

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/console/session"
	"trueup/internal/console/session/conformance"
	"trueup/internal/testkit/golden"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Test(t, func(t *testing.T) session.Store { return Open(storetest.Client(t), storetest.Sessions(t)) })
}

// Sessions of a running version are read by the next one.
func TestR16_6_Items(t *testing.T) {
	t.Parallel()
	golden.Shape(t, "session", 1, sessionItem{})
	golden.Shape(t, "person", 1, personItem{})
	for name, item := range map[string]any{
		"session": sessionItem{PK: "session/a", Person: "p", Sealed: []byte("sealed"), Version: 3, Created: 1, Used: 2, Ends: 4, Until: 5, Expires: 6, Holder: "h", Claimed: 7},
		"person":  personItem{PK: "person/p", Listed: []string{"4.a"}, Expires: 8},
	} {
		golden.Versions(t, name, "json", 1, func() []byte { return encoded(t, item) }, func(_ int, sample []byte) {
			if !bytes.Equal(sample, encoded(t, item)) {
				t.Errorf("%s is stored in another way:\n%s", name, cmp.Diff(string(sample), string(encoded(t, item))))
			}
		})
	}
}

func encoded(t *testing.T, item any) []byte {
	t.Helper()
	attributes, err := attributevalue.MarshalMap(item)
	if err != nil {
		t.Fatal(err)
	}
	text, err := attributevalue.MarshalMapJSON(attributes)
	if err != nil {
		t.Fatal(err)
	}
	var sorted any
	if err := json.Unmarshal(text, &sorted); err != nil {
		t.Fatal(err)
	}
	if text, err = json.MarshalIndent(sorted, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// The table deletes what is over: the time to live is never before the end, and the list of a person
// lives as long as the last of the sessions.
func TestTimeToLive(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Sessions(t)
	store := Open(client, table)
	noon := time.Date(2026, 11, 30, 12, 0, 0, 1e6, time.UTC)
	s := session.Session{ID: "a", Person: "p", Version: 1, Created: noon, Used: noon, Ends: noon.Add(12 * time.Hour), Expires: noon.Add(time.Hour)}
	if err := store.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	expires := func(key string) string {
		t.Helper()
		out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: item{"pk": text(key)}, ConsistentRead: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		n, _ := out.Item["expires"].(*types.AttributeValueMemberN)
		if n == nil {
			t.Fatalf("%s has no time to live", key)
		}
		return n.Value
	}
	if got, want := expires("session/a"), "1796043601"; got != want {
		t.Errorf("the session lives until %s, want %s", got, want)
	}
	if got, want := expires("person/p"), "1796083201"; got != want {
		t.Errorf("the list lives until %s, want %s", got, want)
	}
	if err := store.Touch(t.Context(), "a", noon, noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, want := expires("session/a"), "1796047201"; got != want {
		t.Errorf("after a use the session lives until %s, want %s", got, want)
	}
}
