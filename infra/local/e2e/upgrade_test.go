package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/manifest"
)

// views are the paths of lists and reports that do not depend on the dictionary of products: a
// release with another one recognises other titles, and judges products otherwise.
var views = []string{
	"/agreements?limit=200", "/agreements?limit=200&sort=publisher&order=desc", "/agreements?limit=200&sort=end", "/agreements?limit=200&sort=created&order=desc",
	"/agreements?limit=50&group=unassigned", "/agreements?limit=200&type=other", "/agreements?limit=200&type=volume", "/agreements?limit=200&publisher=adobe",
	"/agreements?limit=200&status=no-term", "/agreements?limit=200&status=active", "/agreements?limit=200&validation=pending", "/agreements?limit=200&validation=valid",
	"/agreements?limit=200&endsBefore=2032-01-01", "/agreements?limit=200&q=sale", "/agreements?limit=200&q=7000", "/agreements?limit=200&q=01-07001",
	"/groups", "/imports?limit=50", "/refreshes?limit=50", "/statements", "/audit?limit=200",
	"/catalog/publishers?limit=50&q=publisher", "/inventory/rules",
	"/reports/snapshots", "/reports/trend",
}

// addedSince removes what this release adds to views, for data of the released one.
var addedSince = strings.NewReplacer(`"hints":0,`, "", `"kind":"full",`, "")

// seen returns the current responses for views, by path, without what this release adds to them.
func (u *upgrade) seen() map[string]string {
	all := u.shows(views)
	for path, text := range all {
		all[path] = addedSince.Replace(text)
	}
	return all
}

// together runs writers of every kind, a reader and the schedule while during runs.
func (u *upgrade) together(phase string, during func()) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() { u.write(fmt.Sprintf("%s %d", phase, i), stop) })
	}
	all.Go(func() { u.writeGroups(phase, stop) })
	all.Go(func() { u.writeFiles(phase, stop) })
	all.Go(func() { u.writeCatalog(phase, stop) })
	all.Go(func() { u.read(stop) })
	all.Go(func() { u.tick(stop) })
	during()
	close(stop)
	all.Wait()
}

// TestR16_6_Upgrade replaces the released version with this one, function by function, with
// concurrent users and processes of both versions. Afterwards, every acknowledged change
// must be stored exactly once, and every list must be exact.
func TestR16_6_Upgrade(t *testing.T) {
	t.Parallel()
	newest, err := functions()
	must(t, err)
	older := releasedOrSkip(t)
	data := t.TempDir()
	s := usedBy(t, "jo", access.GlobalAdmin)(stack.Start(context.Background(), stack.Options{
		Functions: older, Data: data, InMemory: true, Unscheduled: true, Service: true, DirectFiles: true, RetryDelays: []time.Duration{100 * time.Millisecond},
		Env: []string{"INVENTORY_REQUIRED=false"},
	}))
	defer s.stop()
	u := newUpgrade(s)
	u.folder = map[bool]string{false: older, true: newest}
	var every []string
	for _, f := range manifest.Functions {
		every = append(every, f.Name)
	}

	// Only the released version.
	u.seed()
	if t.Failed() {
		return
	}
	before := u.seen()

	// This version reads all agreements from the copy that the released one saved, because the
	// first entry is deleted. Entries of the catalog are never deleted: its copy is of use only to
	// releases with the same starting catalog.
	_, err = s.DynamoDB().DeleteItem(context.Background(), &dynamodb.DeleteItemInput{
		TableName: &s.Table, Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "JOURNAL#agreements"}, "sk": &types.AttributeValueMemberS{Value: fmt.Sprintf("%016d", 1)},
		},
	})
	must(t, err)
	u.deploy(true, every...)
	equal(t, "what this release shows of the data of the released one", u.seen(), before)
	u.notLogged("journal rebuilt", "saved copy not used", "saved copy not read")
	u.deploy(false, every...)
	equal(t, "and the released one after that", u.seen(), before)

	// Both versions at the same time, with different functions of each.
	const phase = 4 * time.Second
	u.together("first", func() {
		time.Sleep(time.Second)
		u.deploy(true, "agreements", "catalog", "reports")
		time.Sleep(phase)
		u.deletedByTheOther()
	})
	u.together("second", func() {
		u.deploy(false, "agreements", "catalog", "reports")
		u.deploy(true, "groups", "import", "refresh", "inventory")
		time.Sleep(phase)
	})
	u.deploy(true, "agreements", "reports")
	u.deploy(false, "import", "refresh")
	u.emptiedByTheOther()
	u.together("third", func() {
		time.Sleep(phase / 2)
		u.deploy(true, every...)
		time.Sleep(phase / 2)
	})
	t.Logf("the released version refused %d calls", u.refused)
	u.settled()

	// Only this version.
	u.schedule()
	warm := u.seen()
	u.exact()
	for _, name := range every {
		s.Kill(name)
	}
	fresh := u.seen()
	equal(t, "what fresh processes show", fresh, warm)
	u.stored()
	u.fresh()
	u.notLogged("journal rebuilt")
	if letters, err := s.DeadLetters(); err != nil || len(letters) > 0 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
}

