package statements_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	local "trueup/infra/local/aws/s3"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/statements"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// stand is the use case with the real adapters.
type stand struct {
	t     *testing.T
	table string
	store *dynamo.Table
	files *s3.Client
	*statements.Service
	changed []string // records for which Changed was called
	puts    int
}

func newStand(t *testing.T) *stand {
	t.Helper()
	access := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	server, err := local.New(local.Options{
		Dir: t.TempDir(), Buckets: []string{"uploads", "reports"}, Keys: []local.Key{{Credentials: access, Principal: "AWS:local"}}, Now: time.Now, Notify: func(string, string, []byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() { front.Close(); server.Close() })
	s := &stand{t: t, table: storetest.Table(t)}
	s.store = dynamo.Open(storetest.Client(t), s.table)
	s.files = s3.New(s3.Options{
		Region: local.Region, BaseEndpoint: &front.URL, UsePathStyle: true, Credentials: credentials.StaticCredentialsProvider{Value: access},
	})
	s.Service = s.process()
	return s
}

// process returns the use case of another process.
func (s *stand) process() *statements.Service {
	return &statements.Service{
		Store: s.store.Statements, Uploads: s3bucket.New(s.files, "uploads"), Reports: s3bucket.New(s.files, "reports"),
		Changed: func(_ context.Context, r statements.Record) error {
			s.changed = append(s.changed, string(r.State)+" "+r.Name())
			return nil
		},
		Products: func(context.Context) (*product.Dictionary, error) { return builtin.Products(), nil },
		Spelling: func(_ context.Context, publisher string) (string, error) {
			return strings.TrimSuffix(publisher, " Systems Incorporated"), nil
		},
		Clock: func() time.Time { return noon }, Zone: time.UTC, Log: slog.New(slog.DiscardHandler),
	}
}

// put puts a file and returns the object of its event.
func (s *stand) put(name string, data []byte, metadata map[string]string) intake.Object {
	s.t.Helper()
	key := kind.Statements.Key("", name)
	out, err := s.files.PutObject(s.t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: bytes.NewReader(data), Metadata: metadata})
	if err != nil {
		s.t.Fatal(err)
	}
	s.puts++
	return intake.Object{
		Key: key, Version: aws.ToString(out.VersionId), ETag: strings.Trim(*out.ETag, `"`), Size: int64(len(data)), At: noon.Add(time.Duration(s.puts) * time.Second), By: "someone",
	}
}

func (s *stand) receive(src intake.Object) {
	s.t.Helper()
	if err := s.Receive(s.t.Context(), src); err != nil {
		s.t.Fatal(err)
	}
}

// records returns all records, oldest first.
func (s *stand) records() []statements.Record {
	s.t.Helper()
	page, err := s.store.Statements.Statements(s.t.Context(), 100, "")
	if err != nil || page.Next != "" {
		s.t.Fatal(err, page.Next)
	}
	slices.Reverse(page.Items)
	return page.Items
}

// quantities adds up the quantities of the statements in use, by family.
func quantities(t *testing.T, k *statements.Service) map[string]int {
	t.Helper()
	current, err := k.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := map[string]int{}
	for _, s := range current {
		for _, line := range s.Lines {
			sum[line.Publisher+" "+line.Family] += line.Effective
		}
	}
	return sum
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../events/statements/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func summary(quantity string) []byte {
	return []byte("License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\n8123456,Visio,2021,Applications,License," + quantity + ",0\n")
}

func TestR7_4_Samples(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, name := range []string{"license-summary.csv", "license-summary-dutch.csv", "general-statement.csv", "license-statement.xlsx"} {
		s.receive(s.put(name, sample(t, name), nil))
	}
	var kinds []entitlement.Kind
	for _, r := range s.records() {
		kinds = append(kinds, r.Kind)
		if r.State != statements.StateAccepted || r.Lines == 0 || r.Lines+r.Skipped+r.Unchanged+r.Rejected != r.Rows || r.Object.By != "someone" || r.EndedAt.IsZero() {
			t.Errorf("%s: %+v", r.Name(), r)
		}
	}
	want := []entitlement.Kind{entitlement.KindLicenseSummary, entitlement.KindLicenseSummary, entitlement.KindGeneralStatement, entitlement.KindLicenseStatement}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if got := quantities(t, s.Service)["Adobe Acrobat Pro"]; got != 35 {
		t.Errorf("%d of Acrobat Pro", got)
	}
	// Another process reads the stored content and gets the same result.
	if diff := cmp.Diff(quantities(t, s.Service), quantities(t, s.process())); diff != "" {
		t.Error(diff)
	}
	if len(s.changed) != 4 {
		t.Errorf("changed: %q", s.changed)
	}
}

func TestR7_4_AFileWithRejectedRowsReplacesNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.receive(s.put("a.csv", summary("10"), nil))
	s.receive(s.put("a.csv", sample(t, "license-summary-mistakes.csv"), nil))
	refused := s.records()[1]
	if refused.State != statements.StateRefused || refused.Rejected == 0 || refused.Errors == 0 {
		t.Errorf("%+v", refused)
	}
	findings, err := s.Findings(t.Context(), refused)
	if err != nil || len(findings) != refused.Errors+refused.Warnings || findings[0].Line == 0 || findings[0].Code == "" {
		t.Errorf("%d findings, first %+v, %v", len(findings), findings[0], err)
	}
	if diff := cmp.Diff(map[string]int{"Microsoft Visio": 10}, quantities(t, s.Service)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"accepted a.csv"}, s.changed); diff != "" {
		t.Error(diff)
	}
}

