package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trueup/internal/access"
	"trueup/internal/product"
	"trueup/internal/text"
)

// queueFilters are the filters of the queue of unknown titles, as the API names them.
var queueFilters = []string{"q", "source", "linux"}

// queueView is what the queue shows.
type queueView struct {
	queuePage
	Sources []inventorySource
}

func listUnknown(v *visit) error {
	var m queueView
	var stock inventory
	all := v.calls()
	fetch(all, api.listQueue, v.only(append(queueFilters, "cursor")...), &m.queuePage)
	fetch(all, api.getInventory, nil, &stock)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Sources = stock.Sources
	return v.render(http.StatusOK, queueTemplate(v, m))
}

// entryPath returns the address of an entry of the queue, with the filters of the queue.
func (v *visit) entryPath(id string) string {
	return address("/console/unknown/"+url.PathEscape(id), v.only(queueFilters...))
}

// queuePath returns the address of the queue with its filters.
func (v *visit) queuePath() string { return address("/console/unknown", v.only(queueFilters...)) }

// entryPage is the page of one entry of the queue.
type entryPage struct {
	queueEntry
	Next    string // id of the entry that follows; empty for the last one
	Form    ruleForm
	Matched matchedTitles
}

func showEntry(v *visit) error {
	m, found, err := v.entry(v.r.PathValue("entry"))
	if err != nil {
		return err
	}
	if !found {
		v.note("console_done_entry_gone")
		return v.redirect(v.queuePath())
	}
	if v.may(access.ManageAgreements) {
		if m.Form, m.Matched, err = v.prefilled(m.queueEntry); err != nil {
			return err
		}
	}
	return v.render(http.StatusOK, entryTemplate(v, m))
}

// Limits of reading lists whole: pages of the most items that the API returns.
const (
	wholePage  = "200"
	queuePages = 10 // of the queue in which an entry is searched
	titlePages = 5  // of titles that are compared with a pattern
)

// entry returns an entry of the queue and the id of the one after it.
func (v *visit) entry(id string) (m entryPage, found bool, err error) {
	c := v.call()
	c.Query = v.only(queueFilters...)
	c.Query.Set("limit", wholePage)
	for range queuePages {
		page, err := send(v, api.listQueue, c)
		if err != nil {
			return m, false, err
		}
		for _, e := range page.Items {
			if found {
				m.Next = e.ID
				return m, true, nil
			}
			if e.ID == id {
				m.queueEntry, found = e, true
			}
		}
		if page.NextCursor == "" {
			break
		}
		c.Query.Set("cursor", page.NextCursor)
	}
	return m, found, nil
}

// literals makes the characters of patterns literal.
var literals = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `{`, `\{`, `}`, `\}`)

// prefilled returns the form of a rule for an entry, with the narrowest of three patterns that matches the
// most titles of the entry: its name, its name and a version after it, or its words with anything between.
func (v *visit) prefilled(e queueEntry) (form ruleForm, best matchedTitles, err error) {
	name := literals.Replace(e.Name)
	for _, pattern := range []string{name, name + "*", strings.ReplaceAll(name, " ", "*") + "*"} {
		f := ruleForm{Kind: "product", Name: pattern, Publisher: literals.Replace(e.Publisher), Product: e.product()}
		matched, err := v.matched(f)
		if err != nil {
			return form, best, err
		}
		if form.Name == "" || matched.unknown() > best.unknown() {
			form, best = f, matched
		}
		if best.unknown() >= e.VersionCount {
			break
		}
	}
	return form, best, nil
}

// product returns the product of the first proposal, or one with the name of the entry.
func (e *queueEntry) product() productName {
	if len(e.Proposals) > 0 {
		return e.Proposals[0].Product
	}
	return productName{Publisher: e.Publisher, Family: e.Name}
}

// matchedTitles are the titles of the inventory that the patterns of a rule match.
type matchedTitles struct {
	Titles  []inventoryTitle
	Devices int
	Wrong   bool // whether a pattern is none, which the API explains when the rule is saved
	Partly  bool // whether there are too many titles to compare all of them
}

// unknown returns how many of the titles are unknown.
func (m *matchedTitles) unknown() (n int) {
	for _, t := range m.Titles {
		if t.Kind == "unknown" {
			n++
		}
	}
	return n
}

