package product_test

import (
	"os"
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

func BenchmarkRecognize(b *testing.B) {
	titles := []product.Title{
		{Publisher: "Microsoft Corporation", Name: "Microsoft Office Professionnel Plus 2016 - fr-fr", Version: "16.0.4266.1001"},
		{Publisher: "Microsoft Corporation", Name: "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.40.33810", Version: "14.40.33810.0"},
		{Publisher: "Adobe Inc.", Name: "Adobe Acrobat (64-bit)", Version: "23.1"},
		{Publisher: "Contoso", Name: "A program for tools and drivers that no rule knows", Version: "1.0"},
	}
	d := builtin.Load()
	for b.Loop() {
		for _, t := range titles {
			d.Recognize(t)
		}
	}
}

// BenchmarkLoad measures what a process does before it recognises its first title.
func BenchmarkLoad(b *testing.B) {
	packed, err := os.ReadFile("builtin/dictionary.bin")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		data, err := product.Decode(string(packed))
		if err != nil {
			b.Fatal(err)
		}
		product.New(data)
	}
}