func TestEventsTwiceLateAndOutOfOrder(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	first, second, third := s.put("a.csv", summary("10"), nil), s.put("a.csv", summary("20"), nil), s.put("a.csv", summary("30"), nil)
	for _, src := range []intake.Object{second, third, second, first, third, first} {
		s.receive(src)
	}
	var states []statements.State
	for _, r := range s.records() {
		states = append(states, r.State)
	}
	if diff := cmp.Diff([]statements.State{statements.StateReplaced, statements.StateReplaced, statements.StateAccepted}, states); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"Microsoft Visio": 30}, quantities(t, s.Service)); diff != "" {
		t.Error(diff)
	}

	read := s.records()[2]
	removal := audit.Event{ID: "e", At: noon.Add(time.Hour), By: "someone", Action: "statement.removed"}
	removed, err := s.Remove(t.Context(), read, removal)
	if err != nil || removed.State != statements.StateRemoved {
		t.Fatalf("%+v, %v", removed, err)
	}
	if _, err := s.Remove(t.Context(), removed, removal); err != nil {
		t.Errorf("once more: %v", err)
	}
	if _, err := s.Remove(t.Context(), s.records()[0], removal); errs.CodeOf(err) != "statement_not_in_use" {
		t.Errorf("a replaced one: %v", err)
	}
	s.receive(third)
	if got := quantities(t, s.Service); len(got) != 0 {
		t.Errorf("after the removal: %v", got)
	}
}

// TestR16_2_ReadAgain checks that a file which was read again after a restore, from a listing of
// the bucket, still has one record when S3's own event arrives.
func TestR16_2_ReadAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	own := s.put("a.csv", summary("7"), nil)
	out, err := s.files.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("uploads"), Key: &own.Key})
	if err != nil {
		t.Fatal(err)
	}
	own.At, own.Sequencer = out.LastModified.Add(123*time.Millisecond), "0055AED6DCD90281E5"
	listed := own
	listed.At, listed.Sequencer = out.LastModified.Truncate(time.Second), "000000000000000001"
	for _, src := range []intake.Object{listed, own, listed} {
		s.receive(src)
	}
	if all := s.records(); len(all) != 1 || all[0].State != statements.StateAccepted {
		t.Errorf("%+v", all)
	}
	if got := quantities(t, s.Service); got["Microsoft Visio"] != 7 {
		t.Errorf("%v", got)
	}
}

