package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"trueup/internal/access"
	"trueup/internal/console"
)

// pageAddress is a page of the console, and an address at which it has something to show.
type pageAddress struct {
	Page    string `json:"page"` // the path in the table of pages, with the part of the page after a colon
	Address string `json:"address"`
}

// notVisited are pages that are no pages for people: they lead to another address, or respond to the module or with a file.
var notVisited = []string{
	"/{$}", "/console", "/console/{$}", "/console/sign-in", "/signed-in", "/console/lookup/publishers", "/console/lookup/titles",
	"/console/views/{id}/files/{day}", // a file in a bucket, which the schedule makes: see TestR8_8_ScheduledView
}

// allPages finds an address for every page of the console that a browser shows, by following links and the forms of lists from the
// overview. A new page is found by its links; a page without links to it fails the test. The session is that of the person
// who may see them all: some are about what she has saved.
func allPages(s system) (found []pageAddress, session *http.Cookie) {
	s.t.Helper()
	arranged := arrange(s)
	session, err := s.SignIn(s.t.Context(), "Ann Peeters", access.GlobalAdmin)
	must(s.t, err)
	b := &browser{s, map[string]string{session.Name: session.Value}}
	for address, form := range map[string]url.Values{
		"/console/reminders/feed": {}, "/console/views/new?report=license-purchases": {"name": {"Arranged"}},
	} {
		form.Set("key", "arranged-views")
		if status, _, body := b.do(http.MethodPost, address, form); status != http.StatusOK && status != http.StatusSeeOther {
			s.t.Fatalf("%s: %d %.300s", address, status, body)
		}
	}
	var views page[struct{ ID string }]
	s.get("/views?scope=shared", &views)
	for _, v := range views.Items {
		arranged = append(arranged, "/console/views/"+v.ID+"/files")
	}

	table := http.NewServeMux()
	for _, p := range console.Pages() {
		if p.Method == http.MethodGet {
			table.HandleFunc(p.Method+" "+p.Path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	met := map[string]bool{}
	visited := slices.Clone(notVisited)
	for queue := append(arranged, "/console/overview"); len(queue) > 0; queue = queue[1:] {
		address := queue[0]
		r, err := http.NewRequest(http.MethodGet, address, nil)
		must(s.t, err)
		_, pattern := table.Handler(r)
		path := strings.TrimPrefix(pattern, "GET ")
		part := r.URL.Query().Get("tab") + r.URL.Query().Get("how")
		if met[path+":"+part] && !slices.Contains(arranged, address) || met[address] || pattern == "" || slices.Contains(notVisited, path) {
			continue
		}
		met[path+":"+part], met[address] = true, true
		status, to, body := b.do(http.MethodGet, address, nil)
		if status == http.StatusSeeOther && strings.HasPrefix(to, s.S3URL) {
			visited = append(visited, path) // a file in a bucket
			continue
		}
		if status == http.StatusSeeOther && strings.HasPrefix(to, "/console/") { // the report of a saved view
			visited, queue = append(visited, path), append(queue, to)
			continue
		}
		if status != http.StatusOK {
			s.t.Errorf("%s: %d", address, status)
			continue
		}
		visited = append(visited, path)
		if !strings.HasPrefix(body, "<!doctype html>") && !strings.HasPrefix(body, "<!DOCTYPE html>") || strings.Contains(path, "/export/") {
			continue // a file
		}
		name := path
		if part != "" {
			name += ":" + part
		}
		if slices.ContainsFunc(found, func(f pageAddress) bool { return f.Page == name }) {
			name += ", another one"
		}
		found = append(found, pageAddress{name, address})
		queue = append(queue, leads(s.t, address, body)...)
	}
	for _, p := range console.Pages() {
		if p.Method == http.MethodGet && !slices.Contains(visited, p.Path) {
			s.t.Errorf("no link leads to the page %s: arrange what it shows, or link to it", p.Path)
		}
	}
	return found, session
}

// leads returns the addresses to which the links of a page lead, and its forms that only read, with the first of their ticks.
func leads(t *testing.T, address, body string) (to []string) {
	t.Helper()
	base, err := url.Parse(address)
	must(t, err)
	root, err := html.Parse(strings.NewReader(body))
	must(t, err)
	add := func(reference string, query url.Values) {
		u, err := base.Parse(reference)
		must(t, err)
		if len(query) > 0 {
			u.RawQuery = query.Encode()
		}
		if u.Host == "" && strings.HasPrefix(u.Path, "/console/") {
			to = append(to, u.RequestURI())
		}
	}
	for n := range root.Descendants() {
		switch {
		case n.Data == "a" && htmlValue(n, "href") != "":
			add(htmlValue(n, "href"), nil)
		case n.Data == "form":
			ticked := url.Values{}
			for field := range n.Descendants() {
				name, value := htmlValue(field, "name"), htmlValue(field, "value")
				if kind := htmlValue(field, "type"); field.Data == "input" && (kind == "hidden" || kind == "checkbox" && !ticked.Has(name)) {
					ticked.Set(name, value)
				}
				if field.Data == "option" && value != "" && !ticked.Has(htmlValue(field.Parent, "name")) {
					ticked.Set(htmlValue(field.Parent, "name"), value)
				}
			}
			ticked.Del("key")
			for button := range n.Descendants() {
				if button.Data == "button" && htmlValue(button, "formaction") != "" && htmlValue(button, "formmethod") == "get" {
					add(htmlValue(button, "formaction"), ticked)
				}
			}
			if action := htmlValue(n, "action"); len(ticked) > 0 && !strings.EqualFold(htmlValue(n, "method"), "post") {
				add(action, ticked)
			}
		}
	}
	return to
}

func htmlValue(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// arrange adds what some pages show and the demo has not, and returns the addresses of these pages.
func arrange(s system) (addresses []string) {
	s.t.Helper()
	made := func(method, path string, body map[string]any) string {
		s.t.Helper()
		var answer struct{ ID string }
		status, err := s.call(method, path, body, &answer)
		must(s.t, err)
		if status/100 != 2 {
			s.t.Fatalf("%s %s: %d", method, path, status)
		}
		return answer.ID
	}
	until := func(what string, found func() bool) {
		s.t.Helper()
		for deadline := time.Now().Add(time.Minute); !found(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				s.t.Fatalf("there is no %s", what)
			}
		}
	}
	s.put("agreements/mistakes.csv", sample(s.t, "mistakes.csv"), nil)
	s.put("users/mistakes.csv", sample(s.t, "users/mistakes.csv"), nil)
	s.put("inventory/arranged.csv", "Computer,Name,Publisher,Version\nARRANGED-1,Quay Planner 3,Quaynet,3.1\n", nil)

	suite := made(http.MethodPost, "/subscriptions", map[string]any{"name": "Arranged", "quantity": 5})
	ann := made(http.MethodPost, "/users", map[string]any{"userPrincipalName": "arranged-ann@example.org", "usageLocation": "BE"})
	bob := made(http.MethodPost, "/users", map[string]any{"userPrincipalName": "arranged-bob@example.org", "usageLocation": "BE"})
	licenses := []map[string]string{{"subscription": suite}}
	made(http.MethodPost, "/license-assignments", map[string]any{"users": []string{ann}, "licenses": licenses})
	made(http.MethodDelete, "/users/"+bob+"?acknowledge=service-data", nil)
	made(http.MethodPost, "/license-jobs", map[string]any{"action": "assign", "licenses": licenses, "users": []string{ann}})
	devices := made(http.MethodPost, "/subscriptions", map[string]any{"name": "Arranged (device)", "quantity": 5, "kind": "device"})
	group := made(http.MethodPost, "/device-groups", map[string]any{"name": "Arranged"})
	made(http.MethodPost, "/inventory/rules", map[string]any{"kind": "ignored", "name": "no such title *"})

	var files page[struct{ ID, File, FileName, State string }]
	file := ""
	until("list of users with mistakes", func() bool {
		s.get("/directory-files", &files)
		for _, f := range files.Items {
			if strings.HasSuffix(f.File+f.FileName, "mistakes.csv") && f.State != "received" {
				file = f.ID
			}
		}
		return file != ""
	})
	short := "" // a subscription of the demo
	until("conflict of users", func() bool {
		var conflicts page[struct{ Subscription, SubscriptionKind string }]
		s.get("/conflicts", &conflicts)
		for _, c := range conflicts.Items {
			if c.SubscriptionKind == "user" {
				short = c.Subscription
			}
		}
		return short != ""
	})
	until("unknown title", func() bool {
		var queue page[struct{ ID string }]
		s.get("/inventory/queue", &queue)
		return len(queue.Items) > 0
	})
	return []string{
		"/console/imports/" + s.wait("mistakes.csv").ID, "/console/directory/" + file, "/console/users/" + ann, "/console/users/" + bob,
		"/console/device-groups/" + group, "/console/subscriptions/" + devices,
		"/console/reports/missed-devices?deviceGroup=" + group, "/console/users/restorations?ids=" + bob,
		"/console/export/subscriptions/" + suite + "/users/csv", "/console/export/subscriptions/" + suite + "/waiting/csv", "/console/export/license-suggestions/csv",
		"/console/export/conflicts/" + short + "/users/csv", "/console/export/device-groups/" + group + "/devices/csv",
	}
}
