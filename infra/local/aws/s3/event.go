package s3

import (
	"fmt"
	"net/url"
	"strings"
)

// Notifier receives the notification for one created object, as the JSON that S3 sends (an
// Event). The key is decoded. Before it returns nil, it must have stored the event, because
// S3 loses no events. It may get the same event again after a crash.
type Notifier func(bucket, key string, event []byte) error

// Event is an event notification of S3; see the S3 user guide, "Event message structure".
type Event struct {
	Records []Record `json:"Records"`
}

// Record describes one created object.
type Record struct {
	EventVersion      string            `json:"eventVersion"`
	EventSource       string            `json:"eventSource"`
	AWSRegion         string            `json:"awsRegion"`
	EventTime         string            `json:"eventTime"` // RFC 3339 with milliseconds
	EventName         string            `json:"eventName"`
	UserIdentity      identity          `json:"userIdentity"`
	RequestParameters map[string]string `json:"requestParameters"`
	ResponseElements  map[string]string `json:"responseElements"`
	S3                entity            `json:"s3"`
}

type identity struct {
	PrincipalID string `json:"principalId"`
}

type entity struct {
	SchemaVersion   string       `json:"s3SchemaVersion"`
	ConfigurationID string       `json:"configurationId"`
	Bucket          bucketEntity `json:"bucket"`
	Object          objectEntity `json:"object"`
}

type bucketEntity struct {
	Name          string   `json:"name"`
	OwnerIdentity identity `json:"ownerIdentity"`
	ARN           string   `json:"arn"`
}

type objectEntity struct {
	Key       string `json:"key"` // URL-encoded, with spaces as +
	Size      int64  `json:"size"`
	ETag      string `json:"eTag"`
	VersionID string `json:"versionId"`
	Sequencer string `json:"sequencer"`
}

// owner is the account that owns the buckets.
const owner = "A3LOCALOWNER"

// Names of events.
const (
	eventPut      = "ObjectCreated:Put"
	eventCopy     = "ObjectCreated:Copy"
	eventComplete = "ObjectCreated:CompleteMultipartUpload"
)

func newEvent(name, bucket, key string, v version) Event {
	return Event{Records: []Record{{
		EventVersion:      "2.1",
		EventSource:       "aws:s3",
		AWSRegion:         Region,
		EventTime:         v.Modified.UTC().Format("2006-01-02T15:04:05.000Z"),
		EventName:         name,
		UserIdentity:      identity{PrincipalID: v.Principal},
		RequestParameters: map[string]string{"sourceIPAddress": "127.0.0.1"},
		ResponseElements:  map[string]string{"x-amz-request-id": v.ID[:16], "x-amz-id-2": v.ID},
		S3: entity{
			SchemaVersion:   "1.0",
			ConfigurationID: "local",
			Bucket:          bucketEntity{Name: bucket, OwnerIdentity: identity{PrincipalID: owner}, ARN: "arn:aws:s3:::" + bucket},
			Object: objectEntity{
				Key:       EncodeKey(key),
				Size:      v.Size,
				ETag:      v.ETag,
				VersionID: v.ID,
				Sequencer: fmt.Sprintf("%018X", v.Sequencer),
			},
		},
	}}}
}

// Object returns the bucket and the decoded key.
func (e Event) Object() (bucket, key string, err error) {
	if len(e.Records) != 1 {
		return "", "", fmt.Errorf("s3: an event of %d records", len(e.Records))
	}
	o := e.Records[0].S3
	key, err = url.QueryUnescape(o.Object.Key)
	return o.Bucket.Name, key, err
}

// EncodeKey encodes a key as in events: like a form value, but slashes are kept.
func EncodeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}
