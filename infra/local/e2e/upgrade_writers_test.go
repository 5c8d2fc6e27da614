package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
)

// upgrade is a system with functions of two versions, and the changes that it acknowledged.
type upgrade struct {
	system
	folder map[bool]string // folder of the functions; true for this version

	mu         sync.Mutex
	newer      map[string]bool // functions of this version
	refused    int             // responses with status 500 or above
	numbers    int
	agreements map[string]*expectedAgreement // by id; imported ones by name
	groups     map[string]string
	publishers map[string]string // names of existing publishers, by id
	merged     map[string]string // id of the target, by name of the merged publisher
	events     map[string]int    // number of audit events, by subject
}

func newUpgrade(s system) *upgrade {
	return &upgrade{
		system: s, newer: map[string]bool{}, agreements: map[string]*expectedAgreement{}, groups: map[string]string{},
		publishers: map[string]string{}, merged: map[string]string{}, events: map[string]int{},
	}
}

// expectedAgreement is the expected state of an agreement.
type expectedAgreement struct {
	name, group string // the chosen group, which may have been deleted since
	pairs       map[string]bool
	deleted     bool
}

func (d *expectedAgreement) copied() *expectedAgreement {
	c := *d
	c.pairs = map[string]bool{}
	for p := range d.pairs {
		c.pairs[p] = true
	}
	return &c
}

// deploy replaces functions while the stack runs.
func (u *upgrade) deploy(newer bool, names ...string) {
	u.t.Helper()
	for _, name := range names {
		if !newer { // requests from now on may reach the released version
			u.set(name, false)
		}
		must(u.t, u.Deploy(u.folder[newer], name))
		u.set(name, newer)
	}
}

func (u *upgrade) set(function string, newer bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.newer[function] = newer
}

func (u *upgrade) isNewer(function string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.newer[function]
}

// serves returns the function that serves a path.
func serves(path string) string {
	switch first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); strings.Split(first, "?")[0] {
	case "groups":
		return "groups"
	case "catalog", "inventory":
		return "catalog"
	case "refreshes", "statements", "reports", "overview":
		return "reports"
	default:
		return "agreements"
	}
}

// ask makes a request and returns its status. It retries if the released version answers
// 503. Any other status of 500 or above fails the test, and so does a 503 of this version.
func (u *upgrade) ask(method, path string, body, result any) (status int) {
	content, err := json.Marshal(body)
	if err != nil {
		u.t.Error(err)
	}
	u.mu.Lock()
	u.numbers++
	key := fmt.Sprint("upgrade-", u.numbers)
	u.mu.Unlock()
	for range 4 {
		newer := u.isNewer(serves(path))
		r, err := http.NewRequest(method, u.FrontURL+path, bytes.NewReader(content))
		if err != nil {
			u.t.Error(err)
			return 0
		}
		r.Header.Set("Authorization", "Bearer "+u.token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cache-Control", "no-cache") // reports show what the test has just done
		if method == http.MethodPost {
			r.Header.Set("Idempotency-Key", key)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			u.t.Error(err)
			return 0
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			u.t.Error(err)
			return 0
		}
		status = response.StatusCode
		if status >= 500 && (newer || status != http.StatusServiceUnavailable) {
			u.t.Errorf("%s %s: %d, of this release: %t: %.300s", method, path, status, newer, answer)
		}
		if status >= 500 {
			u.mu.Lock()
			u.refused++
			u.mu.Unlock()
			continue
		}
		if status == http.StatusUnprocessableEntity && !bytes.Contains(answer, []byte("group_not_found")) {
			u.t.Errorf("%s %s %s: %d: %.500s", method, path, content, status, answer)
		}
		if status < 300 && result != nil {
			if err := json.Unmarshal(answer, result); err != nil {
				u.t.Errorf("%s %s: %v: %.300s", method, path, err, answer)
			}
		}
		return status
	}
	return status
}

// did records an acknowledged change, with one audit event for each subject.
func (u *upgrade) did(change func(), subjects ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change()
	for _, subject := range subjects {
		u.events[subject]++
	}
}

func (u *upgrade) pair() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.numbers++
	return fmt.Sprintf("7%07d", u.numbers)
}

func newPairs(numbers ...string) (pairs []map[string]string) {
	for _, n := range numbers {
		pairs = append(pairs, map[string]string{"authorizationNumber": n, "licenseNumber": n})
	}
	return pairs
}

// someGroup returns any of the known license groups; unassigned if there is none.
func (u *upgrade) someGroup() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id := range u.groups {
		return id
	}
	return "unassigned"
}

