package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestRepository runs every rule over this repository.
func TestRepository(t *testing.T) {
	t.Parallel()
	tree, err := Load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range slices.Concat(Rules, DocumentRules) {
		t.Run(rule.Name, func(t *testing.T) {
			for _, violation := range rule.Check(tree) {
				t.Error(violation)
			}
		})
	}
}

// TestRepositoryIsRead ensures that TestRepository does not pass because it looked in the wrong
// folder.
func TestRepositoryIsRead(t *testing.T) {
	t.Parallel()
	tree, err := Load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"internal/agreement", "internal/testkit/archtest", "internal/aws/dynamo/schema", "infra"} {
		if !slices.ContainsFunc(tree.Files, func(f *File) bool { return f.Dir == dir }) {
			t.Errorf("no Go file seen in %s", dir)
		}
	}
	if _, seen := tree.Texts["internal/docs/CHANGELOG.md"]; !seen {
		t.Error("the changelog was not seen")
	}
	if slices.ContainsFunc(tree.Files, func(f *File) bool { return strings.Contains(f.Path, "node_modules") }) {
		t.Error("node_modules was searched")
	}
}

// sources is a small tree: path to content.
type sources map[string]string

func load(t *testing.T, s sources) *Tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range s {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	tree, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestRules shows that each rule finds its violations, with their places, and accepts similar
// valid code.
func TestRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\n", 501)
	tests := map[string]struct {
		tree sources
		want []string // the start of each violation, up to its first space
	}{
		"dependencies point inwards": {
			tree: sources{
				"internal/agreement/a.go":      "package agreement\nimport _ \"trueup/internal/aws/dynamo\"",
				"internal/agreement/a_test.go": "package agreement\nimport _ \"trueup/internal/aws/dynamo\"",
				"internal/agreement/b.go":      "package agreement\nimport _ \"trueup/internal/errs\"",
				"internal/aws/dynamo/d.go":     "package dynamo\nimport _ \"trueup/internal/aws/dynamo/schema\"",
				"internal/aws/dynamo/e.go":     "package dynamo\nimport _ \"trueup/internal/httpapi\"",
				"internal/importer/i.go":       "package importer\nimport _ \"trueup/internal/agreement\"",
				"internal/httpapi/h.go":        "package httpapi\nimport _ \"trueup/internal/httpapi/route\"",
				"internal/httpapi/i.go":        "package httpapi\nimport _ \"trueup/internal/aws/s3bucket\"",
				"internal/app/a.go":            "package app\nimport _ \"trueup/internal/aws/s3bucket\"",
				"internal/app/b.go":            "package app\nimport _ \"trueup/internal/testkit/storetest\"",
				"internal/attic/a.go":          "package attic",
				"internal/manifest/k.go":       "package manifest\nimport _ \"trueup/internal/intake/kind\"",
				"internal/manifest/o.go":       "package manifest\nimport _ \"trueup/internal/intake\"",
				"internal/journal/a.go":        "package journal\nimport _ \"trueup/internal/register\"",
				"internal/journal/b.go":        "package journal\nimport _ \"trueup/internal/objects\"",
				"internal/register/r.go":       "package register\nimport _ \"trueup/internal/journal\"",
				"functions/x/main.go":          "package main\nimport _ \"trueup/internal/app\"",
				"functions/y/main.go":          "package main\nimport _ \"trueup/internal/importer\"",
				"infra/m.go":                   "package main\nimport _ \"trueup/internal/manifest\"",
				"infra/n.go":                   "package main\nimport _ \"trueup/internal/app\"",
				"infra/local/l.go":             "package main\nimport _ \"trueup/infra/local/aws/dynamodb\"",
				"infra/local/aws/s3/s.go":      "package s3\nimport _ \"trueup/internal/access\"",
				"infra/local/m.go":             "package main\nimport _ \"trueup/internal/aws/dynamo\"",
			},
			want: []string{
				"functions/y/main.go:", "infra/local/aws/s3/s.go:", "infra/local/m.go:", "infra/n.go:", "internal/agreement/a.go:", "internal/app/b.go:",
				"internal/attic/a.go:", "internal/aws/dynamo/e.go:", "internal/httpapi/i.go:", "internal/journal/a.go:", "internal/manifest/o.go:",
			},
		},
		"the domain has an order": {
			tree: sources{
				"internal/agreement/a.go":      "package agreement\nimport _ \"trueup/internal/entitlement\"",
				"internal/agreement/a_test.go": "package agreement\nimport _ \"trueup/internal/entitlement\"",
				"internal/position/p.go":       "package position\nimport _ \"trueup/internal/entitlement\"",
				"internal/position/q.go":       "package position\nimport _ \"trueup/internal/inventory\"",
				"internal/snapshot/s.go":       "package snapshot\nimport _ \"trueup/internal/report\"",
			},
			want: []string{"internal/agreement/a.go:", "internal/position/q.go:"},
		},
		"stored data has a shape": {
			tree: sources{
				"internal/aws/dynamo/a.go":      "package dynamo\ntype aItem struct {\nPK string `dynamodbav:\"pk\"`\n}\ntype part struct {\nN int `dynamodbav:\"n,omitempty\"`\n}",
				"internal/aws/dynamo/b.go":      "package dynamo\ntype bItem struct {\nPK string `dynamodbav:\"pk\"`\n}",
				"internal/aws/dynamo/c.go":      "package dynamo\ntype itemKey struct {\nPK string `dynamodbav:\"pk\"`\n}\ntype cItem struct{ itemKey }",
				"internal/aws/dynamo/d.go":      "package dynamo\ntype dItem struct{ itemKey }",
				"internal/aws/dynamo/a_test.go": "package dynamo\nvar _, _ = aItem{}, dItem{}",
				"internal/group/g.go":           "package group\ntype Group struct {\nID string `dynamodbav:\"id\"`\n}",
				"internal/report/stored.go":     "package report\ntype storedRow struct{}",
				"internal/report/r_test.go":     "package report\nvar _ = golden.Shape",
				"internal/importer/stored.go":   "package importer\ntype storedReport struct{}\ntype other struct{}",
			},
			want: []string{"internal/aws/dynamo/b.go:", "internal/aws/dynamo/c.go:", "internal/group/g.go:", "internal/importer/stored.go:"},
		},
		"stored JSON is written in stored.go": {
			tree: sources{
				"internal/importer/a.go":         "package importer\nimport \"encoding/json\"\nvar _ = json.Marshal",
				"internal/importer/b.go":         "package importer\nimport \"encoding/json\"\nvar _ = json.Unmarshal",
				"internal/importer/a_test.go":    "package importer\nimport \"encoding/json\"\nvar _ = json.Marshal",
				"internal/importer/stored.go":    "package importer\nimport \"encoding/json\"\nvar _ = json.Marshal",
				"internal/catalog/feeder/a.go":   "package feeder\nimport \"encoding/json\"\nvar _ = json.NewEncoder(nil)",
				"internal/refresher/answer.go":   "package refresher\nimport \"encoding/json\"\nvar _ = json.Marshal",
				"internal/httpapi/catalog/a.go":  "package catalog\nimport \"encoding/json\"\nvar _ = json.Marshal",
				"internal/inventory/encode.go":   "package inventory\nimport j \"encoding/json\"\nvar _ = j.MarshalIndent",
				"internal/aws/dynamo/journal.go": "package dynamo\nimport \"encoding/json\"\nvar _ = json.Marshal",
			},
			want: []string{"internal/catalog/feeder/a.go:3:", "internal/importer/a.go:3:", "internal/inventory/encode.go:3:"},
		},
		"the agreement domain uses the standard library and what is as pure": {
			tree: sources{
				"internal/agreement/a.go": "package agreement\nimport _ \"golang.org/x/text/cases\"",
				"internal/agreement/b.go": "package agreement\nimport _ \"trueup/internal/group\"",
				"internal/agreement/c.go": "package agreement\nimport (\n_ \"strings\"\n_ \"trueup/internal/text\"\n)",
				"internal/text/t.go":      "package text\nimport _ \"golang.org/x/text/cases\"",
			},
			want: []string{"internal/agreement/a.go:", "internal/agreement/b.go:"},
		},
		"AWS SDK only in the adapters, app and the local stack": {
			tree: sources{
				"internal/aws/dynamo/a.go":    "package dynamo\nimport _ \"github.com/aws/aws-sdk-go-v2/service/dynamodb\"",
				"internal/importer/a.go":      "package importer\nimport _ \"github.com/aws/aws-sdk-go-v2/aws\"",
				"internal/httpapi/a.go":       "package httpapi\nimport _ \"github.com/aws/smithy-go\"",
				"internal/httpapi/a_test.go":  "package httpapi\nimport _ \"github.com/aws/smithy-go\"",
				"internal/dynamoxyz/other.go": "package dynamoxyz\nimport _ \"github.com/aws/smithy-go\"",
			},
			want: []string{"internal/dynamoxyz/other.go:", "internal/httpapi/a.go:", "internal/importer/a.go:"},
		},
		"aws-lambda-go only in trigger and app": {
			tree: sources{
				"internal/aws/trigger/a.go": "package trigger\nimport _ \"github.com/aws/aws-lambda-go/events\"",
				"functions/x/main.go":       "package main\nimport _ \"github.com/aws/aws-lambda-go/lambda\"",
			},
			want: []string{"functions/x/main.go:"},
		},
		"CDK only in infra, behind its build tag": {
			tree: sources{
				"infra/a.go":       "//go:build cdk\n\npackage main\nimport _ \"github.com/aws/aws-cdk-go/awscdk/v2\"",
				"infra/b.go":       "package main\n//go:build cdk\nimport _ \"github.com/aws/constructs-go/constructs/v10\"",
				"infra/b_test.go":  "package main\nimport _ \"github.com/cdklabs/cdk-nag-go/cdknag/v2\"",
				"infra/local/c.go": "//go:build cdk\n\npackage main\nimport _ \"github.com/aws/jsii-runtime-go\"",
			},
			want: []string{"infra/b.go:", "infra/b_test.go:", "infra/local/c.go:"},
		},
		"the environment is read only in config": {
			tree: sources{
				"internal/config/a.go":           "package config\nimport \"os\"\nvar _ = os.Getenv(\"X\")",
				"internal/app/a.go":              "package app\nimport system \"os\"\nvar _, _ = system.LookupEnv(\"X\")",
				"internal/app/b.go":              "package app\nimport \"os\"\nvar _ = os.Args",
				"internal/app/c.go":              "package app\nvar os struct{ Getenv func() string }\nvar _ = os.Getenv()",
				"internal/app/a_test.go":         "package app\nimport \"os\"\nvar _ = os.Getenv(\"X\")",
				"internal/aws/dynamo/syscall.go": "package dynamo\nimport \"syscall\"\nvar _ = syscall.Environ()",
			},
			want: []string{"internal/app/a.go:3:", "internal/aws/dynamo/syscall.go:3:"},
		},
		"the clock is read only in app": {
			tree: sources{
				"internal/app/a.go":        "package app\nimport \"time\"\nvar _ = time.Now",
				"internal/importer/a.go":   "package importer\nimport \"time\"\nvar _ = time.Now()",
				"internal/importer/b.go":   "package importer\nimport t \"time\"\nvar _ = t.Since(t.Time{})",
				"internal/importer/c.go":   "package importer\nimport \"time\"\nvar _ = time.Second",
				"internal/aws/dynamo/a.go": "package dynamo\nimport \"time\"\nvar clock = time.Now",
			},
			want: []string{"internal/aws/dynamo/a.go:3:", "internal/importer/a.go:3:", "internal/importer/b.go:3:"},
		},
		"nothing in internal prints": {
			tree: sources{
				"internal/a/a.go":      "package a\nimport \"fmt\"\nfunc f() { fmt.Println() }",
				"internal/a/b.go":      "package a\nfunc g() { println(1) }",
				"internal/a/c.go":      "package a\nimport \"fmt\"\nvar _ = fmt.Sprint()",
				"internal/a/d_test.go": "package a\nimport \"fmt\"\nfunc h() { fmt.Println() }",
				"infra/local/main.go":  "package main\nimport \"fmt\"\nfunc main() { fmt.Println() }",
			},
			want: []string{"internal/a/a.go:3:", "internal/a/b.go:2:"},
		},
		"a function's main only wires": {
			tree: sources{
				"functions/a/main.go":      "package main" + strings.Repeat("\n", 20),
				"functions/b/main.go":      "package main" + strings.Repeat("\n", 21),
				"functions/c/logic.go":     "package main",
				"functions/c/main_test.go": "package main" + long,
			},
			want: []string{"functions/b/main.go:", "functions/c/logic.go:"},
		},
		"messages are data: i18n imports nothing of trueup": {
			tree: sources{
				"internal/i18n/a.go":          "package i18n\nimport (\n_ \"sort\"\n_ \"golang.org/x/text/language\"\n)",
				"internal/i18n/a_test.go":     "package i18n\nimport _ \"trueup/internal/errs\"",
				"internal/i18n/b.go":          "package i18n\nimport _ \"trueup/internal/errs\"",
				"internal/i18n/generate/a.go": "package main\nimport _ \"trueup/internal/group\"",
				"internal/group/a.go":         "package group\nimport _ \"trueup/internal/i18n\"",
				"internal/report/a.go":        "package report\nimport _ \"trueup/internal/i18n\"",
			},
			want: []string{"internal/group/a.go:", "internal/i18n/b.go:"},
		},
		"gettext files are read only by the generator": {
			tree: sources{
				"internal/i18n/a.go":          "package i18n\nimport _ \"github.com/chai2010/gettext-go/po\"",
				"internal/i18n/generate/a.go": "package main\nimport _ \"github.com/chai2010/gettext-go/po\"",
			},
			want: []string{"internal/i18n/a.go:"},
		},
		"tables are read and written only in sheet": {
			tree: sources{
				"internal/sheet/a.go":          "package sheet\nimport _ \"encoding/csv\"",
				"internal/inventory/a.go":      "package inventory\nimport _ \"encoding/csv\"",
				"internal/inventory/a_test.go": "package inventory\nimport _ \"encoding/csv\"",
			},
			want: []string{"internal/inventory/a.go:"},
		},
		"files stay under 500 lines": {
			tree: sources{
				"internal/a/a.go":      "package a" + long,
				"internal/a/a_test.go": "package a" + long,
				"internal/a/b.go":      "package a" + long[1:],
				"internal/a/c.go":      "// Code generated by x. DO NOT EDIT.\n\npackage a" + long,
			},
			want: []string{"internal/a/a.go:"},
		},
		"packages are named after what they hold": {
			tree: sources{
				"internal/util/a.go":              "package dates",
				"internal/aws/dynamo/common/a.go": "package common",
				"internal/dates/a.go":             "package helpers",
				"internal/commonwealth/law.go":    "package commonwealth",
			},
			want: []string{"internal/aws/dynamo/common/a.go:", "internal/dates/a.go:", "internal/util/a.go:"},
		},
		"internal packages have a doc comment": {
			tree: sources{
				"internal/a/a.go":      "package a",
				"internal/a/b.go":      "// Package a is documented in its second file.\npackage a",
				"internal/b/b.go":      "// Something else.\npackage b",
				"internal/c/c.go":      "package c",
				"internal/f/f.go":      "// Command f is none.\npackage f",
				"internal/d/main.go":   "// Command d measures.\npackage main",
				"internal/e/a_test.go": "package e",
			},
			want: []string{"internal/b:", "internal/c:", "internal/f:"},
		},
		"every function has a row in the manifest, and every row a function": {
			tree: sources{
				"functions/a/main.go":        "package main",
				"functions/b/main.go":        "package main",
				"internal/manifest/table.go": "package manifest\nvar Functions = []F{{Name: \"a\"}, {Memory: 1, Name: \"c\"}}\nvar Others = []F{{Name: \"d\"}}",
			},
			want: []string{"functions/b:", "manifest.Functions:"},
		},
		"decisions have a number, a date, a status and three parts": {
			tree: sources{
				"internal/docs/adr/0001-a.md": "# 0001 A\n\nDate: 2026-11-21\n\nStatus: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n",
				"internal/docs/adr/0002-b.md": "# 0002 B\n\nDate: today\n\nStatus: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n",
				"internal/docs/adr/0003-c.md": "# C\n\nDate: 2026-11-21\n\nStatus: superseded by 0004\n\n## Context\n\n## Decision\n\n## Consequences\n",
				"internal/docs/adr/0005-d.md": "# 0005 D\n\nDate: 2026-11-21\n\nStatus: accepted, amended by 0002\n\n## Context\n\n## Decision\n",
				"internal/docs/adr/0005-e.md": "# 0005 E\n\nDate: 2026-11-21\n\nStatus: maybe\n\n## Context\n\n## Decision\n\n## Consequences\n",
			},
			want: []string{
				"internal/docs/adr/0002-b.md:", "internal/docs/adr/0003-c.md:",
				"internal/docs/adr/0005-d.md:", "internal/docs/adr/0005-d.md:", "internal/docs/adr/0005-e.md:",
			},
		},
		"the changelog is dated, newest first": {
			tree: sources{"internal/docs/CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n" +
				"- 2026-11-22 Added: a thing.\n- 2026-11-22 Fixed: a thing\n  in two lines.\n- 2026-11-23 Fixed: too late.\n- Changed: no date.\n- 2026-11-20 No kind.\n"},
			want: []string{"internal/docs/CHANGELOG.md:", "internal/docs/CHANGELOG.md:", "internal/docs/CHANGELOG.md:", "internal/docs/CHANGELOG.md:"},
		},
		"the README is short": {
			tree: sources{"README.md": strings.Repeat("trueup\n", 1463)},
			want: []string{"README.md:"},
		},
		"links between documents lead somewhere": {
			tree: sources{
				"README.md": "[a](internal/docs/guide.md) [b](internal/docs/guide.md#the-api-v2) [c](#top) ![d](missing.svg) [e](https://example.org/x)\n" +
					"# Top\n```sh\necho [f](missing.md)\n```\n[g](internal/docs) <img src=\"gone.png\">\n",
				"internal/docs/guide.md":    "## The API, `v2`\n[a](../../README.md#nowhere) [b](adr/)\n",
				".github/CONTRIBUTING.md":   "[a](../internal/docs/guide.md) [b](guide.md)\n",
				"internal/a/testdata/a.md":  "[a](missing.md)\n",
				"internal/docs/adr/0001.md": "[a](../guide.md)\n",
			},
			want: []string{".github/CONTRIBUTING.md:", "README.md:", "README.md:", "internal/docs/guide.md:"},
		},
		"every sample is described and used": {
			tree: sources{
				"events/README.md":                    "`used.csv` `unused.csv` `globbed.csv` `scripted.json`",
				"events/used.csv":                     "",
				"events/unused.csv":                   "",
				"events/undescribed.csv":              "",
				"events/dialects/globbed.csv":         "",
				"events/scripted.json":                "",
				"internal/a/a.go":                     "package a\nconst name = \"unused.csv\"",
				"internal/a/a_test.go":                "package a\nvar names = []string{\"../../events/used.csv\", \"undescribed.csv\", \"../../events/dialects/*.csv\", \"*\"}",
				"internal/httpapi/testdata/put.txtar": "POST /imports @events/scripted.json",
			},
			want: []string{"events/undescribed.csv:", "events/unused.csv:"},
		},
		"what is unavailable has a cause": {
			tree: sources{
				"internal/a/a.go":              "package a\nvar a = errs.Wrap(err, errs.Unavailable, \"try_again\")\nvar b = errs.New(errs.Unavailable, \"try_again\")\nvar c = errs.New(errs.Denied, \"no\")",
				"internal/a/a_test.go":         "package a\nvar a = errs.New(errs.Unavailable, \"try_again\")",
				"internal/httpapi/document.go": "package httpapi\nvar a = errs.New(errs.Unavailable, \"try_again\")",
			},
			want: []string{"internal/a/a.go:3:"},
		},
		"every alarm is in the runbook": {
			tree: sources{
				"internal/docs/runbook.md":     "`KnownAlarm`",
				"infra/testdata/template.json": `{"Resources": {"KnownAlarm": {"Type": "AWS::CloudWatch::Alarm"}, "OtherAlarm": {"Type": "AWS::CloudWatch::Alarm"}, "Table": {"Type": "AWS::DynamoDB::Table"}}}`,
			},
			want: []string{"infra/testdata/template.json:"},
		},
		"every log line is in the runbook": {
			tree: sources{
				"internal/docs/runbook.md": "`known`",
				"internal/a/a.go":          "package a\nfunc f() {\nlog.Info(\"known\")\nx.Log.WarnContext(ctx, \"new\", \"k\", 1)\nlog.Error(\"other\")\n}",
				"internal/a/b.go":          "package a\nfunc f() {\nhttp.Error(w, \"text\", 500)\nlog.With(\"k\", 1)\nlog.Info(message)\n}",
				"internal/a/a_test.go":     "package a\nfunc f() { log.Info(\"test\") }",
			},
			want: []string{"internal/a/a.go:4:", "internal/a/a.go:5:"},
		},
		"every setting is in the guide": {
			tree: sources{
				"internal/docs/guide.md":    "`KNOWN`",
				"internal/config/config.go": "package config\nconst (\nA = \"KNOWN\"\nB = \"NEW\"\n)\nvar c = \"none\"",
				"internal/other/other.go":   "package other\nconst a = \"NONE\"",
			},
			want: []string{"internal/config/config.go:"},
		},
	}
	for _, rule := range slices.Concat(Rules, DocumentRules) {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			test, found := tests[rule.Name]
			if !found {
				t.Fatal("the rule has no example that breaks it")
			}
			var got []string
			for _, violation := range rule.Check(load(t, test.tree)) {
				start, _, _ := strings.Cut(violation, " ")
				got = append(got, start)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadRefusesWhatDoesNotParse(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{"internal/a/a.go": &fstest.MapFile{Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), "internal/a/a.go") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func TestLoadLeavesToolsFoldersOut(t *testing.T) {
	t.Parallel()
	tree := load(t, sources{
		"dist/x.go":                      "not Go",
		".local/x.go":                    "not Go",
		"infra/local/node_modules/x.go":  "not Go",
		"internal/a/testdata/fixture.go": "not Go",
		"internal/a/a.go":                "package a",
	})
	if len(tree.Files) != 1 || tree.Files[0].Path != "internal/a/a.go" {
		t.Errorf("got %d files, want internal/a/a.go only", len(tree.Files))
	}
}
