package report_test

import (
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// TestEveryWord checks that every code that a report uses has a message.
func TestEveryWord(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	s := settings(i18n.English)
	s.Words.Text = func(code string, args errs.Args) string {
		asked[code] = true
		return i18n.Text(i18n.English, code, args)
	}
	d := organisation()
	d.Agreements = append(d.Agreements,
		other("b6", "Running", "g1", "Adobe", "Bridge", 1, "2026-01-01", "2030-01-01"),
		volume("a4", "Failing", "g1", 1, agreement.ValidationError))
	d.Adjustments = append(d.Adjustments, report.Adjustment{Product: position.Product{Publisher: "Contoso", Family: "Ledger"}, Quantity: -1, Note: "Sold"})
	filters := []report.Filter{{Groups: []string{"g1"}}}
	for _, kind := range []agreement.Type{"", agreement.TypeVolume, agreement.TypeOther} {
		filters = append(filters, report.Filter{Type: kind})
	}
	for _, verdict := range position.Verdicts {
		filters = append(filters, report.Filter{Verdict: verdict})
	}
	for _, d := range []*report.Data{d, {At: now.Add(-48 * time.Hour)}, {}} {
		for _, f := range filters {
			bought, installed := d.Purchases(f, report.Order{}, s), d.Installations(f, report.Order{}, s)
			compared := report.Compare(installed, report.Installations{}, report.Order{}, s.Words)
			for _, table := range []report.Table{bought.Table(s.Words), installed.Table(s.Words), compared.Table(s.Words)} {
				for row := range table.Rows {
					_ = row
				}
			}
		}
	}
	for _, f := range []subscription.Selection{{}, {Kind: subscription.ForDevices, Status: subscription.Active, Conflict: subscription.Shortage, Text: "e3"}} {
		subscribed := subscriptions().Report(f, report.Order{}, s)
		for row := range subscribed.Table(s.Words).Rows {
			_ = row
		}
	}
	for _, metric := range position.Metrics {
		asked["metric_"+string(metric)] = true
	}
	for code := range asked {
		if !i18n.Known(code) {
			t.Errorf("no message for %q", code)
		}
	}
	for _, code := range []string{
		"status_not_started", "status_active", "status_expiring", "status_expired", "status_no_term", "validation_valid", "validation_pending",
		"validation_error", "validation_invalid", "verdict_covered", "verdict_short", "verdict_unused", "verdict_unlicensed", "verdict_not_measured", "verdict_undecided",
		"measure_devices", "measure_users", "report_outside_totals", "report_left_out_unknown", "report_left_out_undecided", "report_left_out_platforms", "report_counts_macos",
		"report_unmatched_adjustments", "report_not_adjusted",
		"subscription_kind_user", "subscription_kind_device", "subscription_renewal_on", "subscription_renewal_off", "subscription_conflict_shortage", "subscription_conflict_expired",
		"license_type_volume", "license_type_other", "report_stale", "report_never", "report_data_at", "report_compared_with", "report_filter", "report_groups",
	} {
		if !asked[code] {
			t.Errorf("%q was not asked for", code)
		}
	}
}
