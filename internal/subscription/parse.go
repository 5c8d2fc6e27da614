package subscription

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/text"
)

// The limits of drafts, in characters unless the name says otherwise.
const (
	NameMaxChars   = 256 // of names of subscriptions, services, users and departments
	IDMaxChars     = 128 // of ids of services, SKUs, part numbers and object ids
	UPNMaxChars    = 320 // 64 before the sign and 255 after it
	ServicesMax    = 200 // of a subscription
	TermMonthsMax  = 120
	PriceMaxAmount = 100_000_000 // in hundredths
	CountriesMax   = 250         // all of them
	// ServicesMaxBytes is the length of all texts of the services of a subscription. They are stored
	// in one item, and before and after in an audit event. Those of Microsoft's largest have 10 kB.
	ServicesMaxBytes = 150_000
)

// Draft is an unchecked description of a subscription, as entered: a JSON body, a form or a row of a
// file.
type Draft struct {
	Name        string
	Kind        Kind
	SKU         string
	PartNumber  string
	Services    []Service
	Countries   []string
	Amount      int64 // of the price, in hundredths
	Currency    string
	AgreementID string
	Unwatched   bool
}

// SeatsDraft is the unchecked number of licences and term of a new subscription.
type SeatsDraft struct {
	Quantity  int64
	EndsOn    string // YYYY-MM-DD; empty for no end
	Months    int64
	AutoRenew bool
}

// Parse is the only way from a draft to a subscription. It returns every violation, with the fields
// "name", "kind", "sku", "partNumber", "services", "services/0/id", "services/0/requires/0",
// "countries/0", "price/amount" and "price/currency". The Subscription is valid only if there are
// none.
func Parse(d Draft) (Subscription, []errs.Violation) {
	c := checker{}
	s := Subscription{
		Name: c.label("name", d.Name, NameMaxChars, true), Kind: d.Kind,
		SKU: c.label("sku", d.SKU, IDMaxChars, false), PartNumber: c.label("partNumber", d.PartNumber, IDMaxChars, false),
		Countries: c.countries("countries", d.Countries), AgreementID: strings.TrimSpace(d.AgreementID), Unwatched: d.Unwatched,
	}
	if !slices.Contains(Kinds, d.Kind) {
		c.add("kind_unknown", "kind", string(d.Kind))
	}
	s.Services = c.services(d.Services)
	s.Price = c.price(d.Amount, d.Currency)
	return s, c.violations
}

// ParseSeats checks the seats of a new subscription, as of a moment. It returns every violation, with
// the fields "quantity", "endsOn", "termMonths" and "autoRenew".
func ParseSeats(d SeatsDraft, at time.Time) (Seats, []errs.Violation) {
	c := checker{}
	s := Seats{AutoRenew: d.AutoRenew, AsOf: at, Version: 1}
	if n, ok := c.quantity(d.Quantity); ok {
		s.Quantity, s.Available = n, n
	}
	if typed := strings.TrimSpace(d.EndsOn); typed != "" {
		date, ok := day.Parse(typed)
		if !ok {
			c.add("date_invalid", "endsOn", d.EndsOn)
		}
		s.EndsOn = date
	}
	if d.Months < 0 || d.Months > TermMonthsMax {
		c.add("term_range", "termMonths", strconv.FormatInt(d.Months, 10), "max", strconv.Itoa(TermMonthsMax))
	}
	s.Months = int(d.Months)
	if d.AutoRenew && (s.Months < 1 || strings.TrimSpace(d.EndsOn) == "") {
		c.add("auto_renew_term", "autoRenew", "")
	}
	return s, c.violations
}

// ParseQuantity checks a number of licences: quantity_range with the field "quantity".
func ParseQuantity(n int64) (int, []errs.Violation) {
	c := checker{}
	quantity, _ := c.quantity(n)
	return quantity, c.violations
}

// UserDraft is an unchecked user, as entered: a JSON body, a form or a row of a file.
type UserDraft struct {
	ObjectID   string
	UPN        string
	Name       string // empty for the user principal name
	Location   string // empty for none
	Department string
	Type       UserType // empty for Member
	Disabled   bool
	Seen       time.Time
	Excluded   bool
	// ExcludedUntil is the last day of the exclusion; empty for one without an end. A user who is not
	// excluded must have none.
	ExcludedUntil string
}

// ParseUser is the only way from a draft to a user. It returns every violation, with the fields
// "userPrincipalName", "displayName", "usageLocation", "department", "objectId", "type" and
// "excludedUntil".
func ParseUser(d UserDraft) (User, []errs.Violation) {
	c := checker{}
	u := User{
		ObjectID: c.label("objectId", d.ObjectID, IDMaxChars, false), UPN: c.upn(d.UPN),
		Department: c.label("department", d.Department, NameMaxChars, false), Type: d.Type, Disabled: d.Disabled, Seen: d.Seen,
	}
	u.Name = c.label("displayName", d.Name, NameMaxChars, false)
	if u.Name == "" {
		u.Name = u.UPN
	}
	if typed := strings.TrimSpace(d.Location); typed != "" {
		u.Location = c.country("usageLocation", typed)
	}
	switch d.Type {
	case Member, Guest:
	case "":
		u.Type = Member
	default:
		c.add("user_type_unknown", "type", string(d.Type))
	}
	u.Excluded = d.Excluded
	if typed := strings.TrimSpace(d.ExcludedUntil); typed != "" {
		date, ok := day.Parse(typed)
		switch {
		case !ok:
			c.add("date_invalid", "excludedUntil", d.ExcludedUntil)
		case !d.Excluded:
			c.add("exclusion_missing", "excludedUntil", d.ExcludedUntil)
		default:
			u.ExcludedUntil = date
		}
	}
	return u, c.violations
}

