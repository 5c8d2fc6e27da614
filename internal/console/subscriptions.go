package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// subscriptionFilters are the filters of the list, as the API names them.
var subscriptionFilters = []string{"q", "kind", "status", "conflict"}

// subscriptionsPage is what the list of subscriptions shows: the report, which has their costs.
type subscriptionsPage struct {
	subscriptionReport
	Sort    sorting
	Columns []column[subscriptionRow]
	View    *savedView // that the page shows; nil for none
}

// subscriptionColumns are the columns of the report, as in its files.
var subscriptionColumns = []column[subscriptionRow]{
	{key: "subscription", cell: reportedSubscription},
	codeColumn("kind", "subscription_kind_", func(r subscriptionRow) string { return r.Kind }),
	textColumn("partNumber", func(r subscriptionRow) string { return r.PartNumber }),
	textColumn("sku", func(r subscriptionRow) string { return r.SKU }),
	{key: "status", cell: subscriptionStatus},
	{key: "endsOn", cell: subscriptionEnd},
	{key: "daysLeft", number: true, cell: func(v *visit, r subscriptionRow) templ.Component {
		if r.DaysLeft == nil {
			return plain(dash(""))
		}
		return plain(v.N(*r.DaysLeft))
	}},
	codeColumn("autoRenew", "subscription_renewal_", func(r subscriptionRow) string {
		if r.AutoRenew {
			return "on"
		}
		return "off"
	}),
	dayColumn("renewsOn", func(r subscriptionRow) string { return r.RenewsOn }),
	numberColumn("quantity", "console_bought", func(r subscriptionRow) int { return r.Quantity }),
	{key: "assigned", number: true, cell: subscriptionAssigned},
	numberColumn("available", "", func(r subscriptionRow) int { return r.Available }),
	numberColumn("unused", "", func(r subscriptionRow) int { return r.Unused }),
	textColumn("currency", func(r subscriptionRow) string { return r.Currency }),
	amountColumn("pricePerMonth", func(r subscriptionRow) *int { return r.PricePerMonth }),
	amountColumn("costPerMonth", func(r subscriptionRow) *int { return r.CostPerMonth }),
	amountColumn("unusedCostPerMonth", func(r subscriptionRow) *int { return r.UnusedCostPerMonth }),
	{key: "conflicts", cell: subscriptionConflicts},
}

// amountColumn is a column of amounts in the currency of the subscription.
func amountColumn(key string, of func(subscriptionRow) *int) column[subscriptionRow] {
	return column[subscriptionRow]{key: key, number: true, cell: func(v *visit, r subscriptionRow) templ.Component { return cost(v, of(r), r.Currency) }}
}

func listSubscriptions(v *visit) error {
	opened, err := v.opened()
	if err != nil {
		return err
	}
	m := subscriptionsPage{View: opened, Sort: v.sorting("subscription", false)}
	m.Columns = chosen(v, subscriptionColumns, "status", "quantity", "assigned", "available", "costPerMonth", "unusedCostPerMonth", "endsOn")
	c := v.call()
	c.Query = v.only(append(subscriptionFilters, "cursor")...)
	m.Sort.ask(c.Query)
	c.Fresh = true // people come here from a change
	if m.subscriptionReport, err = send(v, people.getSubscriptionReport, c); err != nil {
		return err
	}
	return v.render(http.StatusOK, subscriptionsTemplate(v, m))
}

func exportSubscriptions(v *visit) error {
	return v.export("/reports/subscriptions", slices.Concat(subscriptionFilters, arranged)...)
}

// subscriptionView is what the page of a subscription shows.
type subscriptionView struct {
	subscription
	Tab       string // services, waiting, unused or history, or empty for those who hold a licence
	Holders   holderPage
	Waiting   waitingPage
	Unused    suggestionPage
	History   auditPage
	GroupName string // of the device group that holds it
}

// Tabs of a subscription, besides history.
const (
	servicesTab = "services"
	waitingTab  = "waiting"
	unusedTab   = "unused"
)