// seed writes data with one version. Then both journals have a saved copy, and entries
// after it.
func (u *upgrade) seed() {
	t, s := u.t, u.system
	u.files()
	var groups page[group]
	s.get("/groups", &groups)
	if len(groups.Items) != 2 || groups.Items[1].Name != headOffice {
		t.Fatalf("groups: %+v", groups)
	}
	u.groups[groups.Items[1].ID] = headOffice
	u.events["group/"+groups.Items[1].ID]++
	for _, d := range u.agreements {
		d.group = groups.Items[1].ID
	}
	var all page[agreement]
	s.get("/agreements?limit=200&group=unassigned", &all)
	for _, a := range all.Items { // agreements of the sample file
		d := &expectedAgreement{name: a.Name, group: a.GroupID, pairs: map[string]bool{}}
		for _, p := range u.pairsOf(a.ID) {
			d.pairs[p] = true
		}
		u.agreements[a.Name] = d
	}
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { u.write("seed", stop) })
	work.Go(func() { u.writeGroups("seed", stop) })
	work.Go(func() { u.writeCatalog("seed", stop) })
	time.Sleep(time.Second)
	u.schedule()
	time.Sleep(time.Second / 2) // time for some entries after the copies
	close(stop)
	work.Wait()
	for _, key := range []string{"copies/agreements", "copies/catalog"} {
		if _, err := s.S3().HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: aws.String(stack.ReportsBucket), Key: &key}); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	u.settled()
}

const headOffice = "Head office"

// files uploads a file of every kind, with enough agreements and titles that the schedule
// saves copies of the journals.
func (u *upgrade) files() {
	var rows, titles strings.Builder
	for a := range 520 {
		name, number := fmt.Sprintf("seed imported %d.", a), u.pair()
		fmt.Fprintf(&rows, "%s,%s,%s\n", number, number, name)
		u.agreements[name] = &expectedAgreement{name: name, pairs: map[string]bool{number: true}}
	}
	titles.WriteString("Publisher,Product title\n")
	for i := range 60 {
		fmt.Fprintf(&titles, "Seeded publisher,Title %d\n", i)
	}
	u.imports("agreements/"+headOffice+"/seed.csv", "seed.csv", rows.String())
	u.imports("agreements/first-import.csv", "first-import.csv", sample(u.t, "first-import.csv"))
	u.put("catalog/titles.csv", titles.String(), nil)
	u.put("entitlements/first-statement.csv", sample(u.t, "statements/first-statement.csv"), nil)
	u.put("inventory/appinvrawdata.csv", sample(u.t, "inventory/appinvrawdata.csv"), nil)
	u.idle()
}

// settled waits until no event is pending and no refresh is open. It calls the schedule of
// refreshes, because the released version gives up when agreements change all the time.
func (u *upgrade) settled() {
	u.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		u.idle()
		if _, err := u.Invoke(context.Background(), "refresh", []byte(`{"source":"trueup.schedule"}`)); err != nil {
			u.t.Fatal(err)
		}
		var runs page[refreshed]
		u.get("/refreshes?limit=50", &runs)
		if !slices.ContainsFunc(runs.Items, func(r refreshed) bool { return !r.Final }) && u.Pending() == 0 {
			return
		}
	}
	u.t.Fatal("refreshes do not end")
}

func (u *upgrade) pairsOf(id string) (numbers []string) {
	found, err := all[pair](u.system, "/agreements/"+id+"/pairs?limit=100")
	must(u.t, err)
	for _, p := range found {
		if p.AuthorizationNumber != p.LicenseNumber { // only in the sample file
			p.AuthorizationNumber += "+" + p.LicenseNumber
		}
		numbers = append(numbers, p.AuthorizationNumber)
	}
	return numbers
}

