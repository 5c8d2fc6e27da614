package catalog_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/product"
)

const plansHeader = "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\n"

const (
	apps    = "microsoft-365-apps-enterprise"
	windows = "microsoft-windows-enterprise"
)

func listed(name, id string, rows int, includes ...string) catalog.Listed {
	return catalog.Listed{Subscription: product.Subscription{Name: name, ID: id, Includes: includes}, Rows: rows}
}

func TestR5_4_PlanFile(t *testing.T) {
	t.Parallel()
	suite := []catalog.Listed{listed("Suite, large", "SUITE", 2, apps)}
	for _, test := range []struct {
		name, content string
		want          []catalog.Listed
		findings      []catalog.Finding
	}{
		{"commas", plansHeader + "\"Suite, large\",SUITE,g,OFFICESUBSCRIPTION,p,f\n\"Suite, large\",SUITE,g,TEAMS1,p,f\n", suite, nil},
		{"a damaged byte-order mark", "\xef\xbb\xbf\u00ef\u00bb\u00bf" + plansHeader + "\"Suite, large\",SUITE,g,TEAMS1,p,f\n\"Suite, large\",SUITE,g,OFFICESUBSCRIPTION,p,f\n", suite, nil},
		{"semicolons, CRLF and quotes", "\"Product_Display_Name\";\"String_Id\";\"Service_Plan_Name\"\r\nSuite, large;SUITE;OFFICESUBSCRIPTION\r\nSuite, large;SUITE;TEAMS1\r\n", suite, nil},
		{"tabs, in another order, by the ids of plans", "GUID\tService_Plan_Id\tString_Id\tProduct_Display_Name\ng\t43de0ff5-c92c-492b-9116-175376d08c38\tSUITE\tSuite, large\ng\tx\tSUITE\tSuite, large\n", suite, nil},
		{
			"spaces of all kinds, a repeated row, and two plans of one software",
			plansHeader + "Suite\u00a0B ,\tB\t,g,OFFICESUBSCRIPTION ,p,f\nSuite B,B,g,OFFICESUBSCRIPTION,p,f\nSuite  B,B,g,OFFICESUBSCRIPTION_unattended,p,f\nSUITE B,b,g,WIN10_PRO_ENT_SUB,p,f\n",
			[]catalog.Listed{listed("Suite B", "B", 4, apps, windows)},
			nil,
		},
		{"Windows-1252", plansHeader + "Soci\xe9t\xe9,S,g,TEAMS1,p,f\n", []catalog.Listed{listed("Société", "S", 1)}, nil},
		{"without an id, without a name, and without a plan", plansHeader + "Suite,,g,TEAMS1,p,f\n,SUITE,g,TEAMS1,p,f\nOther,OTHER\n", []catalog.Listed{listed("Suite", "", 1), listed("SUITE", "SUITE", 1), listed("Other", "OTHER", 1)}, nil},
		{
			"bad rows", plansHeader + "Suite,SUITE,g,TEAMS1,p,f\n,,g,TEAMS1,p,f\nA\x00B,SUITE,g,TEAMS1,p,f\nY,\"un\"closed,g,TEAMS1,p,f\n" + strings.Repeat("t", 257) + ",T,g,TEAMS1,p,f\n",
			[]catalog.Listed{listed("Suite", "SUITE", 1)},
			[]catalog.Finding{
				{Line: 3, Field: "title", Code: "title_required"},
				{Line: 4, Field: "title", Code: "title_control", Value: "A\x00B", Args: errs.Pairs("characters", "U+0000")},
				{Line: 5, Code: "stray_quote"},
				{Line: 6, Field: "title", Code: "title_too_long", Value: strings.Repeat("t", 255) + "…", Args: errs.Pairs("max", "256", "length", "257")},
			},
		},
		{"no row", plansHeader, nil, []catalog.Finding{{Code: "feed_empty"}}},
		{"too many rows", plansHeader + strings.Repeat("A,B,g,T\n", catalog.MaxFileRows+1), nil, []catalog.Finding{{Code: "feed_too_many_rows", Args: errs.Pairs("max", "250000", "count", "250001")}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := catalog.ReadFile([]byte(test.content))
			if diff := cmp.Diff(test.want, f.Subscriptions); diff != "" {
				t.Errorf("subscriptions (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.findings, f.Findings); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			rows := f.Rejected
			for _, s := range f.Subscriptions {
				rows += s.Rows
			}
			if rows != f.Rows || f.Additions != nil {
				t.Errorf("%d rows of %d, and %v", rows, f.Rows, f.Additions)
			}
		})
	}
}

// TestR5_4_PlanSample reads the sample, in which Microsoft's mistakes are.
func TestR5_4_PlanSample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../events/microsoft-subscriptions.csv")
	if err != nil {
		t.Fatal(err)
	}
	f := catalog.ReadFile(data)
	got := map[string]string{}
	for _, s := range f.Subscriptions {
		got[s.ID] = strings.Join(s.Includes, " ")
	}
	want := map[string]string{
		"SPE_E3": apps + " " + windows, "SPE_E3_USGOV_GCCHIGH": apps, "ENTERPRISEPACK_USGOV_DOD": apps, "ENTERPRISEPREMIUM_NOPSTNCONF": apps,
		"Microsoft_365_E5_EEA_(no_Teams)_with_Calling_Minutes": apps + " " + windows,
		"D365_ENTERPRISE_PROJECT_SERVICE_AUTOMATION_GOV":       "microsoft-project-plan-3", "PROJECTPREMIUM_GOV": "microsoft-project-plan-3",
		"VISIOCLIENT_USGOV_GCCHIGH":                   "microsoft-visio-plan-2",
		"Microsoft_365_ Business_ Premium_(no Teams)": "microsoft-365-apps-business microsoft-windows-business",
		"WIN10_VDA_E3":                                windows, "M365_F1_GOV": "", "MCOEV": "", "CPC_B_2C_8RAM_128GB_WHB": "",
	}
	if diff := cmp.Diff(want, got); diff != "" || f.Rows != 19 || f.Findings != nil {
		t.Errorf("%d rows, findings %v (-want +got)\n%s", f.Rows, f.Findings, diff)
	}
}

// included returns what a subscription includes, and the day of its list.
func included(t *testing.T, s *catalog.Store, name string) string {
	t.Helper()
	d, err := s.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, ok := d.Licensed("Microsoft", name, "")
	if !ok {
		return "unknown"
	}
	return fmt.Sprintf("%s of %s", strings.Join(m.Row.Includes, " "), m.Row.Listed.Format(time.DateOnly))
}

// TestR5_4_AddSubscriptions adds files in and out of order (R3.9), the same one twice, and while
// another process adds one.
func TestR5_4_AddSubscriptions(t *testing.T) {
	t.Parallel()
	august, november := time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	first, second := []catalog.Listed{listed("Harbour Suite", "HARBOUR", 3, apps, windows), listed("Old Suite", "OLD", 2, apps)}, []catalog.Listed{listed("Harbour Suite", "HARBOUR", 4, apps), listed("New Suite", "NEW", 1)}
	log := &memoryLog{}
	log.of(catalog.SubscriptionsJournal)
	s := process(log, nil)
	step := func(what string, list []catalog.Listed, at time.Time, added, entries int, want map[string]string) {
		t.Helper()
		news, err := s.AddSubscriptions(t.Context(), list, at, func() audit.Event { return someEvent })
		got := 0
		for _, i := range news {
			got += list[i].Rows
		}
		if n := len(log.subscriptions.entries); err != nil || got != added || n != entries {
			t.Errorf("%s: %d rows added, %d entries, %v; want %d and %d", what, got, n, err, added, entries)
		}
		for name, includes := range want {
			for _, reader := range []*catalog.Store{s, process(log, nil)} {
				if got := included(t, reader, name); got != includes {
					t.Errorf("%s: %s is %q, want %q", what, name, got, includes)
				}
			}
		}
	}
	before := map[string]string{"HARBOUR": "unknown", "NEW": "unknown"}
	step("nothing", nil, august, 0, 0, before)
	log.subscriptions.appended = func() { // another process is first
		log.subscriptions.appended = nil
		if _, err := process(log, nil).AddSubscriptions(t.Context(), first[1:], august, func() audit.Event { return someEvent }); err != nil {
			t.Error(err)
		}
	}
	both := map[string]string{"HARBOUR": apps + " " + windows + " of 2026-08-01", "OLD": apps + " of 2026-08-01", "NEW": "unknown"}
	step("a file", first, august, 3, 2, both)
	step("the same file again", first, august, 0, 2, both)
	after := map[string]string{"HARBOUR": apps + " of 2026-11-28", "OLD": apps + " of 2026-08-01", "NEW": " of 2026-11-28"}
	step("a later file", second, november, 5, 3, after)
	step("an older file, late", first, august, 0, 3, after)
	after["HARBOUR"] = apps + " of 2026-11-29"
	step("the same content, later", second[:1], november.AddDate(0, 0, 1), 0, 4, after)
	if e := log.subscriptions.events[0]; e.Action != "subscriptions.listed" || e.After["subscriptions"] != "1" {
		t.Errorf("%+v", e)
	}
}

// TestR5_4_ManySubscriptions adds more than fit in an entry.
func TestR5_4_ManySubscriptions(t *testing.T) {
	t.Parallel()
	var list []catalog.Listed
	for i := range 5000 {
		list = append(list, listed(fmt.Sprintf("A suite with quite a long name, to fill an entry, number %d", i), fmt.Sprintf("SUITE_WITH_A_LONG_IDENTIFIER_%d", i), 1, apps))
	}
	log := &memoryLog{}
	s := process(log, nil)
	added, err := s.AddSubscriptions(t.Context(), list, time.Now(), func() audit.Event { return someEvent })
	if n := len(log.subscriptions.entries); err != nil || len(added) != len(list) || added[len(list)-1] != len(list)-1 || n < 2 {
		t.Errorf("%d of %d in %d entries, %v", len(added), len(list), n, err)
	}
	for _, id := range []string{list[0].ID, list[len(list)-1].ID} {
		if got := included(t, process(log, nil), id); !strings.HasPrefix(got, apps) {
			t.Errorf("%s is %s", id, got)
		}
	}
}

// TestR9_2_PartNumbers: a product title has the part numbers of all subscriptions with that name.
func TestR9_2_PartNumbers(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	s := process(log, nil)
	partNumbers := func(s *catalog.Store) map[string][]string {
		all, err := s.PartNumbers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := partNumbers(s); len(all) != 0 {
		t.Errorf("without a list: %v", all)
	}
	list := []catalog.Listed{listed("Harbour Suite", "HARBOUR", 1, apps), listed("HARBOUR suite", "BERTH", 1), listed("Harbour Plan", "", 1)}
	if _, err := s.AddSubscriptions(t.Context(), list, time.Now(), func() audit.Event { return someEvent }); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []*catalog.Store{s, process(log, nil)} {
		if diff := cmp.Diff(map[string][]string{"harboursuite": {"BERTH", "HARBOUR"}}, partNumbers(reader)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestR5_4_Titles: a subscription that the dictionary has becomes an alias of its title.
func TestR5_4_Titles(t *testing.T) {
	t.Parallel()
	list := []catalog.Listed{listed("Microsoft 365 E3 (no Teams)", "Microsoft_365_E3_(no_Teams)", 1, apps), listed("Harbour Suite", "HARBOUR", 1, apps), listed("Harbour Plan", "", 1)}
	log := &memoryLog{}
	s := process(log, &memoryBucket{})
	if _, err := s.AddSubscriptions(t.Context(), list, time.Now(), func() audit.Event { return someEvent }); err != nil {
		t.Fatal(err)
	}
	products, err := s.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Addition{
		{Publisher: "Microsoft", Title: "Microsoft 365 E3", Aliases: []string{"Microsoft 365 E3 (no Teams)", "Microsoft_365_E3_(no_Teams)"}},
		{Publisher: "Microsoft", Title: "Harbour Suite", Aliases: []string{"HARBOUR"}},
		{Publisher: "Microsoft", Title: "Harbour Plan"},
	}
	if diff := cmp.Diff(want, catalog.Titles(products, list)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