func showSubscription(v *visit) error {
	id := v.r.PathValue("id")
	m := subscriptionView{Tab: v.q("tab")}
	var groups deviceGroupList
	all := v.calls()
	fetch(all, people.getSubscription, nil, &m.subscription, id)
	switch m.Tab {
	case waitingTab:
		fetch(all, people.listWaitingUsers, v.only("cursor"), &m.Waiting, id)
	case unusedTab:
		query := v.suggestionQuery(id)
		query.Set("cursor", v.q("cursor"))
		fetch(all, people.listSuggestions, query, &m.Unused)
	case historyTab:
		query := v.only("cursor")
		query.Set("subject", "subscription/"+id)
		fetch(all, api.listAuditEvents, query, &m.History)
	case servicesTab:
	default:
		m.Tab = ""
		fetch(all, people.listSubscriptionUsers, v.only("cursor"), &m.Holders, id)
		fetch(all, people.listDeviceGroups, nil, &groups)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.GroupName = deviceGroupName(groups.Items, m.DeviceGroup)
	switch m.Tab {
	case "":
		knowOf(v, m.Holders.Items, func(h holder) string { return h.AssignedBy })
	case waitingTab:
		knowOf(v, m.Waiting.Items, func(w waitingUser) string { return w.By })
	case historyTab:
		v.knowEvents(m.History.Items)
	}
	return v.render(http.StatusOK, subscriptionTemplate(v, m))
}

// suggestionQuery returns the query of the unused licences of a subscription.
func (v *visit) suggestionQuery(id string) url.Values {
	query := v.only("inactiveDays")
	query.Set("subscription", id)
	return query
}

func (s *subscription) path() string { return "/console/subscriptions/" + s.ID }

func (s *subscription) forDevices() bool { return s.Kind == "device" }

// tabs returns the tabs of the page: values of tab, labelled.
func (m *subscriptionView) tabs(v *visit) []option {
	list := []option{{Value: servicesTab, Label: v.T("console_services")}, {Value: historyTab, Label: v.T("console_history")}}
	if m.forDevices() {
		return append([]option{{Label: v.T("console_device_group")}}, list...)
	}
	return append([]option{
		{Label: v.T("console_holders")}, {Value: waitingTab, Label: v.T("console_waiting")}, {Value: unusedTab, Label: v.T("console_suggestions")},
	}, list...)
}

// serviceNames returns the names of services by their ids.
func serviceNames(services []service, ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		for _, s := range services {
			if s.ID == id {
				names[i] = s.label()
			}
		}
	}
	return strings.Join(names, ", ")
}

func (s *service) label() string {
	if s.Name != "" {
		return s.Name
	}
	return s.ID
}

// subscription reads a subscription of the path.
func (v *visit) subscription() (subscription, error) {
	return send(v, people.getSubscription, v.call(), v.r.PathValue("id"))
}

// subscriptionFields returns the fields that describe a subscription.
func (v *visit) subscriptionFields(s subscription) []input {
	services := textInput("services", v.T("console_services"), servicesText(s.Services))
	services.Area, services.json = true, func(typed string) any { return servicesOf(typed) }
	price := textInput("price", v.T("report_column_price_per_month"), priceText(s.Price))
	price.json = func(typed string) any { return priceOf(typed) }
	return []input{
		needed(textInput("name", v.T("report_column_subscription"), s.Name)),
		textInput("partNumber", v.T("report_column_part_number"), s.PartNumber),
		textInput("sku", v.T("report_column_sku"), s.SKU),
		hinted(price, v.T("console_price_hint")),
		hinted(list("countries", v.T("console_countries"), s.Countries), v.T("console_countries_hint")),
		hinted(services, v.T("console_services_hint")),
		hinted(textInput("agreementId", v.T("console_agreement"), s.AgreementID), v.T("console_agreement_id_hint")),
		tick("watched", v.T("console_watched"), s.Watched),
	}
}

