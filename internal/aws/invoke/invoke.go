// Package invoke lets functions call each other through the Lambda API.
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

// New returns a caller of the named function. It panics if the name is empty, which is a mistake
// in a function's settings.
func New(client *lambda.Client, function string) *Caller {
	if function == "" {
		panic("invoke: a function without a name")
	}
	return &Caller{client, function}
}

// Call sends the event, as JSON, to the function and does not wait for it. A nil error means
// that Lambda has queued the event: Lambda retries the function on errors, and finally sends the
// event to the dead-letter queue.
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