// deletedByTheOther lets the released version delete groups with agreements that it did not
// count. That version stores the number of agreements in the group.
func (u *upgrade) deletedByTheOther() {
	uncounted, counted := u.addGroup("Never counted"), u.addGroup("Counted in part")
	if !u.isNewer("agreements") || u.isNewer("groups") || u.isNewer("import") {
		u.t.Error("the functions are of other releases than this is about")
	}
	moved := u.create("moved by nobody.", uncounted, u.pair())
	u.create("moved by one of both.", counted, u.pair())
	number := u.pair()
	u.imports("agreements/Counted in part/counted.csv", "counted.csv", number+","+number+",counted.\n")
	u.did(func() {
		u.agreements["counted."] = &expectedAgreement{name: "counted.", group: counted, pairs: map[string]bool{number: true}}
	})
	if !u.removeGroup(uncounted) || !u.removeGroup(counted) {
		u.t.Error("a group was not deleted")
	}
	u.schedule()
	if status := u.ask(http.MethodPatch, "/agreements/"+moved, map[string]string{"name": "moved by nobody, and changed"}, nil); status != http.StatusOK {
		u.t.Errorf("an agreement whose group is gone cannot be changed: %d", status)
	}
	u.did(func() { u.agreements[moved].name = "moved by nobody, and changed" }, "agreement/"+moved)
	u.deploy(true, "groups") // must list groups although the group of an agreement is missing
	u.ask(http.MethodGet, "/groups", nil, nil)
}

// emptiedByTheOther lets the schedule of the released version empty a group that this
// version deleted. Only this version has agreements in that group in its journal.
func (u *upgrade) emptiedByTheOther() {
	if !u.isNewer("agreements") || !u.isNewer("groups") || u.isNewer("import") {
		u.t.Error("the functions are of other releases than this is about")
	}
	id := u.addGroup("Emptied by the other")
	var made []string
	for i := range 3 {
		made = append(made, u.create(fmt.Sprintf("emptied %d.", i), id, u.pair(), u.pair()))
	}
	if !u.removeGroup(id) {
		u.t.Error("the group was not deleted")
	}
	u.schedule()
	if status := u.ask(http.MethodPatch, "/agreements/"+made[0], map[string]string{"name": "emptied, and changed"}, nil); status != http.StatusOK {
		u.t.Errorf("an agreement whose group was emptied cannot be changed: %d", status)
	}
	u.did(func() { u.agreements[made[0]].name = "emptied, and changed" }, "agreement/"+made[0])
}

// exact compares the responses of this version with the acknowledged changes.
func (u *upgrade) exact() {
	t := u.t
	listed, err := all[listedAgreement](u.system, "/agreements?limit=200")
	must(t, err)
	byName := map[string]listedAgreement{}
	for _, a := range listed {
		if _, twice := byName[a.Name]; twice {
			t.Errorf("%s is listed twice", a.Name)
		}
		byName[a.Name] = a
	}
	want, got := map[string]expectedAgreement{}, map[string]expectedAgreement{}
	for _, d := range u.agreements {
		if d.deleted {
			continue
		}
		expected := *d.copied()
		if _, exists := u.groups[d.group]; !exists {
			expected.group = "unassigned"
		}
		want[d.name] = expected
	}
	counts := map[string]int{"unassigned": 0}
	for id := range u.groups {
		counts[id] = 0
	}
	for i, a := range listed {
		counts[a.GroupID]++
		d := expectedAgreement{name: a.Name, group: a.GroupID, pairs: map[string]bool{}}
		if strings.HasPrefix(a.Name, "seed imported") && i%10 > 0 { // never changed: check the pairs of every tenth only
			d.pairs = want[a.Name].pairs
			got[a.Name] = d
			continue
		}
		for _, number := range u.pairsOf(a.ID) {
			if d.pairs[number] {
				t.Errorf("%s has the pair %s twice", a.Name, number)
			}
			d.pairs[number] = true
		}
		if a.Type == "volume" && len(d.pairs) != a.PairCount {
			t.Errorf("%s has %d pairs, and says %d", a.Name, len(d.pairs), a.PairCount)
		}
		got[a.Name] = d
		var one listedAgreement
		u.get("/agreements/"+a.ID, &one)
		equal(t, "the table's "+a.Name, one, a)
		u.foundByPairs(a, d.pairs)
	}
	equalAgreements(t, got, want)

	var groups page[group]
	u.get("/groups", &groups)
	shown, names := map[string]int{}, map[string]string{}
	for _, g := range groups.Items {
		shown[g.ID] = g.AgreementCount
		if names[g.ID] = g.Name; g.ID == "unassigned" {
			delete(names, g.ID)
		}
	}
	equal(t, "agreements by group", shown, counts)
	equal(t, "groups", names, u.groups)
	for what, selected := range map[string]func(listedAgreement) bool{
		"type=volume": func(a listedAgreement) bool { return a.Type == "volume" }, "type=other": func(a listedAgreement) bool { return a.Type == "other" },
		"publisher=adobe": func(a listedAgreement) bool { return a.Publisher == "Adobe" }, "group=unassigned": func(a listedAgreement) bool { return a.GroupID == "unassigned" },
		"validation=pending": func(a listedAgreement) bool { return a.Validation == "pending" }, "status=active": func(a listedAgreement) bool { return a.Status == "active" },
		"endsBefore=2031-01-02": func(a listedAgreement) bool { return a.End != "" && a.End < "2031-01-02" }, "q=sale%201": func(a listedAgreement) bool { return strings.Contains(a.Name, "sale 1") },
		"sort=created&order=desc": func(listedAgreement) bool { return true },
	} {
		found, err := all[listedAgreement](u.system, "/agreements?limit=50&"+what)
		must(t, err)
		equal(t, what, ids(found), ids(slices.DeleteFunc(slices.Clone(listed), func(a listedAgreement) bool { return !selected(a) })))
	}

	for id, name := range u.publishers {
		var p struct{ Name string }
		u.get("/catalog/publishers/"+id, &p)
		equal(t, "publisher "+id, p.Name, name)
	}
	for name, into := range u.merged {
		var found page[struct{ ID string }]
		u.get("/catalog/publishers?limit=1&q="+url.QueryEscape(name), &found)
		if len(found.Items) != 1 || found.Items[0].ID != into {
			t.Errorf("%s is found as %+v, and was merged into %s", name, found.Items, into)
		}
	}

	events, err := all[struct{ ID, Subject, Action string }](u.system, "/audit?limit=200")
	must(t, err)
	told, once := map[string]int{}, map[string]bool{}
	for _, e := range events {
		if once[e.ID] {
			t.Errorf("the event %+v is listed twice", e)
		}
		once[e.ID] = true
		told[e.Subject]++
	}
	maps.DeleteFunc(told, func(subject string, _ int) bool { return u.events[subject] == 0 })
	equal(t, "audit events by subject", told, u.events)
}

