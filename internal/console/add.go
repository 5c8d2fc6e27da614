package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trueup/internal/console/client"
)

// Ways to add agreements.
const (
	byFile    = "file"
	byNumbers = "numbers"
	byOther   = "other"
)

var waysToAdd = []string{byFile, byNumbers, byOther}

var wayIcons = map[string]string{byFile: "upload", byNumbers: "key", byOther: "catalog"}

// addPage is the page on which agreements are added.
type addPage struct {
	How      string
	Form     agreementForm
	Pairs    []newPair
	OnError  string
	Groups   []group
	Devices  int  // PCs in the inventory, of which agreements of type other need one (R2.8)
	Unlisted bool // whether publisher or title are not in the catalog, to which they can be added
	Errors   formErrors
}

func addAgreements(v *visit) error {
	m := addPage{How: v.q("how"), Pairs: []newPair{{}}, OnError: v.q("onError")}
	if id := v.q("group"); id != "" {
		m.Form.Group = chosenGroup{How: "existing", Existing: id}
	}
	return v.showAdd(http.StatusOK, m)
}

// showAdd shows the page with what is typed.
func (v *visit) showAdd(status int, m addPage) error {
	if !slices.Contains(waysToAdd, m.How) {
		m.How = byFile
	}
	var (
		groups groupList
		known  inventory
	)
	all := v.calls()
	fetch(all, api.listGroups, nil, &groups)
	if m.How == byOther {
		fetch(all, api.getInventory, nil, &known)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.Devices = groups.Items, known.Devices
	return v.render(status, addTemplate(v, m))
}

// saveAdded adds an agreement of typed numbers or of type other.
func saveAdded(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	m := addPage{How: form.Get("how"), Form: agreementFormOf(form), Pairs: typedPairs(form)}
	var edited bool
	if m.Pairs, edited = editedRows(form, m.Pairs); edited {
		return v.showAdd(http.StatusOK, m)
	}
	if form.Get("action") == "catalog" {
		if err := v.addToCatalog(m.Form.Publisher, m.Form.ProductTitle); err != nil {
			return v.refusedAdd(m, err, nil)
		}
	}
	body, where := m.body()
	made, err := send(v, api.createAgreement, v.change(body))
	if err != nil {
		return v.refusedAdd(m, err, where)
	}
	v.note("console_done_added", "name", made.Name)
	return v.redirect(made.path())
}

// body returns the agreement as the API takes it, and which rows its pairs are.
func (m *addPage) body() (body map[string]any, where []int) {
	f := m.Form
	body = map[string]any{"name": f.Name}
	if g := f.Group.body(); g != nil {
		body["group"] = g
	}
	if m.How == byNumbers {
		body["type"] = "volume"
		body["pairs"], where = withoutEmpty(m.Pairs)
		return body, where
	}
	body["type"], body["publisher"], body["productTitle"] = "other", f.Publisher, f.ProductTitle
	if n := number(f.Licenses); n != nil {
		body["licenses"] = n
	}
	for name, typed := range map[string]string{"start": f.Start, "end": f.End, "details": f.Details} {
		if typed != "" {
			body[name] = typed
		}
	}
	return body, where
}

// refusedAdd shows the form again with the errors of the API at their fields.
func (v *visit) refusedAdd(m addPage, err error, where []int) error {
	p := wrongInput(err)
	if p == nil {
		return err
	}
	m.Errors = v.place(p, m.fieldOf(where))
	m.Unlisted = p.Has("publisher_unknown") || p.Has("title_unknown")
	return v.showAdd(p.Status, m)
}

// fieldOf returns the field of a JSON pointer into the body. where has the row of each pair.
func (m *addPage) fieldOf(where []int) func(pointer string) string {
	return func(pointer string) string {
		if strings.HasPrefix(pointer, "/pairs/") {
			return pairFields(where)(pointer)
		}
		return agreementField(pointer)
	}
}

// addToCatalog adds a publisher and a product title to the catalog, unless they are there (R5.3).
func (v *visit) addToCatalog(name, title string) error {
	found, err := v.publisherNamed(name)
	if err == nil && found.ID == "" {
		found, err = send(v, api.createPublisher, v.keyedCall("publisher", map[string]string{"name": name}))
	}
	if err != nil {
		return err
	}
	_, err = send(v, api.createTitle, v.keyedCall("title", map[string]string{"name": title}), found.ID)
	var p *client.Problem
	if errors.As(err, &p) && p.Has("title_exists") {
		return nil
	}
	return err
}

// keyedCall is a further change of one form, with a key of its own.
func (v *visit) keyedCall(suffix string, body any) client.Call {
	c := v.call()
	c.Body, c.Key = body, v.r.PostForm.Get("key")+"-"+suffix
	return c
}

// publisherNamed returns the publisher with that name or alias; none if there is none.
func (v *visit) publisherNamed(name string) (publisher, error) {
	c := v.call()
	c.Query = url.Values{"q": {name}, "limit": {"50"}}
	found, err := send(v, api.lookUpPublishers, c)
	if err != nil {
		return publisher{}, err
	}
	for _, p := range found.Items {
		if strings.EqualFold(p.Name, strings.TrimSpace(name)) || slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.EqualFold(a, strings.TrimSpace(name)) }) {
			return p, nil
		}
	}
	return publisher{}, nil
}

