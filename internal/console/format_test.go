package console

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/i18n"
)

func speaking(lang i18n.Lang) *visit { return &visit{lang: lang} }

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lang i18n.Lang
		want []string // of N, Signed, Percent, Day and Moment
	}{
		{i18n.English, []string{"0", "999", "1,940", "12,345,678", "−1,500", "+7", "0", "−7", "95%", "27\u00a0Nov\u00a02026", "1\u00a0Mar\u00a02026, 23:06 UTC"}},
		{i18n.Dutch, []string{"0", "999", "1.940", "12.345.678", "−1.500", "+7", "0", "−7", "95%", "27\u00a0nov\u00a02026", "1\u00a0mrt\u00a02026, 23:06 UTC"}},
		{i18n.French, []string{"0", "999", "1\u202f940", "12\u202f345\u202f678", "−1\u202f500", "+7", "0", "−7", "95\u202f%", "27\u00a0nov.\u00a02026", "1\u00a0mars\u00a02026, 23:06 UTC"}},
	} {
		v := speaking(test.lang)
		moment := time.Date(2026, 3, 2, 0, 6, 0, 0, time.FixedZone("", 3600))
		got := []string{
			v.N(0), v.N(999), v.N(1940), v.N(12345678), v.N(-1500), v.Signed(7), v.Signed(0), v.Signed(-7), v.Percent(95), v.Day("2026-11-27"), v.Moment(moment),
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.lang, diff)
		}
	}
	if got := speaking(i18n.English).Day(""); got != "" {
		t.Errorf("no day is %q", got)
	}
}

// TestEveryLanguage checks the messages from which numbers and dates are made.
func TestEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs {
		v := speaking(lang)
		if n := len(strings.Fields(v.T("console_months"))); n != 12 {
			t.Errorf("%s has %d months", lang, n)
		}
		if digits := strings.Map(onlyDigits, v.T("console_number")); digits != "1940" {
			t.Errorf("the number of %s is %q", lang, v.T("console_number"))
		}
	}
}

func onlyDigits(r rune) rune {
	if '0' <= r && r <= '9' {
		return r
	}
	return -1
}

func TestSnake(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "", "short": "short", "not-measured": "not_measured", "movedIn": "moved_in", "daysLeft": "days_left"} {
		if got := snake(given); got != want {
			t.Errorf("snake(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		part, of int
		want     string
	}{{0, 10, "0%"}, {1, 3, "33.33%"}, {10, 10, "100.00%"}, {20, 10, "100.00%"}, {1, 0, "0%"}, {-1, 10, "0%"}} {
		if got := share(test.part, test.of); got != test.want {
			t.Errorf("share(%d, %d) = %s, want %s", test.part, test.of, got, test.want)
		}
	}
}

// TestLocal: a redirect never leaves the console.
func TestLocal(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"/console/overview": true, "/console/agreements?q=a&sort=name": true, "/console/agreements?q=https://x.example": true,
		"": false, "/": false, "/console": false, "console/overview": false, "//evil.example/console/": false, "/\\evil.example/console/": false, "https://evil.example/console/": false,
		"/console/\\evil": false, "/console//evil.example": false, "/console/\n": false, "javascript:alert(1)": false, "/console/%zz": false, "/signed-in": false,
	} {
		if got := isLocal(address); got != want {
			t.Errorf("isLocal(%q) = %v, want %v", address, got, want)
		}
	}
}

