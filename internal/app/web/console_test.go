package web

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"trueup/internal/config"
)

// Pages with uploads name the origin of the bucket in their content policy. It is that of presigned
// addresses.
func TestUploadsOrigin(t *testing.T) {
	t.Parallel()
	settings := config.Config{UploadsBucket: "trueup-uploads-1-eu-west-1-an"}
	for region, want := range map[string]string{
		"eu-west-1":  "https://trueup-uploads-1-eu-west-1-an.s3.eu-west-1.amazonaws.com",
		"cn-north-1": "https://trueup-uploads-1-eu-west-1-an.s3.cn-north-1.amazonaws.com.cn",
	} {
		if got := uploadsOrigin(settings, aws.Config{Region: region}, func(string) string { return "" }); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
	local := func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"}[name]
	}
	if got := uploadsOrigin(settings, aws.Config{Region: "eu-west-1"}, local); got != "http://127.0.0.1:9000" {
		t.Errorf("locally %s", got)
	}
}
