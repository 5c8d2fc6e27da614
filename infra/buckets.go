//go:build cdk

package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/manifest"
)

// Lifetimes of objects, in days. Noncurrent versions protect against accidental
// replacement or deletion. An upload is kept much longer than its event can stay in
// the dead-letter queue.
const (
	keepUploads    = manifest.UploadsKept
	keepNoncurrent = 30
	keepMultipart  = 1
	keepExports    = 1 // report files, generated for one download
	keepAccessLogs = 90
)

const accessLogs manifest.Resource = "access-logs" // for the other two buckets; no function reads it

// bucketName returns a bucket's full name. It does not depend on the bucket resource,
// because a bucket and the queues it notifies refer to each other, and CloudFormation
// does not allow circular references. The suffix "-an" puts the name in the account's
// regional namespace, where no other account can take it first.
func bucketName(stack awscdk.Stack, r manifest.Resource) string {
	return bucketPrefix(stack, r) + "-" + *awscdk.Aws_ACCOUNT_ID() + "-" + *awscdk.Aws_REGION() + "-an"
}

func bucketPrefix(stack awscdk.Stack, r manifest.Resource) string {
	return *stack.StackName() + "-" + string(r)
}

func bucketARN(stack awscdk.Stack, r manifest.Resource) string {
	return "arn:" + *awscdk.Aws_PARTITION() + ":s3:::" + bucketName(stack, r)
}

// newBuckets adds the buckets. They are retained when the stack is deleted, but not when the
// deployment that creates them fails.
func newBuckets(stack awscdk.Stack, functions map[string]awslambda.Function, files map[string]awssqs.Queue, chosen settings, api awsapigatewayv2.CfnApi) {
	logs := newBucket(stack, "AccessLogs", accessLogs, awss3.BucketProps{
		LifecycleRules: &[]*awss3.LifecycleRule{expireAfter(keepAccessLogs), abortMultipart()},
	})

	newBucket(stack, "Reports", manifest.Reports, awss3.BucketProps{
		Versioned:              jsii.Bool(true),
		ServerAccessLogsBucket: logs,
		ServerAccessLogsPrefix: jsii.String(string(manifest.Reports) + "/"),
		Cors:                   rules(manifest.Reports, chosen, api),
		LifecycleRules: &[]*awss3.LifecycleRule{
			expireBelow(manifest.ExportsPrefix, keepExports), expireBelow(manifest.AnnotatedPrefix, keepUploads), expireNoncurrent(), abortMultipart(), dropDeleteMarkers(),
		},
	})

	uploads := newBucket(stack, "Uploads", manifest.Uploads, awss3.BucketProps{
		Versioned:              jsii.Bool(true),
		ServerAccessLogsBucket: logs,
		ServerAccessLogsPrefix: jsii.String(string(manifest.Uploads) + "/"),
		LifecycleRules: &[]*awss3.LifecycleRule{
			expireAfter(keepUploads), expireNoncurrent(), abortMultipart(), dropDeleteMarkers(),
		},
		Cors: rules(manifest.Uploads, chosen, api),
	})
	notify(stack, uploads, files)
	permitDirectCalls(stack, functions)
}

// permitDirectCalls lets S3 call the functions, as it did before there were queues. After a deployment
// over such a version, S3 follows its former configuration for some minutes, and an event that it may
// not deliver is lost. Remove this when no stack of such a version is left to update (ADR 0027).
func permitDirectCalls(stack awscdk.Stack, functions map[string]awslambda.Function) {
	for _, f := range manifest.Functions {
		if f.Trigger != manifest.Objects {
			continue
		}
		awslambda.NewCfnPermission(stack, jsii.String(id(f.Name, "FromUploads")), &awslambda.CfnPermissionProps{
			Action:        jsii.String("lambda:InvokeFunction"),
			FunctionName:  functions[f.Name].FunctionArn(),
			Principal:     jsii.String("s3.amazonaws.com"),
			SourceAccount: awscdk.Aws_ACCOUNT_ID(),
			SourceArn:     jsii.String(bucketARN(stack, manifest.Uploads)),
		})
	}
}

// rules returns the CORS rules of a bucket.
func rules(r manifest.Resource, chosen settings, api awsapigatewayv2.CfnApi) *[]*awss3.CorsRule {
	rule, ok := manifest.CORS()[r]
	if !ok {
		return nil
	}
	var methods []awss3.HttpMethods
	for _, m := range rule.Methods {
		methods = append(methods, awss3.HttpMethods(m))
	}
	return &[]*awss3.CorsRule{{
		AllowedOrigins: jsii.Strings(rule.Origins(chosen.ConsoleOrigin, *api.AttrApiEndpoint())...),
		AllowedMethods: &methods,
		AllowedHeaders: jsii.Strings(rule.Headers...),
		ExposedHeaders: jsii.Strings(rule.Expose...),
		MaxAge:         jsii.Number(3600),
	}}
}

func newBucket(stack awscdk.Stack, id string, r manifest.Resource, props awss3.BucketProps) awss3.Bucket {
	props.BucketNamePrefix = jsii.String(bucketPrefix(stack, r))
	props.BucketNamespace = awss3.BucketNamespace_ACCOUNT_REGIONAL
	props.BlockPublicAccess = awss3.BlockPublicAccess_BLOCK_ALL()
	props.ObjectOwnership = awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED
	props.Encryption = awss3.BucketEncryption_S3_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	props.MinimumTLSVersion = jsii.Number(1.2)
	props.RemovalPolicy = keepData
	return awss3.NewBucket(stack, jsii.String(id), &props)
}

// notify configures S3 to send a message to a function's queue for each object created under its
// prefixes. CDK's own method would add a function with more permissions than any of ours.
func notify(stack awscdk.Stack, uploads awss3.Bucket, files map[string]awssqs.Queue) {
	var sent []*awss3.CfnBucket_QueueConfigurationProperty
	for _, f := range manifest.Functions {
		queue, ok := files[f.Name]
		if !ok {
			continue
		}
		// S3 checks that it may send to the queue when the bucket is created.
		uploads.Node().AddDependency(queue.Node().FindChild(jsii.String("Policy")))
		for _, prefix := range f.Prefixes() {
			sent = append(sent, &awss3.CfnBucket_QueueConfigurationProperty{
				Event: jsii.String("s3:ObjectCreated:*"),
				Queue: queue.QueueArn(),
				Filter: &awss3.CfnBucket_NotificationFilterProperty{S3Key: &awss3.CfnBucket_S3KeyFilterProperty{
					Rules: &[]*awss3.CfnBucket_FilterRuleProperty{{Name: jsii.String("prefix"), Value: jsii.String(prefix)}},
				}},
			})
		}
	}
	bucket := uploads.Node().DefaultChild().(awss3.CfnBucket)
	bucket.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{QueueConfigurations: &sent})
}

func days(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }

func expireAfter(n int) *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("expire"), Expiration: days(n)}
}

func expireBelow(prefix string, n int) *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("expire-" + strings.TrimSuffix(prefix, "/")), Prefix: jsii.String(prefix), Expiration: days(n)}
}

func expireNoncurrent() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("expire-noncurrent"), NoncurrentVersionExpiration: days(keepNoncurrent)}
}

func abortMultipart() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("abort-multipart"), AbortIncompleteMultipartUploadAfter: days(keepMultipart)}
}

// dropDeleteMarkers removes the delete markers that expired objects leave in a versioned bucket.
func dropDeleteMarkers() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("drop-delete-markers"), ExpiredObjectDeleteMarker: jsii.Bool(true)}
}
