// Package builtin has the dictionary of this release. It is apart from package product because its
// data is large: only programs that recognise names import it. The data of programs that need only
// names on licences is smaller, and the linker leaves the rest out of them. So nothing here may be
// a variable that is initialised with the data.
package builtin

import (
	"crypto/sha256"
	_ "embed" // the dictionary
	"encoding/hex"
	"slices"
	"sync"

	"trueup/internal/product"
)

//go:embed products.bin
var packedProducts string

//go:embed noise.bin
var packedNoise string

var products, whole struct {
	once       sync.Once
	dictionary *product.Dictionary
}

// Products returns the dictionary of products: all rows and the rules that recognise them. The first
// call unpacks it.
func Products() *product.Dictionary {
	products.once.Do(func() {
		products.dictionary = product.New(decode(packedProducts))
		products.dictionary.ID = ProductsID()
	})
	return products.dictionary
}

// Load returns the whole dictionary, which recognises also titles that are no products. It has the
// rows of Products.
func Load() *product.Dictionary {
	whole.once.Do(func() {
		data := Products().Data
		data.Rules = slices.Concat(data.Rules, decode(packedNoise).Rules)
		whole.dictionary = product.New(data)
		whole.dictionary.ID = ID()
	})
	return whole.dictionary
}

func decode(packed string) product.Data {
	data, err := product.Decode(packed)
	if err != nil {
		panic(err) // a test decodes it
	}
	return data
}

// ProductsID returns the ID of Products without unpacking it.
func ProductsID() string { return digest(packedProducts) }

// ID returns the ID of Load without unpacking it.
func ID() string { return digest(packedProducts, packedNoise) }

func digest(packed ...string) string {
	sum := sha256.New()
	for _, p := range packed {
		sum.Write([]byte(p))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}
