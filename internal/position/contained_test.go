package position

import (
	"fmt"
	"strings"
	"testing"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// reckoned is a position of the dictionary of this release: names on paper and titles as they are
// written, and the rows that are right.
type reckoned struct {
	name string
	// licences have the form "quantity|publisher|name|version" and, if they have Software Assurance,
	// "|quantity|last day".
	licences []string
	titles   []string // quantity, PCs/users or PCs/users/groups|publisher|title|version; a group is PCs of a user × users
	options  Options
	want     []string // see told
}

// reckon checks positions of the dictionary of this release on a day.
func reckon(t *testing.T, tests []reckoned) {
	t.Helper()
	d, today := builtin.Load(), day.Calendar{Today: "2026-11-29"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var licenses, installations []Line
			for i, written := range test.licences {
				parts := append(strings.Split(written, "|"), "", "", "")
				e := entitlement.Entitlement{Publisher: parts[1], Family: parts[2], Version: parts[3], SAEnd: day.Date(parts[5])}
				_, _ = fmt.Sscan(parts[0], &e.Effective)
				_, _ = fmt.Sscan(parts[4], &e.ActiveSA)
				if l, counts := Entitled(d, e, Source{Kind: KindStatement, ID: fmt.Sprint(i), Text: written}, "", today); counts {
					licenses = append(licenses, l)
				}
			}
			for _, written := range test.titles {
				parts := strings.Split(written, "|")
				l := Line{Source: Source{Kind: KindInventory, Text: written}}
				numbers := append(strings.Split(parts[0], "/"), "", "")
				_, _ = fmt.Sscan(numbers[0], &l.Quantity)
				_, _ = fmt.Sscan(numbers[1], &l.Users)
				for group := range strings.FieldsSeq(numbers[2]) {
					var u UserPCs
					_, _ = fmt.Sscanf(group, "%d×%d", &u.PCs, &u.Users)
					l.ByUser = append(l.ByUser, u)
				}
				m, ok := d.Recognize(product.Title{Publisher: parts[1], Name: parts[2], Version: parts[3]})
				if !ok {
					t.Fatalf("%s is not recognised", written)
				}
				if m.Kind == product.KindFree {
					continue // is not counted
				}
				l.Product = m.Product
				installations = append(installations, l)
			}
			got := told(Compute(d, licenses, installations, test.options))
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
		})
	}
}