func TestBadFilesLeaveAClearRecord(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	sheet, err := w.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(sheet, endless{}, 300<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	workbook := sample(t, "license-statement.xlsx")
	for _, c := range []struct {
		name string
		data []byte
		code string
	}{
		{"unknown.csv", []byte("a,b\n1,2\n"), "statement_unknown"},
		{"inventory.csv", []byte("DeviceName,ApplicationName,Publisher,Version\nPC-1,Visio,Microsoft,16\n"), "statement_inventory"},
		{"agreements.csv", []byte("01-07001,01-07001,Office\n"), "statement_agreements"},
		{"agreements.csv", []byte("Authorization number;License number\n01-07001;\n"), "statement_agreements"},
		{"empty.csv", nil, "statement_unknown"},
		{"huge.csv", bytes.Repeat([]byte("a,b\n"), (statement.MaxFileBytes+4)/4), "statement_too_large"},
		{"scan.pdf", []byte("%PDF-1.7\n"), "statement_pdf"},
		{"damaged.xlsx", workbook[:len(workbook)/2], "statement_workbook_damaged"},
		{"bomb.xlsx", bomb.Bytes(), ""},
	} {
		s.receive(s.put(c.name, c.data, nil))
		all := s.records()
		r := all[len(all)-1]
		findings, err := s.Findings(t.Context(), r)
		if err != nil || r.State != statements.StateRefused || len(findings) != 1 || c.code != "" && findings[0].Code != c.code {
			t.Errorf("%s: %s %v, %v", c.name, r.State, findings, err)
		}
	}
	if len(s.changed) > 0 {
		t.Errorf("changed: %q", s.changed)
	}
	s.receive(intake.Object{Key: kind.Statements.Prefix, At: noon}) // a folder
	gone := s.put("gone.csv", summary("1"), nil)
	gone.Version = "another"
	s.receive(gone)
	if n := len(s.records()); n != 9 {
		t.Errorf("%d records", n)
	}
}

// endless is an endless stream of zeros, which compresses well.
type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestTooLargeNeedsNoDictionary: a file that is refused by its size is not read.
func TestTooLargeNeedsNoDictionary(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.Products = func(context.Context) (*product.Dictionary, error) { return nil, errors.New("unavailable") }
	s.receive(s.put("huge.csv", bytes.Repeat([]byte("a,b\n"), (statement.MaxFileBytes+4)/4), nil))
	if all := s.records(); len(all) != 1 || all[0].State != statements.StateRefused {
		t.Errorf("%+v", all)
	}
}

func TestAnnouncedStatement(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	announced := statements.Record{
		Head: intake.Head{
			ID: id.New(noon, "announced"), Object: intake.Object{Key: kind.Statements.Key("", "a.csv"), By: "admin"}, Via: audit.SourceAPI, At: noon, Version: 1,
		},
		State: statements.StateReceived,
	}
	if _, err := s.store.Statements.AnnounceStatement(t.Context(), announced, once.Change{Event: audit.Event{ID: "e", At: noon}}); err != nil {
		t.Fatal(err)
	}
	metadata := map[string]string{statements.MetaStatement: announced.ID}
	src := s.put("a.csv", summary("10"), metadata)
	s.receive(src)
	s.receive(src)
	s.receive(s.put("a.csv", summary("20"), metadata)) // the presigned URL is still valid
	s.receive(s.put("b.csv", summary("1"), metadata))
	if all := s.records(); len(all) != 3 || all[0].ID != announced.ID || all[0].Object.By != "admin" || all[0].State != statements.StateReplaced {
		t.Errorf("%+v", all)
	}
	if got := quantities(t, s.Service)["Microsoft Visio"]; got != 21 {
		t.Errorf("%d of Visio", got)
	}
}

// TestR16_2_StatementsOfALaterBranch checks that a process with the content of an announced
// statement in memory does not use it for another file that got the announcement after the table
// was restored.
func TestR16_2_StatementsOfALaterBranch(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	client := storetest.Client(t)
	announced := statements.Record{
		Head:  intake.Head{ID: id.New(noon, "announced"), Object: intake.Object{Key: kind.Statements.Key("", "a.csv")}, Via: audit.SourceAPI, At: noon},
		State: statements.StateReceived,
	}
	if _, err := s.store.Statements.AnnounceStatement(t.Context(), announced, once.Change{Event: audit.Event{ID: "e", At: noon}}); err != nil {
		t.Fatal(err)
	}
	point := storetest.Save(t, client, s.table)
	metadata := map[string]string{statements.MetaStatement: announced.ID}
	s.receive(s.put("a.csv", summary("7"), metadata))
	lost := quantities(t, s.Service) // the process now has it in memory
	storetest.Restore(t, client, s.table, point)
	if now := quantities(t, s.Service); len(now) != 0 {
		t.Errorf("%v", now)
	}
	other := s.process()
	if err := other.Receive(t.Context(), s.put("a.csv", summary("8"), metadata)); err != nil {
		t.Fatal(err)
	}
	warm, fresh := quantities(t, s.Service), quantities(t, s.process())
	if diff := cmp.Diff(fresh, warm); diff != "" || len(fresh) != 1 {
		t.Errorf("-fresh +warm\n%s", diff)
	}
	if cmp.Equal(lost, fresh) {
		t.Errorf("the other file says the same: %v", fresh)
	}
}

func TestStoredStatementIsReadAnewFromItsFile(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.receive(s.put("a.csv", summary("10"), nil))
	key := "statements/" + s.records()[0].ID + ".json"
	fresh := func() *statements.Service {
		k := s.process()
		k.Products = func(context.Context) (*product.Dictionary, error) {
			return nil, errors.New("nothing has to be looked up")
		}
		return k
	}
	for _, damaged := range []string{`{"v":99}`, `{"v":1,"kind":"license-summary"`} {
		if err := s.Reports.Put(t.Context(), key, "application/json", []byte(damaged)); err != nil {
			t.Fatal(err)
		}
		if got := quantities(t, fresh())["Microsoft Visio"]; got != 10 {
			t.Errorf("%s: %d of Visio", damaged, got)
		}
		if _, err := s.Reports.Open(t.Context(), key, "", ""); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.files.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("reports"), Key: &key}); err != nil {
		t.Fatal(err)
	}
	if got := quantities(t, fresh())["Microsoft Visio"]; got != 10 {
		t.Errorf("deleted: %d of Visio", got)
	}
	gone := s.process()
	gone.Uploads, gone.Reports = missing{}, missing{}
	if _, err := gone.Current(t.Context()); err == nil {
		t.Error("a statement that is nowhere looks like none")
	}
}

