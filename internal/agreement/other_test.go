package agreement_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
)

func of[T any](v T) *T { return &v }

// otherDraft returns a valid draft that is untidy where the rules allow it.
func otherDraft() agreement.OtherDraft {
	return agreement.OtherDraft{
		Name: "  Creative   Cloud ", Publisher: of(" Adobe  Systems"), ProductTitle: of("Photoshop (CC) & more"), Licenses: of[int64](25),
		Start: of("2026-01-01"), End: of(" 2026-12-31 "), Details: of("Key:\tABC\r\nContact: me\r"),
	}
}

func otherTerms() agreement.Terms {
	return agreement.Terms{Publisher: "Adobe Systems", ProductTitle: "Photoshop (CC) & more", Licenses: 25, Start: "2026-01-01", End: "2026-12-31"}
}

func TestParseOther(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*agreement.OtherDraft)
		want   agreement.Other
		broken []string // "field: code"
	}{
		"R2.6 tidied": {
			change: func(*agreement.OtherDraft) {},
			want:   agreement.Other{Name: "Creative Cloud", Terms: otherTerms(), Details: "Key:\tABC\nContact: me\n"},
		},
		"R2.6 only what is required": {
			change: func(d *agreement.OtherDraft) { d.Start, d.End, d.Details = nil, of(""), nil },
			want: agreement.Other{Name: "Creative Cloud", Terms: agreement.Terms{
				Publisher: "Adobe Systems", ProductTitle: "Photoshop (CC) & more", Licenses: 25,
			}},
		},
		"R2.6 nothing at all": {
			change: func(d *agreement.OtherDraft) { *d = agreement.OtherDraft{} },
			broken: []string{"name: name_required", "publisher: publisher_required", "productTitle: title_required", "licenses: licenses_required"},
		},
		"R2.6 everything wrong at once": {
			change: func(d *agreement.OtherDraft) {
				*d = agreement.OtherDraft{
					Name: "a/b", Publisher: of("A\u200bB"), ProductTitle: of(strings.Repeat("a", 300) + "\t."), Licenses: of[int64](0),
					Start: of("31-12-2026"), End: of("2026-02-30"), Details: of("\a" + strings.Repeat("a", 4_000)),
				}
			},
			broken: []string{
				"name: name_characters", "publisher: publisher_control", "productTitle: title_too_long", "productTitle: title_control",
				"licenses: licenses_range", "start: date_invalid", "end: date_invalid", "details: details_too_long", "details: details_control",
			},
		},
		"R2.1 the rules of a name are those of every agreement": {
			change: func(d *agreement.OtherDraft) { d.Name = "C++" },
			broken: []string{"name: name_characters"},
		},
		"R2.6 one license more than there can be": {
			change: func(d *agreement.OtherDraft) { d.Licenses = of[int64](10_000_001) }, broken: []string{"licenses: licenses_range"},
		},
		"R2.6 a year that is a slip": {
			change: func(d *agreement.OtherDraft) { d.Start, d.End = of("0202-01-01"), of("3000-01-01") },
			broken: []string{"start: date_invalid", "end: date_invalid"},
		},
		"R2.6 bytes that are no text": {
			change: func(d *agreement.OtherDraft) { d.Publisher, d.Details = of("Ad\xffobe"), of("Key \xff") },
			broken: []string{"publisher: publisher_control", "details: details_control"},
		},
		"R2.6 a replacement character that somebody pasted is text": {
			change: func(d *agreement.OtherDraft) { d.Details = of("caf\ufffd") },
			want:   agreement.Other{Name: "Creative Cloud", Terms: otherTerms(), Details: "caf\ufffd"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := otherDraft()
			test.change(&d)
			got, violations := agreement.ParseOther(d)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("agreement (-want +got):\n%s", diff)
			}
			var broken []string
			for _, v := range violations {
				broken = append(broken, v.Field+": "+v.Code)
			}
			if diff := cmp.Diff(test.broken, broken); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoViolationQuotesDetailsR2_7(t *testing.T) {
	t.Parallel()
	const key = "AAAAA-BBBBB"
	d := otherDraft()
	d.Details = of(strings.Repeat(key, 1_000) + "\x00")
	_, parsed := agreement.ParseOther(d)
	_, _, edited := d.Edit(agreement.Agreement{Type: agreement.TypeOther, Terms: otherTerms()})
	for name, violations := range map[string]any{"parsed": parsed, "given": d.CheckGiven(), "edited": edited, "of a volume agreement": d.OfVolume()} {
		text, err := json.Marshal(violations)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"details"`) || strings.Contains(string(text), "AAAA") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestEditOfOther(t *testing.T) {
	t.Parallel()
	changed := func(change func(*agreement.Terms)) *agreement.Terms {
		terms := otherTerms()
		change(&terms)
		return &terms
	}
	for name, test := range map[string]struct {
		draft   agreement.OtherDraft
		terms   *agreement.Terms
		details *string
		broken  []string // "field: code"
	}{
		"nothing":                  {},
		"what it is already":       {draft: agreement.OtherDraft{Publisher: of("Adobe  Systems"), Licenses: of[int64](25)}},
		"R2.6 one term":            {draft: agreement.OtherDraft{Licenses: of[int64](30)}, terms: changed(func(t *agreement.Terms) { t.Licenses = 30 })},
		"R2.6 a date taken out":    {draft: agreement.OtherDraft{End: of("")}, terms: changed(func(t *agreement.Terms) { t.End = "" })},
		"R2.6 details":             {draft: agreement.OtherDraft{Details: of("a\r\nb")}, details: of("a\nb")},
		"R2.6 details taken out":   {draft: agreement.OtherDraft{Details: of("")}, details: of("")},
		"R2.6 an end too early":    {draft: agreement.OtherDraft{End: of("2025-12-31")}, broken: []string{"end: end_before_start"}},
		"R2.6 a start too late":    {draft: agreement.OtherDraft{Start: of("2027-01-01")}, broken: []string{"end: end_before_start"}},
		"R2.6 a publisher removed": {draft: agreement.OtherDraft{Publisher: of("")}, broken: []string{"publisher: publisher_required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terms, details, violations := test.draft.Edit(agreement.Agreement{Type: agreement.TypeOther, Terms: otherTerms()})
			if diff := cmp.Diff(test.terms, terms); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.details, details); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
			var broken []string
			for _, v := range violations {
				broken = append(broken, v.Field+": "+v.Code)
			}
			if diff := cmp.Diff(test.broken, broken); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("R2.5 a volume agreement has no terms", func(t *testing.T) {
		t.Parallel()
		_, _, violations := otherDraft().Edit(agreement.Agreement{Type: agreement.TypeVolume})
		var fields []string
		for _, v := range violations {
			fields = append(fields, v.Field+": "+v.Code)
		}
		want := []string{
			"publisher: terms_of_volume", "productTitle: terms_of_volume", "licenses: terms_of_volume",
			"start: terms_of_volume", "end: terms_of_volume", "details: terms_of_volume",
		}
		if diff := cmp.Diff(want, fields); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// FuzzParseOther checks that every draft that ParseOther accepts satisfies the rules, and that
// parsing the result again changes nothing.
func FuzzParseOther(f *testing.F) {
	f.Add("Creative Cloud", "Adobe", "Photoshop", int64(5), "2026-01-01", "2026-12-31", "Key: A\r\nB")
	f.Add(" ", "\u200d", "a\tb", int64(-1), "2026-02-30", "0000-01-01", "\x00")
	f.Fuzz(func(t *testing.T, name, publisher, title string, licenses int64, start, end, details string) {
		o, violations := agreement.ParseOther(agreement.OtherDraft{
			Name: name, Publisher: &publisher, ProductTitle: &title, Licenses: &licenses, Start: &start, End: &end, Details: &details,
		})
		for _, v := range violations {
			known := slices.ContainsFunc(slices.Concat(agreement.DraftRules, agreement.OtherRules), func(r agreement.Rule) bool { return r.Code == v.Code })
			if !known || v.Field == "details" && v.Value != "" {
				t.Errorf("violation %+v", v)
			}
		}
		if violations != nil {
			return
		}
		if o.Licenses < 1 || o.Licenses > agreement.LicensesMax || o.Start != "" && o.End != "" && o.End < o.Start || strings.ContainsAny(o.Details, "\r\x00") {
			t.Errorf("accepted %+v", o)
		}
		again, violations := agreement.ParseOther(agreement.OtherDraft{
			Name: o.Name, Publisher: &o.Publisher, ProductTitle: &o.ProductTitle, Licenses: of(int64(o.Licenses)),
			Start: of(string(o.Start)), End: of(string(o.End)), Details: &o.Details,
		})
		if diff := cmp.Diff(o, again); diff != "" || violations != nil {
			t.Errorf("parsed again: %v\n%s", violations, diff)
		}
	})
}
