// Package builtin has the dictionary of this release. It is apart from package product because its
// data is large: only programs that recognise names import it.
package builtin

import (
	"crypto/sha256"
	_ "embed" // the dictionary
	"encoding/hex"
	"sync"

	"trueup/internal/product"
)

//go:embed dictionary.bin
var packed string

// Load returns the dictionary. The first call unpacks it.
var Load = sync.OnceValue(func() *product.Dictionary {
	data, err := product.Decode(packed)
	if err != nil {
		panic(err) // a test decodes it
	}
	d := product.New(data)
	d.ID = ID()
	return d
})

// ID returns the ID of the dictionary without unpacking it.
var ID = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(packed))
	return hex.EncodeToString(sum[:12])
})
