package position

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawShared draws installations of products that E3 and E5 include, with users who have several PCs.
func drawShared(versions []string, products ...string) *rapid.Generator[[]Line] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
		l := Line{Product: Product{Publisher: "Microsoft", Family: rapid.SampledFrom(products).Draw(t, "product"), Version: rapid.SampledFrom(versions).Draw(t, "version")}, Source: Source{Kind: KindInventory}}
		if rapid.IntRange(0, 4).Draw(t, "users known") == 0 {
			l.Quantity = rapid.IntRange(0, 2).Draw(t, "PCs")
			return l
		}
		for range rapid.IntRange(1, 2).Draw(t, "groups") {
			u := UserPCs{PCs: rapid.SampledFrom([]int{1, 1, 2, 3, 5, 6, 7}).Draw(t, "PCs"), Users: 1}
			l.ByUser = append(l.ByUser, u)
			l.Quantity += u.PCs * u.Users
			l.Users += u.Users
		}
		return l
	}), 0, 3)
}

// sharedCovered returns the largest number of PCs that can be covered, by trying every way to give the
// licences for users to users, and matching each other licence with a PC.
func sharedCovered(licenses, installations []Line, o Options) int {
	type unit struct {
		line Line
		pcs  int
	}
	var units []unit
	for _, l := range installations {
		left := l.Quantity
		for _, u := range l.ByUser {
			for range u.Users {
				for pcs := u.PCs; pcs > 0; pcs -= 5 {
					units = append(units, unit{l, min(pcs, 5)})
				}
				left -= u.PCs
			}
		}
		for range left {
			units = append(units, unit{l, 1})
		}
	}
	given := map[uint64]bool{0: true} // sets of units that licences for users can cover
	var others []Line                 // one licence each
	for _, l := range licenses {
		for n := range l.Quantity {
			one := l
			one.Quantity, one.SA = 1, min(1, max(0, l.SA-n))
			if l.Product.Family != "E3" && l.Product.Family != "E5" {
				others = append(others, one)
				continue
			}
			for _, set := range slices.Collect(maps.Keys(given)) {
				for i, u := range units {
					if _, ok := connectedOracle(one, one.SA > 0, u.line, o); ok && set&(1<<i) == 0 {
						given[set|1<<i] = true
					}
				}
			}
		}
	}
	most := 0
	for set := range given {
		covered, at := 0, 0
		edges := make([][]int, len(others))
		for i, u := range units {
			if set&(1<<i) != 0 {
				covered += u.pcs
				continue
			}
			for range u.pcs {
				for n, l := range others {
					if _, ok := connectedOracle(l, l.SA > 0, u.line, o); ok {
						edges[n] = append(edges[n], at)
					}
				}
				at++
			}
		}
		most = max(most, covered+matched(edges, at))
	}
	return most
}

// TestUsersWithSeveralPCsR8_2 compares the covered PCs with every way to use the licences, if only licences
// for users cover them, if they are of one product and version, and in general.
func TestUsersWithSeveralPCsR8_2(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		versions, licenses, installed []string
	}{
		"only licences for users": {[]string{"2016", "2019", "2021"}, []string{"E3", "E5"}, []string{"Visio Professional", "Visio Standard"}},
		"one product":             {[]string{"2019"}, []string{"E3", "Visio Professional"}, []string{"Visio Professional"}},
		"two versions":            {[]string{"2019", "2021"}, []string{"E3", "Visio Professional"}, []string{"Visio Professional"}},
		"two editions":            {[]string{"", "2019"}, []string{"E3", "Visio Professional", "Visio Standard"}, []string{"Visio Professional", "Visio Standard"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				installations := drawShared(test.versions, test.installed...).Draw(t, "installations")
				licenses := drawSome(KindPair, test.licenses, test.versions).Draw(t, "licenses")
				o := drawAllOptions(t)
				rows := Compute(small, licenses, installations, o)
				covered := 0
				for _, r := range rows {
					covered += r.Covered
					if r.Owned+r.In.Total()-r.Out.Total()-r.Needed+r.Uncounted != r.Surplus-r.Shortfall || r.Needed != r.Covered+r.Shortfall || min(r.Surplus, r.Shortfall) < 0 {
						t.Fatalf("%+v", r)
					}
				}
				if want := sharedCovered(licenses, installations, o); covered != want {
					t.Fatalf("%d covered, %d are possible\n%v", covered, want, told(rows))
				}
			})
		})
	}
}

