package day_test

import (
	"testing"

	"trueup/internal/day"
)

func TestWritten(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]struct{ dayFirst, monthFirst day.Date }{
		"2026-11-21":               {"2026-11-21", "2026-11-21"},
		"2026/1/2":                 {"2026-01-02", "2026-01-02"},
		"21.11.2026":               {"2026-11-21", "2026-11-21"},
		"2-1-2026 10:11:12":        {"2026-01-02", "2026-01-02"},
		"2026-11-21T09:30:00.000Z": {"2026-11-21", "2026-11-21"},
		"11/12/2026 9:30:00 AM":    {"2026-12-11", "2026-11-12"},
		"21/11/2026":               {"2026-11-21", ""},
		"11/21/2026":               {"", "2026-11-21"},
		"29/2/2026":                {},
		"2026-13-01":               {},
		"1899-01-01":               {},
		"1/1/26":                   {},
		"1/2/3/4":                  {},
		"21 November 2026":         {},
		"20261121":                 {},
		"-1-2026-":                 {},
		"":                         {},
	} {
		w, ok := day.ParseWritten(written)
		for dayFirst, wanted := range map[bool]day.Date{true: want.dayFirst, false: want.monthFirst} {
			got := day.Date("")
			if ok {
				got, _ = w.Date(dayFirst)
			}
			if got != wanted {
				t.Errorf("%q, day first %v, is %q, want %q", written, dayFirst, got, wanted)
			}
		}
	}
}

func TestWhichNumberIsTheMonth(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][3]bool{ // open, day first, month first
		"11/12/2026": {true, false, false}, "21/11/2026": {true, true, false}, "11/21/2026": {true, false, true},
		"2026/11/21": {}, "21.11.2026": {}, "21-11-2026": {},
	} {
		w, ok := day.ParseWritten(written)
		if got := [3]bool{w.IsOpen(), w.DayFirst(), w.MonthFirst()}; !ok || got != want {
			t.Errorf("%q: %v, want %v", written, got, want)
		}
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]day.Date{"46347": "2026-11-21", "46347.75": "2026-11-21", "25000": "1968-06-11", "24999": "", "75001": "", "x": "", "NaN": ""} {
		if got, ok := day.Numbered(number, "1899-12-30"); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", number, got, want)
		}
	}
	if got, ok := day.Numbered("46347", ""); ok {
		t.Errorf("without an epoch: %q", got)
	}
}
