package product_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

var (
	august   = time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
	november = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
)

const (
	apps    = "microsoft-365-apps-enterprise"
	windows = "microsoft-windows-enterprise"
)

func listed(name, id string, includes ...string) product.Subscription {
	return product.Subscription{Name: name, ID: id, Includes: includes, Listed: november}
}

// TestR5_4_With finds the row of names on licences, and what it includes.
func TestR5_4_With(t *testing.T) {
	t.Parallel()
	older := listed("Contoso Suite for Fleets", "FLEETS", apps, windows)
	older.Listed = august
	later := listed("Contoso Suite for Vessels", "FLEETS", apps)
	for name, test := range map[string]struct {
		list []product.Subscription
		want map[string]string // names on licences to products
		has  []string          // what the first name's row includes
	}{
		"a new one by all of its names": {
			[]product.Subscription{listed("Microsoft Harbour Suite", "HARBOUR_SUITE", apps)},
			map[string]string{
				"Microsoft Harbour Suite": "Microsoft Harbour Suite", "microsoft  harbour suite": "Microsoft Harbour Suite", "Harbour Suite": "Microsoft Harbour Suite",
				"HARBOUR_SUITE": "Microsoft Harbour Suite", "harbour_suite": "Microsoft Harbour Suite",
			},
			[]string{apps},
		},
		"a row of the dictionary gets the other names, and keeps what it includes": {
			[]product.Subscription{listed("Microsoft 365 E3", "E3_FOR_VESSELS", "microsoft-visio-plan-2"), listed("Microsoft 365 E3 for vessels", "SPE_E3")},
			map[string]string{"Microsoft 365 E3": "Microsoft 365 E3", "E3_FOR_VESSELS": "Microsoft 365 E3", "Microsoft 365 E3 for vessels": "Microsoft 365 E3"},
			[]string{apps, windows, "microsoft-mdop", "microsoft-forefront-client-security"},
		},
		"a name with a version keeps it": {
			[]product.Subscription{listed("Office Professional Plus 2021", "PROPLUS_VESSELS")},
			map[string]string{"PROPLUS_VESSELS": "Office Professional Plus 2021"},
			nil,
		},
		"an id with spaces": {
			[]product.Subscription{listed("Suite (no Teams)", "Suite_ Premium_(no Teams)")},
			map[string]string{"Suite_ Premium_(no Teams)": "Suite (no Teams)", "Suite_Premium_(no Teams)": "Suite (no Teams)", "Suite_Premium_(no_Teams)": "Suite (no Teams)"},
			nil,
		},
		"two of one name include what both have": {
			[]product.Subscription{listed("Harbour Suite", "A", apps, windows), listed("Harbour Suite", "B", apps)},
			map[string]string{"A": "Harbour Suite", "B": "Harbour Suite"},
			[]string{apps},
		},
		"with another name since, both names are known, and the later list counts": {
			[]product.Subscription{older, later},
			map[string]string{"Contoso Suite for Vessels": "Contoso Suite for Vessels", "Contoso Suite for Fleets": "Contoso Suite for Vessels", "FLEETS": "Contoso Suite for Vessels"},
			[]string{apps},
		},
		"a name that is an id of the dictionary elsewhere": {
			[]product.Subscription{listed("Vessel Suite", "A", windows), listed("Vessel Suite", "SPE_E3", apps)},
			map[string]string{"A": "Microsoft 365 E3", "Vessel Suite": "Microsoft 365 E3"},
			nil,
		},
		"without an id": {
			[]product.Subscription{listed("Harbour Suite", "", apps)},
			map[string]string{"Harbour Suite": "Harbour Suite"},
			[]string{apps},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := builtin.Products()
			d := base.With(test.list)
			if backwards := slices.Clone(test.list); d.ID == base.ID {
				t.Error("the ID is the same")
			} else if slices.Reverse(backwards); base.With(backwards).ID != d.ID {
				t.Error("the ID depends on the order")
			}
			for written, want := range test.want {
				m, ok := d.Licensed("Microsoft Corporation", written, "")
				if got := m.Product.Name() + " " + m.Product.Version; !ok || got != want && got != want+" " {
					t.Errorf("%s is %q, want %q", written, got, want)
				}
				if p := m.Product; ok && d.Canonical(p) != p {
					t.Errorf("%+v becomes %+v", p, d.Canonical(p))
				}
				if test.has != nil {
					if diff := cmp.Diff(test.has, m.Row.Includes); diff != "" {
						t.Errorf("%s includes (-want +got)\n%s", written, diff)
					}
				}
			}
			if m, ok := base.Licensed("Microsoft", "Harbour Suite", ""); ok {
				t.Errorf("the dictionary itself has changed: %+v", m)
			}
		})
	}
}