// shown returns the titles that a page lists.
func (m *matchedTitles) shown() []inventoryTitle { return m.Titles[:min(len(m.Titles), 20)] }

// matched compares the titles of the inventory with the patterns of a rule, before it is saved. Earlier
// rules may take some of them; the API says so when the rule is saved.
func (v *visit) matched(f ruleForm) (m matchedTitles, err error) {
	name, ok1 := product.CompilePattern(f.Name)
	publisher, ok2 := product.CompilePattern(f.Publisher)
	version, ok3 := product.CompilePattern(f.Version)
	if !ok1 || !ok2 || !ok3 || f.Name == "" {
		return matchedTitles{Wrong: f.Name != ""}, nil
	}
	fits := func(p product.Pattern, written, value string) bool {
		if written == "" {
			return true
		}
		_, ok := p.Match(text.Fold(value))
		return ok
	}
	c := v.call()
	c.Query = url.Values{"q": {longestText(f.Name)}, "limit": {wholePage}}
	for range titlePages {
		page, err := send(v, api.listInventoryTitles, c)
		if err != nil {
			return m, err
		}
		for _, t := range page.Items {
			if fits(name, f.Name, t.Name) && (t.Publisher == "" || fits(publisher, f.Publisher, t.Publisher)) && fits(version, f.Version, t.Version) {
				m.Titles = append(m.Titles, t)
				m.Devices += t.Devices
			}
		}
		if c.Query.Set("cursor", page.NextCursor); page.NextCursor == "" {
			return m, nil
		}
	}
	m.Partly = true
	return m, nil
}

// longestText returns the longest text that every name has which a pattern matches, to search for it.
func longestText(pattern string) (longest string) {
	for _, part := range strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune(`*{}\`, r) }) {
		if part = strings.TrimSpace(part); len(part) > len(longest) && part != "year" && part != "number" {
			longest = part
		}
	}
	return longest
}

// decideEntry adds the rule for an entry and leads to the entry after it, or shows what the rule would match.
func decideEntry(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	typed := ruleFormOf(form)
	var p error
	if form.Get("action") != "check" {
		var saved changedRule
		if saved, p = send(v, api.createRule, v.change(typed.body())); p == nil {
			v.ruleNote(saved)
			return v.redirect(v.nextEntry(form.Get("next")))
		}
		if wrongInput(p) == nil {
			return p
		}
	}
	m, found, err := v.entry(v.r.PathValue("entry"))
	if err != nil {
		return err
	}
	if !found {
		v.note("console_done_entry_gone")
		return v.redirect(v.queuePath())
	}
	status := http.StatusOK
	if problem := wrongInput(p); problem != nil {
		status, typed.Errors = problem.Status, v.place(problem, ruleField)
	}
	m.Form = typed
	if m.Matched, err = v.matched(typed); err != nil {
		return err
	}
	return v.render(status, entryTemplate(v, m))
}

// nextEntry returns the address of the next entry of the queue, or of the queue after the last one.
func (v *visit) nextEntry(next string) string {
	if next == "" {
		return v.queuePath()
	}
	return v.entryPath(next)
}

// acceptanceBody is the body of an acceptance of proposals.
type acceptanceBody struct {
	Proposals []string `json:"proposals"`
}

// acceptUnknown accepts proposals: the one of an entry, which leads to the next entry, or the ticked ones.
func acceptUnknown(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(form["proposals"], func(id string) bool { return id == "" })
	if len(chosen) == 0 {
		return v.redirect(v.queuePath())
	}
	accepted, err := send(v, api.acceptProposals, v.change(acceptanceBody{chosen}))
	if err != nil {
		return err
	}
	n := v.N(len(accepted.Items))
	switch {
	case len(accepted.Warnings) > 0:
		v.note("console_done_accepted_warned", "n", n, "warning", accepted.Warnings[0].Message)
	case len(accepted.NotFound) > 0:
		v.note("console_done_accepted_some", "n", n, "failed", v.N(len(accepted.NotFound)))
	default:
		v.note("console_done_accepted", "n", n)
	}
	return v.redirect(v.nextEntry(form.Get("next")))
}

// withVersions returns the first versions of an entry, for people.
func (e *queueEntry) withVersions() string {
	var list []string
	for _, one := range e.Versions[:min(len(e.Versions), 5)] {
		if one.Version != "" {
			list = append(list, one.Version)
		}
	}
	return strings.Join(list, ", ")
}
