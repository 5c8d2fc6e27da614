// Package position computes the effective licence position: what the
// organisation is entitled to against what is installed, product by product,
// and why.
package position

// Product is what licences and installations are counted by.
type Product struct {
	Publisher string
	Family    string // without edition and version: "Office", "SQL Server"
	Edition   string // "Professional Plus", "Standard"; empty when there is one only
	Version   string // "2021", "2019"; empty for any
}

// Source says where a number comes from, so that it can be explained (R8.3).
type Source struct {
	Kind string // what ID names: "pair", "agreement", "statement", "inventory"
	ID   string
	Text string // what a person reads: the pair, the agreement's name, the title as detected
}

// Line is a quantity of a product from one source: licences or installations.
type Line struct {
	Product  Product
	Quantity int
	SA       bool // covered by Software Assurance: any version may be used
	Source   Source
}
