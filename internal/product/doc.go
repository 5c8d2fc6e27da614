// Package product knows software products: how publishers name them when installed and on paper,
// in which editions and versions, by what they are licensed, what a licence of them includes, and
// whether they need one at all (SPEC 5, R5.0).
//
// The dictionary is written by hand in data/*.yaml, checked and packed by go generate, and loaded
// on first use (package builtin). Two functions read it. Recognize takes a title as detected on a
// PC, Licensed a name on a statement or an agreement. Both give the same Product for the same
// product, so that licences and installations meet in package position.
//
// Names are compared in a normal form: see Stem. A title is recognised by the first of these that
// matches: a product, free program or undecidable title; noise of its publisher; noise of any
// publisher. Within each, the pattern with the most literal characters decides, then one for later
// versions only, so the order of the data files does not matter.
//
// A name on a licence is looked up as it is written, then as an installed title, then by its words:
// without punctuation, with Microsoft's abbreviations spelled out, and without the qualifiers of
// price lists (qualifiers.go). A name of only a family stands for any of its editions (families.go).
//
// Some rules apply to all products and are code. A title that a star of a product's pattern took, and
// that ends in "Free Edition", "SDK" and the like, is a free edition or a part, and one that a
// star of a free program took and that ends in "Pro" and the like is unknown, as is the server of a
// product for users (part.go). A title that no rule knows is tried in other spellings (respell.go),
// without the word for a client, and then as a part of a product with whose name it begins.
package product

//go:generate go run ./pack
