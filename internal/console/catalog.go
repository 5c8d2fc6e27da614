package console

import (
	"net/http"
	"net/url"
	"strings"
)

// catalogLimit is the most items that a lookup in the catalog returns.
const catalogLimit = "50"

// catalogPage is what the catalog shows.
type catalogPage struct {
	Publishers []publisher
	Name       string // typed for a new publisher
	Aliases    string // one a line
	Errors     formErrors
}

func showCatalog(v *visit) error { return v.showCatalog(http.StatusOK, catalogPage{}) }

func (v *visit) showCatalog(status int, m catalogPage) error {
	c := v.call()
	c.Query = v.only("q")
	c.Query.Set("limit", catalogLimit)
	found, err := send(v, api.lookUpPublishers, c)
	if err != nil {
		return err
	}
	m.Publishers = found.Items
	return v.render(status, catalogTemplate(v, m))
}

// publisherBody is the body of a new publisher.
type publisherBody struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

func publisherField(pointer string) string {
	if strings.HasPrefix(pointer, "/aliases") {
		return "aliases"
	}
	return nameFieldOf(pointer)
}

// lines returns the lines of a text that are not empty.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func addPublisher(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	made, err := send(v, api.createPublisher, v.change(publisherBody{form.Get("name"), linesOf(form.Get("aliases"))}))
	if p := wrongInput(err); p != nil {
		return v.showCatalog(p.Status, catalogPage{Name: form.Get("name"), Aliases: form.Get("aliases"), Errors: v.place(p, publisherField)})
	}
	if err != nil {
		return err
	}
	v.note("console_done_added", "name", made.Name)
	return v.redirect(made.path())
}

// path returns the address of the page of a publisher.
func (p *publisher) path() string { return "/console/catalog/" + url.PathEscape(p.ID) }

// publisherPage is what the page of a publisher shows.
type publisherPage struct {
	publisher
	Titles []productTitle
	Name   string // typed for a new title
	Errors formErrors
}

func showPublisher(v *visit) error { return v.showPublisher(http.StatusOK, publisherPage{}) }

func (v *visit) showPublisher(status int, m publisherPage) error {
	id := v.r.PathValue("publisher")
	query := v.only("q")
	query.Set("limit", catalogLimit)
	var titles titleList
	all := v.calls()
	fetch(all, api.getPublisher, nil, &m.publisher, id)
	fetch(all, api.lookUpTitles, query, &titles, id)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Titles = titles.Items
	return v.render(status, publisherTemplate(v, m))
}

func addTitle(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("publisher")
	_, err = send(v, api.createTitle, v.change(groupNameBody{form.Get("name")}), id)
	if p := wrongInput(err); p != nil {
		return v.showPublisher(p.Status, publisherPage{Name: form.Get("name"), Errors: v.place(p, nameFieldOf)})
	}
	if err != nil {
		return err
	}
	v.note("console_done_added", "name", form.Get("name"))
	return v.redirect("/console/catalog/" + url.PathEscape(id))
}

// side is one of the two things that are merged.
type side struct {
	ID, Name string
	Aliases  []string
	Titles   int // of a publisher
}

// mergePage is the page on which a duplicate is merged into another publisher, or a title into another one.
type mergePage struct {
	From, Into side // Into has no id until one is chosen
	Found      []side
	Path, Back string
	OfTitles   bool
}

func sideOf(p publisher) side { return side{p.ID, p.Name, p.Aliases, p.TitleCount} }

func sideOfTitle(t productTitle) side { return side{ID: t.ID, Name: t.Name, Aliases: t.Aliases} }

func chooseMerge(v *visit) error {
	id := v.r.PathValue("publisher")
	m := mergePage{Path: "/console/catalog/" + url.PathEscape(id) + "/merge", Back: "/console/catalog/" + url.PathEscape(id)}
	var from, into publisher
	var found publisherList
	all := v.calls()
	fetch(all, api.getPublisher, nil, &from, id)
	if v.q("into") != "" {
		fetch(all, api.getPublisher, nil, &into, v.q("into"))
	} else if v.q("q") != "" {
		fetch(all, api.lookUpPublishers, v.only("q"), &found)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.From, m.Into = sideOf(from), sideOf(into)
	for _, p := range found.Items {
		if p.ID != from.ID {
			m.Found = append(m.Found, sideOf(p))
		}
	}
	return v.render(http.StatusOK, mergeTemplate(v, m))
}

// mergeBody is the body of a merge.
type mergeBody struct {
	Into string `json:"into"`
}

func mergePublishers(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	merged, err := send(v, api.mergePublisher, v.change(mergeBody{form.Get("into")}), v.r.PathValue("publisher"))
	if err != nil {
		return err
	}
	v.note("console_done_merged", "from", form.Get("name"), "to", merged.Name)
	return v.redirect(merged.path())
}

func chooseTitleMerge(v *visit) error {
	id, title := v.r.PathValue("publisher"), v.r.PathValue("title")
	back := "/console/catalog/" + url.PathEscape(id)
	m := mergePage{Path: back + "/titles/" + url.PathEscape(title) + "/merge", Back: back, OfTitles: true}
	var from, into productTitle
	var found titleList
	all := v.calls()
	fetch(all, api.getTitle, nil, &from, id, title)
	if v.q("into") != "" {
		fetch(all, api.getTitle, nil, &into, id, v.q("into"))
	} else if v.q("q") != "" {
		fetch(all, api.lookUpTitles, v.only("q"), &found, id)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.From, m.Into = sideOfTitle(from), sideOfTitle(into)
	for _, t := range found.Items {
		if t.ID != from.ID {
			m.Found = append(m.Found, sideOfTitle(t))
		}
	}
	return v.render(http.StatusOK, mergeTemplate(v, m))
}

func mergeTitles(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("publisher")
	merged, err := send(v, api.mergeTitle, v.change(mergeBody{form.Get("into")}), id, v.r.PathValue("title"))
	if err != nil {
		return err
	}
	v.note("console_done_merged", "from", form.Get("name"), "to", merged.Name)
	return v.redirect("/console/catalog/" + url.PathEscape(id))
}
