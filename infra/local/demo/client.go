package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/aws/loopback"
	"trueup/infra/local/stack"
)

// client acts as a licence admin. It uses only the API and the uploads bucket.
type client struct{ api, files string }

const pollEvery = 200 * time.Millisecond

// call makes a request and decodes the answer into result, unless it is nil.
func (c client) call(ctx context.Context, method, path string, body, result any) (status int, err error) {
	token, err := c.read(ctx, http.MethodGet, "/dev/token?role=global-admin&sub=demo", nil, "")
	if err != nil {
		return 0, err
	}
	var content []byte
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	answer, err := c.read(ctx, method, path, content, string(token.body))
	if err != nil || result == nil || answer.status >= http.StatusBadRequest {
		return answer.status, err
	}
	if err := json.Unmarshal(answer.body, result); err != nil {
		return answer.status, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer.status, nil
}

type reply struct {
	status int
	body   []byte
	tag    string // the ETag
}

func (c client) read(ctx context.Context, method, path string, body []byte, token string) (reply, error) {
	return c.revise(ctx, method, path, body, token, "")
}

// revise makes a request on the condition that what it changes has the tag; empty for none.
func (c client) revise(ctx context.Context, method, path string, body []byte, token, tag string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if tag != "" {
		request.Header.Set("If-Match", tag)
	}
	response, err := loopback.Client().Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, answer, response.Header.Get("ETag")}, err
}

// get reads a resource into result. A status other than 200 is an error.
func (c client) get(ctx context.Context, path string, result any) error {
	status, err := c.call(ctx, http.MethodGet, path, nil, result)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: status %d", path, status)
	}
	return err
}

// until polls done until it returns true or an error, or ctx ends.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	}
}

func (c client) bucket() *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &c.files, UsePathStyle: true,
		Credentials:                credentials.StaticCredentialsProvider{Value: stack.Credentials},
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// put uploads a file, unless the bucket has the same content already, because every
// upload is processed again.
func (c client) put(ctx context.Context, f file) error {
	sum := md5.Sum(f.body) // the ETag in S3
	head, err := c.bucket().HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(stack.UploadsBucket), Key: &f.key})
	if err == nil && strings.Trim(aws.ToString(head.ETag), `"`) == hex.EncodeToString(sum[:]) {
		return nil
	}
	_, err = c.bucket().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(stack.UploadsBucket), Key: &f.key, Body: bytes.NewReader(f.body), Metadata: f.metadata()})
	return err
}

// ended waits until the latest record of each file is final. It returns an error if a
// state is not good. path lists the records, with file name and state.
func (c client) ended(ctx context.Context, path, good string, files []file) error {
	type record struct {
		FileName, State string
		Final           bool
	}
	return until(ctx, "waiting for "+path, func() (bool, error) {
		var page struct{ Items []record }
		if err := c.get(ctx, path+"?limit=200", &page); err != nil {
			return false, err
		}
		newest := map[string]record{}
		for _, r := range page.Items { // newest first
			if _, known := newest[r.FileName]; !known {
				newest[r.FileName] = r
			}
		}
		for _, f := range files {
			r, known := newest[f.name()]
			if !known {
				r = newest[f.key] // records of lists name the folder as well
			}
			if !r.Final {
				return false, nil
			}
			if r.State != good {
				return false, fmt.Errorf("%s is %s: see %s%s", f.name(), r.State, c.api, path)
			}
		}
		return true, nil
	})
}

// strangers names a file or an agreement in the system that is not part of the demo and
// would change the report; empty if there is none.
func (c client) strangers(ctx context.Context, ours []file) (string, error) {
	known := map[string]bool{}
	for _, f := range ours {
		known[f.key] = true
	}
	list, err := c.bucket().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(stack.UploadsBucket)})
	if err != nil {
		return "", err
	}
	for _, o := range list.Contents {
		if key := aws.ToString(o.Key); !known[key] {
			return "the file " + key, nil
		}
	}
	names := map[string]bool{}
	for _, o := range others() {
		names[o.name] = true
	}
	var page struct{ Items []struct{ Name string } }
	if err := c.get(ctx, "/agreements?type=other&limit=200", &page); err != nil {
		return "", err
	}
	for _, a := range page.Items {
		if !names[a.Name] {
			return "the agreement " + a.Name, nil
		}
	}
	return "", nil
}

