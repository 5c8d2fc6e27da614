package catalog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// many returns a catalog of so many titles, all of one publisher or spread over a realistic
// number of publishers.
func many(titles int, one bool) *Catalog {
	c := empty()
	c.add(sample(titles, one))
	return c
}

func sample(titles int, one bool) []Addition {
	words := strings.Fields("Office Standard Professional Server Client Access License User Device Visio Project Edition Enterprise Developer Tools Adobe Creative Cloud Reader Express Zone Quick Jet Kit Studio Manager Backup Agent Viewer Driver Update Runtime Framework (x64) C++ 2016 2019 2022 v2.1 Suite Pro Plus Lite Remote Network Security Endpoint Database Report Designer")
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string { return words[r.IntN(len(words))] }
	additions := make([]Addition, titles)
	for i := range additions {
		p := 0
		if !one {
			p = r.IntN(max(1, titles/20))
		}
		additions[i] = Addition{
			Publisher: fmt.Sprintf("%s %s %d", words[p%len(words)], "Software", p),
			Title:     fmt.Sprintf("%s %s %s %s %d", word(), word(), word(), word(), i),
		}
	}
	return additions
}

func BenchmarkTitles(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		c := many(n, true)
		id := c.Publishers("", 1)[0].ID
		for _, q := range []string{"e", "office", "rver", "nothing like it", "19999", "x", "zz"} {
			b.Run(fmt.Sprintf("%d/%s", n, q), func(b *testing.B) {
				for b.Loop() {
					c.Titles(id, q, LookupMax)
				}
			})
		}
	}
}

func BenchmarkRestore(b *testing.B) {
	for _, one := range []bool{true, false} {
		saved := many(200_000, one).Save()
		b.Run(fmt.Sprintf("one=%v", one), func(b *testing.B) {
			b.SetBytes(int64(len(saved)))
			for b.Loop() {
				if err := new(Catalog).Restore(saved); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		new(Catalog).ready()
	}
}

func BenchmarkAddOne(b *testing.B) {
	c := many(200_000, true)
	name := c.Publishers("", 1)[0].Name
	for i := 0; b.Loop(); i++ {
		c.add([]Addition{{Publisher: name, Title: fmt.Sprintf("Server %d added", i)}})
	}
}

func BenchmarkAddAll(b *testing.B) {
	additions := sample(200_000, false)
	for b.Loop() {
		c := empty()
		c.add(additions)
	}
}
