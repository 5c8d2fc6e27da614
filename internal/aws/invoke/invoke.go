// Package invoke has functions call each other through Lambda's own API.
package invoke

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Caller calls one function.
type Caller struct {
	client   *lambda.Client
	function string
}

// New returns a caller of the function with the name. It panics without a name, which is
// a mistake in a function's settings.
func New(client *lambda.Client, function string) *Caller {
	if function == "" {
		panic("invoke: a function without a name")
	}
	return &Caller{client, function}
}

// Call hands the event, as JSON, to the function and does not wait for it. A
// nil error means that Lambda has it: it calls the function again when that
// fails, and keeps what failed for good in the dead-letter queue.
func (c *Caller) Call(ctx context.Context, event any) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("invoke: event for %s: %w", c.function, err)
	}
	_, err = c.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &c.function, InvocationType: types.InvocationTypeEvent, Payload: payload})
	if err != nil {
		return fmt.Errorf("invoke: call %s: %w", c.function, err)
	}
	return nil
}