// servicesText returns services as they are typed: one a line, its parts with a bar between them.
func servicesText(services []service) string {
	lines := make([]string, len(services))
	for i, s := range services {
		parts := []string{s.ID, s.Name, strings.Join(s.Countries, " "), strings.Join(s.Requires, " "), strings.Join(s.Excludes, " ")}
		lines[i] = strings.TrimRight(strings.Join(parts, " | "), " |")
	}
	return strings.Join(lines, "\n")
}

// servicesOf reads what servicesText returns.
func servicesOf(typed string) []service {
	services := []service{}
	for line := range strings.Lines(typed) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := append(strings.Split(line, "|"), "", "", "", "")
		services = append(services, service{
			ID: strings.TrimSpace(parts[0]), Name: strings.TrimSpace(parts[1]), Countries: words(parts[2]), Requires: words(parts[3]), Excludes: words(parts[4]),
		})
	}
	return services
}

func priceText(p *money) string {
	if p == nil {
		return ""
	}
	return strconv.Itoa(p.Amount/100) + "." + strconv.Itoa(100 + p.Amount%100)[1:] + " " + p.Currency
}

// priceOf reads a price such as 12.50 EUR. What cannot be read is sent as it is, so that the API says what
// is wrong with it.
func priceOf(typed string) any {
	amount, currency, _ := strings.Cut(typed, " ")
	units, cents, _ := strings.Cut(strings.ReplaceAll(amount, ",", "."), ".")
	n, err := strconv.Atoi(units + (cents + "00")[:2])
	if err != nil || len(cents) > 2 || strings.HasPrefix(cents, "-") {
		return map[string]any{"amount": amount, "currency": strings.TrimSpace(currency)}
	}
	return map[string]any{"amount": n, "currency": strings.TrimSpace(currency)}
}

func addSubscription(v *visit) error {
	fields := v.subscriptionFields(subscription{Watched: true})
	kind := selection("kind", v.T("report_column_kind"), "user", v.options("subscription_kind_", "user", "device"))
	m := formPage{
		Crumb: v.T("console_subscriptions"), Back: "/console/subscriptions", Title: v.T("console_subscription_add"),
		Action: "/console/subscriptions/new", Button: v.T("console_subscription_add"),
	}
	m.Fields = slices.Insert(fields, 1, kind, needed(digits("quantity", v.T("console_licenses"), "")), day("endsOn", v.T("report_column_ends_on"), ""),
		digits("termMonths", v.T("console_term_months"), ""), tick("autoRenew", v.T("report_column_auto_renew"), false))
	return v.submit(m, func(m *formPage) (string, error) {
		made, err := send(v, people.createSubscription, v.change(m.filled()))
		if err == nil {
			v.note("console_done_added", "name", made.Name)
		}
		return made.path(), err
	})
}

// ofSubscription returns a form about a subscription.
func (v *visit) ofSubscription(s subscription, title, action string) formPage {
	return formPage{Crumb: s.Name, Back: s.path(), Title: title, Action: s.path() + "/" + action, Hidden: version(s.Version), Button: v.T("console_save")}
}

func editSubscription(v *visit) error {
	s, err := v.subscription()
	if err != nil {
		return err
	}
	m := v.ofSubscription(s, v.T("console_edit"), "edit")
	m.Fields = v.subscriptionFields(s)
	return v.submit(m, func(m *formPage) (string, error) {
		return s.path(), v.edited(m, func(body any) (string, error) {
			saved, err := send(v, people.updateSubscription, v.change(body), s.ID)
			return saved.Name, err
		})
	})
}

// edited sends the fields that differ from what is stored, if any do.
func (v *visit) edited(m *formPage, save func(body any) (name string, err error)) error {
	body := m.changed()
	if len(body) == 0 {
		return nil
	}
	name, err := save(body)
	if err == nil {
		v.note("console_done_saved", "name", name)
	}
	return err
}

