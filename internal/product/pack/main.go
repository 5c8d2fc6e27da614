// Command pack writes the files of package builtin from the data files. It is run by go generate in
// internal/product, and fails with everything that is wrong with them.
package main

import (
	"fmt"
	"os"

	"trueup/internal/product"
	"trueup/internal/product/source"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run() error {
	entries, err := source.Read(os.DirFS("data"))
	if err != nil {
		return err
	}
	data, err := source.Compile(entries)
	if err != nil {
		return err
	}
	d := product.New(data)
	if problems := source.Check(entries, d); len(problems) > 0 {
		for _, p := range problems {
			fmt.Fprintln(os.Stderr, p)
		}
		return fmt.Errorf("%d problems in the data files", len(problems))
	}
	products, noise := data.Split()
	if err := os.WriteFile("builtin/products.bin", product.Encode(products), 0o600); err != nil {
		return err
	}
	return os.WriteFile("builtin/noise.bin", product.Encode(noise), 0o600)
}
