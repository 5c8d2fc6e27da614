package licenses

import (
	"strings"
	"testing"
	"time"

	"trueup/internal/errs"
	"trueup/internal/subscription"
)

var (
	annGUID = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"
	ann     = subscription.User{
		ID: "01a22a1af4029eef2ab8cb0dc4", ObjectID: strings.ToUpper(annGUID), UPN: "Ann@example.org", Name: "Ann O'Hara", Department: "Sales", Location: "BE",
		Type: subscription.Member, Licenses: map[string]subscription.Grant{"e3": {}},
	}
	bob = subscription.User{ID: "01a22a1af4029eef2ab8cb0dc5", UPN: "bob@example.org", Name: "Bob", Type: subscription.Guest, Disabled: true}
)

func skusOfTest(sku string) []string {
	if strings.EqualFold(sku, "05e9a617-0261-4cee-bb44-138d3ef5d965") {
		return []string{"e3"}
	}
	return nil
}

func TestParseUserFilter(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		"":                             "ann bob",
		"displayName eq 'ann o''HARA'": "ann",
		"  displayName   eq  'Bob'  ":  "bob",
		"startswith(displayName,'b')":  "bob",
		"startswith( userPrincipalName , 'ANN@' ) and accountEnabled eq true": "ann",
		"accountEnabled eq false":                            "bob",
		"userType eq 'Guest' and startswith(displayName,'')": "bob",
		"department eq null":                                 "bob",
		"usageLocation eq 'be'":                              "ann",
		"id eq '" + annGUID + "'":                            "ann",
		"id eq '" + bob.ID + "'":                             "bob",
		"userPrincipalName eq 'BOB@example.org'":             "bob",
		"assignedLicenses/$count eq 0":                       "bob",
		"assignedLicenses/any(x:x/skuId eq 05e9a617-0261-4cee-bb44-138d3ef5d965)":       "ann",
		"assignedLicenses/any( l : l/skuId eq '05E9A617-0261-4cee-bb44-138d3ef5d965' )": "ann",
		"assignedLicenses/any(x:x/skuId eq 11111111-0261-4cee-bb44-138d3ef5d965)":       "",
		"displayName eq 'Bob' and displayName eq 'Ann O''Hara'":                         "",
		"startswith(displayName,'and') and displayName eq ' and '":                      "",
	} {
		f, err := parseUserFilter(filter, skusOfTest)
		if err != nil {
			t.Errorf("%q: %v", filter, err)
			continue
		}
		var got []string
		for name, u := range map[string]*subscription.User{"ann": &ann, "bob": &bob} {
			if f.selects(u) {
				got = append(got, name)
			}
		}
		if len(got) == 2 {
			got = []string{"ann", "bob"}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q selects %q, want %q", filter, got, want)
		}
	}
	if f, err := parseUserFilter("department eq 'Sales' and userPrincipalName eq 'ann@example.org'", skusOfTest); err != nil || f.upn != "ann@example.org" {
		t.Errorf("%v, %v", f.upn, err)
	}
}

func TestParseUserFilterRefuses(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]struct {
		code, position string
	}{
		" ":                                    {"graph_filter_property", "2"},
		"displayName":                          {"graph_filter_syntax", "12"},
		"displayName eq":                       {"graph_filter_syntax", "15"},
		"displayName eq Ann":                   {"graph_filter_syntax", "16"},
		"displayName eq 'Ann":                  {"graph_filter_syntax", "20"},
		"displayName eq 'Ann' or id eq 'x'":    {"graph_filter_syntax", "22"},
		"displayName eq 'Ann' and":             {"graph_filter_property", "25"},
		"displayName ne 'Ann'":                 {"graph_filter_syntax", "13"},
		"displayName eq 'Ann')":                {"graph_filter_syntax", "21"},
		"DISPLAYNAME eq 'Ann'":                 {"graph_filter_property", "1"},
		"mail eq 'x'":                          {"graph_filter_property", "1"},
		"(displayName eq 'Ann')":               {"graph_filter_property", "1"},
		"not displayName eq 'Ann'":             {"graph_filter_property", "1"},
		"startswith(mail,'x')":                 {"graph_filter_property", "12"},
		"startswith(displayName 'x')":          {"graph_filter_syntax", "24"},
		"startswith(displayName,x)":            {"graph_filter_syntax", "24"},
		"startswith(displayName,'x'":           {"graph_filter_syntax", "27"},
		"accountEnabled eq 'true'":             {"graph_filter_syntax", "19"},
		"assignedLicenses/$count eq 1":         {"graph_filter_syntax", "28"},
		"assignedLicenses/any(x:y/skuId eq 1)": {"graph_filter_syntax", "24"},
		"assignedLicenses/any(x:x/skuId eq )":  {"graph_filter_syntax", "35"},
		"displayName eq 'é' \x00":              {"graph_filter_syntax", "21"},
	} {
		_, err := parseUserFilter(filter, skusOfTest)
		e := errs.As(err)
		if e == nil || e.Kind != errs.Invalid || len(e.Violations) != 1 {
			t.Errorf("%q: %v", filter, err)
			continue
		}
		if v := e.Violations[0]; v.Code != want.code || v.Args["position"] != want.position || v.Field != "?$filter" {
			t.Errorf("%q: %s at %s, want %v", filter, v.Code, v.Args["position"], want)
		}
	}
}

