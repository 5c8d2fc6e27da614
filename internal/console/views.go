package console

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/access"
	"trueup/internal/console/client"
)

// viewedReport is a report that can be saved as a view: the path and title of its page, and the filters of the page.
type viewedReport struct {
	path, title string
	filters     []string
}

// viewedReports are the reports by the name that the API gives them.
var viewedReports = map[string]viewedReport{
	"license-purchases":     {"/console/reports/purchases", "report_license_purchases", purchaseFilters},
	"license-installations": {"/console/reports/installations", "report_license_installations", slices.Concat(installationFilters, installationSwitches)},
	"comparison":            {"/console/reports/comparison", "console_comparison", append([]string{"from", "to"}, comparisonFilters...)},
	"subscriptions":         {"/console/subscriptions", "report_subscriptions", subscriptionFilters},
}

// reportAt returns the name of the report whose page has a path; empty if there is none.
func reportAt(path string) string {
	for name, r := range viewedReports {
		if r.path == path || path == "/console/reports/"+name { // whose files have another address

			return name
		}
	}
	return ""
}

// saveAddress returns the address of the form that saves the page as a view.
func saveAddress(v *visit, page string) string {
	path, query, _ := strings.Cut(page, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	name := reportAt(path)
	kept := url.Values{"report": {name}}
	for _, filter := range slices.Concat(arranged, viewedReports[name].filters) {
		if value := values.Get(filter); value != "" {
			kept.Set(filter, value)
		}
	}
	return address("/console/views/new", kept)
}

// opened returns the saved view that the parameter view names. It returns nil without the parameter, and for a view
// that was deleted.
func (v *visit) opened() (*savedView, error) {
	id := v.q("view")
	if id == "" {
		return nil, nil //nolint:nilnil // most pages show no view
	}
	s, err := send(v, saved.getView, v.call(), id)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusNotFound {
		err = nil // the page is a report without a name then
	}
	if err != nil || viewedReports[s.Report].path != v.r.URL.Path {
		return nil, err
	}
	return &s, nil
}

// differs reports whether the filters, the order or the columns of the page are not those of the view.
func (v *visit) differs(s *savedView) bool {
	now := v.only(slices.Concat(arranged, viewedReports[s.Report].filters)...)
	return !maps.EqualFunc(s.parameters(), now, slices.Equal)
}

// viewsPage is what the page of saved views shows.
type viewsPage struct {
	Own, Shared, Scheduled savedViewPage
	OnlyScheduled          bool // the page lists nothing else
}

// listViews lists the views of the person and those that others share. People who may oversee views also see the ones on a
// schedule: the first of them, and all with scope=scheduled.
func listViews(v *visit) error {
	m := viewsPage{OnlyScheduled: v.q("scope") == "scheduled" && v.may(access.OverseeViews)}
	scope := func(name string, more ...string) url.Values {
		query := v.only(more...)
		query.Set("scope", name)
		return query
	}
	all := v.calls()
	if m.OnlyScheduled {
		fetch(all, saved.listViews, scope("scheduled", "cursor"), &m.Scheduled)
	} else {
		fetch(all, saved.listViews, url.Values{"limit": {"200"}}, &m.Own)
		fetch(all, saved.listViews, scope("shared", "cursor"), &m.Shared)
		if v.may(access.OverseeViews) {
			fetch(all, saved.listViews, scope("scheduled"), &m.Scheduled)
		}
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if !m.OnlyScheduled {
		isOwn := func(s savedView) bool { return s.Own }
		m.Shared.Items = slices.DeleteFunc(m.Shared.Items, isOwn)
		m.Scheduled.Items = slices.DeleteFunc(m.Scheduled.Items, func(s savedView) bool {
			return s.Own || slices.ContainsFunc(m.Shared.Items, func(other savedView) bool { return other.ID == s.ID }) // is in that list
		})
		slices.SortStableFunc(m.Own.Items, func(a, b savedView) int { return boolInt(b.stopped()) - boolInt(a.stopped()) })
	}
	return v.render(http.StatusOK, viewsTemplate(v, m))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// savedView reads the view of the path.
func (v *visit) savedView() (savedView, error) {
	return send(v, saved.getView, v.call(), v.r.PathValue("id"))
}

// openView leads to the report with the filters of a view.
func openView(v *visit) error {
	s, err := v.savedView()
	if err != nil {
		return err
	}
	r, known := viewedReports[s.Report]
	if !known {
		return errNotFound
	}
	query := s.parameters()
	query.Set("view", s.ID)
	return v.redirect(address(r.path, query))
}

// viewFields returns the fields of a view that are not filters.
func (v *visit) viewFields(s savedView) []input {
	fields := []input{needed(textInput("name", v.T("console_name"), s.Name))}
	if !v.may(access.ManageAgreements) {
		return fields
	}
	plan := viewSchedule{Format: "xlsx", Language: string(v.lang)}
	if s.Schedule != nil {
		plan = *s.Schedule
	}
	date := ""
	if plan.Day > 0 {
		date = strconv.Itoa(plan.Day)
	}
	weekdays := append([]option{{}}, v.options("console_weekday_", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")...)
	return append(
		fields,
		tick("shared", v.T("console_view_share"), s.Shared),
		hinted(selection("every", v.T("console_view_every"), plan.Every, append([]option{{Label: v.T("console_view_never")}}, v.options("console_view_each_", "day", "week", "month")...)), v.T("console_view_every_hint")),
		needed(selection("weekday", v.T("console_view_weekday"), plan.Weekday, weekdays)), // the style shows the one that every needs
		needed(digits("day", v.T("console_view_day"), date)),
		selection("format", v.T("console_view_format"), plan.Format, []option{{Value: "xlsx", Label: "Excel (XLSX)"}, {Value: "csv", Label: "CSV"}}),
		selection("language", v.T("console_language"), plan.Language, []option{{Value: "en", Label: "English"}, {Value: "nl", Label: "Nederlands"}, {Value: "fr", Label: "Français"}}),
	)
}

// definition returns the body that stores a view with what is typed.
func (v *visit) definition(m *formPage, s savedView) map[string]any {
	body := map[string]any{"name": m.value("name"), "report": s.Report}
	if len(s.Filters) > 0 {
		body["filters"] = s.Filters
	}
	if s.Sort != "" {
		body["sort"], body["order"] = s.Sort, s.Order
	}
	if len(s.Columns) > 0 {
		body["columns"] = s.Columns
	}
	if m.value("shared") != "" {
		body["shared"] = true
	}
	if every := m.value("every"); every != "" {
		plan := map[string]any{"every": every, "format": m.value("format"), "language": m.value("language")}
		// Only the field that the schedule needs is sent.
		if day := m.value("weekday"); day != "" && every == "week" {
			plan["weekday"] = day
		}
		if day := m.value("day"); day != "" && every == "month" {
			plan["day"] = number(day)
		}
		body["schedule"] = plan
	}
	return body
}

// pageView returns the view that a page with a query shows.
func pageView(report string, query url.Values) savedView {
	s := savedView{Report: report, Filters: map[string]string{}}
	for _, filter := range viewedReports[report].filters {
		if value := query.Get(filter); value != "" {
			s.Filters[filter] = value
		}
	}
	if s.Sort = query.Get("sort"); s.Sort != "" {
		if s.Order = query.Get("order"); s.Order == "" {
			s.Order = "asc"
		}
	}
	if list := query.Get(columnsParameter); list != "" {
		s.Columns = strings.Split(list, ",")
	}
	return s
}

// addView saves the filters of a report. They are in the address of the form.
func addView(v *visit) error {
	report := v.q("report")
	r, known := viewedReports[report]
	if !known {
		return errNotFound
	}
	s := pageView(report, v.r.URL.Query())
	m := formPage{
		Crumb: v.T(r.title), Back: address(r.path, s.parameters()), Title: v.T("console_view_save"), Action: v.here(), Button: v.T("console_save"), Fields: v.viewFields(s), Within: "/schedule",
	}
	return v.submit(m, func(m *formPage) (string, error) {
		made, err := send(v, saved.createView, v.change(v.definition(m, s)))
		if err == nil {
			v.note("console_done_added", "name", made.Name)
		}
		return made.path(), err
	})
}

// editView changes the name of a view, whether it is shared, and its schedule.
func editView(v *visit) error {
	s, err := v.savedView()
	if err != nil {
		return err
	}
	m := formPage{
		Crumb: v.T("console_views"), Back: "/console/views", Title: s.Name, Action: s.path() + "/edit", Hidden: version(s.Version), Button: v.T("console_save"),
		Fields: v.viewFields(s), Within: "/schedule",
	}
	return v.submit(m, func(m *formPage) (string, error) {
		changed, err := send(v, saved.replaceView, v.change(v.definition(m, s)), s.ID)
		if err == nil {
			v.note("console_done_saved", "name", changed.Name)
		}
		return "/console/views", err
	})
}

// saveFilters stores the filters, the order and the columns of the page that was open as those of a view.
func saveFilters(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	s, err := v.savedView()
	if err != nil {
		return err
	}
	now := pageView(s.Report, form)
	body := v.definition(&formPage{}, now)
	body["name"] = s.Name
	if s.Shared {
		body["shared"] = true
	}
	if s.Schedule != nil {
		body["schedule"] = s.Schedule
	}
	if _, err := send(v, saved.replaceView, v.change(body), s.ID); err != nil {
		return err
	}
	v.note("console_done_saved", "name", s.Name)
	return v.redirect(s.path())
}

func deleteView(v *visit) error {
	s, err := v.savedView()
	if err != nil {
		return err
	}
	m := formPage{
		Crumb: v.T("console_views"), Back: "/console/views", Title: v.T("console_delete_one", "name", s.Name), Texts: []string{v.T("console_view_delete_text")},
		Action: s.path() + "/deletion", Hidden: version(s.Version), Button: v.T("console_delete"), Danger: true,
	}
	return v.submit(m, func(*formPage) (string, error) {
		_, err := send(v, saved.deleteView, v.change(nil), s.ID)
		if err == nil {
			v.note("console_done_removed", "name", s.Name)
		}
		return "/console/views", err
	})
}

// stopView, resumeView and sendView change the schedule of a view.
func stopView(v *visit) error { return v.schedule(saved.stopView, "console_done_view_stopped") }

func resumeView(v *visit) error { return v.schedule(saved.resumeView, "console_done_view_resumed") }

func sendView(v *visit) error { return v.schedule(saved.sendView, "console_done_view_sent") }

func (v *visit) schedule(o client.Operation[savedView], done string) error {
	if _, err := v.form(); err != nil {
		return err
	}
	s, err := send(v, o, v.change(nil), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note(done, "name", s.Name)
	return v.redirect("/console/views")
}

// viewFilesPage is what the page of the files of a view shows.
type viewFilesPage struct {
	savedView
	Files viewFilePage
}

func listViewFiles(v *visit) error {
	id := v.r.PathValue("id")
	var m viewFilesPage
	all := v.calls()
	fetch(all, saved.getView, nil, &m.savedView, id)
	fetch(all, saved.listViewFiles, v.only("cursor"), &m.Files, id)
	if err := all.Wait(); err != nil {
		return err
	}
	return v.render(http.StatusOK, viewFilesTemplate(v, m))
}

func downloadViewFile(v *visit) error {
	return v.forward("/views/{id}/files/{day}", []string{v.r.PathValue("id"), v.r.PathValue("day")}, nil)
}