// add adds an agreement of type other, unless it exists. It retries until the inventory
// and the titles of the catalog, which the API requires, are imported.
func (c client) add(ctx context.Context, o other) error {
	var found struct{ Items []struct{ Name string } }
	if err := c.get(ctx, "/agreements?type=other&q="+url.QueryEscape(o.name), &found); err != nil {
		return err
	}
	for _, a := range found.Items {
		if a.Name == o.name {
			return nil
		}
	}
	body := map[string]any{
		"type": "other", "name": o.name, "publisher": o.publisher, "productTitle": o.title, "licenses": o.licenses,
		"group": map[string]string{"name": o.group},
	}
	for name, value := range map[string]string{"start": o.start, "end": o.end, "details": o.details} {
		if value != "" {
			body[name] = value
		}
	}
	return until(ctx, "adding "+o.name, func() (bool, error) {
		answer, err := c.post(ctx, "/agreements", body)
		if err != nil {
			return false, err
		}
		waits := bytes.Contains(answer.body, []byte(`"inventory_required"`)) || bytes.Contains(answer.body, []byte(`"title_unknown"`)) || bytes.Contains(answer.body, []byte(`"publisher_unknown"`))
		switch {
		case answer.status == http.StatusCreated:
			return true, nil
		case waits:
			return false, nil
		}
		return false, fmt.Errorf("adding %s: %s", o.name, answer.body)
	})
}

// post makes a request and returns the answer, also if it is rejected.
func (c client) post(ctx context.Context, path string, body any) (reply, error) {
	return c.send(ctx, http.MethodPost, path, body, "")
}

// tag returns the ETag of a resource.
func (c client) tag(ctx context.Context, path string) (string, error) {
	token, err := c.read(ctx, http.MethodGet, "/dev/token?role=global-admin&sub=demo", nil, "")
	if err != nil {
		return "", err
	}
	answer, err := c.read(ctx, http.MethodGet, path, nil, string(token.body))
	return answer.tag, err
}

// send makes a request on the condition that what it changes has the tag, empty for none. It returns the
// answer, also if it is rejected.
func (c client) send(ctx context.Context, method, path string, body any, tag string) (reply, error) {
	token, err := c.read(ctx, http.MethodGet, "/dev/token?role=global-admin&sub=demo", nil, "")
	if err != nil {
		return reply{}, err
	}
	content, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	return c.revise(ctx, method, path, content, string(token.body), tag)
}

// refreshed is the record of a refresh.
type refreshed struct {
	ID, State                       string
	Final                           bool
	RequestedAt                     time.Time
	Checked, Valid, Invalid, Failed int
}

// refresh refreshes the whole organisation, with all data stored before the call.
func (c client) refresh(ctx context.Context) (r refreshed, err error) {
	asked := time.Now()
	for r.RequestedAt.Before(asked) { // the API returns a running refresh, which may be older
		status, err := c.call(ctx, http.MethodPost, "/refreshes", struct{}{}, &r)
		if err != nil || status != http.StatusAccepted {
			return r, errors.Join(err, fmt.Errorf("POST /refreshes: status %d", status))
		}
		id, requested := r.ID, r.RequestedAt
		err = until(ctx, "waiting for the refresh", func() (bool, error) {
			r = refreshed{}
			err := c.get(ctx, "/refreshes/"+id, &r)
			return r.Final, err
		})
		if err != nil {
			return r, err
		}
		r.RequestedAt = requested
	}
	return r, nil
}

// decide decides what an undecidable title is, and waits until earlier files of inventory are counted
// again.
func (c client) decide(ctx context.Context, title, choices string) error {
	status, err := c.call(ctx, http.MethodPut, "/inventory/decisions/"+title, json.RawMessage(choices), nil)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("PUT /inventory/decisions/%s: status %d", title, status))
	}
	return until(ctx, "counting the inventory again", func() (bool, error) {
		var inventory struct{ Counting bool }
		err := c.get(ctx, "/inventory", &inventory)
		return !inventory.Counting, err
	})
}
