package proposal_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/proposal"
)

// TestThresholdR6_6: what is proposed first for a name, and names for which nothing is proposed.
func TestThresholdR6_6(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		// typing errors and other languages
		{"Adobe", "Acrobat Profesional", "Adobe Acrobat Pro"},
		{"", "Adobe Ilustrator", "Adobe Illustrator"},
		{"Microsoft", "Project Standaard 2019", "Microsoft Project Standard 2019"},
		{"Corel Corporation", "CorelDRAW Grafics Suite X8", "CorelDRAW Graphics Suite"},
		{"", "Camtasa Studio 9", "TechSmith Camtasia 9"},
		// a word more or less
		{"JetBrains s.r.o.", "IntelliJ Ultimate 2023.1", "JetBrains IntelliJ IDEA Ultimate 2023"},
		{"Autodesk", "AutoCad LT 2022 Dutch", "Autodesk AutoCAD LT 2022"},
		{"Adobe", "Photoshop Elements Organizer", "Adobe Photoshop Elements"},
		{"SAP", "SAP GUI Patch tools", "SAP GUI for Windows"},
		// a publisher that the dictionary does not know
		{"Contoso Resellers", "Camtasia Studio 9", "TechSmith Camtasia 9"},
		// nothing but words that many products have
		{"Contoso", "Contoso Expense Manager", ""},
		{"Contoso", "Studio", ""},
		{"Contoso", "Server Manager", ""},
		{"", "Time Tracker Professional", ""},
		{"Microsoft", "Microsoft Unheard Of", ""},
		{"Contoso", "Gadget 2019", ""},
		{"Contoso", "1234", ""},
		{"", "", ""},
		{"", "™", ""},
	} {
		got := ""
		if all := proposal.Named(builtin.Products(), test.publisher, test.name); len(all) > 0 {
			got = inventory.ProductName(all[0].Product)
			for i, p := range all {
				if p.Score < proposal.MinScore || p.Score > 100 || i > 0 && p.Score > all[i-1].Score || i >= proposal.MaxProposals {
					t.Errorf("%q: proposal %d: %+v", test.name, i, p)
				}
			}
		}
		if got != test.want {
			t.Errorf("%q of %q: %q, want %q", test.name, test.publisher, got, test.want)
		}
	}
}