// missing is a bucket without objects.
type missing struct{ objects.Bucket }

func (missing) Open(context.Context, string, string, string) (objects.Object, error) {
	return objects.Object{}, objects.ErrNotFound
}

func TestR5_2_PublishersAreSpelledAsInTheCatalog(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	data := bytes.ReplaceAll(sample(t, "general-statement.csv"), []byte(",Adobe,"), []byte(",Adobe Systems Incorporated,"))
	s.receive(s.put("general.csv", data, nil))
	for range 2 { // the second time from memory
		if got := quantities(t, s.Service)["Adobe Acrobat Pro"]; got != 35 {
			t.Errorf("%d of Acrobat Pro", got)
		}
	}
	s.Spelling = func(_ context.Context, publisher string) (string, error) { return publisher, nil }
	if got := quantities(t, s.Service)["Adobe Systems Incorporated Acrobat Pro"]; got != 35 {
		t.Errorf("%d as written", got)
	}
}

func TestParseFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"summary.csv": nil, "Statement.XLSX": nil, "é.csv": nil,
		".csv": {"statement_file_extension"}, "a.xls": {"statement_file_extension"}, "": {"statement_file_extension"},
		"a/b.csv": {"file_name_slash"}, "a\n.csv": {"file_name_control"}, "a\u202egpj.csv": {"file_name_control"}, "a\u2066b.csv": {"file_name_control"}, "a\u200bb.csv": {"file_name_control"}, strings.Repeat("a", 130) + ".csv": {"file_name_too_long"},
	} {
		var got []string
		for _, v := range statements.ParseFileName(name) {
			got = append(got, v.Code)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}