// TestR5_4_WithKeepsTheDictionary: a list changes no name that the dictionary has.
func TestR5_4_WithKeepsTheDictionary(t *testing.T) {
	t.Parallel()
	base := builtin.Load()
	d := base.With([]product.Subscription{
		listed("Microsoft 365 E5", "SPE_E3", "microsoft-visio-plan-2"), listed("Visio Plan 2", "VISIOCLIENT"), listed("Microsoft Teams", "TEAMS_FREE"),
		listed("Harbour [Suite] {a|b}", "BRACKETS"),
	})
	if len(base.With(nil).Rows) != len(base.Rows) || len(d.Rows) > len(base.Rows)+2 {
		t.Errorf("%d rows became %d", len(base.Rows), len(d.Rows))
	}
	for i := range base.Rows {
		row := &base.Rows[i]
		for _, paper := range append(row.Names(), product.Paper{Name: row.Name()}) {
			want, known := base.OnPaper(row.Publisher, paper.Name, paper.Version)
			got, ok := d.OnPaper(row.Publisher, paper.Name, paper.Version)
			if known && (!ok || got.Row.ID != want.Row.ID || got.Product != want.Product) {
				t.Errorf("%s of %s was %+v and is %+v", paper.Name, row.ID, want.Product, got.Product)
			}
		}
	}
	title := product.Title{Publisher: "Microsoft Corporation", Name: "Microsoft 365 Apps for enterprise - nl-nl", Version: "16.0.1"}
	if m, ok := d.Recognize(title); !ok || m.Row.ID != apps {
		t.Errorf("%+v", m)
	}
	if m, ok := d.Licensed("Microsoft", "BRACKETS", ""); !ok || m.Product.Name() != "Harbour [Suite] {a|b}" || d.Canonical(m.Product) != m.Product {
		t.Errorf("%+v", m)
	}
}

// TestR5_4_OnPC: each plan names a row of the dictionary, and Microsoft's variants of a plan count.
func TestR5_4_OnPC(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, id, want string }{
		{"OFFICESUBSCRIPTION", "", apps},
		{"OFFICESUBSCRIPTION_GOV", "de9234ff-6483-44d9-b15e-dca72fdd27af", apps},
		{"OFFICESUBSCRIPTION_unattended", "", apps},
		{"an unknown name", "43DE0FF5-C92C-492B-9116-175376D08C38", apps},
		{"OFFICE_PROPLUS_DEVICE", "", apps},
		{"OFFICE_BUSINESS", "", "microsoft-365-apps-business"},
		{"OFFICE_PRO_PLUS_SUBSCRIPTION_SMBIZ", "", "microsoft-365-apps-business"},
		{"PROJECT_CLIENT_SUBSCRIPTION_GOV", "", "microsoft-project-plan-3"},
		{"VISIO_CLIENT_SUBSCRIPTION", "", "microsoft-visio-plan-2"},
		{"WIN10_PRO_ENT_SUB", "", windows},
		{"WIN10_ENT_LOC_F1", "", windows},
		{"Virtualization \tRights \tfor \tWindows \t10 \t(E3/E5+VDA)", "", windows},
		{"WINBIZ", "", "microsoft-windows-business"},
		{"OFFICEMOBILE_SUBSCRIPTION", "", ""},
		{"OFFICE_FORMS_PLAN_2", "", ""},
		{"VISIOONLINE", "", ""},
		{"PROJECT_O365_P3", "", ""},
		{"WINDOWS_STORE", "", ""},
		{"WINDEFATP", "", ""},
		{"SHAREPOINTWAC", "", ""},
		{"", "", ""},
	} {
		row, ok := product.OnPC(test.name, test.id)
		if _, known := builtin.Products().Find(row); row != test.want || ok != (test.want != "") || ok && !known {
			t.Errorf("%s %s is %q, %v", test.name, test.id, row, ok)
		}
	}
}