// create creates an agreement in a group and returns its id; empty if it was rejected.
func (u *upgrade) create(name, groupID string, pairs ...string) (id string) {
	body := map[string]any{"name": name, "group": map[string]string{"id": groupID}, "type": "volume", "pairs": newPairs(pairs...)}
	if len(pairs) == 0 {
		body = map[string]any{
			"name": name, "group": map[string]string{"id": groupID}, "type": "other",
			"publisher": "Adobe", "productTitle": "Acrobat Pro 2020", "licenses": 3, "end": "2031-01-01",
		}
	}
	var made agreement
	if u.ask(http.MethodPost, "/agreements", body, &made) != http.StatusCreated {
		return ""
	}
	d := &expectedAgreement{name: name, group: groupID, pairs: map[string]bool{}}
	for _, p := range pairs {
		d.pairs[p] = true
	}
	u.did(func() { u.agreements[made.ID] = d }, "agreement/"+made.ID)
	return made.ID
}

// edit makes a random change to an agreement that both versions support.
func (u *upgrade) edit(id string) {
	u.mu.Lock()
	next := u.agreements[id].copied()
	u.mu.Unlock()
	method, path, body, want := http.MethodPatch, "/agreements/"+id, any(nil), http.StatusOK
	switch n := rand.IntN(6); {
	case n == 0:
		next.name += " b"
		body = map[string]string{"name": next.name}
	case n <= 2:
		next.group = u.someGroup()
		body = map[string]any{"group": map[string]string{"id": next.group}}
	case n == 3 && len(next.pairs) > 1:
		for number := range next.pairs {
			method, path = http.MethodDelete, path+"/pairs/"+number+"+"+number
			delete(next.pairs, number)
			break
		}
	case n == 4:
		method, want, next.deleted = http.MethodDelete, http.StatusOK, true
	case len(next.pairs) > 0:
		number := u.pair()
		method, path, body = http.MethodPost, path+"/pairs", map[string]any{"pairs": newPairs(number)}
		next.pairs[number] = true
	default:
		next.name += " c"
		body = map[string]string{"name": next.name}
	}
	if u.ask(method, path, body, nil) != want { // the group was deleted, or all retries failed
		return
	}
	u.mu.Lock()
	same := u.agreements[id].group == next.group && u.agreements[id].name == next.name && method == http.MethodPatch
	u.mu.Unlock()
	if same { // no change, so no event
		return
	}
	u.did(func() { u.agreements[id] = next }, "agreement/"+id)
}

