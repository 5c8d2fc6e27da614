package catalog

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestCopiesAreEqual(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*Catalog{
		"the starting catalog": {},
		"nothing":              empty(),
		"many chunks":          many(1000, true),
		"many publishers":      many(1000, false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saved := c.Save()
			again := &Catalog{}
			if err := again.Restore(saved); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(everything(c), everything(again)); diff != "" {
				t.Errorf("(-saved +restored)\n%s", diff)
			}
			if string(again.Save()) != string(saved) {
				t.Error("a copy of the copy is another one")
			}
			more := []Addition{{Publisher: "Microsoft", Title: "zz"}, {Publisher: "Zz", Title: "aa", Aliases: []string{"bb"}}}
			c.add(more)
			again.add(more)
			if diff := gocmp.Diff(everything(c), everything(again)); diff != "" {
				t.Errorf("after more: (-saved +restored)\n%s", diff)
			}
		})
	}
}

// A copy with another starting catalog is refused.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	saved := string(empty().Save())
	for name, damaged := range map[string]string{
		"nothing":                  "",
		"another starting catalog": strings.Replace(saved, startDigest(), strings.Repeat("0", 16), 1),
		"more than there is":       saved + "x",
		"less than there is":       saved[:len(saved)-1],
	} {
		c := &Catalog{}
		if err := c.Restore([]byte(damaged)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, ok := c.PublisherNamed("microsoft"); !ok {
			t.Errorf("%s: what was there before is gone", name)
		}
	}
}

// FuzzRestore: restoring a damaged copy returns an error or a catalog, and never panics.
func FuzzRestore(f *testing.F) {
	f.Add([]byte{})
	small := empty()
	small.add([]Addition{{Publisher: "A", Aliases: []string{"B"}}, {Publisher: "A", Title: "T", Aliases: []string{"U"}}, {Publisher: "C", Title: "T"}})
	for _, c := range []*Catalog{empty(), small, many(100, true)} {
		saved := c.Save()[len(formatLine()):]
		f.Add(saved)
		for at := 0; at < len(saved); at += 1 + len(saved)/50 {
			for _, with := range []byte{0, 1, 0x7f, 0xff} {
				damaged := append([]byte{}, saved...)
				damaged[at] = with
				f.Add(damaged)
			}
			f.Add(saved[:at])
		}
	}
	f.Fuzz(func(t *testing.T, saved []byte) {
		c := &Catalog{}
		if c.Restore(append([]byte(formatLine()), saved...)) != nil {
			return
		}
		for _, typed := range []string{"", "a", "t", "office", " "} {
			for _, p := range c.Publishers(typed, LookupMax) {
				c.Titles(p.ID, typed, LookupMax)
				c.Title(p.ID, p.ID)
			}
		}
		c.add([]Addition{{Publisher: "A", Title: "More"}})
		c.Save()
	})
}
