package report

import (
	"slices"
	"strconv"

	"trueup/internal/errs"
	"trueup/internal/inventory"
)

// LeftOutOf returns what is left out of an inventory.
func LeftOutOf(o inventory.LeftOut) (l LeftOut) {
	l.add(o)
	return l
}

// add adds what is left out of an inventory.
func (l *LeftOut) add(o inventory.LeftOut) {
	l.UnknownTitles += o.UnknownTitles
	l.UnknownDevices += o.UnknownDevices
	l.UndecidedTitles += o.UndecidedTitles
	l.UndecidedDevices += o.UndecidedDevices
	l.OtherPlatforms += o.OtherPlatforms
	l.MacOS = l.MacOS || o.MacOS
}

// sentences returns what is left out, in words. It returns nothing for what is 0.
func (l LeftOut) sentences(w Words) (said []string) {
	for _, s := range []struct {
		code            string
		titles, devices int
	}{
		{"report_left_out_unknown", l.UnknownTitles, l.UnknownDevices},
		{"report_left_out_undecided", l.UndecidedTitles, l.UndecidedDevices},
	} {
		switch {
		case s.titles > 0:
			said = append(said, w.Text(s.code, errs.Pairs("titles", strconv.Itoa(s.titles), "devices", strconv.Itoa(s.devices))))
		case s.devices > 0: // the titles are not told
			said = append(said, w.Text(s.code+"_devices", errs.Pairs("devices", strconv.Itoa(s.devices))))
		}
	}
	if l.MacOS {
		said = append(said, w.Text("report_counts_macos", nil))
	}
	if l.OtherPlatforms > 0 {
		said = append(said, w.Text("report_left_out_platforms", errs.Pairs("devices", strconv.Itoa(l.OtherPlatforms))))
	}
	return said
}

// outsideTotals returns the sentence about rows that the totals leave out, if there are any.
func outsideTotals(t ProductTotals, w Words) []string {
	if t.NotMeasuredProducts+t.UndecidedProducts == 0 {
		return nil
	}
	return []string{w.Text("report_outside_totals", errs.Pairs(
		"measured", strconv.Itoa(t.NotMeasuredProducts), "undecided", strconv.Itoa(t.UndecidedProducts)))}
}

// unmatched returns the sentence about adjustments of products that are neither licensed nor
// installed, if there are any.
func (r *Installations) unmatched(w Words) []string {
	if r.UnmatchedAdjustments == 0 {
		return nil
	}
	return []string{w.Text("report_unmatched_adjustments", errs.Pairs("count", strconv.Itoa(r.UnmatchedAdjustments)))}
}

// beforeNotice inserts sentences before the notice, which stays the last.
func (t *Table) beforeNotice(said []string) {
	t.About = slices.Insert(t.About, len(t.About)-1, said...)
}
