// Command bare is a minimal function of this stack: the runtime, the SDK's settings and a
// DynamoDB client. Its time to the first poll is the floor for the functions, and its answers
// behind the gateway are the floor for lists and for reading one agreement.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"path"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/aws/dynamo/schema"
)

// request is what the function uses of a request of API Gateway.
type request struct {
	RawPath string            `json:"rawPath"`
	Query   map[string]string `json:"queryStringParameters"`
}

type response struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

type reader struct {
	client *dynamodb.Client
	table  string
}

func main() {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	r := reader{dynamodb.NewFromConfig(settings), os.Getenv("TRUEUP_TABLE")}
	lambda.Start(r.answer)
}

// answer returns the items of a page in the parameter partition after the parameter after, or
// else the agreement that the path names, with as many items of seats as the parameter seats says.
func (r reader) answer(ctx context.Context, q request) (response, error) {
	var found any
	var err error
	if partition := q.Query["partition"]; partition != "" {
		found, err = r.page(ctx, partition, q.Query["after"])
	} else {
		found, err = r.agreement(ctx, path.Base(q.RawPath))
	}
	if seats := q.Query["seats"]; err == nil && seats != "" {
		found, err = r.seats(ctx, seats)
	}
	if err != nil {
		return response{}, err
	}
	body, err := json.Marshal(found)
	return response{http.StatusOK, map[string]string{"content-type": "application/json"}, string(body)}, err
}

// pageSize is the length of a page.
const pageSize = 50

func (r reader) page(ctx context.Context, partition, after string) (any, error) {
	limit, consistent, condition := int32(pageSize), true, schema.PK+" = :p AND "+schema.SK+" > :s"
	out, err := r.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &r.table, Limit: &limit, ConsistentRead: &consistent, KeyConditionExpression: &condition,
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": str(partition), ":s": str(after)},
	})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

func (r reader) agreement(ctx context.Context, id string) (any, error) {
	consistent := true
	out, err := r.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &r.table, ConsistentRead: &consistent,
		Key: map[string]types.AttributeValue{schema.PK: str("AGREEMENT#" + id), schema.SK: str("AGREEMENT")},
	})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// seats reads that many items of seats, with the ids of the bench, in one request.
func (r reader) seats(ctx context.Context, number string) (any, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	consistent := true
	asked := types.KeysAndAttributes{ConsistentRead: &consistent}
	for i := range n {
		asked.Keys = append(asked.Keys, map[string]types.AttributeValue{schema.PK: str(fmt.Sprintf("SEATS#subscription-%02d", i)), schema.SK: str("SEATS")})
	}
	out, err := r.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{r.table: asked}})
	if err != nil {
		return nil, err
	}
	return out.Responses[r.table], nil
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
