package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"trueup/internal/agreement"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/sheet"
)

// The starting catalog is the products of the dictionary, so that lookups find something on the
// first day.

// formerFile has the names of the starting catalog of earlier releases that the dictionary does not
// write the same way. Their ids and names stay valid: a name that the dictionary understands became
// an alias of the product, another stays a title. A line is a publisher, a title and other names,
// separated by semicolons; the names are separated by bars. Without a title the other names are
// those of the publisher. A test makes the file from former.csv, which has the names as they were:
// to look them up takes longer than all else that a process does to build its starting catalog.
//
//go:embed start.csv
var formerFile string

// startDigest identifies the starting catalog. The same entries have another result with another
// starting catalog, so a copy names the one it includes.
var startDigest = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(builtin.ProductsID() + "\n" + formerFile))
	return hex.EncodeToString(sum[:8])
})

// ready builds the starting catalog, unless that is done or a copy was restored.
func (c *Catalog) ready() {
	c.start.Do(func() {
		d := builtin.Products()
		c.add(products(d))
		c.add(former(formerFile))
	})
}

// manyProducts is the number of products with which a publisher is in the starting catalog.
const manyProducts = 5

// products returns the publishers and titles of the dictionary: each product, and each of its known
// versions. It leaves out what a catalog does not accept as a name, and publishers with few products.
// There are hundreds of them, and typing "soft" has to find Microsoft among the first results. They
// come into the catalog when an inventory or a statement has their products.
func products(d *product.Dictionary) []Addition {
	paid := map[string]int{}
	for i := range d.Rows {
		if d.Rows[i].Kind == product.KindProduct {
			paid[d.Rows[i].Publisher]++
		}
	}
	var additions []Addition
	for _, p := range d.Publishers {
		if name, wrong := agreement.ParsePublisher("", p.Name); wrong == nil && paid[p.Name] >= manyProducts {
			additions = append(additions, Addition{Publisher: name})
		}
	}
	for i := range d.Rows {
		row := &d.Rows[i]
		if row.Kind == product.KindUndecidable || paid[row.Publisher] < manyProducts {
			continue
		}
		additions = append(additions, Addition{Publisher: row.Publisher, Title: row.Name()})
		if row.Kind == product.KindFree || row.Scheme != product.SchemeYear && row.Scheme != product.SchemeNames {
			continue
		}
		for _, version := range row.Known {
			additions = append(additions, Addition{Publisher: row.Publisher, Title: row.Name() + " " + version})
		}
	}
	return slices.DeleteFunc(additions, func(a Addition) bool {
		_, wrong := ParseTitle(a.Title)
		return a.Title != "" && wrong != nil
	})
}

// former returns the additions of formerFile.
func former(file string) (additions []Addition) {
	for r := range sheet.Records(file, ';') {
		a := Addition{Publisher: r.Cells[0], Title: r.Cells[1]}
		if r.Cells[2] != "" {
			a.Aliases = strings.Split(r.Cells[2], "|")
		}
		additions = append(additions, a)
	}
	return additions
}
