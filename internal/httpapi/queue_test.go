package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"trueup/internal/audit"
	"trueup/internal/catalog/feeder"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/i18n"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/once"
)

// answer sends a request that has to succeed.
func answer[T any](a asking, method, path, body string) (into T) {
	a.t.Helper()
	status, got := a.ask(method, path, body)
	if err := json.Unmarshal(got, &into); err != nil || status >= http.StatusMultipleChoices {
		a.t.Fatalf("%s %s: %d %.300s %v", method, path, status, got, err)
	}
	return into
}

// queued uploads titles of one PC, and returns the ids of their entries.
func (s *stack) queued(t *testing.T, a asking, file string, entries int) (ids []string) {
	t.Helper()
	if err := s.deps.Uploads.Put(t.Context(), kind.Inventory.Key("", "queue.csv"), "text/csv", []byte(file)); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); len(ids) != entries; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d entries, want %d", len(ids), entries)
		}
		ids = nil
		for next := "x"; next != ""; {
			page := answer[catalogapi.QueuePage](a, http.MethodGet, "/inventory/queue?limit=200&cursor="+strings.TrimPrefix(next, "x"), "")
			for _, e := range page.Items {
				ids = append(ids, e.ID)
			}
			next = page.NextCursor
		}
	}
	return ids
}

// recounted waits until the files are counted by the current rules: the stack ends with the test.
func recounted(a asking) {
	a.t.Helper()
	for end := time.Now().Add(20 * time.Second); answer[catalogapi.Inventory](a, http.MethodGet, "/inventory", "").Counting; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatal("the recount does not end")
		}
	}
}

func accepting(ids []string) string {
	body, err := json.Marshal(catalogapi.Acceptances{Entries: ids, Kind: catalogapi.AcceptedKind(inventory.Ignored)})
	if err != nil {
		panic(err) // texts only
	}
	return string(body)
}

// TestR6_6_AsManyEntriesAsABodyHolds accepts 240 entries with names that are longer than a rule can be.
// One event names the first of them.
func TestR6_6_AsManyEntriesAsABodyHolds(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	var file strings.Builder
	file.WriteString("ApplicationName,ApplicationPublisher,DeviceId\n")
	for i := range 240 {
		fmt.Fprintf(&file, "Gadget%c%c %s,Contoso,pc1\n", 'a'+i/26, 'a'+i%26, strings.Repeat("{é}", 100))
	}
	ids := s.queued(t, a, file.String(), 240)
	accepted := answer[catalogapi.Accepted](a, http.MethodPost, "/inventory/proposals/acceptances", accepting(ids))
	if len(accepted.Items) != 240 || len(accepted.NotFound) != 0 || len(accepted.Warnings) != 0 || accepted.RulesVersion != 1 {
		t.Errorf("%d accepted, %v not found, warnings %v, version %d", len(accepted.Items), accepted.NotFound, accepted.Warnings, accepted.RulesVersion)
	}
	events := answer[httpapi.Page[agreements.AuditEvent]](a, http.MethodGet, "/audit?action=proposals.accepted", "")
	if len(events.Items) != 1 {
		t.Fatalf("%d events", len(events.Items))
	}
	after := events.Items[0].After
	if n := utf8.RuneCountInString(after["names"]); n < 900 || n > 1000 || after["rules"] != "240" {
		t.Errorf("%d characters of names, %s rules", n, after["rules"])
	}
	if queue := answer[catalogapi.QueuePage](a, http.MethodGet, "/inventory/queue", ""); queue.Total != 0 {
		t.Errorf("%d entries are left", queue.Total)
	}
	status, body := a.ask(http.MethodPost, "/inventory/proposals/acceptances", accepting(append(ids, "one more")))
	if status != http.StatusUnprocessableEntity || !strings.Contains(string(body), "Give 240 items or fewer.") {
		t.Errorf("241 entries: %d %s", status, body)
	}
	recounted(a)
}

// TestR6_6_TooManyRules: an acceptance that does not fit adds no rule.
func TestR6_6_TooManyRules(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	var admin []inventory.Rule
	for i := range inventory.MaxRules - 1 {
		admin = append(admin, inventory.Rule{ID: "own-" + strconv.Itoa(i), Kind: inventory.Ignored, Name: "unheard of " + strconv.Itoa(i)})
	}
	list, err := s.deps.Counts.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	event := audit.Event{ID: "event", At: time.Now().UTC(), Action: "rule.added", Subject: "inventory-rule/own-0", By: "ann", Source: audit.SourceAPI}
	if _, _, err := s.deps.Counts.SetRules(t.Context(), list, admin, nil, once.Change{Event: event}); err != nil {
		t.Fatal(err)
	}
	ids := s.queued(t, a, "ApplicationName,DeviceId\nGadget,pc1\nWidget,pc1\n", 2)
	status, body := a.ask(http.MethodPost, "/inventory/proposals/acceptances", accepting(ids))
	if status != http.StatusConflict || member(t, body, "code") != "rules_many" {
		t.Errorf("two more than one: %d %s", status, body)
	}
	if accepted := answer[catalogapi.Accepted](a, http.MethodPost, "/inventory/proposals/acceptances", accepting(ids[:1])); len(accepted.Items) != 1 || accepted.RulesVersion != 2 {
		t.Errorf("the last one: %+v", accepted)
	}
	recounted(a)
}

