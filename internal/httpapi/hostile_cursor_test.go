package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/intake/kind"
	"trueup/internal/view"
)

// mutations is the number of damaged cursors, over all lists.
const mutations = 10_000

// list is a request for one list with a cursor.
type list struct {
	hostile
	name   string
	params map[string]*openapi3.Schema // of the query that the cursor belongs to, without limit and cursor
	in     string                      // the parameter that takes the cursor
	cursor string                      // where its second page starts
	status int                         // of a request with a damaged cursor
}

// at returns the request for the list at a cursor.
func (l list) at(cursor string, more ...string) hostile {
	h := l.hostile
	h.query = strings.Join(append([]string{l.query + "&" + l.in + "=" + url.QueryEscape(cursor)}, more...), "&")
	return h
}

// lists returns the first pages of every list in the document that has a cursor. A list of one
// thing is requested for each of its things.
func (s *stack) lists(t *testing.T, things map[string][]string) (all []list) {
	t.Helper()
	for _, o := range operations(t) {
		params := map[string]*openapi3.Schema{}
		o.parameters("query", func(name string, schema *openapi3.Schema) { params[name] = schema })
		in, query, status := "cursor", "limit=1", http.StatusUnprocessableEntity
		if isGraph(o.Route) {
			in, query, status = "$skiptoken", "$top=1", http.StatusBadRequest
			for _, name := range []string{"$top", "$count", "$select"} { // its pages can have other properties
				delete(params, name)
			}
		}
		if params[in] == nil {
			continue
		}
		delete(params, in)
		delete(params, "limit")
		paths := []string{o.Path}
		if parameter.MatchString(o.Path) {
			paths = nil
			for _, id := range things[o.Operation] {
				paths = append(paths, parameter.ReplaceAllString(o.Path, url.PathEscape(id)))
			}
		}
		if paths == nil {
			t.Errorf("%s is the list of what? Name two with two items each", o.Key())
		}
		if o.Operation == "listSuggestions" { // the licences were assigned a moment ago
			query += "&heldDays=0"
			delete(params, "heldDays")
		}
		if o.Operation == "listMissedDevices" { // no inventory has the devices
			query += "&deviceGroup=" + things["listDeviceGroupDevices"][0]
			delete(params, "deviceGroup")
		}
		for _, path := range paths {
			l := list{hostile: hostile{route: o.Route, path: path, query: query}, name: o.Method + " " + path, params: params, in: in, status: status}
			answer := s.ask(t, l.hostile)
			var page struct {
				NextCursor string
				NextLink   string `json:"@odata.nextLink"`
			}
			err := json.Unmarshal([]byte(answer.Body), &page)
			if link, linkErr := url.Parse(page.NextLink); linkErr == nil && page.NextLink != "" {
				page.NextCursor = link.Query().Get(in)
			}
			if err != nil || page.NextCursor == "" {
				t.Errorf("%s has no second page: make two items first (%d %.200s)", l.name, answer.StatusCode, answer.Body)
				continue
			}
			l.cursor = page.NextCursor
			if next := s.ask(t, l.at(l.cursor)); next.StatusCode != http.StatusOK {
				t.Errorf("%s: its own cursor: %d %.200s", l.name, next.StatusCode, next.Body)
			}
			all = append(all, l)
		}
	}
	return all
}

// cursorCodes are the allowed codes for a damaged cursor.
var cursorCodes = []string{"cursor_invalid", "graph_token_invalid", "query_malformed", "length_max"}