func FuzzParseUserFilter(f *testing.F) {
	for _, seed := range []string{"displayName eq 'a''b' and startswith(id,'x')", "assignedLicenses/any(x:x/skuId eq 1)", "'", "eq eq eq", "and\x00", "accountEnabled eq true and"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		parsed, err := parseUserFilter(filter, skusOfTest)
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Fatalf("%q: %v", filter, err)
		}
		if err == nil && filter != "" && len(parsed.all) == 0 {
			t.Fatalf("%q has no condition", filter)
		}
	})
}

func TestPreference(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]bool{
		"trueup.acknowledge=service-data": true, `return=minimal,  Trueup.Acknowledge = "service-data" ; x=y`: true, "respond-async, trueup.acknowledge=service-data": true,
		"": false, "trueup.acknowledge": false, "trueup.acknowledge=read-only": false, "x; trueup.acknowledge=service-data": false, "trueup.acknowledge=service-data2": false,
		"nottrueup.acknowledge=service-data": false,
	} {
		p := Preference{given}
		if p.acknowledged() != want || (p.applied() == acknowledging) != want {
			t.Errorf("%q: %v", given, p.acknowledged())
		}
	}
}

// SPEC 9: an expired subscription is in the state Warning for 90 days, in the organisation's time zone.
func TestGraphStates(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	o := operations{Deps: Deps{Zone: zone}}
	at := func(s string) time.Time {
		t.Helper()
		moment, err := time.ParseInLocation(time.DateTime, s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	seats := subscription.Seats{EndsOn: "2026-06-30"}
	suspended := at("2026-09-29 00:00:00")
	for moment, want := range map[string]struct {
		state graphState
		next  time.Time
	}{
		"2026-06-30 23:59:59": {stateEnabled, at("2026-07-01 00:00:00")},
		"2026-07-01 00:00:00": {stateWarning, suspended},
		"2026-09-28 23:59:59": {stateWarning, suspended},
		"2026-09-29 00:00:00": {stateSuspended, time.Time{}},
	} {
		if state, next := o.graphStateOf(seats, at(moment)); state != want.state || !next.Equal(want.next) {
			t.Errorf("%s: %s until %v, want %v", moment, state, next, want)
		}
	}
	if state, next := o.graphStateOf(subscription.Seats{}, suspended); state != stateEnabled || !next.IsZero() {
		t.Errorf("without an end: %s until %v", state, next)
	}
}

// Of the subscriptions of a product, one is taken that has a licence the user may have.
func TestGraphWant(t *testing.T) {
	t.Parallel()
	const sku = "05e9a617-0261-4cee-bb44-138d3ef5d965"
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	o := operations{Deps: Deps{Zone: time.UTC}}
	holding := func(id string, change func(*subscription.Holding)) subscription.Holding {
		h := subscription.Holding{
			Subscription: subscription.Subscription{ID: id, Kind: subscription.ForUsers, SKU: strings.ToUpper(sku), Services: []subscription.Service{{ID: "S", Name: "S"}}},
			Seats:        subscription.Seats{Quantity: 5, Available: 1, EndsOn: "2027-01-01"},
		}
		if change != nil {
			change(&h)
		}
		return h
	}
	usual := holding("b", nil)
	longer := func(change func(*subscription.Holding)) subscription.Holding {
		return holding("a", func(h *subscription.Holding) {
			h.Seats.EndsOn = "2028-01-01"
			change(h)
		})
	}
	for name, test := range map[string]struct {
		user  subscription.User
		other subscription.Holding
		want  string
	}{
		"the one that ends last":    {bob, longer(func(*subscription.Holding) {}), "a"},
		"the one without an end":    {bob, longer(func(h *subscription.Holding) { h.Seats.EndsOn = "" }), "a"},
		"none free there":           {bob, longer(func(h *subscription.Holding) { h.Seats.Available = 0 }), "b"},
		"expired":                   {bob, longer(func(h *subscription.Holding) { h.Seats.EndsOn = "2026-11-29" }), "b"},
		"not in the user's country": {bob, longer(func(h *subscription.Holding) { h.Countries = []string{"FR"} }), "b"},
		"for devices":               {bob, longer(func(h *subscription.Holding) { h.Kind = subscription.ForDevices }), "b"},
		"the one that the user has": {subscription.User{Location: "BE", Licenses: map[string]subscription.Grant{"b": {}}}, longer(func(*subscription.Holding) {}), "b"},
	} {
		u := test.user
		u.Location = "BE"
		free := map[string]subscription.Holding{"a": test.other, "b": usual, "c": holding("c", func(h *subscription.Holding) { h.SKU = "other" })}
		got := o.graphWant(u, GraphLicenseChange{Add: []GraphNewLicense{{SkuID: sku}}}, free, subscription.Call{At: now})
		if len(got.Add) != 1 || got.Add[0].Subscription != test.want || got.Add[0].KeepOff {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
	// Nothing fits: the first is named, and refused.
	full := longer(func(h *subscription.Holding) { h.Seats.Available = 0 })
	got := o.graphWant(subscription.User{Location: "BE"}, GraphLicenseChange{Add: []GraphNewLicense{{SkuID: sku}}}, map[string]subscription.Holding{"a": full}, subscription.Call{At: now})
	if len(got.Add) != 1 || got.Add[0].Subscription != "a" {
		t.Errorf("none free: %+v", got)
	}
	// Removing takes all licences of the product.
	held := subscription.User{Licenses: map[string]subscription.Grant{"a": {}, "b": {}, "c": {}}}
	got = o.graphWant(held, GraphLicenseChange{Remove: []string{sku}}, map[string]subscription.Holding{"a": full, "b": usual, "c": holding("c", func(h *subscription.Holding) { h.SKU = "other" })}, subscription.Call{At: now})
	if strings.Join(got.Remove, " ") != "a b" {
		t.Errorf("removed: %v", got.Remove)
	}
}

// One product has subscriptions in several states.
func TestSubscribedSku(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	o := operations{Deps: Deps{Zone: time.UTC}}
	subscriptions := map[string]subscription.Holding{}
	for id, seats := range map[string]subscription.Seats{
		"a": {Quantity: 10, Assigned: 2, EndsOn: "2027-01-01"}, "b": {Quantity: 20, Assigned: 2, EndsOn: "2026-11-01"}, "c": {Quantity: 30, Assigned: 2, EndsOn: "2025-01-01"},
	} {
		subscriptions[id] = subscription.Holding{
			Subscription: subscription.Subscription{ID: id, Kind: subscription.ForUsers, SKU: annGUID, Name: "Name", Services: []subscription.Service{{ID: "S"}, {ID: id}}},
			Seats:        seats,
		}
	}
	devices := subscription.Holding{Subscription: subscription.Subscription{ID: "d", Kind: subscription.ForDevices, SKU: annGUID}, Seats: subscription.Seats{Quantity: 7}, Joined: make([]time.Time, 3)}
	subscriptions["d"] = devices
	all := products(subscriptions)
	if len(all) != 2 {
		t.Fatalf("%d products", len(all))
	}
	got := o.subscribedSkuOf(all[annGUID+"_User"], now)
	if *got.Prepaid != (GraphPrepaidUnits{Enabled: 10, Warning: 20, Suspended: 30}) || *got.Consumed != 6 || got.Status != stateEnabled || len(got.Subscriptions) != 3 || len(got.Plans) != 4 || got.PartNumber != "Name" {
		t.Errorf("%+v, %+v, %d", got, *got.Prepaid, *got.Consumed)
	}
	if got := o.subscribedSkuOf(all[annGUID+"_Company"], now); *got.Consumed != 3 || got.AppliesTo != "Company" || got.Prepaid.Enabled != 7 {
		t.Errorf("devices: %+v", got)
	}
	delete(subscriptions, "a")
	if got := o.subscribedSkuOf(products(subscriptions)[annGUID+"_User"], now); got.Status != stateWarning {
		t.Errorf("without an active one: %s", got.Status)
	}
}
