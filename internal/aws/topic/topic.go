// Package topic publishes notices on a topic of Amazon SNS.
package topic

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"trueup/internal/errs"
	"trueup/internal/notice"
)

// Topic is one topic. It implements notice.Topic.
type Topic struct {
	client *sns.Client
	arn    string
	origin string
}

var _ notice.Topic = (*Topic)(nil)

// Of returns the topic with that ARN, as New does.
func Of(c aws.Config, arn, origin string) notice.Topic { return New(sns.NewFromConfig(c), arn, origin) }

// New returns the topic with that ARN. Links of messages lead to origin, where people open the console. It
// panics if one of them is empty, which is a mistake in a function's settings.
func New(client *sns.Client, arn, origin string) *Topic {
	if arn == "" || origin == "" {
		panic("topic: a topic without an ARN, or without the address of the console")
	}
	return &Topic{client, arn, origin}
}

// Publish implements notice.Topic.
func (t *Topic) Publish(ctx context.Context, m notice.Message) error {
	if err := m.Check(t.origin); err != nil {
		return err
	}
	text := m.Text(t.origin)
	_, err := t.client.Publish(ctx, &sns.PublishInput{TopicArn: &t.arn, Subject: &m.Subject, Message: &text})
	if err == nil {
		return nil
	}
	err = fmt.Errorf("topic: publish to %s: %w", t.arn, err)
	if passes(err) {
		return errs.Wrap(err, errs.Unavailable, "try_again")
	}
	return err
}

// passes reports whether an error is transient: one that the SDK has already retried for a while, or a
// reply that broke off.
func passes(err error) bool {
	var torn *smithy.DeserializationError
	var busy *types.KMSThrottlingException
	return errors.As(err, &torn) || errors.As(err, &busy) || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}