// TestUsersOfIncludedProductsR8_2: a licence for a user covers the PCs of its user, up to five.
func TestUsersOfIncludedProductsR8_2(t *testing.T) {
	t.Parallel()
	const windows, older = "|Microsoft|Microsoft Windows 11 Enterprise|10.0.22631", "|Microsoft|Microsoft Windows 10 Enterprise|10.0.19045"
	const e3, device = "|Microsoft|Microsoft 365 E3|", "|Microsoft|Windows Enterprise|11"
	reckon(t, []reckoned{
		{
			name: "four users with five PCs", licences: []string{"4" + e3}, titles: []string{"5/4/1×3 2×1" + windows},
			want: []string{
				"Microsoft 365 E3: 4 owned, 4 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@11: 0 owned, +5 by 4 include from Microsoft 365 E3, 5 needed: +0-0 covered",
			},
		},
		{
			name: "users that the inventory does not tell", licences: []string{"4" + e3}, titles: []string{"5/4" + windows},
			want: []string{
				"Microsoft 365 E3: 4 owned, 4 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@11: 0 owned, +4 include from Microsoft 365 E3, 5 needed: +0-1 short",
			},
		},
		{
			name: "more than five PCs", licences: []string{"9" + e3}, titles: []string{"29/4/5×1 6×1 7×1 11×1" + windows},
			want: []string{
				"Microsoft 365 E3: 9 owned, 8 include for Windows Enterprise@11, 0 needed: +1-0 covered",
				"Windows Enterprise@11: 0 owned, +29 by 8 include from Microsoft 365 E3, 29 needed: +0-0 covered",
			},
		},
		{
			name: "the users with most PCs first", licences: []string{"2" + e3}, titles: []string{"10/6/1×4 2×1 4×1" + windows},
			want: []string{
				"Microsoft 365 E3: 2 owned, 2 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@11: 0 owned, +6 by 2 include from Microsoft 365 E3, 10 needed: +0-4 short",
			},
		},
		{
			name: "licences for PCs cover the rest", licences: []string{"2" + e3, "3" + device}, titles: []string{"10/6/1×4 2×1 4×1" + windows},
			want: []string{
				"Microsoft 365 E3: 2 owned, 2 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@11: 3 owned, +6 by 2 include from Microsoft 365 E3, 10 needed: +0-1 short",
			},
		},
		{
			name: "licences for PCs alone if they are enough", licences: []string{"2" + e3, "10" + device}, titles: []string{"10/6/1×4 2×1 4×1" + windows},
			want: []string{
				"Microsoft 365 E3: 2 owned, 0 needed: +2-0 unused",
				"Windows Enterprise@11: 10 owned, 10 needed: +0-0 covered",
			},
		},
		{
			name: "licences for PCs move to those that licences for users leave", licences: []string{"4" + e3, "20" + device},
			titles: []string{"20/4/5×4" + windows, "20/20/1×20" + older},
			want: []string{
				"Microsoft 365 E3: 4 owned, 4 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@10: 0 owned, +20 downgrade from Windows Enterprise@11, 20 needed: +0-0 covered",
				"Windows Enterprise@11: 20 owned, -20 downgrade to Windows Enterprise@10, +20 by 4 include from Microsoft 365 E3, 20 needed: +0-0 covered",
			},
		},
		{
			name: "the most that one product needs", licences: []string{"6" + e3},
			titles: []string{"8/4/1×2 3×2" + windows, "6/6/1×6|Microsoft Corporation|Microsoft 365 Apps for enterprise - en-us|16.0"},
			want: []string{
				"Microsoft 365 Apps for enterprise: 0 owned, +6 include from Microsoft 365 E3, 6 needed by users: +0-0 covered",
				"Microsoft 365 E3: 6 owned, 6 include for Microsoft 365 Apps for enterprise, 4 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Enterprise@11: 0 owned, +8 by 4 include from Microsoft 365 E3, 8 needed: +0-0 covered",
			},
		},
		{
			name: "two inventories, and one without users", licences: []string{"9" + e3},
			titles: []string{"4/2/1×1 3×1" + windows, "3/1/3×1" + windows, "2" + windows},
			want: []string{
				"Microsoft 365 E3: 9 owned, 5 include for Windows Enterprise@11, 0 needed: +4-0 covered",
				"Windows Enterprise@11: 0 owned, +9 by 5 include from Microsoft 365 E3, 9 needed: +0-0 covered",
			},
		},
		{
			name: "an undecidable title", licences: []string{"1|Microsoft|Visio Plan 2|"}, titles: []string{"3/2/1×1 2×1|Microsoft Corporation|Microsoft Visio - en-us|16.0"},
			want: []string{
				"Visio (plan or perpetual): 0 owned, +2 by 1 candidate from Visio Plan 2, 3 needed: +0-0 undecided",
				"Visio Plan 2: 1 owned, -1 candidate to Visio (plan or perpetual), 0 needed: +0-0 covered",
			},
		},
		{
			name: "a licence for a PC covers one", licences: []string{"4" + device}, titles: []string{"5/1/5×1" + windows},
			want: []string{"Windows Enterprise@11: 4 owned, 5 needed: +0-1 short"},
		},
	})
}

// TestUnknownUsersR8_2: a row says whether licences for users were compared with PCs.
func TestUnknownUsersR8_2(t *testing.T) {
	t.Parallel()
	visio := Product{Publisher: "Microsoft", Family: "Visio Professional"}
	known := Line{Product: visio, Quantity: 2, ByUser: []UserPCs{{PCs: 2, Users: 1}}}
	unknown := Line{Product: visio, Quantity: 2}
	for name, test := range map[string]struct {
		owned     string
		installed []Line
		want      bool
	}{
		"known":                 {"E3", []Line{known}, false},
		"unknown":               {"E3", []Line{unknown}, true},
		"some":                  {"E3", []Line{known, unknown}, true},
		"no licences for users": {"Visio Professional", []Line{unknown}, false},
	} {
		rows := Compute(small, []Line{{Product: Product{Publisher: "Microsoft", Family: test.owned}, Quantity: 1}}, test.installed, Options{})
		i := slices.IndexFunc(rows, func(r Row) bool { return r.Needed > 0 })
		if rows[i].UnknownUsers != test.want {
			t.Errorf("%s: %v", name, rows[i].UnknownUsers)
		}
	}
}
