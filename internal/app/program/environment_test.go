package program

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	variables := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
	}
	lookup := func(name string) string { return variables[name] }
	c := Environment(lookup)
	got, err := c.Credentials.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "id" || got.SecretAccessKey != "secret" || got.SessionToken != "token" || c.Region != "eu-west-1" {
		t.Errorf("%+v in %q, %v", got, c.Region, err)
	}
	if o := dynamodb.NewFromConfig(c).Options(); o.BaseEndpoint != nil {
		t.Errorf("DynamoDB is at %s", *o.BaseEndpoint)
	}
	if o := s3.NewFromConfig(c).Options(); o.ResponseChecksumValidation == aws.ResponseChecksumValidationWhenRequired {
		t.Error("S3's answers are not checked")
	}

	variables["AWS_ENDPOINT_URL_DYNAMODB"], variables["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:1", "http://127.0.0.1:2"
	variables["AWS_RESPONSE_CHECKSUM_VALIDATION"] = "when_required"
	c = Environment(lookup)
	if o := dynamodb.NewFromConfig(c).Options(); aws.ToString(o.BaseEndpoint) != "http://127.0.0.1:1" || o.Region != "eu-west-1" {
		t.Errorf("DynamoDB is at %s in %q", aws.ToString(o.BaseEndpoint), o.Region)
	}
	if o := s3.NewFromConfig(c).Options(); aws.ToString(o.BaseEndpoint) != "http://127.0.0.1:2" || o.ResponseChecksumValidation != aws.ResponseChecksumValidationWhenRequired {
		t.Errorf("S3 is at %s", aws.ToString(o.BaseEndpoint))
	}
}
