package position

import (
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/product/builtin"
)

// TestSubscriptionsR8_2: a subscription covers newer versions than the one in its name as long as it runs.
func TestSubscriptionsR8_2(t *testing.T) {
	t.Parallel()
	reckon(t, []reckoned{
		{
			name: "newer and older versions", licences: []string{"5|Autodesk|AutoCAD 2023 subscription|"},
			titles: []string{"2|Autodesk|AutoCAD 2025 - English|25.0", "2|Autodesk|AutoCAD 2021 - English|24.0", "1|Autodesk|AutoCAD 2023 - English|24.2"},
			want: []string{
				"AutoCAD@2021: 0 owned, +2 downgrade from AutoCAD@2023, 2 needed: +0-0 covered",
				"AutoCAD@2023: 5 owned, -2 downgrade to AutoCAD@2021, -2 assurance to AutoCAD@2025, 1 needed: +0-0 covered",
				"AutoCAD@2025: 0 owned, +2 assurance from AutoCAD@2023, 2 needed: +0-0 covered",
			},
		},
		{
			name: "and not a perpetual licence", licences: []string{"5|Autodesk|AutoCAD 2023|"},
			titles: []string{"2|Autodesk|AutoCAD 2025 - English|25.0"},
			want: []string{
				"AutoCAD@2023: 5 owned, 0 needed: +5-0 unused",
				"AutoCAD@2025: 0 owned, 2 needed: +0-2 unlicensed",
			},
		},
		{
			name:     "and not a licence with a subscription to its maintenance",
			licences: []string{"2|Autodesk|AutoCAD 2014 + Subscription|", "3|IBM|SPSS Statistics 25 Authorized User License + SW Subscription & Support 12 Months|"},
			titles:   []string{"2|Autodesk|AutoCAD 2025 - English|25.0"},
			want: []string{
				"AutoCAD@2014: 2 owned, 0 needed: +2-0 unused",
				"AutoCAD@2025: 0 owned, 2 needed: +0-2 unlicensed",
				"SPSS Statistics@25: 3 owned, 0 needed: +3-0 unused",
			},
		},
		{
			name: "of a suite also what it includes", licences: []string{"2|Autodesk|Product Design Suite Standard 2014 Abonnement|"},
			titles: []string{"2|Autodesk|AutoCAD 2016 - English|20.1"},
			want: []string{
				"AutoCAD@2016: 0 owned, +2 include from Product Design Suite Standard@2014, 2 needed: +0-0 covered",
				"Product Design Suite Standard@2014: 2 owned, 2 include for AutoCAD@2016, 0 needed: +0-0 covered",
			},
		},
		{
			name: "the perpetual licence first", licences: []string{"1|Autodesk|AutoCAD 2023 Subscription|", "1|Autodesk|AutoCAD 2023|"},
			titles: []string{"1|Autodesk|AutoCAD 2022 - English|24.1", "1|Autodesk|AutoCAD 2026 - English|25.1"},
			want: []string{
				"AutoCAD@2022: 0 owned, +1 downgrade from AutoCAD@2023, 1 needed: +0-0 covered",
				"AutoCAD@2023: 2 owned, -1 downgrade to AutoCAD@2022, -1 assurance to AutoCAD@2026, 0 needed: +0-0 covered",
				"AutoCAD@2026: 0 owned, +1 assurance from AutoCAD@2023, 1 needed: +0-0 covered",
			},
		},
		{
			name: "switched off", licences: []string{"1|Autodesk|AutoCAD 2023 Subscription|"}, options: Options{NoAssurance: true},
			titles: []string{"1|Autodesk|AutoCAD 2026 - English|25.1"},
			want: []string{
				"AutoCAD@2023: 1 owned, 0 needed: +1-0 unused",
				"AutoCAD@2026: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
	})
}

// TestSubscriptionTermsR8_2: an agreement for a subscription covers newer versions until its end.
func TestSubscriptionTermsR8_2(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, test := range []struct {
		title             string
		end               day.Date
		isSubscr, isCount bool
	}{
		{"AutoCAD 2023 subscription", "", true, true},
		{"AutoCAD 2023 Subscription Renewal", "2026-11-29", true, true},
		{"AutoCAD 2023 subscription", "2026-11-28", true, false},
		{"AutoCAD 2023 (abonnement)", "", true, true},
		{"Office Professional Plus 2021 SubsVL", "", true, true},
		{"AutoCAD 2023", "", false, true},
		{"Submarine Designer 2023", "", false, true},
	} {
		l, counts := Bought(d, agreement.Agreement{Type: agreement.TypeOther, Terms: agreement.Terms{Publisher: "Autodesk", ProductTitle: test.title, Licenses: 3, End: test.end}}, day.Calendar{Today: "2026-11-29"})
		if l.Subscription != test.isSubscr || counts != test.isCount {
			t.Errorf("%s until %q: subscription %v, counts %v", test.title, test.end, l.Subscription, counts)
		}
	}
}