// TestR6_6_LinuxFilter: a Linux PC's packages are not among the other titles.
func TestR6_6_LinuxFilter(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	file := `{"deviceid": "pc1", "action": "inventory", "content": {"softwares": [
		{"name": "libgadget1", "version": "1.2-3ubuntu4", "publisher": "Ubuntu Developers <ubuntu@example.org>"}, {"name": "Gadget", "publisher": "Contoso"}]}}`
	if err := s.deps.Uploads.Put(t.Context(), kind.Inventory.Key("", "pc1.json"), "application/json", []byte(file)); err != nil {
		t.Fatal(err)
	}
	var with, only catalogapi.QueuePage
	for end := time.Now().Add(20 * time.Second); with.Total == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		with = answer[catalogapi.QueuePage](a, http.MethodGet, "/inventory/queue", "")
		only = answer[catalogapi.QueuePage](a, http.MethodGet, "/inventory/queue?linux=only", "")
	}
	if with.Total != 1 || with.Items[0].Name != "Gadget" || only.Total != 1 || only.Items[0].Name != "libgadget1" || !only.Items[0].Linux {
		t.Errorf("without: %+v\nonly: %+v", with, only)
	}
}

// TestR5_4_SubscriptionsOfTheListAreProposed: products of Microsoft's list are proposed for names and in the queue, and
// can be accepted.
func TestR5_4_SubscriptionsOfTheListAreProposed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	const product, named = "Zephyr Harbour Suite", "/catalog/proposals?publisher=Microsoft&name=Zephyr%20Harbor%20Suite"
	if before := answer[catalogapi.Proposals](a, http.MethodGet, named, ""); len(before.Items) != 0 {
		t.Fatalf("before: %+v", before)
	}
	s.catalogFile(t, "list.csv", []byte("Product_Display_Name,String_Id,Service_Plan_Name\n"+product+",ZEPHYR,OFFICESUBSCRIPTION\n"))
	if after := answer[catalogapi.Proposals](a, http.MethodGet, named, ""); len(after.Items) != 1 || after.Items[0].Product.Family != product {
		t.Errorf("for a name: %+v", after)
	}
	if exact := answer[catalogapi.Proposals](a, http.MethodGet, "/catalog/proposals?publisher=Microsoft&name=zephyr", ""); len(exact.Items) == 0 || exact.Items[0].Score != 100 {
		t.Errorf("for an id: %+v", exact)
	}
	s.queued(t, a, "ApplicationName,ApplicationPublisher,DeviceId\nZephyr Harbor Suite,Microsoft,pc1\n", 1)
	queue := answer[catalogapi.QueuePage](a, http.MethodGet, "/inventory/queue", "")
	proposals := queue.Items[0].Proposals
	if len(proposals) != 1 || proposals[0].Product.Family != product {
		t.Fatalf("in the queue: %+v", proposals)
	}
	accepted := answer[catalogapi.Accepted](a, http.MethodPost, "/inventory/proposals/acceptances", `{"proposals":["`+proposals[0].ID+`"]}`)
	rules := answer[catalogapi.RulePage](a, http.MethodGet, "/inventory/rules", "")
	if len(accepted.Items) != 1 || len(rules.Items) != 1 || rules.Items[0].Product.Family != product {
		t.Errorf("%+v\n%+v", accepted, rules)
	}
	recounted(a)
}

