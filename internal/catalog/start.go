package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
)

// startFile is the starting catalog, so that the first day has something to
// find: plain facts about well-known software, written for this project. A line
// is a publisher, a title and other names, parted by semicolons; the names by
// bars. Without a title the other names are those of the publisher.
//
//go:embed start.csv
var startFile string

// startDigest names the starting catalog. Another one makes another state of
// the same entries, so a copy says with which it began.
var startDigest = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(startFile))
	return hex.EncodeToString(sum[:8])
})

// ready reads the starting catalog, unless that was done or a copy restored.
func (c *Catalog) ready() {
	c.start.Do(func() {
		additions, err := parseStart(startFile)
		if err != nil {
			panic(err) // a test reads the file
		}
		c.add(additions)
	})
}

func parseStart(file string) ([]Addition, error) {
	additions := make([]Addition, 0, strings.Count(file, "\n"))
	for line := range strings.Lines(file) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), ";")
		if len(cells) != 3 {
			return nil, fmt.Errorf("catalog: the starting catalog has the line %q", line)
		}
		a := Addition{Publisher: cells[0], Title: cells[1]}
		if cells[2] != "" {
			a.Aliases = strings.Split(cells[2], "|")
		}
		additions = append(additions, a)
	}
	return additions, nil
}
