package console

import (
	"math"
	"strconv"
	"strings"
	"time"

	"trueup/internal/access"
)

// minus is the minus sign, which is as wide as a plus.
const minus = "\u2212"

// N returns a number as the language writes it: 1,940 in English.
func (v *visit) N(n int) string {
	if n < 0 {
		return minus + v.N(-n)
	}
	digits := strconv.Itoa(n)
	separator := strings.Trim(v.T("console_number"), "0123456789")
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// Signed is N with a plus or minus sign.
func (v *visit) Signed(n int) string {
	if n > 0 {
		return "+" + v.N(n)
	}
	return v.N(n)
}

// Percent returns a whole percentage.
func (v *visit) Percent(n int) string { return v.T("console_percent", "n", v.N(n)) }

// noBreak is a space at which a line does not end.
const noBreak = "\u00a0"

// Day returns a day that the API wrote as YYYY-MM-DD: 27 Nov 2026. Empty text stays empty.
func (v *visit) Day(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return v.day(t)
}

func (v *visit) day(t time.Time) string {
	months := strings.Fields(v.T("console_months"))
	if len(months) != 12 { // a mistake of a translation, which a test finds
		return t.Format(time.DateOnly)
	}
	return strings.Join([]string{strconv.Itoa(t.Day()), months[t.Month()-1], strconv.Itoa(t.Year())}, noBreak)
}

// Moment returns a moment in UTC: 27 Nov 2026, 23:46 UTC. The module shows it in the person's time zone.
func (v *visit) Moment(t time.Time) string {
	t = t.UTC()
	return v.day(t) + ", " + t.Format("15:04") + " UTC"
}

// role returns the name of a role.
func (v *visit) role(role access.Role) string { return v.T("console_role_" + snake(string(role))) }

// roles returns the names of roles, with commas between them.
func (v *visit) roles(roles []access.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = v.role(role)
	}
	return strings.Join(names, ", ")
}

// snake returns a value of the API as a part of a code: not-measured is not_measured, movedIn is moved_in.
func snake(value string) string {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '-':
			b.WriteByte('_')
		case 'A' <= r && r <= 'Z':
			b.WriteByte('_')
			b.WriteRune(r - 'A' + 'a')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// share returns a part of a whole as a percentage for the attributes of a picture.
func share(part, of int) string {
	if of <= 0 || part <= 0 {
		return "0%"
	}
	return strconv.FormatFloat(math.Min(100, float64(part)*100/float64(of)), 'f', 2, 64) + "%"
}

// whole returns the whole number in a text; 0 if it has none.
func whole(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// dash returns the text, or a dash if it is empty.
func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Money returns an amount in hundredths of a currency: EUR 1,234.50 in English.
func (v *visit) Money(amount int, currency string) string {
	if amount < 0 {
		return minus + v.Money(-amount, currency)
	}
	point := ","
	if strings.Contains(v.T("console_number"), ",") {
		point = "."
	}
	cents := strconv.Itoa(100 + amount%100)[1:]
	return currency + noBreak + v.N(amount/100) + point + cents
}

// sum returns amounts in several currencies.
func (v *visit) sum(list []money) string {
	texts := make([]string, len(list))
	for i, m := range list {
		texts[i] = v.Money(m.Amount, m.Currency)
	}
	return strings.Join(texts, " + ")
}
