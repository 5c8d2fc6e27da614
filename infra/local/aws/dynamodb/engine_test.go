package dynamodb_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	engine "trueup/infra/local/aws/dynamodb"
)

// start starts an engine that stops with the test. It skips the test if the engine is
// missing and not required.
func start(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Start(t.Context(), o)
	if errors.Is(err, engine.ErrMissing) && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	return e
}

func TestDataSurvivesRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when missing")
	var log bytes.Buffer
	e := start(t, engine.Options{Dir: dir, Log: &log})
	client := engine.NewClient(e.URL)
	if err := engine.CreateTable(t.Context(), client, "kept", schema); err != nil {
		t.Fatal(err)
	}
	item := map[string]types.AttributeValue{
		schema.PK: &types.AttributeValueMemberS{Value: "a"},
		schema.SK: &types.AttributeValueMemberS{Value: "1"},
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("kept"), Item: item}); err != nil {
		t.Fatal(err)
	}
	e.Stop()
	select {
	case <-e.Exited():
	default:
		t.Error("Exited is not closed after Stop")
	}
	if !strings.Contains(log.String(), "3.3.1") {
		t.Errorf("the log lacks the engine's version:\n%s", log.String())
	}

	e = start(t, engine.Options{Dir: dir})
	client = engine.NewClient(e.URL)
	if err := engine.CreateTable(t.Context(), client, "kept", schema); err != nil {
		t.Fatalf("a table that exists: %v", err)
	}
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("kept"), Key: item})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Item) == 0 {
		t.Error("the item is gone after the restart")
	}
}

var schema = engine.Schema{
	PK: "pk", SK: "sk", TTL: "expires",
	Indexes: []engine.Index{{Name: "by-owner", PK: "o_pk", SK: "o_sk", Includes: []string{"owner", "number"}}},
}

func TestCreateTable(t *testing.T) {
	client := engine.NewClient(start(t, engine.Options{}).URL)

	// older creates a table with the schema's first index, which projects all attributes and
	// has the partition key indexKey if that is not empty.
	older := func(name, indexKey string) {
		t.Helper()
		first := schema.Indexes[0]
		if indexKey == "" {
			indexKey = first.PK
		}
		_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: aws.String(name),
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String(schema.PK), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String(schema.SK), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String(indexKey), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String(first.SK), AttributeType: types.ScalarAttributeTypeS},
			},
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String(schema.PK), KeyType: types.KeyTypeHash},
				{AttributeName: aws.String(schema.SK), KeyType: types.KeyTypeRange},
			},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
				IndexName: aws.String(first.Name),
				KeySchema: []types.KeySchemaElement{
					{AttributeName: aws.String(indexKey), KeyType: types.KeyTypeHash},
					{AttributeName: aws.String(first.SK), KeyType: types.KeyTypeRange},
				},
				Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			}},
			BillingMode: types.BillingModePayPerRequest,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	indexNames := func(name string) []string {
		t.Helper()
		out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, index := range out.Table.GlobalSecondaryIndexes {
			names = append(names, aws.ToString(index.IndexName))
		}
		slices.Sort(names)
		return names
	}
	var want []string
	for _, index := range schema.Indexes {
		want = append(want, index.Name)
	}
	slices.Sort(want)

	t.Run("new", func(t *testing.T) {
		if err := engine.CreateTable(t.Context(), client, "new", schema); err != nil {
			t.Fatal(err)
		}
		if got := indexNames("new"); !slices.Equal(got, want) {
			t.Errorf("indexes are %q, want %q", got, want)
		}
		ttl, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("new")})
		if err != nil {
			t.Fatal(err)
		}
		if got := aws.ToString(ttl.TimeToLiveDescription.AttributeName); got != schema.TTL {
			t.Errorf("time to live is on %q, want %q", got, schema.TTL)
		}
	})
	t.Run("lacks indexes", func(t *testing.T) {
		older("lacks-indexes", "")
		if err := engine.CreateTable(t.Context(), client, "lacks-indexes", schema); err != nil {
			t.Fatal(err)
		}
		if got := indexNames("lacks-indexes"); !slices.Equal(got, want) {
			t.Errorf("indexes are %q, want %q", got, want)
		}
	})
	t.Run("index of other keys", func(t *testing.T) {
		older("other-keys", "old_pk")
		err := engine.CreateTable(t.Context(), client, "other-keys", schema)
		if err == nil || !strings.Contains(err.Error(), "delete the data folder") || !strings.Contains(err.Error(), schema.Indexes[0].Name) {
			t.Errorf("got %v, want an error that names the index and says what to do", err)
		}
	})
}