// write changes agreements until the writers are stopped.
func (u *upgrade) write(writer string, stop <-chan struct{}) {
	var own []string
	for n := 0; !stopped(stop); n++ {
		if len(own) > 3 && rand.IntN(3) > 0 {
			id := own[rand.IntN(len(own))]
			u.edit(id)
			u.mu.Lock()
			if u.agreements[id].deleted {
				own = slices.DeleteFunc(own, func(other string) bool { return other == id })
			}
			u.mu.Unlock()
			continue
		}
		var pairs []string
		if n%3 > 0 {
			pairs = []string{u.pair(), u.pair()}
		}
		name := fmt.Sprintf("%s sale %d.", writer, n)
		id := u.create(name, u.someGroup(), pairs...)
		if id == "" {
			continue
		}
		own = append(own, id)
		if u.isNewer("agreements") { // lists of this version are never stale
			var found page[agreement]
			if u.ask(http.MethodGet, "/agreements?limit=2&q="+strings.ReplaceAll(name, " ", "%20"), nil, &found); len(found.Items) != 1 && u.isNewer("agreements") {
				u.t.Errorf("%s is listed %d times", name, len(found.Items))
			}
		}
	}
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func (u *upgrade) addGroup(name string) (id string) {
	var made group
	if u.ask(http.MethodPost, "/groups", map[string]string{"name": name}, &made) != http.StatusCreated {
		return ""
	}
	u.did(func() { u.groups[made.ID] = name }, "group/"+made.ID)
	return made.ID
}

func (u *upgrade) removeGroup(id string) bool {
	ok := u.ask(http.MethodDelete, "/groups/"+id, nil, nil) == http.StatusOK
	if ok {
		u.did(func() { delete(u.groups, id) }, "group/"+id)
	}
	return ok
}

// writeGroups creates, renames and deletes license groups.
func (u *upgrade) writeGroups(writer string, stop <-chan struct{}) {
	var own []string
	for n := 0; !stopped(stop); n++ {
		if len(own) < 3 {
			if id := u.addGroup(fmt.Sprintf("%s group %d", writer, n)); id != "" {
				own = append(own, id)
			}
			continue
		}
		if name := fmt.Sprintf("%s group %d b", writer, n); u.ask(http.MethodPatch, "/groups/"+own[1], map[string]string{"name": name}, nil) == http.StatusOK {
			u.did(func() { u.groups[own[1]] = name }, "group/"+own[1])
		}
		if u.removeGroup(own[0]) {
			own = own[1:]
		} else {
			own = append(own[1:], own[0])
		}
	}
}

// writeFiles imports new agreements in a new group, then more pairs for them. It deletes
// every second group.
func (u *upgrade) writeFiles(writer string, stop <-chan struct{}) {
	for n := 0; !stopped(stop); n++ {
		file, folder := fmt.Sprintf("%s-%d", writer, n), fmt.Sprintf("%s imports %d", writer, n)
		made := map[string]*expectedAgreement{}
		for extension := range 2 {
			var rows strings.Builder
			for a := range 3 {
				name := fmt.Sprintf("%s imported %d-%d.", writer, n, a)
				if made[name] == nil {
					made[name] = &expectedAgreement{name: name, pairs: map[string]bool{}}
				}
				for range 2 {
					number := u.pair()
					made[name].pairs[number] = true
					fmt.Fprintf(&rows, "%s,%s,%s\n", number, number, name)
				}
			}
			name := fmt.Sprintf("%s-%d.csv", file, extension)
			if !u.imports("agreements/"+folder+"/"+name, name, rows.String()) {
				return
			}
		}
		var groups page[group]
		if u.ask(http.MethodGet, "/groups", nil, &groups) != http.StatusOK {
			return
		}
		at := slices.IndexFunc(groups.Items, func(g group) bool { return g.Name == folder })
		if at < 0 {
			u.t.Errorf("the group %s is not there", folder)
			return
		}
		id := groups.Items[at].ID
		u.did(func() {
			u.groups[id] = folder
			for name, d := range made {
				d.group = id
				u.agreements[name] = d
			}
		}, "group/"+id)
		if n%2 == 1 {
			u.removeGroup(id)
		}
	}
}

// imports uploads a file and waits until its import has ended. It reports whether the import
// succeeded.
func (u *upgrade) imports(key, name, rows string) bool {
	_, err := u.S3().PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: &key, Body: strings.NewReader(rows),
	})
	if err != nil {
		u.t.Error(err)
		return false
	}
	for range 600 {
		var found page[imported]
		u.ask(http.MethodGet, "/imports?limit=50", nil, &found)
		for _, i := range found.Items {
			if i.FileName == name && i.Final {
				if i.State != "succeeded" {
					u.t.Errorf("%s: %+v", name, i)
				}
				return i.State == "succeeded"
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	u.t.Errorf("the import of %s has not ended", name)
	return false
}

// writeCatalog adds publishers and titles, and merges publishers.
func (u *upgrade) writeCatalog(writer string, stop <-chan struct{}) {
	last := ""
	for n := 0; !stopped(stop); n++ {
		name := fmt.Sprintf("%s publisher %d.", writer, n)
		var made struct{ ID string }
		if u.ask(http.MethodPost, "/catalog/publishers", map[string]string{"name": name}, &made) != http.StatusCreated {
			continue
		}
		u.did(func() { u.publishers[made.ID] = name }, "publisher/"+made.ID)
		if u.ask(http.MethodPost, "/catalog/publishers/"+made.ID+"/titles", map[string]string{"name": name + " title"}, nil) != http.StatusCreated {
			u.t.Errorf("no title for %s", name)
		}
		if last != "" && n%2 == 1 && u.ask(http.MethodPost, "/catalog/publishers/"+made.ID+"/merge", map[string]string{"into": last}, nil) == http.StatusOK {
			u.did(func() {
				delete(u.publishers, made.ID)
				u.merged[name] = last
			}, "publisher/"+made.ID)
			continue
		}
		last = made.ID
	}
}

// read requests all views. It checks only that no request fails.
func (u *upgrade) read(stop <-chan struct{}) {
	for !stopped(stop) {
		for _, path := range views {
			u.ask(http.MethodGet, path, nil, nil)
		}
	}
}

// tick calls the schedule repeatedly.
func (u *upgrade) tick(stop <-chan struct{}) {
	for !stopped(stop) {
		u.schedule()
		time.Sleep(300 * time.Millisecond)
	}
}

func (u *upgrade) schedule() {
	newer := u.isNewer("import")
	result, err := u.Invoke(context.Background(), "import", []byte(`{"source":"trueup.schedule"}`))
	if err != nil || result.FunctionError != "" && newer {
		u.t.Errorf("the schedule, of this release: %t: %v %s", newer, err, result.Payload)
	}
}