type listedAgreement struct {
	ID, Type, Name, GroupID, Publisher, Status, Validation, End string
	PairCount                                                   int
	Version                                                     int64
}

func ids(all []listedAgreement) (ids []string) {
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	sort.Strings(ids)
	return ids
}

func equalAgreements(t *testing.T, got, want map[string]expectedAgreement) {
	t.Helper()
	for name, w := range want {
		g, exists := got[name]
		if !exists {
			t.Errorf("%s is lost: %+v", name, w)
			continue
		}
		if g.group != w.group || !maps.Equal(g.pairs, w.pairs) {
			t.Errorf("%s is %+v, want %+v", name, g, w)
		}
	}
	for name, g := range got {
		if _, known := want[name]; !known {
			t.Errorf("%s exists, but was not expected: %+v", name, g)
		}
	}
}

// foundByPairs checks that an agreement is found by each of its pairs.
func (u *upgrade) foundByPairs(a listedAgreement, pairs map[string]bool) {
	for number := range pairs {
		number, _, _ = strings.Cut(number, "+")
		var found page[agreement]
		u.get("/agreements?limit=5&q="+number, &found)
		if len(found.Items) != 1 || found.Items[0].ID != a.ID {
			u.t.Errorf("the pair %s of %s finds %+v", number, a.Name, found.Items)
		}
	}
}

// stored checks in the table that the group of every agreement exists.
func (u *upgrade) stored() {
	groups, names := map[string]bool{"unassigned": true}, map[string]string{}
	pages := dynamodb.NewScanPaginator(u.DynamoDB(), &dynamodb.ScanInput{TableName: &u.Table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		must(u.t, err)
		for _, it := range page.Items {
			var i struct{ PK, SK, ID, Name, Group string }
			must(u.t, attributevalue.UnmarshalMap(it, &i))
			switch {
			case strings.HasPrefix(i.SK, "GROUP#"):
				groups[i.ID] = true
			case i.SK == "AGREEMENT":
				names[i.Name] = i.Group
			}
		}
	}
	for name, id := range names {
		if !groups[id] {
			u.t.Errorf("%s is stored under the group %s, which is not there", name, id)
		}
	}
}

// fresh checks that licence data is not stale after a refresh.
func (u *upgrade) fresh() {
	stale := func() bool {
		var list struct{ Stale bool }
		u.get("/agreements?limit=1", &list)
		return list.Stale
	}
	u.refresh()
	u.settled()
	equal(u.t, "stale after a refresh", stale(), false)
}

// notLogged checks that no function logged these messages, except about the catalog.
func (u *upgrade) notLogged(messages ...string) {
	u.t.Helper()
	logs, err := filepath.Glob(filepath.Join(u.DataDir, "logs", "*.log"))
	must(u.t, err)
	for _, name := range logs {
		content, err := os.ReadFile(name)
		must(u.t, err)
		for line := range strings.Lines(string(content)) {
			for _, message := range messages {
				if strings.Contains(line, message) && !strings.Contains(line, `"journal":"catalog"`) {
					u.t.Errorf("%s: %s", filepath.Base(name), line)
				}
			}
		}
	}
}