// TestFall: bars of a waterfall begin where the one before ends, and the part below zero is apart.
func TestFall(t *testing.T) {
	t.Parallel()
	bars := fall([]explanationStep{{Step: "pairs", Quantity: 30}, {Step: "movedIn"}, {Step: "installed", Quantity: -40}})
	type laid struct{ Class, X, Width, LessX, Less string }
	var got []laid
	for _, b := range bars {
		got = append(got, laid{b.Class, b.X, b.Width, b.LessX, b.Less})
	}
	want := []laid{
		{"f-spare", "25.00%", "75.00%", "25.00%", "0%"},
		{"f-used", "25.00%", "75.00%", "0%", "25.00%"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if bars := fall(nil); bars != nil {
		t.Errorf("no steps have %d bars", len(bars))
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	points := make([]trendPoint, 3)
	for i := range points {
		points[i].Products.Shortfall = i * 5
	}
	if got, want := line(points, 100, 24, shortfallOf), "0.0,22.0 50.0,12.0 100.0,2.0"; got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
	if got := line(points[2:], 100, 24, shortfallOf); got != "0.0,2.0 100.0,2.0" {
		t.Errorf("the line of one day = %q", got)
	}
	for i, day := range []string{"2026-11-01", "2026-11-02", "2026-11-05"} { // days without a report keep their place
		points[i].Date = day
	}
	if got, want := line(points, 100, 24, shortfallOf), "0.0,22.0 25.0,12.0 100.0,2.0"; got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
}

// The table of a long trend has one day of each week, the newest among them.
func TestTrendRows(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]int{1: 1, 100: 100, 101: 15, 366: 53} {
		m := trendPage{Points: make([]trendPoint, days)}
		for i := range m.Points {
			m.Points[i].Products.Shortfall = i
		}
		rows := m.newestFirst()
		if len(rows) != want || rows[0].Products.Shortfall != days-1 || want < days && rows[1].Products.Shortfall != days-8 {
			t.Errorf("%d days: %d rows", days, len(rows))
		}
	}
}

// TestNote: a note survives the way to the next page, and no other text can be made to appear.
func TestNote(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	v := &visit{w: w, r: httptest.NewRequest("POST", "/", nil)}
	v.leave(note{Code: "console_done_moved", Args: map[string]string{"n": "<b>2</b>"}, Undo: "ids=a%40b&group=g"})
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range w.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.MaxAge > 300 {
			t.Errorf("the cookie is %+v", c)
		}
		r.AddCookie(c)
	}
	next := &visit{w: httptest.NewRecorder(), r: r}
	got := next.takeNote()
	if got == nil || got.Code != "console_done_moved" || got.Args["n"] != "<b>2</b>" || got.undo().Get("group") != "g" {
		t.Errorf("the note is %+v", got)
	}
	for _, forged := range []string{"", "x", "e30", "eyJjIjoiaW50ZXJuYWxfZXJyb3IifQ", strings.Repeat("A", 5000)} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", noteCookie+"="+forged)
		if n := (&visit{w: httptest.NewRecorder(), r: r}).takeNote(); n != nil {
			t.Errorf("%.20q is the note %+v", forged, n)
		}
	}
}

// TestLargeNote: a note that is too large for a cookie loses its undo, not its sentence.
func TestLargeNote(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	v := &visit{w: w, r: httptest.NewRequest("POST", "/", nil)}
	v.leave(note{Code: "console_done_moved", Undo: strings.Repeat("ids="+strconv.Itoa(1)+"&", 2000)})
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || len(cookies[0].Value) > 200 {
		t.Errorf("%d cookies", len(cookies))
	}
}

// TestTypedSubscription: prices and services are read as they are written, and what cannot be read reaches
// the API as it was typed.
func TestTypedSubscription(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]map[string]any{
		"12.50 EUR": {"amount": 1250, "currency": "EUR"}, "9,5 EUR": {"amount": 950, "currency": "EUR"}, "7 USD": {"amount": 700, "currency": "USD"},
		"1.234,50 EUR": {"amount": "1.234,50", "currency": "EUR"}, "free": {"amount": "free", "currency": ""},
	} {
		if diff := cmp.Diff(any(want), priceOf(typed)); diff != "" {
			t.Errorf("%q: %s", typed, diff)
		}
	}
	if got := priceText(&money{1205, "EUR"}); got != "12.05 EUR" {
		t.Errorf("the price is %q", got)
	}
	const typed = "mail | Mail | BE NL\nchat | Chat |  | mail | fax\nplain"
	services := servicesOf(typed)
	if got := servicesText(services); got != typed || services[1].Requires[0] != "mail" || services[0].Countries[1] != "NL" {
		t.Errorf("%q is %+v, and again %q", typed, services, got)
	}
}