// ParseLabel checks a name or an id that belongs to no draft, and returns it collapsed. It returns every
// violation, with that field: text_required if it is required and blank, text_too_long if it has more than
// longest characters, and text_control.
func ParseLabel(field, typed string, longest int, required bool) (string, []errs.Violation) {
	c := checker{}
	return c.label(field, typed, longest, required), c.violations
}

// checker collects the violations of one draft.
type checker struct{ violations []errs.Violation }

func (c *checker) add(code, field, value string, args ...string) {
	c.violations = append(c.violations, errs.Violation{Code: code, Field: field, Value: text.Quote(value), Args: errs.Pairs(args...)})
}

// label checks a name or an id and returns it collapsed. It may have any visible character.
func (c *checker) label(field, typed string, longest int, required bool) string {
	collapsed := text.Collapse(typed)
	if required && text.IsBlank(typed) {
		c.add("text_required", field, typed)
	}
	if n := utf8.RuneCountInString(collapsed); n > longest {
		c.add("text_too_long", field, typed, "max", strconv.Itoa(longest), "length", strconv.Itoa(n))
	}
	if !utf8.ValidString(typed) || strings.ContainsFunc(strings.TrimSpace(typed), text.IsInvisible) {
		c.add("text_control", field, typed)
	}
	return collapsed
}

// upnForm is a name, a sign and a domain. Names of guests have a hash sign; names with letters of
// other scripts occur.
var upnForm = text.Pattern(`^[^@\s]+@[^@\s]+$`)

func (c *checker) upn(typed string) string {
	const field = "userPrincipalName"
	before := len(c.violations)
	upn := c.label(field, typed, UPNMaxChars, true)
	if len(c.violations) == before && !upnForm().MatchString(upn) {
		c.add("upn_form", field, typed)
	}
	return upn
}

// notCountries are the codes that x/text takes for countries and ISO 3166-1 does not assign: withdrawn
// and reserved ones, such as UK for GB. XK is not assigned either, but Microsoft and the EU use it for
// Kosovo.
const notCountries = "AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK YD YU ZR"

// IsCountry reports whether a text is an ISO 3166-1 alpha-2 code, in capital letters.
func IsCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.String() == code && !strings.Contains(notCountries, code)
}

// country checks an ISO 3166-1 alpha-2 code and returns it in capital letters.
func (c *checker) country(field, typed string) string {
	code := strings.ToUpper(strings.TrimSpace(typed))
	if !IsCountry(code) {
		c.add("country_unknown", field, typed)
		return ""
	}
	return code
}

func (c *checker) countries(field string, typed []string) (codes []string) {
	if len(typed) > CountriesMax {
		c.add("items_max", field, "", "max", strconv.Itoa(CountriesMax))
		return nil
	}
	for i, one := range typed {
		if code := c.country(field+"/"+strconv.Itoa(i), one); code != "" {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (c *checker) services(given []Service) (services []Service) {
	if len(given) > ServicesMax {
		c.add("items_max", "services", "", "max", strconv.Itoa(ServicesMax))
		return nil
	}
	seen := map[string]bool{}
	for i, g := range given {
		field := "services/" + strconv.Itoa(i)
		s := Service{ID: c.label(field+"/id", g.ID, IDMaxChars, true), Name: c.label(field+"/name", g.Name, NameMaxChars, false)}
		if s.Name == "" {
			s.Name = s.ID
		}
		if seen[s.ID] && s.ID != "" {
			c.add("service_given_twice", field+"/id", g.ID)
		}
		seen[s.ID] = true
		s.Countries = c.countries(field+"/countries", g.Countries)
		s.Requires = c.others(field+"/requires", s.ID, g.Requires)
		s.Excludes = c.others(field+"/excludes", s.ID, g.Excludes)
		for n, id := range s.Excludes {
			if slices.Contains(s.Requires, id) {
				c.add("service_required_excluded", field+"/excludes/"+strconv.Itoa(n), id)
			}
		}
		services = append(services, s)
	}
	if n := textBytes(services); n > ServicesMaxBytes {
		c.add("text_too_long", "services", "", "max", strconv.Itoa(ServicesMaxBytes), "length", strconv.Itoa(n))
	}
	return services
}

// textBytes returns the length of all texts of services, each with what it takes in a list.
func textBytes(services []Service) (n int) {
	for _, s := range services {
		for _, text := range slices.Concat([]string{s.ID, s.Name}, s.Requires, s.Excludes, s.Countries) {
			n += len(text) + 3
		}
	}
	return n
}

// others checks the ids of services that a service requires or excludes. They may be services of
// other subscriptions.
func (c *checker) others(field, own string, given []string) (ids []string) {
	if len(given) > ServicesMax {
		c.add("items_max", field, "", "max", strconv.Itoa(ServicesMax))
		return nil
	}
	for i, one := range given {
		at := field + "/" + strconv.Itoa(i)
		id := c.label(at, one, IDMaxChars, true)
		if id == own && id != "" {
			c.add("service_itself", at, one)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (c *checker) price(amount int64, code string) Price {
	code = strings.ToUpper(strings.TrimSpace(code))
	if code == "" && amount == 0 {
		return Price{}
	}
	if amount < 0 || amount > PriceMaxAmount {
		c.add("price_range", "price/amount", strconv.FormatInt(amount, 10), "max", strconv.Itoa(PriceMaxAmount))
	}
	if !isCurrency(code) {
		c.add("currency_unknown", "price/currency", code)
	}
	return Price{amount, code}
}

func (c *checker) quantity(n int64) (int, bool) {
	if n < 0 || n > QuantityMax {
		c.violations = append(c.violations, quantityRange(n))
		return 0, false
	}
	return int(n), true
}
