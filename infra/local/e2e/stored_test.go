package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/manifest"
	"trueup/internal/register"
)

var writeStored = flag.Bool("released", false, "write testdata/released.json.gz with the released version")

// storedFile has the data that the released version stored, and its responses then.
var storedFile = filepath.Join("testdata", "released.json.gz")

type storedData struct {
	Day     string // day of the snapshot
	Items   []map[string]any
	Objects []storedObject // objects of the reports bucket
	Views   map[string]string
}

type storedObject struct {
	Key, Type, Encoding string
	Metadata            map[string]string
	Body                []byte
}

// storedViews returns paths whose responses do not depend on the current day.
func storedViews(day string) []string {
	return []string{
		"/agreements?limit=20", "/agreements?limit=20&sort=publisher&order=desc", "/agreements?limit=20&sort=created", "/agreements?limit=20&sort=end",
		"/agreements?limit=20&group=unassigned", "/agreements?limit=20&type=other", "/agreements?limit=20&publisher=adobe", "/agreements?limit=20&validation=invalid",
		"/agreements?limit=20&endsBefore=2100-01-01", "/agreements?limit=20&q=office", "/agreements?limit=20&q=01-07001",
		"/groups", "/imports?limit=20", "/refreshes?limit=20", "/statements", "/audit?limit=200&from=" + day + "&to=" + day,
		"/catalog/publishers?limit=50&q=publisher", "/catalog/publishers?q=seeded",
		"/inventory/titles?limit=50", "/inventory/rules", "/reports/snapshots", "/reports/trend?from=" + day + "&to=" + day,
		"/reports/license-purchases?limit=20&date=" + day, "/reports/license-installations?limit=100&date=" + day,
	}
}

// ofTheMoment matches values that differ between two responses for the same data.
var ofTheMoment = regexp.MustCompile(`"(?:madeAt|nextCursor)":"[^"]*"|Report made on [-0-9: ]+ UTC`)

// Texts whose wording may change from one release to the next: messages, and the notes under a
// report.
var (
	messages = regexp.MustCompile(`"(?:message|explanation|notice)":"(?:[^"\\]|\\.)*"`)
	notes    = regexp.MustCompile(`(?s)(\r\nTotal,[^\r\n]*).*`)
)

// formerTotals matches the totals of agreements of releases before the list had the members that
// reports have; flatTotals is what they are now.
var formerTotals = regexp.MustCompile(`"byStatus":\{"not-started":(\d+),"active":(\d+),"expiring":(\d+),"expired":(\d+),"no-term":(\d+)\},"byValidation":\{([^}]*)\}`)

const flatTotals = `"notStarted":$1,"active":$2,"expiring":$3,"expired":$4,"noTerm":$5,$6`

// aged matches what changes as stored data grow old.
var aged = regexp.MustCompile(`"stale":(?:true|false)`)

// shows returns the responses for paths. It removes texts, and values that change with time.
func (s system) shows(paths []string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for _, view := range paths {
		var text string
		s.get(view, &text)
		text = notes.ReplaceAllString(messages.ReplaceAllString(text, `"":""`), "$1")
		text = ofTheMoment.ReplaceAllString(text, `"":""`)
		all[view] = formerTotals.ReplaceAllString(text, flatTotals)
	}
	return all
}

