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
	var packed []string
	for _, name := range []string{"products.bin", "noise.bin"} {
		file, err := os.ReadFile("builtin/" + name)
		if err != nil {
			b.Fatal(err)
		}
		packed = append(packed, string(file))
	}
	for b.Loop() {
		var all product.Data
		for _, p := range packed {
			data, err := product.Decode(p)
			if err != nil {
				b.Fatal(err)
			}
			all.Publishers, all.Rows = append(all.Publishers, data.Publishers...), append(all.Rows, data.Rows...)
			all.Rules = append(all.Rules, data.Rules...)
		}
		product.New(all)
	}
}
