// Package schema is the table's keys and indexes as plain data, for the CDK
// app, the local stack, the tests and the generated table in the docs.
package schema

// Names of the key attributes.
const (
	PK  = "pk"
	SK  = "sk"
	TTL = "expires" // seconds since 1970; deletion may be days late, so nothing counts on it
)

// Index is a global secondary index. Both of its keys are strings.
type Index struct {
	Name string
	PK   string
	SK   string
	// Includes are the attributes that it has besides the keys. A write that
	// changes no other attribute costs no write of the index.
	Includes []string
}

// ByOwner has the pairs of an agreement, by number. What is known of a pair is
// not in it: a refresh changes that of every pair, every night.
var ByOwner = Index{
	Name: "by-owner", PK: "o_pk", SK: "o_sk",
	Includes: []string{"agreement", "authorization", "license", "program", "stage"},
}

// Indexes is every index.
var Indexes = []Index{ByOwner}

// Shards is over how many index partitions the pairs of one agreement are
// spread, because a partition takes 1,000 writes a second. A list is read from
// all of them at once and merged.
const Shards = 4
