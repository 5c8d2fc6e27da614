package storetest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func put(t *testing.T, client *dynamodb.Client, table string, item map[string]any) {
	t.Helper()
	encoded, err := attributevalue.MarshalMap(item)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: encoded})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	put(t, client, table, map[string]any{"pk": "a", "sk": "1", "n": 12345678901234567, "flag": true})
	put(t, client, table, map[string]any{"pk": "a", "sk": "2", "list": []string{"x"}})
	want := map[string]map[string]any{
		"a|1": {"pk": "a", "sk": "1", "n": attributevalue.Number("12345678901234567"), "flag": true},
		"a|2": {"pk": "a", "sk": "2", "list": []any{"x"}},
	}
	if diff := cmp.Diff(want, storetest.Dump(t, client, table)); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

// TestDumpReadsAllPages: a page of a scan ends at 1 MB, so this table has three.
func TestDumpReadsAllPages(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	large := strings.Repeat("x", 300_000)
	for i := range 8 {
		put(t, client, table, map[string]any{"pk": fmt.Sprint(i), "sk": "-", "large": large})
	}
	if got := len(storetest.Dump(t, client, table)); got != 8 {
		t.Errorf("got %d items, want 8", got)
	}
}

func TestTableIsFreshAndIndexed(t *testing.T) {
	t.Parallel()
	client, table, other := storetest.Client(t), storetest.Table(t), storetest.Table(t)
	put(t, client, other, map[string]any{"pk": "a", "sk": "1"})
	put(t, client, table, map[string]any{"pk": "b", "sk": "1", "o_pk": "office", "o_sk": "1"})
	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName:                 aws.String(table),
		IndexName:                 aws.String("by-owner"),
		KeyConditionExpression:    aws.String("o_pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "office"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Items) != 1 {
		t.Errorf("index by-owner has %d items, want 1", len(out.Items))
	}
	if got := len(storetest.Dump(t, client, table)); got != 1 {
		t.Errorf("got %d items, want 1: tables are not apart", got)
	}
}

func TestTableIsDeleted(t *testing.T) {
	t.Parallel()
	client := storetest.Client(t)
	var table string
	t.Run("test with a table", func(t *testing.T) { table = storetest.Table(t) })
	_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(table)})
	if err == nil {
		t.Errorf("table %s outlives its test", table)
	}
}

func TestMissingEngineSkipsOrFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		require string
		says    string
	}{
		"skips":               {"", "--- SKIP: TestDump "},
		"fails when required": {"1", "--- FAIL: TestDump "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDump$", "-test.v")
			cmd.Env = append(os.Environ(), engine.HomeVariable+"="+t.TempDir(),
				storetest.EndpointVariable+"=", storetest.RequireVariable+"="+test.require)
			out, err := cmd.CombinedOutput()
			if failed := err != nil; failed != (test.require == "1") {
				t.Errorf("the test process ended with %v", err)
			}
			if !strings.Contains(string(out), test.says) || !strings.Contains(string(out), engine.HomeVariable) {
				t.Errorf("want %q and what is missing in:\n%s", test.says, out)
			}
		})
	}
}

func TestEndpointOfSharedEngine(t *testing.T) {
	url := storetest.Endpoint(t)
	t.Setenv(storetest.EndpointVariable, strings.Replace(url, "127.0.0.1", "localhost", 1))
	if got := storetest.Endpoint(t); got == url {
		t.Errorf("got %s, want the one of %s", got, storetest.EndpointVariable)
	}
	storetest.Table(t)
}
