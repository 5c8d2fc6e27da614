package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"trueup/internal/sheet"
)

// startFile is the starting catalog, so that lookups find something on the first day: plain facts
// about well-known software, written for this project. A line is a publisher, a title and other
// names, separated by semicolons; the names are separated by bars. Without a title the other
// names are those of the publisher.
//
//go:embed start.csv
var startFile string

// startDigest identifies the starting catalog. The same entries have another result with another
// starting catalog, so a copy names the one it includes.
var startDigest = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(startFile))
	return hex.EncodeToString(sum[:8])
})

// ready parses the starting catalog, unless that is done or a copy was restored.
func (c *Catalog) ready() {
	c.start.Do(func() {
		additions, err := parseStart(startFile)
		if err != nil {
			panic(err) // a test parses the file
		}
		c.add(additions)
	})
}

func parseStart(file string) ([]Addition, error) {
	additions := make([]Addition, 0, strings.Count(file, "\n"))
	for r := range sheet.Records(file, ';') {
		if len(r.Cells) != 3 || r.Flaw != "" {
			return nil, fmt.Errorf("catalog: line %d of the starting catalog is not a publisher, a title and other names", r.Line)
		}
		a := Addition{Publisher: r.Cells[0], Title: r.Cells[1]}
		if r.Cells[2] != "" {
			a.Aliases = strings.Split(r.Cells[2], "|")
		}
		additions = append(additions, a)
	}
	return additions, nil
}
