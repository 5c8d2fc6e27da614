package subscription_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/errs"
	"trueup/internal/subscription"
)

// flaws lists violations as code and field.
func flaws(violations []errs.Violation) (list []string) {
	for _, v := range violations {
		list = append(list, v.Code+" "+v.Field)
	}
	return list
}

func TestParse(t *testing.T) {
	t.Parallel()
	draft := func(change func(*subscription.Draft)) subscription.Draft {
		d := subscription.Draft{Name: "Microsoft 365  E3 (no Teams)", Kind: subscription.ForUsers}
		change(&d)
		return d
	}
	services := func(s ...subscription.Service) func(*subscription.Draft) {
		return func(d *subscription.Draft) { d.Services = s }
	}
	bulky := make([]subscription.Service, 200)
	for i := range bulky {
		bulky[i] = subscription.Service{ID: strconv.Itoa(i), Name: strings.Repeat("ภ", 256)}
	}
	for name, test := range map[string]struct {
		draft subscription.Draft
		want  []string
	}{
		"a name":                   {draft(func(*subscription.Draft) {}), nil},
		"no name":                  {draft(func(d *subscription.Draft) { d.Name = " \u200d" }), []string{"text_required name"}},
		"a long name":              {draft(func(d *subscription.Draft) { d.Name = strings.Repeat("é", 257) }), []string{"text_too_long name"}},
		"a name with a tab":        {draft(func(d *subscription.Draft) { d.Name = "E\t3" }), []string{"text_control name"}},
		"a name that is not UTF-8": {draft(func(d *subscription.Draft) { d.Name = "E\xff3" }), []string{"text_control name"}},
		"a kind":                   {draft(func(d *subscription.Draft) { d.Kind = "group" }), []string{"kind_unknown kind"}},
		"countries":                {draft(func(d *subscription.Draft) { d.Countries = []string{"be", " NL ", "BE"} }), nil},
		"no countries":             {draft(func(d *subscription.Draft) { d.Countries = []string{"", "XX", "UK", "EU", "BEL", "056", "ZZ"} }), []string{"country_unknown countries/0", "country_unknown countries/1", "country_unknown countries/2", "country_unknown countries/3", "country_unknown countries/4", "country_unknown countries/5", "country_unknown countries/6"}},
		"a price":                  {draft(func(d *subscription.Draft) { d.Amount, d.Currency = 3690, "eur" }), nil},
		"a price of nothing":       {draft(func(d *subscription.Draft) { d.Currency = "EUR" }), nil},
		"no currency":              {draft(func(d *subscription.Draft) { d.Amount = 1 }), []string{"currency_unknown price/currency"}},
		"a negative price":         {draft(func(d *subscription.Draft) { d.Amount, d.Currency = -1, "XQQ" }), []string{"price_range price/amount", "currency_unknown price/currency"}},
		"services":                 {draft(services(subscription.Service{ID: "a", Requires: []string{"b"}, Excludes: []string{"c"}}, subscription.Service{ID: "b", Name: "B"})), nil},
		"a service twice":          {draft(services(subscription.Service{ID: "a"}, subscription.Service{ID: " a "})), []string{"service_given_twice services/1/id"}},
		"a service without an id":  {draft(services(subscription.Service{Name: "x"}, subscription.Service{})), []string{"text_required services/0/id", "text_required services/1/id"}},
		"a service and itself":     {draft(services(subscription.Service{ID: "a", Requires: []string{"a"}, Excludes: []string{"a"}})), []string{"service_itself services/0/requires/0", "service_itself services/0/excludes/0", "service_required_excluded services/0/excludes/0"}},
		"required and excluded":    {draft(services(subscription.Service{ID: "a", Requires: []string{"b"}, Excludes: []string{"c", "b"}})), []string{"service_required_excluded services/0/excludes/0"}},
		"too much text":            {draft(services(bulky...)), []string{"text_too_long services"}},
		"too many services":        {draft(services(make([]subscription.Service, 201)...)), []string{"items_max services"}},
	} {
		s, violations := subscription.Parse(test.draft)
		if diff := cmp.Diff(test.want, flaws(violations)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if violations == nil {
			if again, more := subscription.Parse(subscription.Draft{Name: s.Name, Kind: s.Kind, Services: s.Services, Countries: s.Countries, Amount: s.Price.Amount, Currency: s.Price.Currency}); more != nil || cmp.Diff(s, again) != "" {
				t.Errorf("%s: parsed again it is %+v, %v", name, again, more)
			}
		}
	}
	s, _ := subscription.Parse(draft(func(d *subscription.Draft) { d.Countries, d.Amount, d.Currency = []string{"nl", "BE"}, 3690, "eur" }))
	want := subscription.Subscription{Name: "Microsoft 365 E3 (no Teams)", Kind: subscription.ForUsers, Countries: []string{"BE", "NL"}, Price: subscription.Price{Amount: 3690, Currency: "EUR"}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseSeats(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		draft subscription.SeatsDraft
		want  []string
	}{
		"endless":                  {subscription.SeatsDraft{Quantity: 25}, nil},
		"none":                     {subscription.SeatsDraft{}, nil},
		"a term":                   {subscription.SeatsDraft{Quantity: 10_000_000, EndsOn: "2027-01-31", Months: 12, AutoRenew: true}, nil},
		"too many":                 {subscription.SeatsDraft{Quantity: 10_000_001}, []string{"quantity_range quantity"}},
		"fewer than none":          {subscription.SeatsDraft{Quantity: -1, Months: -1}, []string{"quantity_range quantity", "term_range termMonths"}},
		"no day":                   {subscription.SeatsDraft{EndsOn: "2027-02-29", Months: 121}, []string{"date_invalid endsOn", "term_range termMonths"}},
		"renewal without an end":   {subscription.SeatsDraft{Months: 12, AutoRenew: true}, []string{"auto_renew_term autoRenew"}},
		"renewal without a length": {subscription.SeatsDraft{EndsOn: "2027-01-31", AutoRenew: true}, []string{"auto_renew_term autoRenew"}},
	} {
		s, violations := subscription.ParseSeats(test.draft, noon)
		if diff := cmp.Diff(test.want, flaws(violations)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if violations == nil && (s.Available != s.Quantity || int64(s.Quantity) != test.draft.Quantity || !s.AsOf.Equal(noon)) {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if n, violations := subscription.ParseQuantity(7); n != 7 || violations != nil {
		t.Errorf("7 is %d, %v", n, violations)
	}
}

func TestParseUser(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		draft subscription.UserDraft
		is    subscription.User
		want  []string
	}{
		"a member": {
			subscription.UserDraft{UPN: " Ann@Example.org ", Name: "Ann  Peeters", Location: "be", Department: "Sales"},
			subscription.User{UPN: "Ann@Example.org", Name: "Ann Peeters", Location: "BE", Department: "Sales", Type: subscription.Member},
			nil,
		},
		"a guest": {
			subscription.UserDraft{UPN: "jo_partner.example#EXT#@example.org", Type: subscription.Guest, Disabled: true, Seen: noon},
			subscription.User{UPN: "jo_partner.example#EXT#@example.org", Name: "jo_partner.example#EXT#@example.org", Type: subscription.Guest, Disabled: true, Seen: noon},
			nil,
		},
		"excluded for a time": {
			subscription.UserDraft{UPN: "ann@example.org", Excluded: true, ExcludedUntil: " 2027-01-31 "},
			subscription.User{UPN: "ann@example.org", Name: "ann@example.org", Type: subscription.Member, Excluded: true, ExcludedUntil: "2027-01-31"},
			nil,
		},
		"an end of no exclusion": {subscription.UserDraft{UPN: "ann@example.org", ExcludedUntil: "2027-01-31"}, subscription.User{}, []string{"exclusion_missing excludedUntil"}},
		"no day":                 {subscription.UserDraft{UPN: "ann@example.org", Excluded: true, ExcludedUntil: "2027-02-30"}, subscription.User{}, []string{"date_invalid excludedUntil"}},
		"no name":                {subscription.UserDraft{}, subscription.User{}, []string{"text_required userPrincipalName"}},
		"no domain":              {subscription.UserDraft{UPN: "ann"}, subscription.User{}, []string{"upn_form userPrincipalName"}},
		"two signs":              {subscription.UserDraft{UPN: "ann@b@c"}, subscription.User{}, []string{"upn_form userPrincipalName"}},
		"a space":                {subscription.UserDraft{UPN: "ann p@example.org"}, subscription.User{}, []string{"upn_form userPrincipalName"}},
		"everything at once":     {subscription.UserDraft{UPN: "a\x00b", Name: "\x07", Location: "Belgium", Type: "robot"}, subscription.User{}, []string{"text_control userPrincipalName", "text_control displayName", "country_unknown usageLocation", "user_type_unknown type"}},
		"too long in one part":   {subscription.UserDraft{UPN: strings.Repeat("a", 320) + "@b", Department: strings.Repeat("d", 257)}, subscription.User{}, []string{"text_too_long userPrincipalName", "text_too_long department"}},
	} {
		u, violations := subscription.ParseUser(test.draft)
		got := flaws(violations)
		if diff := cmp.Diff(test.want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if violations == nil {
			if diff := cmp.Diff(test.is, u); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
		}
	}
}
