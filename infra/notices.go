//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// newNotices adds the notification topic, to which people subscribe. The key of SNS encrypts its messages
// at rest: it has no monthly price, and its policy lets everyone in the account who may publish use it
// through SNS, so functions need no right on it. The topic can always be made again, apart from its subscriptions.
func newNotices(stack awscdk.Stack, chosen settings) awssns.Topic {
	topic := awssns.NewTopic(stack, jsii.String("Notices"), &awssns.TopicProps{
		DisplayName: stack.StackName(), // the sender of its mail
		EnforceSSL:  jsii.Bool(true),
	})
	// By its name, not its ARN: SNS makes the key when it is used for the first time in an account.
	topic.Node().DefaultChild().(awssns.CfnTopic).SetKmsMasterKeyId(jsii.String("alias/aws/sns"))
	subscribe(stack, "NoticesByEmail", topic, chosen.NoticeEmail)
	return topic
}

// subscribe subscribes an address to a topic, unless it is empty. AWS asks the address to confirm.
func subscribe(stack awscdk.Stack, id string, topic awssns.Topic, address string) {
	if address == "" {
		return
	}
	awssns.NewSubscription(stack, jsii.String(id), &awssns.SubscriptionProps{
		Topic: topic, Protocol: awssns.SubscriptionProtocol_EMAIL, Endpoint: jsii.String(address),
	})
}
