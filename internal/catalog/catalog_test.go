package catalog

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestR5_1_RankOfPublishers(t *testing.T) {
	t.Parallel()
	c := empty()
	c.add([]Addition{
		{Publisher: "Soft"},
		{Publisher: "Software AG"},
		{Publisher: "Softline"},
		{Publisher: "Softline", Title: "A"},
		{Publisher: "Old Soft Inc."},
		{Publisher: "Big Soft"},
		{Publisher: "Big Soft", Title: "A"},
		{Publisher: "Big Soft", Title: "B"},
		{Publisher: "Snow Software"},
		{Publisher: "Ubisoft"},
		{Publisher: "Microsoft Research"},
		{Publisher: "Microsoft"},
		{Publisher: "Microsoft", Title: "A"},
		{Publisher: "Nothing"},
		{Publisher: "Aliased", Aliases: []string{"SOFT-WARES"}},
	})
	for _, test := range []struct {
		name, typed string
		want        []string
	}{
		{
			"exact, prefix, word, start of a word, anywhere, aliases; more titles first", "SOFT",
			[]string{"Soft", "Softline", "Software AG", "Big Soft", "Old Soft Inc.", "Snow Software", "Microsoft", "Microsoft Research", "Ubisoft", "Aliased"},
		},
		{"several words", " old  soft", []string{"Old Soft Inc."}},
		{"the end of one word and the start of another", "d s", []string{"Old Soft Inc."}},
		{"nothing like it", "softy", nil},
		{"punctuation", "soft-w", []string{"Aliased"}},
	} {
		t.Run("R5.1 "+test.name, func(t *testing.T) {
			t.Parallel()
			if diff := gocmp.Diff(append([]string{}, test.want...), publisherNames(c.Publishers(test.typed, 50))); diff != "" {
				t.Errorf("%q: (-want +got)\n%s", test.typed, diff)
			}
		})
	}
	if got := publisherNames(c.Publishers("", 3)); !gocmp.Equal(got, []string{"Big Soft", "Microsoft", "Softline"}) {
		t.Errorf("without letters, the first three: %q", got)
	}
	if got := c.Publishers("o", 1000); len(got) > LookupMax {
		t.Errorf("%d publishers", len(got))
	}
}

func TestR5_1_RankOfTitles(t *testing.T) {
	t.Parallel()
	c := empty()
	c.add([]Addition{
		{Publisher: "P", Title: "Résumé"},
		{Publisher: "P", Title: "Visual C++ 2022 (x64)"},
		{Publisher: "P", Title: "C#"},
		{Publisher: "P", Title: "C++"},
		{Publisher: "P", Title: "Visio™ Pro"},
		{Publisher: "P", Title: "Straßenkarte"},
		{Publisher: "P", Title: "ΟΔΟΣ"},
		{Publisher: "P", Title: "İstanbul"},
		{Publisher: "Q", Title: "Visio of another"},
	})
	id := idOf("p").String()
	for typed, want := range map[string][]string{
		"resume":     {"Résumé"},
		"RÉSUMÉ":     {"Résumé"},
		"c++":        {"C++", "Visual C++ 2022 (x64)"},
		"c#":         {"C#"},
		"(X64":       {"Visual C++ 2022 (x64)"},
		"x64":        {"Visual C++ 2022 (x64)"},
		"visio pro":  {"Visio™ Pro"},
		"visio™":     {"Visio™ Pro"},
		"STRASSE":    {"Straßenkarte"},
		"straße":     {"Straßenkarte"},
		"οδος":       {"ΟΔΟΣ"},
		"istanbul":   {"İstanbul"},
		"2022 (":     {"Visual C++ 2022 (x64)"},
		"of another": {},
		"\n":         {"C#", "C++", "İstanbul", "Résumé", "Straßenkarte", "Visio™ Pro", "Visual C++ 2022 (x64)", "ΟΔΟΣ"},
	} {
		found, ok := c.Titles(id, typed, 50)
		if diff := gocmp.Diff(want, titleNames(found)); diff != "" || !ok {
			t.Errorf("%q: (-want +got)\n%s", typed, diff)
		}
	}
	for _, nobody := range []string{"", "p", idOf("R").String(), strings.ToUpper(id), id + "0", strings.Repeat("u", 16)} {
		if _, ok := c.Titles(nobody, "", 50); ok {
			t.Errorf("%q is a publisher", nobody)
		}
	}
}