// TestHostileCursors sends every list in the document cursors that are damaged, or from another
// list or query. It measures the cost of rejections, so it runs alone.
func TestHostileCursors(t *testing.T) {
	skipUnderRace(t)
	s := newStack(t)
	lists := s.lists(t, s.fill(t))
	if len(lists) == 0 {
		t.Fatal("no list has a cursor")
	}
	s.warm(t)
	constantHeap(t)
	refuse := func(t *testing.T, l list, h hostile) {
		t.Helper()
		p := s.refused(t, h)
		if p.Status != l.status {
			t.Errorf("%s: %d, want %d", h.query, p.Status, l.status)
		}
		if !slices.ContainsFunc(p.Errors, func(e httpapi.FieldError) bool {
			unknown := strings.HasSuffix(e.Code, "_not_found") || e.Code == "country_unknown" || e.Code == "device_group_unknown" // what a filter names
			return unknown || e.Parameter == l.in && slices.Contains(cursorCodes, e.Code)
		}) && p.Code != "query_malformed" {
			t.Errorf("%s: %s %v", h.query, p.Code, p.Errors)
		}
	}
	var all []string
	for _, l := range lists {
		all = append(all, l.cursor)
	}
	for _, l := range lists {
		t.Run(l.name, func(t *testing.T) {
			for _, other := range lists {
				if other.name != l.name {
					refuse(t, l, l.at(other.cursor))
				}
			}
			same := timeless(s.ask(t, l.at(l.cursor)).Body)
			for name, schema := range l.params {
				for _, value := range another(schema) {
					h := l.at(l.cursor, name+"="+url.QueryEscape(value))
					if answer := s.ask(t, h); answer.StatusCode == http.StatusOK && timeless(answer.Body) == same {
						continue // the value means the same as no parameter
					}
					refuse(t, l, h)
				}
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for n := range mutations / len(lists) {
				damaged := damage(rng, l.cursor, all)
				if damaged == l.cursor || damaged == "" {
					continue
				}
				if n%100 == 0 {
					refuse(t, l, l.at(damaged))
					continue
				}
				if answer, took := s.timed(t, l.at(damaged)); answer.StatusCode != l.status || measured && took > refusalTime {
					t.Errorf("%q: %d after %v", damaged, answer.StatusCode, took)
				}
			}
		})
	}
}

var (
	madeAt = regexp.MustCompile(`"madeAt":"[^"]*"`)
	// The data of a Subscription report of now are those of the call.
	readAt = regexp.MustCompile(`("report":"subscriptions","dataAt"):"[^"]*"`)
)

// timeless returns an answer without the times at which it was created and, of a Subscription report, at
// which its data were read.
func timeless(body string) string {
	return readAt.ReplaceAllString(madeAt.ReplaceAllString(body, ""), "$1")
}

// timed sends a request and returns the answer and its duration. It retries a slow request, in
// case the machine is busy.
func (s *stack) timed(t *testing.T, h hostile) (answer events.APIGatewayV2HTTPResponse, took time.Duration) {
	t.Helper()
	for pause := 10 * time.Millisecond; ; pause *= 4 {
		begin := time.Now()
		answer = s.ask(t, h)
		if took = time.Since(begin); took <= refusalTime || pause > time.Second {
			return answer, took
		}
		time.Sleep(pause)
	}
}

// another returns other values for a parameter, from its schema if possible.
func another(schema *openapi3.Schema) (values []string) {
	for _, value := range slices.Concat(schema.Enum, schema.Examples) {
		if value != schema.Default {
			values = append(values, fmt.Sprint(value))
		}
	}
	if values == nil && schema.Type.Is("boolean") {
		return []string{"true", "false"}
	}
	if values == nil {
		return []string{"7"}
	}
	return values
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// damage returns a cursor with one defect.
func damage(rng *rand.Rand, cursor string, others []string) string {
	b := []byte(cursor)
	at := rng.IntN(len(b))
	switch rng.IntN(12) {
	case 0: // one bit
		b[at] ^= 1 << rng.IntN(8)
	case 1: // one character
		b[at] = base64url[rng.IntN(len(base64url))]
	case 2: // truncated
		return cursor[:at]
	case 3: // the beginning is cut off
		return cursor[at:]
	case 4: // a part in the middle is missing
		return cursor[:at] + cursor[min(len(b), at+1+rng.IntN(3)):]
	case 5: // two characters are swapped
		other := rng.IntN(len(b))
		b[at], b[other] = b[other], b[at]
	case 6: // a character is inserted
		return cursor[:at] + string("=+/ .\n\r\t\x00A~"[rng.IntN(11)]) + cursor[at:]
	case 7: // characters are appended
		return cursor + strings.Repeat(string(base64url[rng.IntN(len(base64url))]), 1+rng.IntN(5000))
	case 8: // the end of another cursor
		other := others[rng.IntN(len(others))]
		return cursor[:at] + other[min(at, len(other)):]
	case 9: // one bit of the decoded bytes
		if raw, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
			raw[rng.IntN(len(raw))] ^= 1 << rng.IntN(8)
			return base64.RawURLEncoding.EncodeToString(raw)
		}
		return strings.ToUpper(cursor)
	case 10: // random characters
		for i := range b {
			b[i] = base64url[rng.IntN(len(base64url))]
		}
	default: // repeated
		return cursor + cursor[:at+1]
	}
	return string(b)
}

// fill stores at least two items for every list, and returns the ids of the things that contain
// the lists, by operation.
func (s *stack) fill(t *testing.T) map[string][]string {
	t.Helper()
	do := func(method, address, body string, header map[string]string, result any) {
		t.Helper()
		r, err := http.NewRequest(method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		send := http.DefaultTransport.RoundTrip
		if strings.HasPrefix(address, base) {
			r.Header.Set("Authorization", "Bearer global-admin someone")
			send = s.direct
		}
		response, err := send(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err == nil && result != nil {
			err = json.Unmarshal(answer, result)
		}
		if err != nil || response.StatusCode >= 300 {
			t.Fatalf("%s %s: %d %s (%v)", method, address, response.StatusCode, answer, err)
		}
	}
	things := map[string][]string{}
	s.known.tallies = tallied(product("Microsoft", "Visio Standard", "2019", 3), product("Microsoft", "Visio Standard", "2021", 4))
	for i := range 2 {
		var made struct{ ID string }
		do("POST", base+"/agreements", fmt.Sprintf(`{"type":"volume","name":"Filled %d","pairs":[{"authorizationNumber":"F%d","licenseNumber":"F%d"},{"authorizationNumber":"G%d","licenseNumber":"G%d"}]}`, i, i, i, i, i), nil, &made)
		things["listAgreementPairs"] = append(things["listAgreementPairs"], made.ID)
		do("POST", base+"/groups", fmt.Sprintf(`{"name":"Filled %d"}`, i), nil, nil)

		do("POST", base+"/statements", fmt.Sprintf(`{"fileName":"filled-%d.csv","size":1}`, i), nil, nil)
		var run struct{ ID string }
		do("POST", base+"/refreshes", `{}`, nil, &run)
		if err := s.worker.Work(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}

		file := "bad_,1\nbad_,2\n"
		var accepted struct {
			Import agreements.Import
			Upload struct {
				URL     string
				Headers map[string]string
			}
		}
		do("POST", base+"/imports", fmt.Sprintf(`{"fileName":"filled-%d.csv","size":%d}`, i, len(file)), nil, &accepted)
		do("PUT", accepted.Upload.URL, file, accepted.Upload.Headers, nil)
		for end := time.Now().Add(20 * time.Second); !accepted.Import.Final; time.Sleep(10 * time.Millisecond) {
			if do("GET", base+"/imports/"+accepted.Import.ID, "", nil, &accepted.Import); time.Now().After(end) {
				t.Fatal("the import does not end")
			}
		}
		things["listImportFindings"] = append(things["listImportFindings"], accepted.Import.ID)
		do("POST", base+"/inventory/rules", fmt.Sprintf(`{"kind":"ignored","name":"filled %d"}`, i), nil, nil)
	}
	for i := range 2 {
		var saved struct{ ID string }
		do("POST", base+"/views", fmt.Sprintf(`{"name":"Filled %d","report":"subscriptions","shared":true,"schedule":{"every":"day","format":"csv","language":"en"}}`, i), nil, &saved)
		if i == 0 {
			things["listViewFiles"] = []string{saved.ID}
		}
		for _, date := range []day.Date{"2026-11-20", "2026-11-21"} {
			v, err := s.store.Views.View(t.Context(), saved.ID)
			if err == nil {
				err = s.store.Views.Advance(t.Context(), v, made(v, date), &view.File{View: v.ID, Day: date, Format: view.CSV, Lang: "en"}, nil, time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var plan struct{ ID string }
	do("POST", base+"/subscriptions", `{"name":"Filled","quantity":2}`, nil, &plan)
	var second struct{ ID string }
	do("POST", base+"/subscriptions", fmt.Sprintf(`{"name":"Filled as well","quantity":2,"endsOn":%q}`, day.Of(time.Now().AddDate(0, 0, 20))), nil, &second)
	for i := range 2 {
		do("POST", base+"/users", fmt.Sprintf(`{"userPrincipalName":"filled%d@example.org","usageLocation":"BE","lastSignInAt":"2020-01-01","licenses":[{"subscription":%q}]}`, i, plan.ID), nil, nil)
	}
	do("PUT", base+"/users/filled0@example.org/licenses/"+second.ID, `{}`, nil, nil)
	things["graphListLicenseDetails"] = []string{"filled0@example.org"}
	do("PUT", base+"/subscriptions/"+plan.ID+"/quantity", `{"quantity":1,"acknowledge":"conflict"}`, map[string]string{"If-Match": `"2-en"`}, nil)
	things["listSubscriptionUsers"], things["listConflictUsers"] = []string{plan.ID}, []string{plan.ID}
	for i := range 2 {
		var job struct {
			ID    string
			Final bool
		}
		do("POST", base+"/license-jobs", fmt.Sprintf(`{"action":"assign","licenses":[{"subscription":%q}],"selection":{},"dryRun":true}`, plan.ID), nil, &job)
		for end := time.Now().Add(20 * time.Second); !job.Final; time.Sleep(10 * time.Millisecond) {
			if do("GET", base+"/license-jobs/"+job.ID, "", nil, &job); time.Now().After(end) {
				t.Fatalf("job %d does not end", i)
			}
		}
		things["listLicenseJobResults"] = append(things["listLicenseJobResults"], job.ID)
		do("POST", base+"/users", fmt.Sprintf(`{"userPrincipalName":"waiting%d@example.org","usageLocation":"BE"}`, i), nil, nil)
		do("PUT", base+fmt.Sprintf("/users/waiting%d@example.org/licenses/", i)+plan.ID+"?wait=true", `{}`, nil, nil)
	}
	things["listWaitingUsers"] = []string{plan.ID}
	var room struct{ ID string }
	do("POST", base+"/device-groups", `{"name":"Filled"}`, nil, &room)
	things["listDeviceGroupDevices"], things["graphListGroupMembers"] = []string{room.ID}, []string{room.ID}
	for i := range 2 {
		var pc struct{ ID string }
		do("POST", base+"/devices", fmt.Sprintf(`{"displayName":"Filled %d"}`, i), nil, &pc)
		do("POST", base+"/device-groups/"+room.ID+"/members", fmt.Sprintf(`{"devices":[%q]}`, pc.ID), nil, nil)
		if err := s.deps.Uploads.Put(t.Context(), kind.Users.Key("", fmt.Sprintf("filled-%d.csv", i)), "text/csv", []byte("bad")); err != nil {
			t.Fatal(err)
		}
	}
	var lists struct{ Items []struct{ Final bool } }
	for end := time.Now().Add(20 * time.Second); len(lists.Items) != 2 || !lists.Items[0].Final || !lists.Items[1].Final; time.Sleep(10 * time.Millisecond) {
		if do("GET", base+"/directory-files", "", nil, &lists); time.Now().After(end) {
			t.Fatal("the files of users are not read")
		}
	}
	const file = "ApplicationName,DeviceId\nFilled,pc1\nAlso filled,pc1\n"
	var announced catalogapi.CreatedInventoryFile
	do("POST", base+"/inventory", fmt.Sprintf(`{"fileName":"filled.csv","size":%d}`, len(file)), nil, &announced)
	do("PUT", announced.Upload.URL, file, announced.Upload.Headers, nil)
	var counted catalogapi.Inventory
	for end := time.Now().Add(20 * time.Second); counted.Devices == 0 || counted.Counting; time.Sleep(10 * time.Millisecond) {
		if do("GET", base+"/inventory", "", nil, &counted); time.Now().After(end) {
			t.Fatal("the inventory is not counted")
		}
	}
	return things
}

// made returns the next version of a view, with a file of a day.
func made(v view.View, date day.Date) view.View {
	next := v.Made(date, time.Now(), time.Now().Add(time.Hour))
	next.Sending.Announce = false
	return next
}