// TestR16_6_StoredData reads a table and a reports bucket that the released version wrote.
// Every later version must be able to read them.
func TestR16_6_StoredData(t *testing.T) {
	t.Parallel()
	if *writeStored {
		writeReleased(t)
	}
	packed, err := os.ReadFile(storedFile)
	must(t, err)
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	must(t, err)
	var data storedData
	must(t, json.NewDecoder(unpacked).Decode(&data))

	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "stored", Env: []string{"INVENTORY_REQUIRED=false"}})
	defer s.stop()
	ctx := context.Background()
	var puts errgroup.Group
	puts.SetLimit(8)
	for _, it := range data.Items {
		item := attributesOf(it)
		pk, sk := item["pk"].(*types.AttributeValueMemberS).Value, item["sk"].(*types.AttributeValueMemberS).Value
		if pk == "JOURNAL#"+string(register.JournalName) && sk == fmt.Sprintf("%016d", 1) {
			continue // without this entry, agreements are found only through the saved copy
		}
		puts.Go(func() error {
			_, err := s.DynamoDB().PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: item})
			return err
		})
	}
	must(t, puts.Wait())
	for _, o := range data.Objects {
		in := &s3.PutObjectInput{
			Bucket: aws.String(stack.ReportsBucket), Key: &o.Key, Body: bytes.NewReader(o.Body), Metadata: o.Metadata, ContentType: &o.Type,
		}
		if o.Encoding != "" {
			in.ContentEncoding = &o.Encoding
		}
		_, err := s.S3().PutObject(ctx, in)
		must(t, err)
	}

	for view, text := range s.shows(storedViews(data.Day)) {
		var was, is any
		must(t, json.Unmarshal([]byte(aged.ReplaceAllString(formerTotals.ReplaceAllString(data.Views[view], flatTotals), `"":""`)), &was))
		must(t, json.Unmarshal([]byte(aged.ReplaceAllString(text, `"":""`)), &is))
		if strings.HasPrefix(view, "/reports/license-installations") { // judged by the dictionary of this release
			equal(t, view, quantities(t, text), quantities(t, data.Views[view]))
			continue
		}
		for _, difference := range lacking("", was, is) {
			t.Errorf("%s: %s", view, difference)
		}
	}
	var made agreement
	status, err := s.call(http.MethodPost, "/agreements", map[string]any{
		"name": "After the upgrade", "type": "volume", "pairs": newPairs("9900001"),
	}, &made)
	must(t, err)
	equal(t, "POST /agreements", status, http.StatusCreated)
	result, err := s.Invoke(ctx, "import", []byte(sample(t, "schedule.json")))
	must(t, err)
	equal(t, "schedule", result.FunctionError, "")
	status, err = s.call(http.MethodDelete, "/agreements/"+made.ID, nil, nil)
	must(t, err)
	equal(t, "DELETE /agreements", status, http.StatusOK)
	for _, f := range manifest.Functions {
		s.Kill(f.Name)
	}
	const list = "/agreements?limit=20"
	var was, is map[string]any
	must(t, json.Unmarshal([]byte(formerTotals.ReplaceAllString(data.Views[list], flatTotals)), &was))
	s.get(list, &is)
	delete(was, "stale") // the changes make the data stale
	delete(was, "")
	for _, difference := range lacking("", was, is) {
		t.Errorf("after changes: %s", difference)
	}
	(&upgrade{system: s}).notLogged("journal rebuilt", "saved copy not used", "saved copy not read")
}

// quantities returns the numbers of rows, licences and installations of a License installation report.
func quantities(t *testing.T, report string) (sums [3]int) {
	t.Helper()
	var read struct {
		Rows []struct{ Licenses, Installed int } `json:"rows"`
	}
	must(t, json.Unmarshal([]byte(report), &read))
	for _, row := range read.Rows {
		sums[0]++
		sums[1] += row.Licenses
		sums[2] += row.Installed
	}
	return sums
}

// lacking returns the places where the JSON value is differs from was. Additional members
// in is are allowed.
func lacking(at string, was, is any) (differences []string) {
	switch was := was.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		for name, value := range was {
			if !slices.Contains([]string{"", "message", "explanation", "notice"}, name) { // removed by shows
				differences = append(differences, lacking(at+"/"+name, value, is[name])...)
			}
		}
	case []any:
		is, _ := is.([]any)
		if len(is) != len(was) {
			return []string{fmt.Sprintf("%s: %d and were %d", at, len(is), len(was))}
		}
		for i, value := range was {
			differences = append(differences, lacking(fmt.Sprint(at, "/", i), value, is[i])...)
		}
	default:
		if was != is {
			return []string{fmt.Sprintf("%s: is %v and was %v", at, is, was)}
		}
	}
	return differences
}

