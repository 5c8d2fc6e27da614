// Package e2e_test tests the whole system through its public interfaces: the function
// binaries run in the local stack, an S3 client uploads files, and results are read from
// the HTTP API.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/loopback"
	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// functions builds the binaries, once.
var functions = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "functions")
	if err != nil {
		return "", err
	}
	return dir, stack.Build(context.Background(), dir)
})

// shared starts an in-memory system once. Tests that use it have their own tables or names.
var shared = sync.OnceValues(func() (*stack.Stack, error) {
	dir, err := functions()
	if err != nil {
		return nil, err
	}
	return stack.Start(context.Background(), stack.Options{
		Functions: dir, Data: filepath.Join(dir, "shared"), InMemory: true, Unscheduled: true,
	})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if s, err := shared(); err == nil {
		s.Stop(time.Second)
	}
	if dir, err := functions(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// system is a stack and a user.
type system struct {
	*stack.Stack
	t     *testing.T
	token string
}

func start(t *testing.T, o stack.Options) system {
	t.Helper()
	dir, err := functions()
	must(t, err)
	o.Functions, o.Unscheduled = dir, true
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	return usedBy(t, "jo", access.GlobalAdmin)(stack.Start(context.Background(), o))
}

// usedBy returns a function that makes a system from the result of stack.Start. If the
// engine is missing, it skips the test, or fails it when the engine is required.
func usedBy(t *testing.T, subject string, roles ...access.Role) func(*stack.Stack, error) system {
	t.Helper()
	return func(s *stack.Stack, err error) system {
		t.Helper()
		if errors.Is(err, engine.ErrMissing) && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
			t.Skip(err)
		}
		must(t, err)
		token, err := s.Token(subject, roles...)
		must(t, err)
		return system{s, t, token}
	}
}

func (s system) stop() { s.Stop(time.Second) }

// refreshed waits until no refresh is queued or running and no event is pending.
func (s system) refreshed() {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var runs struct{ Items []struct{ State string } }
		s.get("/refreshes", &runs)
		open := slices.ContainsFunc(runs.Items, func(r struct{ State string }) bool { return r.State == "queued" || r.State == "running" })
		if !open && s.Pending() == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("refreshes do not end: %+v", runs)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// call makes a request to the API and decodes the answer into result. headers are names and values.
func (s system) call(method, path string, body, result any, headers ...string) (int, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	r, err := http.NewRequest(method, s.FrontURL+path, bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cache-Control", "no-cache") // reports show what the test has just done
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := loopback.Client().Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || result == nil {
		return response.StatusCode, err
	}
	if text, ok := result.(*string); ok {
		*text = string(answer)
		return response.StatusCode, nil
	}
	return response.StatusCode, json.Unmarshal(answer, result)
}

func (s system) get(path string, result any) {
	s.t.Helper()
	status, err := s.call(http.MethodGet, path, nil, result)
	must(s.t, err)
	if status != http.StatusOK {
		s.t.Fatalf("GET %s: %d", path, status)
	}
}

// Responses of the API, with the fields that the tests use.
type (
	page[T any] struct {
		Items      []T
		NextCursor string
	}
	imported struct {
		ID, FileName, State, By, Via        string
		Final                               bool
		Rows, Added, Unchanged, Rejected    int
		AgreementsCreated, Errors, Warnings int
	}
	agreement struct {
		ID, Name, GroupID string
		PairCount         int
	}
	pair struct{ AuthorizationNumber, LicenseNumber, Program string }
	find struct {
		Severity, Code, Message string
		Line                    int
	}
	group struct {
		ID, Name       string
		AgreementCount int
	}
)

// all reads every page of a list. path must have a query.
func all[T any](s system, path string) (items []T, err error) {
	for cursor := ""; ; {
		var p page[T]
		status, err := s.call(http.MethodGet, path+"&cursor="+cursor, nil, &p)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, errors.New(http.StatusText(status))
		}
		items = append(items, p.Items...)
		if cursor = p.NextCursor; cursor == "" {
			return items, nil
		}
	}
}

// put uploads a file with an S3 client.
func (s system) put(key, body string, metadata map[string]string) {
	s.t.Helper()
	_, err := s.S3().PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: &key, Body: strings.NewReader(body), Metadata: metadata,
	})
	must(s.t, err)
}

// wait waits until the latest import of a file has ended, and returns it.
func (s system) wait(fileName string) imported {
	s.t.Helper()
	for range 3000 {
		imports, err := all[imported](s, "/imports?limit=50")
		must(s.t, err)
		for _, i := range imports {
			if i.FileName == fileName && i.Final {
				return i
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("the import of %s has not ended", fileName)
	return imported{}
}

func sample(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../events", name))
	must(t, err)
	return string(b)
}
