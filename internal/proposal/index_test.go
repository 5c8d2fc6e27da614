package proposal

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

func BenchmarkNewIndex(b *testing.B) {
	d := builtin.Load()
	for b.Loop() {
		newIndex(d)
	}
}

// TestIndexOfDictionaryR6_6: a dictionary keeps its own index.
func TestIndexOfDictionaryR6_6(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	other := d.With([]product.Subscription{{Name: "Zephyr Harbour Suite", ID: "ZEPHYR"}})
	first := indexOf(d)
	if x := indexOf(other); x == first || x.dictionary != other {
		t.Error("another dictionary has the same index")
	}
	if indexOf(d) != first {
		t.Error("the index is built again")
	}
}

// TestSimilarityR6_6: typing errors resemble a word, other words and numbers do not.
func TestSimilarityR6_6(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		like bool
	}{
		{"photoshop", "photoshopp", true},
		{"profesional", "professional", true},
		{"ilustrator", "illustrator", true},
		{"estándar", "standard", false},
		{"word", "ford", false},
		{"office", "offices", true},
		{"vision", "visio", true},
		{"acrobat", "acronis", false},
		{"2016x", "2019x", false},
	} {
		if got := similarity(test.a, test.b); (got > 0) != test.like || got >= 1 {
			t.Errorf("%s and %s: %v", test.a, test.b, got)
		}
	}
}