// writeReleased runs the released version and writes storedFile.
func writeReleased(t *testing.T) {
	t.Helper()
	s := usedBy(t, "jo", access.GlobalAdmin)(stack.Start(context.Background(), stack.Options{
		Functions: releasedOrSkip(t), Data: t.TempDir(), InMemory: true, Unscheduled: true, DirectFiles: true, Env: []string{"INVENTORY_REQUIRED=false"},
	}))
	defer s.stop()
	u := newUpgrade(s)
	if strings.Contains(time.Now().UTC().Format("15:04"), "23:5") {
		t.Fatal("the day is about to end")
	}
	u.files()
	rename := u.addGroup("Renamed")
	u.ask(http.MethodPatch, "/groups/"+rename, map[string]string{"name": "Renamed later"}, nil)
	gone := u.addGroup("Deleted")
	terms := map[string]any{
		"name": "Office suite", "type": "other", "publisher": "Adobe", "productTitle": "Acrobat Pro 2020", "licenses": 3,
		"end": "2099-12-31", "details": "a key", "group": map[string]string{"id": rename},
	}
	u.ask(http.MethodPost, "/agreements", terms, nil)
	moved := u.create("In a deleted group", gone, "8800001", "8800002", "8800003")
	u.ask(http.MethodDelete, "/agreements/"+moved+"/pairs/8800001+8800001", nil, nil)
	u.ask(http.MethodPost, "/agreements/"+moved+"/pairs", map[string]any{"pairs": newPairs("8800004")}, nil)
	u.ask(http.MethodDelete, "/agreements/"+u.create("Deleted", rename, "8800009"), nil, nil)
	stop := make(chan struct{})
	time.AfterFunc(time.Second/2, func() { close(stop) })
	u.writeCatalog("stored", stop)
	u.settled()
	u.schedule() // saves the copies of the journals
	u.removeGroup(gone)
	u.ask(http.MethodPatch, "/agreements/"+moved, map[string]string{"name": "Still in a deleted group"}, nil)
	u.create("After the copy", rename, "8800011")
	u.create("Also in a deleted group", rename, "8800012")
	r := s.refresh()
	u.settled()

	data := storedData{Day: r.Date, Views: s.shows(storedViews(r.Date))}
	ctx := context.Background()
	pages := dynamodb.NewScanPaginator(s.DynamoDB(), &dynamodb.ScanInput{TableName: &s.Table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, it := range page.Items {
			if _, expires := it["expires"]; !expires {
				data.Items = append(data.Items, plainMap(it))
			}
		}
	}
	objects, err := s.S3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(stack.ReportsBucket)})
	must(t, err)
	newest := "" // folder of the latest snapshot
	for _, listed := range objects.Contents {
		if folder := path.Dir(*listed.Key); strings.HasPrefix(folder, "snapshots/"+r.Date+"/") {
			newest = max(newest, folder)
		}
	}
	for _, listed := range objects.Contents {
		if folder := path.Dir(*listed.Key); strings.HasPrefix(folder, "snapshots/"+r.Date+"/") && folder != newest || strings.Contains(*listed.Key, "/annotated.") {
			continue // not read by this test
		}
		o, err := s.S3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(stack.ReportsBucket), Key: listed.Key})
		must(t, err)
		body, err := io.ReadAll(o.Body)
		must(t, err)
		data.Objects = append(data.Objects, storedObject{
			Key: *listed.Key, Type: aws.ToString(o.ContentType), Encoding: aws.ToString(o.ContentEncoding), Metadata: o.Metadata, Body: body,
		})
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(t, err)
	must(t, json.NewEncoder(w).Encode(data))
	must(t, w.Close())
	must(t, os.MkdirAll(filepath.Dir(storedFile), 0o755))
	must(t, os.WriteFile(storedFile, packed.Bytes(), 0o644))
}

// plain returns an attribute in the JSON format of DynamoDB.
func plain(av types.AttributeValue) map[string]any {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": plainMap(v.Value)}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i := range v.Value {
			list[i] = plain(v.Value[i])
		}
		return map[string]any{"L": list}
	default:
		return map[string]any{"NULL": true}
	}
}

func plainMap(attributes map[string]types.AttributeValue) map[string]any {
	m := map[string]any{}
	for name, v := range attributes {
		m[name] = plain(v)
	}
	return m
}

// attributesOf is the inverse of plainMap.
func attributesOf(m map[string]any) map[string]types.AttributeValue {
	attributes := map[string]types.AttributeValue{}
	for name, v := range m {
		attributes[name] = attributeOf(v)
	}
	return attributes
}

func attributeOf(v any) types.AttributeValue {
	for kind, value := range v.(map[string]any) {
		switch kind {
		case "S":
			return &types.AttributeValueMemberS{Value: value.(string)}
		case "N":
			return &types.AttributeValueMemberN{Value: value.(string)}
		case "BOOL":
			return &types.AttributeValueMemberBOOL{Value: value.(bool)}
		case "B":
			var b []byte
			if err := json.Unmarshal([]byte(`"`+value.(string)+`"`), &b); err != nil {
				panic(err)
			}
			return &types.AttributeValueMemberB{Value: b}
		case "M":
			return &types.AttributeValueMemberM{Value: attributesOf(value.(map[string]any))}
		case "L":
			l := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
			for _, element := range value.([]any) {
				l.Value = append(l.Value, attributeOf(element))
			}
			return l
		}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}