// TestR5_4_RulesMoveToAnotherInstallation exports rules and decisions, and adds them to another stack by
// a file under catalog/.
func TestR5_4_RulesMoveToAnotherInstallation(t *testing.T) {
	t.Parallel()
	from, to := newStack(t), newStack(t)
	a, b := asking{t, from.handlers, &strings.Builder{}}, asking{t, to.handlers, &strings.Builder{}}
	made := answer[catalogapi.ChangedRule](a, http.MethodPost, "/inventory/rules", `{"kind":"free","name":"\\{gadget\\} *"}`)
	answer[catalogapi.ChangedDecision](a, http.MethodPut, "/inventory/decisions/adobe-acrobat-undecidable", `{"choices":[{"versions":"22.*","kind":"free"}]}`)
	_, exported := a.ask(http.MethodGet, "/inventory/rules/export", "")
	if err := to.deps.Uploads.Put(t.Context(), kind.Catalog.Key("", "rules.json"), "application/json", exported); err != nil {
		t.Fatal(err)
	}
	var rules catalogapi.RulePage
	for end := time.Now().Add(20 * time.Second); rules.RulesVersion == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		rules = answer[catalogapi.RulePage](b, http.MethodGet, "/inventory/rules", "")
	}
	if len(rules.Items) != 1 || rules.Items[0].ID != made.ID || rules.Items[0].Name != made.Name {
		t.Errorf("rules %+v", rules)
	}
	if _, again := b.ask(http.MethodGet, "/inventory/rules/export", ""); string(again) != string(exported) {
		t.Errorf("exported as %s\nand imported as %s", exported, again)
	}
	events := answer[httpapi.Page[agreements.AuditEvent]](b, http.MethodGet, "/audit?action=rules.imported", "")
	if len(events.Items) != 1 || events.Items[0].Source != audit.SourceImport || events.Items[0].After["decisions"] != "1" {
		t.Errorf("events %+v", events)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // the result is written last but one
		if _, err := to.deps.Reports.Open(t.Context(), "catalog/rules.json.result.json", "", ""); err == nil {
			return
		}
	}
	t.Error("there is no result")
}

// catalogFile puts a file under catalog/ and returns its result.
func (s *stack) catalogFile(t *testing.T, name string, file []byte) (result feeder.Result) {
	t.Helper()
	key := kind.Catalog.Key("", name)
	if err := s.deps.Uploads.Put(t.Context(), key, "application/json", file); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if object, err := s.deps.Reports.Open(t.Context(), feeder.ResultKey(key), "", ""); err == nil {
			defer object.Body.Close()
			if err := json.NewDecoder(object.Body).Decode(&result); err != nil {
				t.Fatal(err)
			}
			return result
		}
	}
	t.Fatal("there is no result")
	return result
}

// TestR5_4_FilesOfRulesAreCheckedLikeTheAPI: a file with a mistake adds nothing and says where it is, and one
// that takes titles from products says which. UTF-16 is read.
func TestR5_4_FilesOfRulesAreCheckedLikeTheAPI(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	s.queued(t, a, "ApplicationName,ApplicationPublisher,DeviceId\nGadget,Contoso,pc1\nMicrosoft Visio Professional 2019,Microsoft,pc1\n", 1)
	bad := s.catalogFile(t, "bad.json", []byte(`{"format": "trueup-rules", "version": 1, "decisions": [], "rules": [
  {"id": "good", "kind": "ignored", "name": "gadget"},
  {"id": "bad", "kind": "free", "name": "g\u200badget", "product": {"publisher": "Contoso", "family": "Gadget"}}]}`))
	if bad.Rows != 2 || bad.Rejected != 2 || bad.Added != 0 || len(bad.Findings) != 2 || bad.Findings[0].Line != 3 || bad.Findings[0].Field != "name" ||
		bad.Findings[0].Code != "text_invisible" || bad.Findings[1].Code != "rule_product_unused" {
		t.Errorf("%+v", bad)
	}
	file := []byte("{\"format\": \"trueup-rules\", \"version\": 1, \"rules\": [\r\n" +
		"{\"id\": \"narrow\", \"kind\": \"ignored\", \"name\": \"gadget\"},\r\n{\"id\": \"broad\", \"kind\": \"ignored\", \"name\": \"*visio*\"}],\r\n" +
		"\"decisions\": [{\"id\": \"adobe-acrobat-undecidable\", \"kind\": \"free\"}]}")
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(file)
	if err != nil {
		t.Fatal(err)
	}
	good := s.catalogFile(t, "good.json", wide)
	var warned []string
	for _, f := range good.Findings {
		warned = append(warned, fmt.Sprint(f.Line, " ", f.Severity, " ", f.Code))
	}
	if diff := cmp.Diff([]string{"3 warning rule_takes_title", "4 warning decision_matches_nothing"}, warned); diff != "" || good.Added != 3 || good.Rejected != 0 ||
		!strings.Contains(good.Findings[0].Messages[i18n.Dutch], "Visio") {
		t.Errorf("%+v %s", good, diff)
	}
	if rules := answer[catalogapi.RulePage](a, http.MethodGet, "/inventory/rules", ""); len(rules.Items) != 2 || rules.RulesVersion != 1 {
		t.Errorf("%+v", rules)
	}
}
