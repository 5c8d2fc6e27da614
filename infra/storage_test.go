//go:build cdk

package main

import (
	"slices"
	"strings"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/manifest"
)

var storageChecks = []check{
	{
		name: "the table has the schema's keys and indexes",
		check: func(t template, c *failures) {
			table := t.table()
			keys := func(pk, sk string) string {
				return `[{"AttributeName":"` + pk + `","KeyType":"HASH"},{"AttributeName":"` + sk + `","KeyType":"RANGE"}]`
			}
			c.want(table, "KeySchema", keys(schema.PK, schema.SK))
			c.want(table, "TimeToLiveSpecification", `{"AttributeName":"`+schema.TTL+`","Enabled":true}`)
			want, got := map[string]string{}, map[string]string{}
			for _, index := range schema.Indexes {
				want[index.Name] = keys(index.PK, index.SK) + " INCLUDE " + strings.Join(index.Includes, " ")
			}
			if indexes, ok := table.get("GlobalSecondaryIndexes").([]any); ok {
				for _, item := range indexes {
					index := &resource{Properties: item.(map[string]any)}
					got[index.text("IndexName")] = index.text("KeySchema") + " " + index.text("Projection.ProjectionType") + " " +
						strings.Join(index.list("Projection.NonKeyAttributes"), " ")
				}
			}
			c.same("indexes", want, got)
		},
		breaks: map[string]func(template){
			"an index too few": func(t template) { t.table().set("GlobalSecondaryIndexes", nil) },
			"another key":      func(t template) { t.table().set("GlobalSecondaryIndexes.0.KeySchema", []any{}) },
			"no time to live":  func(t template) { t.table().set("TimeToLiveSpecification", nil) },
		},
	},
	{
		name: "the table is paid by use, encrypted, recoverable and hard to delete",
		check: func(t template, c *failures) {
			table := t.table()
			c.want(table, "BillingMode", "PAY_PER_REQUEST")
			c.want(table, "SSESpecification.SSEEnabled", "true")
			c.want(table, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "true")
			c.want(table, "DeletionProtectionEnabled", "false") // a failed first deployment must be able to remove it
			c.retained(table)
		},
		breaks: map[string]func(template){
			"no recovery":               func(t template) { t.table().set("PointInTimeRecoverySpecification", nil) },
			"in the way of another try": func(t template) { t.table().set("DeletionProtectionEnabled", true) },
			"no key":                    func(t template) { t.table().set("SSESpecification", nil) },
			"deleted with the stack": func(t template) {
				t.table().DeletionPolicy = "Delete"
			},
		},
	},
	{
		name: "SPEC 14 sessions of the console are in a table of their own, encrypted, deleted in time, and in no backup",
		check: func(t template, c *failures) {
			table := t.sessions()
			c.want(table, "KeySchema", `[{"AttributeName":"`+schema.PK+`","KeyType":"HASH"}]`)
			c.want(table, "BillingMode", "PAY_PER_REQUEST")
			c.want(table, "SSESpecification.SSEEnabled", "true")
			c.want(table, "TimeToLiveSpecification", `{"AttributeName":"`+schema.TTL+`","Enabled":true}`)
			c.want(table, "PointInTimeRecoverySpecification", "")
			if table.DeletionPolicy != "Delete" {
				c.addf("sessions outlive the stack: %s", table.DeletionPolicy)
			}
		},
		breaks: map[string]func(template){
			"a backup": func(t template) {
				t.sessions().set("PointInTimeRecoverySpecification", map[string]any{"PointInTimeRecoveryEnabled": true})
			},
			"kept":            func(t template) { t.sessions().set("TimeToLiveSpecification", nil) },
			"not encrypted":   func(t template) { t.sessions().set("SSESpecification", nil) },
			"with other data": func(t template) { delete(t.Resources, t.sessions().ID) },
		},
	},
	{
		name: "buckets are private, encrypted, TLS only, and outlive the stack",
		check: func(t template, c *failures) {
			var prefixes []string
			for _, bucket := range t.of("AWS::S3::Bucket") {
				prefixes = append(prefixes, bucket.text("BucketNamePrefix"))
				c.want(bucket, "BucketNamespace", "account-regional")
				c.want(bucket, "PublicAccessBlockConfiguration",
					`{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`)
				c.want(bucket, "OwnershipControls.Rules.0.ObjectOwnership", "BucketOwnerEnforced")
				c.want(bucket, "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm", "AES256")
				c.deniesPlainText(t, "AWS::S3::BucketPolicy", "Bucket", bucket)
				c.retained(bucket)
			}
			slices.Sort(prefixes)
			c.same("buckets", []string{"trueup-access-logs", "trueup-reports", "trueup-uploads"}, prefixes)
		},
		breaks: map[string]func(template){
			"public":        set("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", false),
			"not encrypted": set("AWS::S3::Bucket", "BucketEncryption", nil),
			"plain text":    func(t template) { delete(t.Resources, t.of("AWS::S3::BucketPolicy")[0].ID) },
			"deleted with the stack": func(t template) {
				t.of("AWS::S3::Bucket")[0].DeletionPolicy = "Delete"
			},
		},
	},
	{
		name: "uploads and reports keep versions for a while and log who reads them",
		check: func(t template, c *failures) {
			logs := t.bucket("access-logs")
			for _, r := range []manifest.Resource{manifest.Uploads, manifest.Reports} {
				bucket := t.bucket(r)
				c.want(bucket, "VersioningConfiguration.Status", "Enabled")
				c.want(bucket, "LoggingConfiguration.DestinationBucketName", "${"+logs.ID+"}")
				c.lifecycle(bucket, "NoncurrentVersionExpiration.NoncurrentDays", "30")
				c.lifecycle(bucket, "AbortIncompleteMultipartUpload.DaysAfterInitiation", "1")
			}
			c.lifecycle(t.bucket(manifest.Uploads), "ExpirationInDays", "90")
			c.lifecycle(logs, "ExpirationInDays", "90")
			c.lifecycleBelow(t.bucket(manifest.Reports), "exports/", "ExpirationInDays", "1")
			c.lifecycleBelow(t.bucket(manifest.Reports), "annotated/", "ExpirationInDays", "90")
		},
		breaks: map[string]func(template){
			"no versions": func(t template) { t.bucket(manifest.Uploads).set("VersioningConfiguration", nil) },
			"exports stay": func(t template) {
				t.bucket(manifest.Reports).set("LifecycleConfiguration.Rules.0.Status", "Disabled")
			},
			"reports go":      func(t template) { t.bucket(manifest.Reports).set("LifecycleConfiguration.Rules.0.Prefix", "") },
			"versions stay":   func(t template) { t.bucket(manifest.Reports).set("LifecycleConfiguration", nil) },
			"nobody sees who": func(t template) { t.bucket(manifest.Reports).set("LoggingConfiguration", nil) },
		},
	},
	{
		name: "R3.1 a file under a function's prefix goes to its queue",
		check: func(t template, c *failures) {
			uploads := t.bucket(manifest.Uploads)
			want, got := map[string][]string{}, map[string][]string{}
			for _, f := range manifest.Functions {
				if f.Trigger != manifest.Objects {
					continue
				}
				queue := t.files(f.Name)
				arn := "${" + queue.ID + ".Arn}"
				for _, prefix := range f.Prefixes() {
					want[arn] = append(want[arn], `s3:ObjectCreated:* [{"Name":"prefix","Value":"`+prefix+`"}]`)
				}
				for _, policy := range t.where("AWS::SQS::QueuePolicy", "Queues.0", "${"+queue.ID+"}") {
					if !slices.Contains(uploads.DependsOn, policy.ID) {
						c.addf("the bucket does not wait until S3 may send to %s", queue.ID)
					}
				}
			}
			if calls, ok := uploads.get("NotificationConfiguration.QueueConfigurations").([]any); ok {
				for _, item := range calls {
					call := &resource{Properties: item.(map[string]any)}
					got[call.text("Queue")] = append(got[call.text("Queue")], call.text("Event")+" "+call.text("Filter.S3Key.Rules"))
				}
			}
			c.same("notifications", want, got)
		},
		breaks: map[string]func(template){
			"no call":       func(t template) { t.bucket(manifest.Uploads).set("NotificationConfiguration", nil) },
			"does not wait": func(t template) { t.bucket(manifest.Uploads).DependsOn = nil },
		},
	},
	{
		name: "R3.1 only the console's origin uploads and downloads from a browser",
		check: func(t template, c *failures) {
			uploads := t.bucket(manifest.Uploads)
			c.want(uploads, "CorsConfiguration.CorsRules.0.AllowedOrigins", `["${`+t.one("AWS::ApiGatewayV2::Api").ID+`.ApiEndpoint}"]`)
			c.want(uploads, "CorsConfiguration.CorsRules.0.AllowedMethods", `["PUT"]`)
			c.want(uploads, "CorsConfiguration.CorsRules.1", "")
			reports := t.bucket(manifest.Reports)
			c.want(reports, "CorsConfiguration.CorsRules.0.AllowedOrigins", `["${`+t.one("AWS::ApiGatewayV2::Api").ID+`.ApiEndpoint}"]`)
			c.want(reports, "CorsConfiguration.CorsRules.0.AllowedMethods", `["GET","HEAD"]`)
			c.want(reports, "CorsConfiguration.CorsRules.1", "")
		},
		breaks: map[string]func(template){
			"any origin": func(t template) {
				t.bucket(manifest.Uploads).set("CorsConfiguration.CorsRules.0.AllowedOrigins", []any{"*"})
			},
			"reports that pages cannot read": func(t template) { t.bucket(manifest.Reports).set("CorsConfiguration", nil) },
		},
	},
}

