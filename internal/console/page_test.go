package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"trueup/internal/access"
	"trueup/internal/console"
)

// page is a page as a browser reads it.
type page struct {
	t      testing.TB
	path   string
	status int
	header http.Header
	body   string
	root   *html.Node
}

func read(t testing.TB, path string, w *httptest.ResponseRecorder) *page {
	t.Helper()
	p := &page{t: t, path: path, status: w.Code, header: w.Header(), body: w.Body.String()}
	var err error
	if p.root, err = html.Parse(strings.NewReader(p.body)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

// all returns the elements with the name and, if given, with an attribute: pairs of a name and a value.
func (p *page) all(name string, attributes ...string) (found []*html.Node) {
	return below(p.root, name, attributes...)
}

func below(root *html.Node, name string, attributes ...string) (found []*html.Node) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || name != "*" && n.Data != name {
			continue
		}
		fits := true
		for i := 0; i < len(attributes); i += 2 {
			value, ok := attribute(n, attributes[i])
			fits = fits && ok && (attributes[i+1] == "*" || value == attributes[i+1])
		}
		if fits {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func value(n *html.Node, name string) string {
	v, _ := attribute(n, name)
	return v
}

// textOf returns the text in an element, with single spaces.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// text returns the text of the main part of the page.
func (p *page) text() string {
	for _, n := range p.all("main") {
		return textOf(n)
	}
	return textOf(p.root)
}

// has fails the test unless the main part of the page has all texts.
func (p *page) has(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text(), text) {
			p.t.Errorf("%s (%d) does not have %q: %s", p.path, p.status, text, p.text())
		}
	}
	return p
}

// lacks fails the test if the page has one of the texts anywhere.
func (p *page) lacks(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s (%d) has %q", p.path, p.status, text)
		}
	}
	return p
}

// heads returns the heads of the columns of the first table.
func (p *page) heads() (list []string) {
	for _, n := range below(p.all("table")[0], "th", "scope", "col") {
		list = append(list, textOf(n))
	}
	return list
}

// is fails the test unless the page has the status.
func (p *page) is(status int) *page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: %d, want %d: %s", p.path, p.status, status, p.text())
	}
	return p
}