// TestSuitesOfOtherVersionsR8_2: a suite covers the versions that are in it, however they are written.
func TestSuitesOfOtherVersionsR8_2(t *testing.T) {
	t.Parallel()
	reckon(t, []reckoned{
		{
			name: "Creative Suite 6 has CS6 and Acrobat X", licences: []string{"9|Adobe|Creative Suite 6 Design Standard|"},
			titles: []string{"9|Adobe Systems Incorporated|Adobe Photoshop CS6|13.0", "7|Adobe Systems|Adobe Illustrator CS5.1|15.1", "5|Adobe Systems|Adobe Acrobat X Pro|10.1", "1|Adobe Systems|Adobe Acrobat XI Pro|11.0", "3|Adobe|Adobe Photoshop CC 2019|20.0"},
			want: []string{
				"Acrobat Pro@X: 0 owned, +5 include from Creative Suite Design Standard@6, 5 needed: +0-0 covered",
				"Acrobat Pro@XI: 0 owned, 1 needed: +0-1 unlicensed",
				"Creative Suite Design Standard@6: 9 owned, 5 include for Acrobat Pro@X, 7 include for Illustrator@CS5.1, 9 include for Photoshop@CS6, 0 needed: +0-0 covered",
				"Illustrator@CS5.1: 0 owned, +7 include from Creative Suite Design Standard@6, 7 needed: +0-0 covered",
				"Photoshop@CS6: 0 owned, +9 include from Creative Suite Design Standard@6, 9 needed: +0-0 covered",
				"Photoshop@2019: 0 owned, 3 needed: +0-3 unlicensed",
			},
		},
		{
			name: "CS5.5 is older than CS6", licences: []string{"4|Adobe|CS5.5 Design Standard|"},
			titles: []string{"4|Adobe|Adobe Photoshop CS5.1|12.1", "4|Adobe|Adobe Illustrator CS6|16.0", "4|Adobe|Adobe InDesign CS5.5|7.5"},
			want: []string{
				"Creative Suite Design Standard@5.5: 4 owned, 4 include for InDesign@CS5.5, 4 include for Photoshop@CS5.1, 0 needed: +0-0 covered",
				"Illustrator@CS6: 0 owned, 4 needed: +0-4 unlicensed",
				"InDesign@CS5.5: 0 owned, +4 include from Creative Suite Design Standard@5.5, 4 needed: +0-0 covered",
				"Photoshop@CS5.1: 0 owned, +4 include from Creative Suite Design Standard@5.5, 4 needed: +0-0 covered",
			},
		},
		{
			name: "what an older suite had, by downgrade", licences: []string{"2|Adobe|Creative Suite 6 Master Collection|"},
			titles: []string{"2|Adobe|Adobe Soundbooth CS5|3.0", "2|Adobe|Adobe Photoshop CS6|13.0"},
			want: []string{
				"Creative Suite Master Collection@6: 2 owned, 2 include for Photoshop@CS6, 2 include for Soundbooth@CS5, 0 needed: +0-0 covered",
				"Photoshop@CS6: 0 owned, +2 include from Creative Suite Master Collection@6, 2 needed: +0-0 covered",
				"Soundbooth@CS5: 0 owned, +2 include from Creative Suite Master Collection@6, 2 needed: +0-0 covered",
			},
		},
		{
			name: "and not without downgrade", licences: []string{"2|Adobe|Creative Suite 6 Master Collection|"}, options: Options{NoDowngrade: true},
			titles: []string{"2|Adobe|Adobe Soundbooth CS5|3.0", "2|Adobe|Adobe Photoshop CS6|13.0"},
			want: []string{
				"Creative Suite Master Collection@6: 2 owned, 2 include for Photoshop@CS6, 0 needed: +0-0 covered",
				"Photoshop@CS6: 0 owned, +2 include from Creative Suite Master Collection@6, 2 needed: +0-0 covered",
				"Soundbooth@CS5: 0 owned, 2 needed: +0-2 unlicensed",
			},
		},
		{
			name: "not what only newer suites have, whatever its version", licences: []string{"3|Adobe|Creative Suite 5 Master Collection|"},
			titles: []string{"1|Adobe|Adobe Audition 3.0|3.0", "1|Adobe|Adobe Audition|", "1|Adobe|Adobe Audition CS6|5.0"},
			want: []string{
				"Audition: 0 owned, 1 needed: +0-1 unlicensed",
				"Audition@3.0: 0 owned, 1 needed: +0-1 unlicensed",
				"Audition@CS6: 0 owned, 1 needed: +0-1 unlicensed",
				"Creative Suite Master Collection@5: 3 owned, 0 needed: +3-0 unused",
			},
		},
		{
			name: "Technical Communication Suite", licences: []string{"3|Adobe|Technical Communication Suite|4"},
			titles: []string{"2|Adobe|Adobe FrameMaker 11|11.0", "1|Adobe|Adobe FrameMaker 12|12.0", "3|Adobe|Adobe RoboHelp 10|10.0"},
			want: []string{
				"FrameMaker@11: 0 owned, +2 include from Technical Communication Suite@4, 2 needed: +0-0 covered",
				"FrameMaker@12: 0 owned, 1 needed: +0-1 unlicensed",
				"RoboHelp@10: 0 owned, +3 include from Technical Communication Suite@4, 3 needed: +0-0 covered",
				"Technical Communication Suite@4: 3 owned, 2 include for FrameMaker@11, 3 include for RoboHelp@10, 0 needed: +0-0 covered",
			},
		},
		{
			name: "Technical Communication Suite 2 has Photoshop and the largest Acrobat, and no Illustrator", licences: []string{"2|Adobe|Technical Communication Suite|2"},
			titles: []string{"2|Adobe|Adobe Photoshop CS4|11.0", "1|Adobe|Adobe Acrobat 9 Pro Extended - English, Français, Deutsch|9.0.0", "1|Adobe|Adobe Illustrator CS4|14.0", "1|Adobe|Adobe Presenter 7|7.0"},
			want: []string{
				"Acrobat Pro Extended@9: 0 owned, +1 include from Technical Communication Suite@2, 1 needed: +0-0 covered",
				"Illustrator@CS4: 0 owned, 1 needed: +0-1 unlicensed",
				"Photoshop@CS4: 0 owned, +2 include from Technical Communication Suite@2, 2 needed: +0-0 covered",
				"Presenter@7: 0 owned, +1 include from Technical Communication Suite@2, 1 needed: +0-0 covered",
				"Technical Communication Suite@2: 2 owned, 1 include for Acrobat Pro Extended@9, 2 include for Photoshop@CS4, 1 include for Presenter@7, 0 needed: +0-0 covered",
			},
		},
		{
			name: "Technical Communication Suite 5 has Illustrator, and Photoshop of an older suite", licences: []string{"1|Adobe|Technical Communication Suite|5"},
			titles: []string{"1|Adobe|Adobe Illustrator CS6|16.0", "1|Adobe|Adobe Photoshop CS6|13.0"},
			want: []string{
				"Illustrator@CS6: 0 owned, +1 include from Technical Communication Suite@5, 1 needed: +0-0 covered",
				"Photoshop@CS6: 0 owned, 1 needed: +0-1 unlicensed",
				"Technical Communication Suite@5: 1 owned, 1 include for Illustrator@CS6, 0 needed: +0-0 covered",
			},
		},
		{
			name: "eLearning Suite 1 has no Audition", licences: []string{"1|Adobe|eLearning Suite|1"},
			titles: []string{"1|Adobe|Adobe Photoshop CS4 Extended|11.0", "1|Adobe|Adobe Audition 3.0|3.0"},
			want: []string{
				"Audition@3.0: 0 owned, 1 needed: +0-1 unlicensed",
				"eLearning Suite@1: 1 owned, 1 include for Photoshop Extended@CS4, 0 needed: +0-0 covered",
				"Photoshop Extended@CS4: 0 owned, +1 include from eLearning Suite@1, 1 needed: +0-0 covered",
			},
		},
		{
			name: "Macromedia Studio MX has FreeHand 10, and no Contribute", licences: []string{"1|Macromedia|Macromedia Studio MX|"},
			titles: []string{"1|Macromedia|Macromedia Dreamweaver MX|6.0", "1|Macromedia|Macromedia FreeHand 10|10.0", "1|Macromedia|Macromedia Contribute 3|3.0"},
			want: []string{
				"Contribute@3: 0 owned, 1 needed: +0-1 unlicensed",
				"Dreamweaver@MX: 0 owned, +1 include from Macromedia Studio@MX, 1 needed: +0-0 covered",
				"FreeHand@10: 0 owned, +1 include from Macromedia Studio@MX, 1 needed: +0-0 covered",
				"Macromedia Studio@MX: 1 owned, 1 include for Dreamweaver@MX, 1 include for FreeHand@10, 0 needed: +0-0 covered",
			},
		},
		{
			name: "a licence of a suite without version covers every version", licences: []string{"2|Adobe|Creative Suite Design Standard|"},
			titles: []string{"2|Adobe|Adobe Photoshop CS6|13.0", "2|Adobe|Adobe Acrobat XI|11.0"},
			want: []string{
				"Acrobat Pro or Standard@XI: 0 owned, +2 candidate from Creative Suite Design Standard, 2 needed: +0-0 covered",
				"Creative Suite Design Standard: 2 owned, 2 candidate for Acrobat Pro or Standard@XI, 2 include for Photoshop@CS6, 0 needed: +0-0 covered",
				"Photoshop@CS6: 0 owned, +2 include from Creative Suite Design Standard, 2 needed: +0-0 covered",
			},
		},
		{
			name: "an undecidable title of an included product", licences: []string{"2|Adobe|Creative Suite 6 Design Standard|"},
			titles: []string{"1|Adobe|Adobe Acrobat X|10.0", "1|Adobe|Adobe Acrobat XI|11.0"},
			want: []string{
				"Acrobat Pro or Standard@X: 0 owned, +1 candidate from Creative Suite Design Standard@6, 1 needed: +0-0 covered",
				"Acrobat Pro or Standard@XI: 0 owned, 1 needed: +0-0 undecided",
				"Creative Suite Design Standard@6: 2 owned, 1 candidate for Acrobat Pro or Standard@X, 0 needed: +1-0 covered",
			},
		},
	})
}

// TestEverySuiteHasVersionsR5_0: the newest version of each suite of this release covers a known version
// of each product that it includes, so the versions of both can be compared.
func TestEverySuiteHasVersionsR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	of := func(r *product.Row, version string) Product {
		return Product{Publisher: r.Publisher, Family: r.Family, Edition: r.Edition, Version: version}
	}
	checked := 0
	for i := range d.Rows {
		suite := &d.Rows[i]
		for _, id := range suite.Includes {
			included, ok := d.Find(id)
			if !ok || len(suite.Known) == 0 || len(included.Known) == 0 || !isMeasured(suite.Metric) || !isMeasured(included.Metric) {
				continue
			}
			checked++
			var installed []Line
			for _, version := range included.Known {
				installed = append(installed, Line{Product: of(included, version), Quantity: 1})
			}
			license := []Line{{Product: of(suite, suite.Known[len(suite.Known)-1]), Quantity: 1}}
			if total(Compute(d, license, installed, Options{})).Covered == 0 {
				t.Errorf("%s %s covers no version of %s %v", suite.ID, license[0].Product.Version, id, included.Known)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d pairs of a suite and a product", checked)
	}
}
