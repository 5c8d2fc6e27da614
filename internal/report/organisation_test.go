package report_test

import (
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/report"
)

var now = time.Date(2026, time.November, 21, 6, 30, 0, 0, time.UTC)

func settings(lang i18n.Lang) report.Settings {
	return report.Settings{Now: now, Calendar: day.Window(90).At(now, time.UTC), Zone: time.UTC, Products: builtin.Load(), Words: report.WordsIn(lang)}
}

func volume(id, name, groupID string, pairs int, v agreement.Validation) agreement.Agreement {
	return agreement.Agreement{ID: id, Type: agreement.TypeVolume, Name: name, GroupID: groupID, PairCount: pairs, Validation: v, Version: 1}
}

func other(id, name, groupID, publisher, title string, licenses int, start, end day.Date) agreement.Agreement {
	return agreement.Agreement{
		ID: id, Type: agreement.TypeOther, Name: name, GroupID: groupID, Version: 1,
		Terms: agreement.Terms{Publisher: publisher, ProductTitle: title, Licenses: licenses, Start: start, End: end},
	}
}

func held(agreementID, pair, family, version string, effective, sa int, start, end day.Date) report.Held {
	kind := position.KindPair
	if agreementID == "" {
		kind = position.KindStatement
	}
	return report.Held{
		AgreementID: agreementID, Source: position.Source{Kind: kind, ID: pair, Text: pair}, Validation: agreement.ValidationValid,
		Entitlement: entitlement.Entitlement{Family: family, Version: version, Effective: effective, ActiveSA: sa, Start: start, End: end},
	}
}

func installed(publisher, title string, pcs int) position.Line {
	return position.Line{
		Product: builtin.Load().Named(publisher, title, ""), Quantity: pcs,
		Source: position.Source{Kind: position.KindInventory, ID: publisher + "/" + title, Text: title},
	}
}

// organisation returns data with current, future and past terms, names that start a formula or a
// tag, and several scripts.
func organisation() *report.Data {
	foreign := held("", "statement 2026.csv", "Acrobat Pro", "2020", 4, 0, "", "")
	foreign.Entitlement.Publisher = "Adobe"
	apps := installed("Microsoft", "Microsoft 365 Apps for enterprise", 8)
	apps.Users = 6
	return &report.Data{
		At:     now.Add(-3 * time.Hour),
		Groups: map[string]string{group.UnassignedID: "", "g1": "Ghent & Brussels", "g2": "=Lyon"},
		Agreements: []agreement.Agreement{
			volume("a1", "Office agreements", "g1", 2, agreement.ValidationValid),
			volume("a2", "Servers", "g2", 1, agreement.ValidationPending),
			volume("a3", "Old servers", group.UnassignedID, 1, agreement.ValidationInvalid),
			other("b1", "Acrobat", "g1", "Adobe", "Adobe Acrobat Pro 2020", 10, "2026-01-01", "2026-12-31"),
			other("b2", "+Drawing <b>", "g2", "=HYPERLINK(\"http://x\")", "<script>alert(1)</script>", 5, "", ""),
			other("b3", "Past", group.UnassignedID, "Adobe", "Photoshop 2024", 7, "2024-01-01", "2026-11-20"),
			other("b4", "Coming", group.UnassignedID, "Adobe", "Photoshop 2024", 3, "2026-11-22", ""),
			other("b5", "一太郎", "g1", "ジャストシステム", "一太郎 2024", 20, "", "2027-02-19"),
			other("b6", "Cloud", "g2", "Microsoft", "Microsoft 365 E3", 10, "", ""),
		},
		Held: []report.Held{
			held("a1", "01-07001 + 01-07001", "Office Professional Plus", "2021", 100, 40, "2024-12-01", "2027-11-30"),
			held("a1", "01-07002 + 01-07002", "Office Professional Plus", "2021", 50, 0, "2024-12-01", "2027-11-30"),
			held("a1", "01-07001 + 01-07001", "Visio Standard", "2019", 5, 0, "2023-12-01", "2026-11-30"),
			held("a2", "5556666 + 7778888", "Windows Server Standard", "2022", 8, 8, "", ""),
			held("a2", "5556666 + 7778888", "SQL Server Standard", "2016", 2, 0, "2019-01-01", "2025-12-31"),
			held("", "statement 2026.csv", "Project Standard", "2021", 3, 0, "", ""),
			foreign,
		},
		Installed: []position.Line{
			installed("Microsoft", "Microsoft Office Professional Plus 2019", 90),
			installed("Microsoft", "Microsoft Office LTSC Professional Plus 2021", 40),
			installed("Microsoft", "Microsoft Office Professional Plus 2024", 30),
			installed("Microsoft", "Visio Standard 2019", 6),
			installed("Microsoft", "Windows Server 2012 R2 Standard", 3),
			installed("Microsoft", "SQL Server 2016 Standard", 1),
			installed("Adobe", "Adobe Acrobat Pro 2020", 14),
			installed("ジャストシステム", "一太郎 2024", 12),
			installed("@Home", "=cmd|' /C calc'!A0", 2),
			apps,
			installed("Adobe", "Adobe Acrobat (64-bit)", 7),
		},
		Adjustments: []report.Adjustment{
			{Product: product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}, Quantity: -1, Note: "=Given back"},
			{Product: product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}, Quantity: 50, Note: "Until yesterday", End: "2026-11-20"},
		},
		LeftOut: report.LeftOut{UnknownTitles: 2326, UnknownDevices: 22, UndecidedTitles: 1, UndecidedDevices: 7, OtherPlatforms: 3, MacOS: true},
		Runs:    []report.Run{{ID: "r1", Trigger: "schedule", State: "succeeded", Start: now.Add(-4 * time.Hour), End: new(now.Add(-3 * time.Hour))}},
	}
}