func buyLicenses(v *visit) error {
	s, err := v.subscription()
	if err != nil {
		return err
	}
	m := v.ofSubscription(s, v.T("console_buy"), "purchase")
	m.Hidden, m.Button = nil, v.T("console_buy")
	m.Texts = []string{v.T("console_buy_text", "n", v.N(s.Quantity), "assigned", v.N(s.Assigned))}
	m.Fields = []input{needed(digits("quantity", v.T("console_buy_number"), "")), v.reference()}
	return v.submit(m, func(m *formPage) (string, error) {
		bought, err := send(v, people.purchaseLicenses, v.change(m.filled()), s.ID)
		if err == nil {
			v.note("console_done_quantity", "name", s.Name, "n", v.N(bought.Quantity))
		}
		return s.path(), err
	})
}

// reference is the field for the admin's own reference.
func (v *visit) reference() input {
	in := hinted(textInput("reference", v.T("console_reference"), ""), v.T("console_reference_hint"))
	in.Max = referenceMax
	return in
}

// referenceMax is the maximum length of a reference.
const referenceMax = 256

// setQuantity sets the number of licences. A number below the assigned ones begins a conflict, so the form
// then asks whether the person wants that.
func setQuantity(v *visit) error {
	s, err := v.subscription()
	if err != nil {
		return err
	}
	m := v.ofSubscription(s, v.T("console_quantity"), "quantity")
	m.Texts = []string{v.T("console_buy_text", "n", v.N(s.Quantity), "assigned", v.N(s.Assigned)), v.T("console_quantity_text")}
	m.Fields = []input{
		needed(digits("quantity", v.T("console_licenses"), strconv.Itoa(s.Quantity))), v.reference(),
		v.acknowledgement("conflict", v.T("console_quantity_acknowledge", "assigned", v.N(s.Assigned))),
	}
	return v.submit(m, func(m *formPage) (string, error) {
		body := m.filled()
		if m.value("quantity") == "" {
			body["quantity"] = ""
		}
		set, err := send(v, people.setQuantity, v.change(body), s.ID)
		if err == nil {
			v.note("console_done_quantity", "name", s.Name, "n", v.N(set.Quantity))
		}
		return s.path(), err
	})
}

func renewSubscription(v *visit) error {
	s, err := v.subscription()
	if err != nil {
		return err
	}
	m := v.ofSubscription(s, v.T("console_renew"), "renewal")
	m.Hidden, m.Button = nil, v.T("console_renew")
	m.Texts = []string{v.T("console_renew_text", "day", dash(v.Day(s.EndsOn)))}
	m.Fields = []input{needed(day("until", v.T("console_renew_until"), "")), hinted(digits("quantity", v.T("console_licenses"), ""), v.T("console_renew_quantity_hint")), v.reference()}
	return v.submit(m, func(m *formPage) (string, error) {
		renewed, err := send(v, people.renewSubscription, v.change(m.filled()), s.ID)
		if err == nil {
			v.note("console_done_renewed", "name", s.Name, "day", v.Day(renewed.EndsOn))
		}
		return s.path(), err
	})
}

func setAutoRenew(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	set, err := send(v, people.setAutoRenew, v.change(map[string]bool{"on": form.Get("on") != ""}), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note("console_done_saved", "name", set.Name)
	return v.redirect(set.path())
}

func removeSubscription(v *visit) error {
	s, err := v.subscription()
	if err != nil {
		return err
	}
	m := v.ofSubscription(s, v.T("console_delete_one", "name", s.Name), "deletion")
	m.Texts, m.Button, m.Danger = []string{v.T("console_subscription_delete_text", "n", v.N(s.Assigned))}, v.T("console_delete"), true
	return v.submit(m, func(*formPage) (string, error) {
		_, err := send(v, people.deleteSubscription, v.change(nil), s.ID)
		if err == nil {
			v.note("console_done_removed", "name", s.Name)
		}
		return "/console/subscriptions", err
	})
}

func removeWaiting(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if _, err := send(v, people.removeWaitingUser, v.call(), id, v.r.PathValue("user")); err != nil {
		return err
	}
	v.note("console_done_waiting_removed", "name", form.Get("name"))
	return v.redirect("/console/subscriptions/" + id + "?tab=" + waitingTab)
}
