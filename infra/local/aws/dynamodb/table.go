package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Schema has the names of a table's key attributes, all strings, the name of its
// time-to-live attribute, and its indexes. SK is empty for a table without a sort key.
type Schema struct {
	PK, SK, TTL string
	Indexes     []Index
}

// Index is a global secondary index. Includes lists the projected non-key attributes.
type Index struct {
	Name, PK, SK string
	Includes     []string
}

// CreateTable creates a table and returns when the table is active. An existing table
// keeps its data: missing indexes are added, and indexes with other projected attributes
// are recreated. If the keys of the table or of an index differ from the schema,
// CreateTable returns a one-line error.
func CreateTable(ctx context.Context, client *dynamodb.Client, name string, schema Schema) error {
	var indexes []types.GlobalSecondaryIndex // DynamoDB refuses an empty list
	for _, index := range schema.Indexes {
		indexes = append(indexes, types.GlobalSecondaryIndex{
			IndexName:  aws.String(index.Name),
			KeySchema:  keys(index.PK, index.SK),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: index.Includes},
		})
	}
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:              aws.String(name),
		AttributeDefinitions:   schema.attributes(),
		KeySchema:              keys(schema.PK, schema.SK),
		GlobalSecondaryIndexes: indexes,
		BillingMode:            types.BillingModePayPerRequest,
	})
	if exists := (*types.ResourceInUseException)(nil); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	table, err := active(ctx, client, name)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(table.KeySchema, keys(schema.PK, schema.SK), sameKey) {
		return differs(name, "the table's keys")
	}
	for _, want := range indexes {
		at := slices.IndexFunc(table.GlobalSecondaryIndexes, func(has types.GlobalSecondaryIndexDescription) bool {
			return aws.ToString(has.IndexName) == aws.ToString(want.IndexName)
		})
		if at >= 0 {
			has := table.GlobalSecondaryIndexes[at]
			if !slices.EqualFunc(has.KeySchema, want.KeySchema, sameKey) {
				return differs(name, "the keys of index "+aws.ToString(want.IndexName))
			}
			if has.Projection != nil && sameAttributes(has.Projection.NonKeyAttributes, want.Projection.NonKeyAttributes) {
				continue
			}
			if err := change(ctx, client, name, schema, types.GlobalSecondaryIndexUpdate{
				Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: want.IndexName},
			}); err != nil {
				return fmt.Errorf("remove index %s of table %s: %w", aws.ToString(want.IndexName), name, err)
			}
		}
		if err := change(ctx, client, name, schema, types.GlobalSecondaryIndexUpdate{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: want.IndexName, KeySchema: want.KeySchema, Projection: want.Projection,
		}}); err != nil {
			return fmt.Errorf("add index %s to table %s: %w", aws.ToString(want.IndexName), name, err)
		}
	}
	return enableTTL(ctx, client, name, schema.TTL)
}

// change applies one change to the indexes and waits until it is done. DynamoDB accepts
// one index change at a time.
func change(ctx context.Context, client *dynamodb.Client, name string, schema Schema, update types.GlobalSecondaryIndexUpdate) error {
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String(name), AttributeDefinitions: schema.attributes(), GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{update},
	})
	if err != nil {
		return err
	}
	_, err = active(ctx, client, name)
	return err
}

func differs(table, what string) error {
	return fmt.Errorf("table %s was created by another version: %s differ from the schema: delete the data folder, or use another one", table, what)
}

// enableTTL enables the time to live if it is disabled: enabling it twice is an error.
func enableTTL(ctx context.Context, client *dynamodb.Client, name, attribute string) error {
	ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		return fmt.Errorf("time to live of table %s: %w", name, err)
	}
	if d := ttl.TimeToLiveDescription; d != nil && d.TimeToLiveStatus == types.TimeToLiveStatusEnabled {
		return nil
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(attribute),
			Enabled:       aws.Bool(true),
		},
	})
	if err != nil {
		return fmt.Errorf("time to live of table %s: %w", name, err)
	}
	return nil
}

// active waits until the table and all its indexes are active.
func active(ctx context.Context, client *dynamodb.Client, name string) (*types.TableDescription, error) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			return nil, fmt.Errorf("describe table %s: %w", name, err)
		}
		building := slices.ContainsFunc(out.Table.GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndexDescription) bool {
			return i.IndexStatus != types.IndexStatusActive
		})
		if out.Table.TableStatus == types.TableStatusActive && !building {
			return out.Table, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("table %s is not active yet: %w", name, ctx.Err())
		case <-poll.C:
		}
	}
}

func keys(partition, sort string) []types.KeySchemaElement {
	elements := []types.KeySchemaElement{{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash}}
	if sort != "" {
		elements = append(elements, types.KeySchemaElement{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange})
	}
	return elements
}

func sameKey(a, b types.KeySchemaElement) bool {
	return aws.ToString(a.AttributeName) == aws.ToString(b.AttributeName) && a.KeyType == b.KeyType
}

func sameAttributes(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// attributes returns the key attributes of the table and its indexes, without duplicates.
func (s Schema) attributes() []types.AttributeDefinition {
	names := []string{s.PK}
	if s.SK != "" {
		names = append(names, s.SK)
	}
	for _, index := range s.Indexes {
		names = append(names, index.PK, index.SK)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	defined := make([]types.AttributeDefinition, len(names))
	for i, name := range names {
		defined[i] = types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	return defined
}