// Each reason for which the engine cannot start is reported in one line.
func TestStartErrors(t *testing.T) {
	// fakeJava installs a Java runtime that prints a message and fails.
	fakeJava := func(t *testing.T, says string) {
		t.Helper()
		home := t.TempDir()
		if err := os.Mkdir(filepath.Join(home, "bin"), 0o700); err != nil {
			t.Fatal(err)
		}
		script := "#!/bin/sh\necho '" + says + "' >&2\nexit 1\n"
		if err := os.WriteFile(filepath.Join(home, "bin", "java"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("JAVA_HOME", home)
	}
	fakeEngine := func(t *testing.T) {
		t.Helper()
		home := t.TempDir()
		if err := os.WriteFile(filepath.Join(home, "DynamoDBLocal.jar"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(engine.HomeVariable, home)
	}
	for _, test := range []struct {
		name  string
		setup func(t *testing.T) engine.Options
		is    error
		says  string
	}{
		{"engine missing", func(t *testing.T) engine.Options {
			t.Setenv(engine.HomeVariable, t.TempDir())
			return engine.Options{}
		}, engine.ErrMissing, "DynamoDBLocal.jar"},
		{"outside the module", func(t *testing.T) engine.Options {
			t.Setenv(engine.HomeVariable, "")
			t.Chdir(t.TempDir())
			return engine.Options{}
		}, engine.ErrMissing, engine.HomeVariable},
		{"not installed", func(t *testing.T) engine.Options {
			t.Setenv(engine.HomeVariable, "")
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			return engine.Options{}
		}, engine.ErrMissing, "npm ci in infra/local"},
		{"Java missing", func(t *testing.T) engine.Options {
			fakeEngine(t)
			t.Setenv("PATH", "")
			t.Setenv("JAVA_HOME", "")
			return engine.Options{}
		}, engine.ErrMissing, "install a Java runtime"},
		{"Java too old", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "java.lang.UnsupportedClassVersionError: class file version 61.0\nat x.y(Z)")
			return engine.Options{}
		}, engine.ErrMissing, "Java 17"},
		{"port in use", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "not reached")
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			return engine.Options{Port: l.Addr().(*net.TCPAddr).Port}
		}, syscall.EADDRINUSE, "already in use"},
		{"port taken meanwhile", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "Exception in thread main\nCaused by: java.net.BindException: Address already in use")
			return engine.Options{}
		}, syscall.EADDRINUSE, "already in use"},
		{"engine broken", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "Error: Invalid or corrupt jarfile x.jar\nmore")
			return engine.Options{}
		}, nil, "corrupt jarfile x.jar"},
		{"engine ends silently", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "good\nbye")
			return engine.Options{}
		}, nil, `"good\nbye\n"`},
		{"folder cannot be made", func(t *testing.T) engine.Options {
			fakeEngine(t)
			fakeJava(t, "not reached")
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return engine.Options{Dir: file}
		}, syscall.ENOTDIR, "folder of the data"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := engine.Start(t.Context(), test.setup(t))
			if err == nil {
				e.Stop()
				t.Fatal("it started")
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want one that is %v", err, test.is)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %q, want it to say %q", err, test.says)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("got more than one line: %q", err)
			}
		})
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, err := engine.Start(ctx, engine.Options{})
	if errors.Is(err, engine.ErrMissing) && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
		t.Skip(err)
	}
	if err == nil {
		e.Stop()
		t.Fatal("it started")
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