// bucket returns a bucket, or an empty resource if there is not exactly one.
func (t template) bucket(r manifest.Resource) *resource {
	if found := t.where("AWS::S3::Bucket", "BucketNamePrefix", "trueup-"+string(r)); len(found) == 1 {
		return found[0]
	}
	return &resource{ID: "no bucket " + string(r)}
}

// retained adds a failure if CloudFormation may delete the resource and its data, or if it keeps
// them when the deployment that creates them fails.
func (c *failures) retained(r *resource) {
	if r.DeletionPolicy != "RetainExceptOnCreate" || r.UpdateReplacePolicy != "Retain" {
		c.addf("%s is deleted with the stack or when it is replaced", r.ID)
	}
}

// lifecycle adds a failure unless an enabled rule for all keys has the given text at path.
func (c *failures) lifecycle(bucket *resource, path, text string) {
	c.lifecycleBelow(bucket, "", path, text)
}

// lifecycleBelow adds a failure unless an enabled rule for the prefix has the given text at path.
func (c *failures) lifecycleBelow(bucket *resource, prefix, path, text string) {
	if rules, ok := bucket.get("LifecycleConfiguration.Rules").([]any); ok {
		for _, item := range rules {
			rule := &resource{Properties: item.(map[string]any)}
			if rule.text(path) == text && rule.text("Status") == "Enabled" && rule.text("Prefix") == prefix {
				return
			}
		}
	}
	c.addf("%s has no rule for %q with %s %s", bucket.ID, prefix, path, text)
}
