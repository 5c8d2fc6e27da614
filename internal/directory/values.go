package directory

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"trueup/internal/day"
	"trueup/internal/directory/columns"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// The words for truth values, in the form of text.Letters, in the languages of the columns.
var (
	yes = []string{"true", "yes", "1", "y", "waar", "ja", "vrai", "oui", "wahr", "verdadero", "si", "verdadeiro", "sim", "enabled", "ingeschakeld", "active", "aktiviert", "habilitado", "ativado"}
	no  = []string{"false", "no", "0", "n", "onwaar", "nee", "neen", "faux", "non", "falsch", "nein", "falso", "nao", "disabled", "uitgeschakeld", "desactive", "deaktiviert", "deshabilitado", "desativado"}
)

// truth reads a truth value. ok is false for text that is none.
func truth(value string) (is, ok bool) {
	letters := text.Letters(text.Shorten(value, 32))
	switch {
	case slices.Contains(yes, letters):
		return true, true
	case slices.Contains(no, letters):
		return false, true
	}
	return false, false
}

// bool reads the truth value of a field. given is false if the row does not state it.
func (r *reading) bool(f columns.Field) (is, given bool) {
	value := r.record.get(f)
	if value == "" {
		return false, false
	}
	is, ok := truth(value)
	if !ok {
		r.reject(f, value, "directory_boolean")
	}
	return is, ok
}

// never are the words for a moment that did not come and for other values that are not known, in the form
// of text.Letters.
var never = []string{"", "never", "na", "none", "nooit", "nvt", "jamais", "nie", "nunca", "unknown", "onbekend", "notavailable"}

// graphTime is how ConvertTo-Json of Windows PowerShell writes a moment: in milliseconds since 1970.
var graphTime = text.Pattern(`^\\?/Date\((-?\d{1,15})\)\\?/$`)

// momentOf reads a moment; zero for one that did not come. A date without a time zone is the beginning of
// that day in UTC: the days without a sign-in are counted in whole ones.
func (r *reading) momentOf(value string) (moment time.Time, ok bool) {
	if len(value) <= 64 && slices.Contains(never, text.Letters(value)) {
		return time.Time{}, true
	}
	if m := graphTime().FindStringSubmatch(value); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		return unlessNone(time.UnixMilli(n).UTC()), true
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return unlessNone(t.UTC()), true
	}
	if slices.ContainsFunc(noMoments, func(start string) bool { return strings.HasPrefix(value, start) }) {
		return time.Time{}, true
	}
	date, ok := r.dateOf(value)
	if !ok {
		return time.Time{}, false
	}
	t, _ := date.Time()
	return unlessNone(t), true
}

// noMoments are the starts of the first moments that programs can write, which stand for none.
var noMoments = []string{"0001-", "1601-", "1/1/0001", "1/1/1601", "01/01/0001", "01/01/1601", "1-1-0001", "1-1-1601", "01-01-0001", "01-01-1601", "01.01.0001", "01.01.1601"}

// firstMoment is before every directory. Programs write earlier ones, such as 0001-01-01, for none.
var firstMoment = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// unlessNone returns a moment; zero for one that stands for none.
func unlessNone(t time.Time) time.Time {
	if t.Before(firstMoment) {
		return time.Time{}
	}
	return t
}

// dateOf reads a date.
func (r *reading) dateOf(value string) (day.Date, bool) {
	if date, ok := day.Numbered(value, r.epoch); ok {
		return date, true
	}
	w, ok := day.ParseWritten(value)
	if !ok {
		return "", false
	}
	return w.Date(r.dayFirst)
}

// clockSkew is how much later than the file a moment may be.
const clockSkew = 48 * time.Hour

// moment reads a past moment of a cell. One that cannot be read, or lies in the future, is unknown: it is
// no reason to reject the row.
func (r *reading) moment(f columns.Field, c cell) time.Time {
	t, ok := r.momentOf(c.text)
	if !ok || t.After(r.options.Now.Add(clockSkew)) {
		r.record.cells[f].position = c.position
		r.warn(f, c.text, "directory_date")
		return time.Time{}
	}
	return t
}

// latest returns the latest moment of a field and of the columns with activity.
func (r *reading) latest(f columns.Field) (latest time.Time) {
	cells := r.record.activity
	if c := r.record.cells[f]; c.given && !slices.ContainsFunc(cells, func(a cell) bool { return a == c }) {
		cells = append(slices.Clone(cells), c)
	}
	for _, c := range cells {
		if t := r.moment(f, c); t.After(latest) {
			latest = t
		}
	}
	return latest
}

//go:embed countries.txt
var countryList string

// countries returns the codes of countries by their names in the languages of the columns, in the form of
// text.Letters. The list has a line for each country: the code and the names. It is made from the names
// in x/text, which would add 0.8 MB to a zipped function. It is no variable with an initial value, so that
// functions that read no lists do not contain it.
func countries() map[string]string {
	countriesOnce.Do(func() {
		countryCodes = map[string]string{}
		for line := range strings.Lines(countryList) {
			code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
			for _, name := range strings.Fields(names) {
				countryCodes[name] = code
			}
		}
	})
	return countryCodes
}

var (
	countriesOnce sync.Once
	countryCodes  map[string]string
)

// countryNames are names of countries that the list lacks.
var countryNames = map[string]string{
	"thenetherlands": "NL", "holland": "NL", "usa": "US", "unitedstatesofamerica": "US", "uk": "GB", "greatbritain": "GB", "england": "GB", "czechrepublic": "CZ", "russianfederation": "RU",
	"korearepublicof": "KR", "republicofkorea": "KR", "hongkongsar": "HK", "hongkong": "HK", "macao": "MO", "macau": "MO", "turkiye": "TR", "ivorycoast": "CI", "burma": "MM", "eswatini": "SZ",
}

// countryOf returns the code of a country that is written as a code or a name. Other text is returned as
// it is: the domain says that it is no country.
func countryOf(value string) string {
	if len(value) > columns.MaxName || subscription.IsCountry(strings.ToUpper(value)) {
		return value
	}
	letters := text.Letters(value)
	if code, known := countries()[letters]; known {
		return code
	}
	if code, known := countryNames[letters]; known {
		return code
	}
	if len(value) == 3 {
		if region, err := language.ParseRegion(value); err == nil && subscription.IsCountry(region.String()) && region.ISO3() == strings.ToUpper(value) {
			return region.String()
		}
	}
	return value
}

// typeNames are the starts of what PowerShell writes in place of a list, if it is told to write text.
var typeNames = []string{
	"Microsoft.Graph.PowerShell.", "Microsoft.Graph.Beta.PowerShell.", "Microsoft.Open.AzureAD.", "Microsoft.Open.MSGraph.", "Microsoft.Online.Administration.", "Microsoft.Azure.PowerShell.",
	"System.Collections.", "System.Object", "System.String[]", "class AssignedLicense", "class SignInActivity", "@{",
}

// isTypeName reports whether a cell has the name of a type instead of a list.
func isTypeName(value string) bool {
	return slices.ContainsFunc(typeNames, func(start string) bool { return strings.HasPrefix(value, start) })
}

var guidForm = text.Pattern(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// noGUID stands for no device.
const noGUID = "00000000-0000-0000-0000-000000000000"

// isConcealed reports whether a name is how usage reports write it if an organisation conceals names: a hash
// of 32 hexadecimal digits.
func isConcealed(name string) bool {
	return len(name) == 32 && strings.Trim(name, "0123456789abcdefABCDEF") == ""
}
