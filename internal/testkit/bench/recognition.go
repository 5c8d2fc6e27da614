package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/product/source"
)

// dictionaryData has the data files of the dictionary, whose examples are the titles.
const dictionaryData = "internal/product/data"

// recognition measures recognising titles: the examples of the dictionary's rules, and one unknown
// title for every ten.
func (b *bench) recognition(ctx context.Context) error {
	entries, err := source.Read(os.DirFS(dictionaryData))
	if err != nil {
		return err
	}
	titles := source.Examples(entries)
	if len(titles) == 0 {
		return errors.New("the dictionary has no examples")
	}
	for i := range len(titles) / 10 {
		titles = append(titles, product.Title{
			Publisher: fmt.Sprintf("Publisher %d", i), Name: fmt.Sprintf("Product %d for Business (x64)", i), Version: "4.2.0",
		})
	}
	d := builtin.Load()
	middle, err := medians(ctx, b.size(10, 1), took(func(context.Context) error {
		for _, t := range titles {
			d.Recognize(t)
		}
		return nil
	}))
	if err != nil {
		return err
	}
	each := 1000 * milliseconds(middle[0]) / float64(len(titles))
	b.table.add(row{
		what: fmt.Sprintf("recognise a title, on average over %d", len(titles)), value: fmt.Sprintf("%.1f µs", each),
		limits: []limit{{each, 20, " µs"}},
	})
	return nil
}