// R5.2, R5.3: merged publishers and titles are found by all their names.
func TestMerge(t *testing.T) {
	t.Parallel()
	c := empty()
	c.add([]Addition{
		{Publisher: "Adobe"},
		{Publisher: "Adobe", Title: "Reader"},
		{Publisher: "Adobe", Title: "Acrobat", Aliases: []string{"Acrobat DC"}},
		{Publisher: "Adobe Systems", Aliases: []string{"Adobe Sys"}},
		{Publisher: "Adobe Systems", Title: "READER", Aliases: []string{"Reader XI"}},
		{Publisher: "Adobe Systems", Title: "Acrobat DC"},
		{Publisher: "Adobe Systems", Title: "Flash"},
	})
	adobe, systems := idOf("Adobe"), idOf("Adobe Systems")
	enter(t, c, entryLine(lineMergePublishers, systems.String(), adobe.String()))
	want := []string{
		`Adobe ["Adobe Sys" "Adobe Systems"] 3`,
		`Adobe: Acrobat ["Acrobat DC"]`,
		`Adobe: Flash []`,
		`Adobe: Reader ["Reader XI"]`,
	}
	if diff := gocmp.Diff(want, everything(c)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p, ok := c.Publisher(systems.String()); !ok || p.ID != adobe.String() {
		t.Errorf("the old id leads to %+v", p)
	}
	if found, _ := c.Titles(systems.String(), "xi", 9); len(found) != 1 || found[0].PublisherID != adobe.String() {
		t.Errorf("the merged titles: %+v", found)
	}
	enter(t, c, entryLine(lineMergeTitles, systems.String(), idOf("flash").String(), idOf("reader xi").String()))
	title, ok := c.Title(adobe.String(), idOf("Flash").String())
	if diff := gocmp.Diff(Title{idOf("Reader").String(), adobe.String(), "Reader", []string{"Flash", "Reader XI"}}, title); diff != "" || !ok {
		t.Errorf("(-want +got)\n%s", diff)
	}
	before := everything(c)
	enter(t, c, entryLine(lineMergePublishers, adobe.String(), systems.String()), // they are already one publisher
		entryLine(lineMergePublishers, idOf("nobody").String(), systems.String()),
		entryLine(lineMergePublishers, systems.String(), idOf("nobody").String()),
		entryLine(lineMergeTitles, idOf("nobody").String(), idOf("Flash").String(), idOf("Acrobat").String()),
		entryLine(lineMergeTitles, adobe.String(), idOf("nothing").String(), idOf("Acrobat").String()))
	if diff := gocmp.Diff(before, everything(c)); diff != "" {
		t.Errorf("merging what is one, or nothing, changed (-before +after)\n%s", diff)
	}
}

func TestBodiesAreComplete(t *testing.T) {
	t.Parallel()
	var additions []Addition
	for i := range 12_000 {
		additions = append(additions, Addition{Publisher: fmt.Sprintf("Publisher %d", i/5000), Title: fmt.Sprintf("A title with a long name, number %d", i)})
	}
	all := empty()
	all.add(additions)
	var entries []string
	for rest := additions; len(rest) > 0; {
		entry, n := body(rest)
		if len(entry) > 390_000 || n == 0 {
			t.Fatalf("an entry of %d bytes and %d additions", len(entry), n)
		}
		entries = append(entries, entry)
		rest = rest[n:]
	}
	if len(entries) < 2 {
		t.Fatalf("%d entries prove nothing", len(entries))
	}
	parts := empty()
	for i := range entries { // in another order, and repeatedly
		enter(t, parts, entries[len(entries)-1-i], entries[0])
	}
	if diff := gocmp.Diff(everything(all), everything(parts)); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesThatSayNothing(t *testing.T) {
	t.Parallel()
	id := idOf("x").String()
	for _, entry := range []string{"x\n", "p\n", "t\tTitle\n", "mp\t" + id + "\n", "mp\t" + id + "\tnobody\n", "mt\t" + id + "\t" + id + "\n", "\n", "p"} {
		if steps, err := parseEntry(nil, entry); err == nil {
			t.Errorf("%q means %+v", entry, steps)
		}
	}
}