// lookUpPublishers returns publishers that contain what is typed, for the module: one line each, with the alias
// that contains it after a tab if the name does not.
func lookUpPublishers(v *visit) error {
	c := v.call()
	c.Query = url.Values{"q": {v.q("q")}, "limit": {"8"}}
	found, err := send(v, api.lookUpPublishers, c)
	if err != nil {
		return err
	}
	typed := strings.ToLower(v.q("q"))
	var lines []string
	for _, p := range found.Items {
		line := p.Name
		if !strings.Contains(strings.ToLower(p.Name), typed) {
			if i := slices.IndexFunc(p.Aliases, func(a string) bool { return strings.Contains(strings.ToLower(a), typed) }); i >= 0 {
				line += "\t" + p.Aliases[i]
			}
		}
		lines = append(lines, line)
	}
	return v.lines(lines)
}

// lookUpTitles is like lookUpPublishers, for product titles of a publisher.
func lookUpTitles(v *visit) error {
	of, err := v.publisherNamed(v.q("publisher"))
	if err != nil || of.ID == "" {
		return errors.Join(err, v.lines(nil))
	}
	c := v.call()
	c.Query = url.Values{"q": {v.q("q")}, "limit": {"8"}}
	found, err := send(v, api.lookUpTitles, c, of.ID)
	if err != nil {
		return err
	}
	var lines []string
	for _, t := range found.Items {
		lines = append(lines, t.Name)
	}
	return v.lines(lines)
}

// lines responds with lines of text, for the module.
func (v *visit) lines(lines []string) error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Write([]byte(strings.Join(lines, "\n")))
	return nil
}

// newImport announces a file of agreements to the API.
type newImport struct {
	FileName string `json:"fileName"`
	Size     int    `json:"size"`
	Group    string `json:"group,omitempty"`
	OnError  string `json:"onError,omitempty"`
	DryRun   bool   `json:"dryRun,omitempty"`
}

// uploadAgreements sends a file of agreements to the bucket, which is the only way to import one (R3.1).
func uploadAgreements(v *visit) error {
	f, err := v.file()
	form := v.r.PostForm
	m := addPage{How: byFile, Pairs: []newPair{{}}, OnError: form.Get("onError"), Form: agreementForm{Group: groupOf(form)}}
	if errors.Is(err, errNoFile) {
		m.Errors.add("file", v.T("console_trouble_no_file_text"))
		return v.showAdd(http.StatusUnprocessableEntity, m)
	}
	if err != nil {
		return err
	}
	name, err := v.groupNameOf(m.Form.Group)
	if err != nil {
		return err
	}
	announced, err := send(v, api.createImport, v.change(newImport{f.name, len(f.content), name, m.OnError, form.Get("dryRun") != ""}))
	if p := wrongInput(err); p != nil {
		m.Errors = v.place(p, func(pointer string) string { return importFields[pointer] })
		return v.showAdd(p.Status, m)
	}
	if err != nil {
		return err
	}
	if err := v.site.api.Put(v.r.Context(), announced.Upload, f.content); err != nil {
		return err
	}
	return v.redirect("/console/imports/" + announced.Import.ID)
}

// importFields maps the JSON pointers of an import to the ids of fields.
var importFields = map[string]string{"/fileName": "file", "/size": "file", "/group": "newGroup"}

// groupNameOf returns the name of the chosen license group, by which an import chooses it; empty for
// Unassigned agreements.
func (v *visit) groupNameOf(g chosenGroup) (string, error) {
	switch g.How {
	case "existing":
		found, err := send(v, api.getGroup, v.call(), g.Existing)
		return found.Name, err
	case "new":
		return g.New, nil
	}
	return "", nil
}

// sample is a file of agreements as an example.
const sample = "Authorization number,License number,Agreement name\n01-07001,01-07001,Office agreements\n01-07002,01-07002,Office agreements\nEA70231,5840017,Head office\n"

func sampleFile(v *visit) error {
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="agreements.csv"`)
	v.w.Write([]byte(sample))
	return nil
}

// form returns the form with the errors of the page.
func (m *addPage) form() agreementForm {
	f := m.Form
	f.Errors = m.Errors
	return f
}
