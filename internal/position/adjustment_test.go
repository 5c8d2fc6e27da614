package position

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawAdjustments() *rapid.Generator[[]Line] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
		return Line{
			Product: Product{
				Publisher: "Microsoft", Family: rapid.SampledFrom([]string{"A", "A", "B"}).Draw(t, "family"),
				Version: rapid.SampledFrom(allVersions).Draw(t, "version"),
			},
			Quantity: rapid.IntRange(-8, 5).Draw(t, "quantity"),
			Source:   Source{Kind: KindAdjustment, ID: rapid.StringMatching("[a-z]{3}").Draw(t, "id")},
		}
	}), 0, 6)
}

// oracleAdjusted returns the licences that are left of each product. What is subtracted are first
// those without Software Assurance, and never more than there are.
func oracleAdjusted(licenses, adjustments []Line) (left []Line) {
	bought, adjusted := map[Product]Line{}, map[Product]int{}
	for _, l := range licenses {
		sum := bought[l.Product]
		sum.Product, sum.Source.Kind = l.Product, KindPair
		sum.Quantity += l.Quantity
		sum.SA += l.SA
		bought[l.Product] = sum
	}
	for _, a := range adjustments {
		adjusted[a.Product] += a.Quantity
		if _, met := bought[a.Product]; !met {
			bought[a.Product] = Line{Product: a.Product, Source: Source{Kind: KindPair}}
		}
	}
	for _, l := range bought {
		l.Quantity = max(0, l.Quantity+adjusted[l.Product])
		l.SA = min(l.SA, l.Quantity)
		left = append(left, l)
	}
	return left
}

// TestAdjustedPositionsR8_10 compares positions with adjustments, also of more licences than there
// are, with an independent computation, and checks the sums of their rows.
func TestAdjustedPositionsR8_10(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		licenses, adjustments := drawLicense(t), drawAdjustments().Draw(t, "adjustments")
		installations, o := drawLines(KindInventory).Draw(t, "installations"), drawOptions(t)
		rows := Compute(empty, slices.Concat(licenses, adjustments), installations, o)
		left := map[Product]int{}
		for _, l := range oracleAdjusted(licenses, adjustments) {
			left[l.Product] = l.Quantity
		}
		owned := map[Product]int{}
		for _, r := range rows {
			owned[r.Product] = r.Owned
			in, out := r.In.Total(), r.Out.Total()
			if r.Owned != r.Pairs+r.Statements+r.Agreements+r.Adjusted || r.Owned != r.Volume+r.Other+r.Adjusted || r.Owned+in-out-r.Needed != r.Surplus-r.Shortfall {
				t.Fatalf("the sum of %+v", r)
			}
			if min(r.Owned, r.SA, r.Surplus, r.Shortfall, r.Covered, r.Used()-out) < 0 || r.SA > r.Owned {
				t.Fatalf("%+v", r)
			}
		}
		maps.DeleteFunc(left, func(_ Product, n int) bool { return n == 0 })
		maps.DeleteFunc(owned, func(_ Product, n int) bool { return n == 0 })
		if diff := cmp.Diff(left, owned); diff != "" {
			t.Fatalf("licences (-oracle +position)\n%s", diff)
		}
		if got, want := total(rows).Covered, oracleCovered(oracleAdjusted(licenses, adjustments), installations, o); got != want {
			t.Fatalf("%d covered, %d are possible\n%v", got, want, told(rows))
		}
		o.NoAdjustment = true
		if diff := cmp.Diff(Compute(empty, licenses, installations, o), Compute(empty, slices.Concat(adjustments, licenses), installations, o)); diff != "" {
			t.Fatalf("switched off (-without adjustments +got)\n%s", diff)
		}
	})
}

// TestAdjustedSubscriptionsR8_10: what an adjustment takes away are first licences without active
// Software Assurance, then those with it, and subscriptions last.
func TestAdjustedSubscriptionsR8_10(t *testing.T) {
	t.Parallel()
	of := Product{Publisher: "Microsoft", Family: "A", Version: "2019"}
	for _, test := range []struct{ adjusted, owned, sa, subscribed int }{
		{0, 13, 5, 5}, {-3, 10, 5, 5}, {-4, 9, 4, 5}, {-8, 5, 0, 5}, {-9, 4, 0, 4}, {-20, 0, 0, 0}, {2, 15, 5, 5},
	} {
		rows := Compute(empty, []Line{
			{Product: of, Quantity: 3, Source: Source{Kind: KindAgreement, ID: "a"}},
			{Product: of, Quantity: 5, SA: 5, Source: Source{Kind: KindAgreement, ID: "b"}},
			{Product: of, Quantity: 5, Subscription: true, Source: Source{Kind: KindAgreement, ID: "c"}},
			{Product: of, Quantity: test.adjusted, Source: Source{Kind: KindAdjustment, ID: "d"}},
		}, []Line{{Product: of, Quantity: 1, Source: Source{Kind: KindInventory}}}, Options{})
		if r := rows[0]; len(rows) != 1 || r.Owned != test.owned || r.SA != test.sa || r.Subscribed != test.subscribed {
			t.Errorf("adjusted by %d: %d owned, %d with assurance, %d subscribed", test.adjusted, r.Owned, r.SA, r.Subscribed)
		}
	}
}
