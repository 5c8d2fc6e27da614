// Package storetest provides tests with a real DynamoDB: the engine of infra/local/aws/dynamodb
// in memory, and a new table per test.
//
// A test package calls [Main] from its TestMain; the first [Client] then starts one engine for
// the process. If TRUEUP_DYNAMODB_ENDPOINT is the URL of a running engine, that engine is used
// instead: table names are unique, so test processes can share it. If the engine or Java is not
// installed, tests are skipped, or fail under TRUEUP_REQUIRE_DYNAMODB=1.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/aws/dynamo/schema"
)

// Environment variables.
const (
	EndpointVariable = "TRUEUP_DYNAMODB_ENDPOINT" // URL of a running engine to use
	RequireVariable  = "TRUEUP_REQUIRE_DYNAMODB"  // 1: fail, not skip, without an engine
)

// shared is the engine of the process.
var shared struct {
	sync.Mutex
	main    bool // Main runs, which stops the engine
	started bool // or failed to start: then err has the cause
	engine  *engine.Engine
	err     error
}

// Main runs the tests, stops the engine if one of them started it, and exits.
func Main(m *testing.M) {
	shared.Lock()
	shared.main = true
	shared.Unlock()
	code := m.Run()
	shared.Lock()
	if shared.engine != nil {
		shared.engine.Stop()
	}
	os.Exit(code)
}

// Endpoint returns the URL of the engine, for processes and proxies that use it. It starts the
// engine if none is running.
func Endpoint(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv(EndpointVariable); url != "" {
		return url
	}
	shared.Lock()
	defer shared.Unlock()
	if !shared.main {
		tb.Fatal("TestMain has to call storetest.Main, which stops the engine")
	}
	if !shared.started {
		shared.started = true
		// Not the test's context: the engine outlives the test.
		shared.engine, shared.err = engine.Start(context.Background(), engine.Options{})
	}
	if errors.Is(shared.err, engine.ErrMissing) && os.Getenv(RequireVariable) != "1" {
		tb.Skip(shared.err)
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.engine.URL
}

// Client returns a client of the engine.
func Client(tb testing.TB) *dynamodb.Client {
	tb.Helper()
	return engine.NewClient(Endpoint(tb))
}

// Table creates an empty table with the keys and indexes of package schema, and returns its
// name. It is deleted when the test ends.
func Table(tb testing.TB) string {
	tb.Helper()
	return table(tb, stack.CreateTable)
}

// Sessions is Table for a table of the console's sessions.
func Sessions(tb testing.TB) string {
	tb.Helper()
	return table(tb, stack.CreateSessions)
}

func table(tb testing.TB, create func(context.Context, *dynamodb.Client, string) error) string {
	tb.Helper()
	client := Client(tb)
	name := "test-" + rand.Text()
	if err := create(tb.Context(), client, name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's context has ended here.
		_, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(name)})
		if err != nil {
			tb.Errorf("delete table %s: %v", name, err)
		}
	})
	return name
}

// Dump returns all items of the table by "pk|sk", for comparisons: attributes by name, numbers
// as [attributevalue.Number] so that no digit is lost.
func Dump(tb testing.TB, client *dynamodb.Client, table string) map[string]map[string]any {
	tb.Helper()
	items := map[string]map[string]any{}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
		TableName:      aws.String(table),
		ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(tb.Context())
		if err != nil {
			tb.Fatalf("scan table %s: %v", table, err)
		}
		var decoded []map[string]any
		err = attributevalue.UnmarshalListOfMapsWithOptions(page.Items, &decoded, func(o *attributevalue.DecoderOptions) {
			o.UseNumber = true
		})
		if err != nil {
			tb.Fatalf("scan table %s: %v", table, err)
		}
		for _, item := range decoded {
			items[item[schema.PK].(string)+"|"+item[schema.SK].(string)] = item
		}
	}
	return items
}