// links returns the local addresses of links, and of what is loaded.
func (p *page) links() (addresses []string) {
	for _, n := range p.all("*") {
		for _, name := range []string{"href", "src"} {
			if address, ok := attribute(n, name); ok && !strings.HasPrefix(address, "#") {
				address, _, _ = strings.Cut(address, "#")
				addresses = append(addresses, address)
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// actions returns the methods and paths to which forms send, also those of single buttons.
func (p *page) actions() (sent []string) {
	for _, form := range p.all("form") {
		if id := value(form, "method"); id == "dialog" {
			continue
		}
		add := func(method, address string) {
			u, err := url.Parse(address)
			if err != nil {
				p.t.Errorf("%s: %v", p.path, err)
				return
			}
			sent = append(sent, strings.ToUpper(method)+" "+u.Path)
		}
		add(value(form, "method"), value(form, "action"))
		for _, button := range below(form, "button", "formaction", "*") {
			add(value(button, "formmethod"), value(button, "formaction"))
		}
	}
	slices.Sort(sent)
	return slices.Compact(sent)
}

// fields returns the fields of the form with the action, as a browser sends them, without buttons.
func (p *page) fields(action string) url.Values {
	p.t.Helper()
	forms := p.all("form", "action", action)
	if len(forms) == 0 {
		p.t.Fatalf("%s has no form that sends to %s; it has %v", p.path, action, p.actions())
	}
	fields := url.Values{}
	for _, n := range below(forms[0], "*", "name", "*") {
		name := value(n, "name")
		switch kind := value(n, "type"); {
		case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
			if _, checked := attribute(n, "checked"); checked {
				fields.Add(name, value(n, "value"))
			}
		case n.Data == "input" && kind != "file":
			fields.Add(name, value(n, "value"))
		case n.Data == "textarea":
			typed := ""
			if n.FirstChild != nil {
				typed = n.FirstChild.Data
			}
			fields.Add(name, typed)
		case n.Data == "select":
			options := below(n, "option")
			for _, o := range options {
				if _, chosen := attribute(o, "selected"); chosen {
					options = []*html.Node{o}
				}
			}
			if len(options) > 0 {
				fields.Add(name, value(options[0], "value"))
			}
		}
	}
	return fields
}

// rowOf returns the row of the table of pages that serves a request.
func rowOf(method, address string) (console.Page, bool) {
	mux := http.NewServeMux()
	rows := map[string]console.Page{}
	for _, p := range console.Pages() {
		mux.Handle(p.Method+" "+p.Path, http.NotFoundHandler())
		rows[p.Method+" "+p.Path] = p
	}
	_, pattern := mux.Handler(httptest.NewRequest(method, address, nil))
	row, ok := rows[pattern]
	return row, ok
}

// mayUse fails the test if the page offers something that the role may not do, by a link or a form.
func (p *page) mayUse(who access.Principal) {
	p.t.Helper()
	for _, sent := range p.actions() {
		method, path, _ := strings.Cut(sent, " ")
		p.allowed(who, method, path)
	}
	for _, link := range below(p.main(), "a", "href", "*") {
		if address := value(link, "href"); strings.HasPrefix(address, "/console/") {
			p.allowed(who, http.MethodGet, address)
		}
	}
}

func (p *page) main() *html.Node {
	for _, n := range p.all("main") {
		return n
	}
	return p.root
}

func (p *page) allowed(who access.Principal, method, address string) {
	p.t.Helper()
	row, ok := rowOf(method, address)
	if !ok {
		p.t.Errorf("%s offers %s %s, which is no page", p.path, method, address)
	} else if row.Permission != access.Anyone && !who.May(row.Permission) {
		p.t.Errorf("%s offers %s %s to %v", p.path, method, address, who.Roles)
	}
}

// sound fails the test if the page breaks one of the rules for all pages.
func (p *page) sound() *page {
	p.t.Helper()
	report := func(format string, args ...any) {
		p.t.Helper()
		p.t.Errorf("%s: "+format, append([]any{p.path}, args...)...)
	}
	if n := len(p.all("h1")); n != 1 {
		report("%d h1", n)
	}
	if titles := p.all("title"); len(titles) != 1 || strings.HasPrefix(textOf(titles[0]), "–") {
		report("no title")
	}
	if lang := value(p.all("html")[0], "lang"); lang == "" {
		report("no language")
	}
	ids := map[string]bool{}
	for _, n := range p.all("*") {
		if id, ok := attribute(n, "id"); ok {
			if ids[id] || id == "" {
				report("the id %q is there twice, or empty", id)
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				report("<%s> has %s", n.Data, a.Key)
			}
		}
	}
	for _, n := range p.all("*") {
		p.soundElement(n, ids, report)
	}
	if strings.Contains(p.body, "console_") {
		report("a message is missing: %s", p.body[max(0, strings.Index(p.body, "console_")-40):][:80])
	}
	return p
}

func (p *page) soundElement(n *html.Node, ids map[string]bool, report func(string, ...any)) {
	for _, name := range []string{"aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "for"} {
		for _, id := range strings.Fields(value(n, name)) {
			if !ids[id] {
				report("<%s %s=%q> names nothing", n.Data, name, id)
			}
		}
	}
	switch n.Data {
	case "script":
		if value(n, "src") == "" || n.FirstChild != nil {
			report("a script in the page")
		}
	case "style":
		report("a style in the page")
	case "img":
		if _, ok := attribute(n, "alt"); !ok {
			report("a picture without alt")
		}
	case "th":
		if value(n, "scope") == "" {
			report("<th> %q has no scope", textOf(n))
		}
	case "input", "select", "textarea":
		if value(n, "type") != "hidden" && !p.labelled(n) {
			report("<%s name=%q> has no label", n.Data, value(n, "name"))
		}
	case "button", "a":
		if textOf(n) == "" && value(n, "aria-label") == "" {
			report("<%s> has no text", n.Data)
		}
	case "form":
		if value(n, "method") == "post" && len(below(n, "button")) == 0 {
			report("a form without a button")
		}
	}
}

// labelled reports whether a field has a label.
func (p *page) labelled(n *html.Node) bool {
	if value(n, "aria-label") != "" || value(n, "aria-labelledby") != "" {
		return true
	}
	for parent := n.Parent; parent != nil; parent = parent.Parent {
		if parent.Data == "label" {
			return textOf(parent) != ""
		}
	}
	for _, label := range p.all("label", "for", "*") {
		if value(label, "for") == value(n, "id") && textOf(label) != "" {
			return true
		}
	}
	return false
}
