// Package schema describes the table's keys and indexes as plain data, for the CDK app, the
// local stack, the tests and the generated table in the docs.
package schema

// Names of the key attributes.
const (
	PK  = "pk"
	SK  = "sk"
	TTL = "expires" // seconds since 1970; deletion may be days late, so no code relies on it
)

// The table of the console's sessions has PK and TTL of its own. It has no sort key and no index.

// Index is a global secondary index. Both of its keys are strings.
type Index struct {
	Name string
	PK   string
	SK   string
	// Includes are the attributes that it has in addition to the keys. A write that
	// changes only other attributes does not write the index.
	Includes []string
}

// ByOwner has the pairs of an agreement, by number. It does not include the results of
// refreshes: a refresh writes them for every pair, every night.
var ByOwner = Index{
	Name: "by-owner", PK: "o_pk", SK: "o_sk",
	Includes: []string{"agreement", "authorization", "license", "program", "stage"},
}

// Indexes lists every index.
var Indexes = []Index{ByOwner}

// Shards is the number of index partitions that the pairs of one agreement are spread over,
// because a partition takes 1,000 writes a second. A list reads all of them concurrently
// and merges them.
const Shards = 4
