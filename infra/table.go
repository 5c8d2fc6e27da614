//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/aws/dynamo/schema"
)

// newTable adds the table of package schema. It is retained when the stack is deleted.
// The table can contain registration keys (R2.7), so it uses the AWS-managed key: unlike
// the default key, its use is logged in CloudTrail. It costs cents, and the functions
// need no permission for it.
func newTable(stack awscdk.Stack, chosen settings) awsdynamodb.Table {
	table := awsdynamodb.NewTable(stack, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:       stringKey(schema.PK),
		SortKey:            stringKey(schema.SK),
		BillingMode:        awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:         awsdynamodb.TableEncryption_AWS_MANAGED,
		DeletionProtection: jsii.Bool(chosen.Protected), // while it is on, a failed first deployment cannot remove the table
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		TimeToLiveAttribute: jsii.String(schema.TTL),
		RemovalPolicy:       keepData,
	})
	for _, index := range schema.Indexes {
		table.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{
			IndexName:        jsii.String(index.Name),
			PartitionKey:     stringKey(index.PK),
			SortKey:          stringKey(index.SK),
			ProjectionType:   awsdynamodb.ProjectionType_INCLUDE,
			NonKeyAttributes: jsii.Strings(index.Includes...),
		})
	}
	return table
}

// newSessions adds the table of the console's sessions, which is apart so that the function which faces
// browsers has no right to the organisation's data. It has no recovery: a session that is restored could
// be one that a person has ended. It is removed with the stack, and everybody signs in again.
func newSessions(stack awscdk.Stack) awsdynamodb.Table {
	table := awsdynamodb.NewTable(stack, jsii.String("TableOfSessions"), &awsdynamodb.TableProps{
		PartitionKey:        stringKey(schema.PK),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:          awsdynamodb.TableEncryption_AWS_MANAGED,
		TimeToLiveAttribute: jsii.String(schema.TTL),
		RemovalPolicy:       awscdk.RemovalPolicy_DESTROY,
	})
	accept(table, "AwsSolutions-DDB3", "A session that is restored could be one that a person has ended; without the table, people sign in again.")
	return table
}

// tableInUse returns the table that functions, alarms and outputs refer to: the stack's
// own table or, after a restore to a point in time, the table that infra/restore.sh
// created (R16.2). The stack keeps its own table; a deployment with the setting empty
// returns to it.
func tableInUse(stack awscdk.Stack, own awsdynamodb.Table, chosen settings) awsdynamodb.ITable {
	if chosen.Table == "" {
		return own
	}
	return awsdynamodb.Table_FromTableName(stack, jsii.String("TableInUse"), jsii.String(chosen.Table))
}

func stringKey(attribute string) *awsdynamodb.Attribute {
	return &awsdynamodb.Attribute{Name: jsii.String(attribute), Type: awsdynamodb.AttributeType_STRING}
}
