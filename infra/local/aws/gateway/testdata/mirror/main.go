// Mirror is a function that returns the event it received, or the answer that the header
// x-answer selects.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func handle(_ context.Context, raw json.RawMessage) (any, error) {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	switch answer := e.Headers["x-answer"]; answer {
	case "":
		return events.APIGatewayV2HTTPResponse{
			StatusCode: 200, Body: string(raw), Headers: map[string]string{"content-type": "application/json"},
		}, nil
	case "fail":
		return nil, errors.New("out of order")
	case "sleep":
		time.Sleep(10 * time.Second)
		return nil, nil
	default:
		return json.RawMessage(answer), nil
	}
}

func main() { lambda.Start(handle) }
