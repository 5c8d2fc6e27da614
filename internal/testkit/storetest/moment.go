package storetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/aws/dynamo/schema"
)

// Moment contains every item of a table at one moment.
type Moment []map[string]types.AttributeValue

// Save returns the items of a table. The table must not be written to meanwhile, because the
// engine's scan is not a snapshot.
func Save(tb testing.TB, client *dynamodb.Client, table string) (items Moment) {
	tb.Helper()
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(tb.Context())
		if err != nil {
			tb.Fatalf("scan table %s: %v", table, err)
		}
		items = append(items, page.Items...)
	}
	return items
}

// Restore makes a table contain exactly these items: a new table, as a point-in-time restore
// does, or the original one, restored in place.
func Restore(tb testing.TB, client *dynamodb.Client, table string, items Moment) {
	tb.Helper()
	var writes []types.WriteRequest
	kept := map[string]bool{}
	for _, it := range items {
		kept[place(it)] = true
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
	}
	for _, it := range Save(tb, client, table) {
		if !kept[place(it)] {
			key := maps.Clone(it)
			maps.DeleteFunc(key, func(name string, _ types.AttributeValue) bool { return name != schema.PK && name != schema.SK })
			writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}})
		}
	}
	var batches errgroup.Group
	batches.SetLimit(4)
	for batch := range slices.Chunk(writes, 25) {
		batches.Go(func() error { return writeAll(tb.Context(), client, table, batch) })
	}
	if err := batches.Wait(); err != nil {
		tb.Fatalf("restore table %s: %v", table, err)
	}
}

func writeAll(ctx context.Context, client *dynamodb.Client, table string, batch []types.WriteRequest) error {
	for len(batch) > 0 {
		out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: batch}})
		if err != nil {
			return err
		}
		batch = out.UnprocessedItems[table]
	}
	return nil
}

// place returns the key of an item as text.
func place(it map[string]types.AttributeValue) string {
	text := func(name string) string {
		if v, ok := it[name].(*types.AttributeValueMemberS); ok {
			return v.Value
		}
		return ""
	}
	return text(schema.PK) + "|" + text(schema.SK)
}