// TestR6_6_KnownNames: a name that the dictionary knows is the first proposal, with the full score.
func TestR6_6_KnownNames(t *testing.T) {
	t.Parallel()
	all := proposal.Named(builtin.Products(), "Microsoft", "Office Professional Plus 2016")
	want := proposal.Proposal{
		Row: "microsoft-office-professional-plus", Kind: inventory.Product, Score: 100,
		Product: position.Product{Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2016"},
	}
	if len(all) == 0 {
		t.Fatal("no proposal")
	}
	all[0].Row = want.Row // which the data files choose
	if diff := cmp.Diff(want, all[0]); diff != "" {
		t.Error(diff)
	}
	for _, p := range all[1:] {
		if p.Score == 100 {
			t.Errorf("%+v", p)
		}
	}
}

// TestR5_4_SubscriptionsAreProposed: with Microsoft's list, its subscriptions are proposed too, and not without.
func TestR5_4_SubscriptionsAreProposed(t *testing.T) {
	t.Parallel()
	with := builtin.Products().With([]product.Subscription{{Name: "Zephyr Harbour Suite", ID: "ZEPHYR_HARBOUR"}})
	tallies := []inventory.Counted{source(inventory.AppInvRawData, unknown("Microsoft", "Zephyr Harbor Suite 2", "", 1))}
	for _, d := range []*product.Dictionary{with, builtin.Products(), with} {
		found := map[string]int{}
		for _, p := range slices.Concat(
			proposal.Named(d, "Microsoft", "Zephyr Harbor Suite"), proposal.Named(d, "Microsoft", "zephyr_harbour"),
			proposal.Queue(d, tallies, inventory.StartingRules())[0].Proposals(),
		) {
			found[p.Product.Name()]++
		}
		want := 0
		if d == with {
			want = 3
		}
		if found["Zephyr Harbour Suite"] != want {
			t.Errorf("%v, want %d of the list", found, want)
		}
	}
}

// TestR6_6_UndecidableIsNotProposed tries the name of every undecidable row.
func TestR6_6_UndecidableIsNotProposed(t *testing.T) {
	t.Parallel()
	entry := queueOf([]inventory.Counted{source(inventory.AppInvRawData, unknown("", "Foo", "", 1))})[0]
	tried := 0
	for _, row := range builtin.Load().Rows {
		if row.Kind != product.KindUndecidable {
			continue
		}
		tried++
		for _, p := range proposal.Named(builtin.Products(), row.Publisher, row.Name()) {
			if found, ok := builtin.Load().Find(p.Row); !ok || found.Kind == product.KindUndecidable {
				t.Errorf("%s is proposed", p.Row)
			}
		}
		if _, ok := entry.Proposal(row.ID); ok {
			t.Errorf("%s can be accepted", row.ID)
		}
	}
	if tried == 0 {
		t.Error("the dictionary has no undecidable rows")
	}
}

// TestR6_6_VersionOfAnEntry: the rules of an accepted proposal give each title the product in the
// version that a licence of it has.
func TestR6_6_VersionOfAnEntry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, version, want string }{
		{"Autodesk", "AutoCad LT 2022 Dutch Pack", "31.0", "Autodesk AutoCAD LT 2022"},
		{"TechSmith", "Camtasa 9.1", "9.1.2", "TechSmith Camtasia 9"},
		{"TechSmith", "Camtasa", "9.1.2", "TechSmith Camtasia"}, // its builds are not always its versions
		{"Scooter Software", "Beyond Compar", "4.3.2", "Scooter Software Beyond Compare 4"},
		{"Adobe", "Ilustrator", "", "Adobe Illustrator"},
	} {
		e := queueOf([]inventory.Counted{source(inventory.AppInvRawData, unknown(test.publisher, test.name, test.version, 1))})[0]
		all := e.Proposals()
		if len(all) == 0 {
			t.Errorf("nothing is proposed for %q", test.name)
			continue
		}
		again, ok := e.Proposal(all[0].Row)
		if !ok || again.Product != all[0].Product {
			t.Errorf("the proposal is %+v and %+v", all[0], again)
		}
		rules, err := inventory.NewRules(e.Rules(all[0].Kind, all[0].Product, ids()), nil)
		if err != nil {
			t.Fatal(err)
		}
		d := rules.Recognize(inventory.Title{Publisher: test.publisher, Name: test.name, Version: test.version})
		if got := inventory.ProductName(d.Product); got != test.want {
			t.Errorf("%q %q is %q, want %q", test.name, test.version, got, test.want)
		}
	}
}

// TestR6_6_ManyEntriesAreFast proposes products for 3,000 entries with misspelt names of the dictionary
// in less than a second. The limit is wider because the machine may be busy.
func TestR6_6_ManyEntriesAreFast(t *testing.T) {
	rows := builtin.Load().Rows
	var titles []inventory.Count
	for i := range 3000 {
		row := rows[i%len(rows)]
		titles = append(titles, unknown(row.Publisher, fmt.Sprintf("%s Profesional Tools no %c%d", row.Name(), 'a'+i%26, i), "", 1))
	}
	begin := time.Now()
	queue := queueOf([]inventory.Counted{source(inventory.AppInvRawData, titles...)})
	proposed := 0
	for _, e := range queue {
		proposed += len(e.Proposals())
	}
	took := time.Since(begin)
	t.Logf("%d proposals for %d entries in %v", proposed, len(queue), took)
	if took > 5*time.Second || proposed < 500 {
		t.Errorf("%d proposals for %d entries in %v", proposed, len(queue), took)
	}
}

func BenchmarkNamed(b *testing.B) {
	for b.Loop() {
		proposal.Named(builtin.Products(), "Adobe", "Photoshopp Profesional studio server tools")
	}
}

// BenchmarkQueue makes the queue of 20,000 unknown titles.
func BenchmarkQueue(b *testing.B) {
	var titles []inventory.Count
	for i := range 20_000 {
		titles = append(titles, unknown("Contoso", fmt.Sprintf("Gadget %c%c tools %d.%d (x64)", 'a'+i%26, 'a'+i/26%26, i/700, i%9), "1."+strconv.Itoa(i), 1))
	}
	tallies := []inventory.Counted{source(inventory.AppInvRawData, titles...)}
	for b.Loop() {
		queueOf(tallies)
	}
}
