package catalog_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/errs"
)

func TestR5_1_File(t *testing.T) {
	t.Parallel()
	two := []catalog.Addition{{Publisher: "Contoso", Title: "Suite"}, {Publisher: "Fabrikam, Inc.", Title: "C++ & C#"}}
	for _, test := range []struct {
		name, content string
		want          []catalog.Addition
		findings      []catalog.Finding
	}{
		{"commas", "Contoso,Suite\n\"Fabrikam, Inc.\",C++ & C#", two, nil},
		{"semicolons and a comma in a name", "Contoso;Suite\r\nFabrikam, Inc.;C++ & C#\r\n", two, nil},
		{"tabs, CR and a byte-order mark", "\ufeffContoso\tSuite\rFabrikam, Inc.\tC++ & C#", two, nil},
		{"a header", "Publisher,Product title\nContoso,Suite\n\"Fabrikam, Inc.\",C++ & C#", two, nil},
		{"a Dutch header, in another order and among others", "Producttitel;Versie;Uitgever\nSuite;1;Contoso\nC++ & C#;;Fabrikam, Inc.\n", two, nil},
		{"a French header with accents", "Éditeur;Titre du produit\nContoso;Suite\nFabrikam, Inc.;C++ & C#\n", two, nil},
		{"blank lines and spaces", "\n Contoso , Suite \n\n,,\n\"Fabrikam, Inc.\",C++ & C#\n\n", two, nil},
		{"publishers alone", "Publisher\nContoso\nFabrikam\n", []catalog.Addition{{Publisher: "Contoso"}, {Publisher: "Fabrikam"}}, nil},
		{"a publisher without a title", "Contoso,\nFabrikam,Suite", []catalog.Addition{{Publisher: "Contoso"}, {Publisher: "Fabrikam", Title: "Suite"}}, nil},
		{"Windows-1252", "\xc9diteur,Titre\nSoci\xe9t\xe9,R\xe9sum\xe9\n", []catalog.Addition{{Publisher: "Société", Title: "Résumé"}}, nil},
		{
			"bad rows", "Contoso,Suite\n,Nobody's\nA,B,C\nX,a\x00b\nY,\"un\"closed\nFabrikam,OK\n",
			[]catalog.Addition{{Publisher: "Contoso", Title: "Suite"}, {Publisher: "Fabrikam", Title: "OK"}},
			[]catalog.Finding{
				{Line: 2, Field: "publisher", Code: "publisher_required"},
				{Line: 3, Code: "feed_columns", Args: errs.Pairs("count", "3")},
				{Line: 4, Field: "title", Code: "title_control", Value: "a\x00b", Args: errs.Pairs("characters", "U+0000")},
				{Line: 5, Code: "stray_quote"},
			},
		},
		{"both are wrong", strings.Repeat("p", 257) + "," + strings.Repeat("t", 257), nil, []catalog.Finding{
			{Line: 1, Field: "publisher", Code: "publisher_too_long", Value: strings.Repeat("p", 255) + "…", Args: errs.Pairs("max", "256", "length", "257")},
			{Line: 1, Field: "title", Code: "title_too_long", Value: strings.Repeat("t", 255) + "…", Args: errs.Pairs("max", "256", "length", "257")},
		}},
		{"nothing", "", nil, []catalog.Finding{{Code: "feed_empty"}}},
		{"a header and nothing", "publisher;title\n\n", nil, []catalog.Finding{{Code: "feed_empty"}}},
		{"a workbook", "PK\x03\x04[Content_Types].xml", nil, []catalog.Finding{{Code: "file_xlsx"}}},
		{"UTF-16", "\xff\xfeC\x00o\x00", nil, []catalog.Finding{{Code: "file_utf16"}}},
		{"too large", strings.Repeat("\n", catalog.MaxFileBytes+1), nil, []catalog.Finding{catalog.TooLarge()}},
		{"too many rows", strings.Repeat("A,B\n", catalog.MaxFileRows+1), nil, []catalog.Finding{{Code: "feed_too_many_rows", Args: errs.Pairs("max", "250000", "count", "250001")}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := catalog.ReadFile([]byte(test.content))
			if diff := cmp.Diff(test.want, f.Additions); diff != "" {
				t.Errorf("additions (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.findings, f.Findings); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			if len(f.Additions)+f.Rejected != f.Rows {
				t.Errorf("%d additions and %d rejected of %d rows", len(f.Additions), f.Rejected, f.Rows)
			}
		})
	}
}

func TestAHostileFileIsBounded(t *testing.T) {
	t.Parallel()
	f := catalog.ReadFile([]byte(strings.Repeat("a,b,c\n", 5000)))
	if f.Rejected != 5000 || len(f.Findings) != catalog.MaxFileFindings {
		t.Errorf("%d rejected, %d findings", f.Rejected, len(f.Findings))
	}
	if f := catalog.ReadFile([]byte(strings.Repeat(",", 1<<20) + "x\n\"" + strings.Repeat("\"\n", 1<<16))); f.Additions != nil {
		t.Errorf("%d additions", len(f.Additions))
	}
}

func FuzzReadFile(f *testing.F) {
	for _, seed := range []string{"Contoso,Suite", "Éditeur;Titre\nA;B", "\"a\n", "\xef\xbb\xbf\t", "a\tb\rc\x00d", plansHeader + "Suite,SUITE,g,OFFICESUBSCRIPTION,p,f\n,,"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := catalog.ReadFile(data)
		good := len(file.Additions)
		for _, s := range file.Subscriptions {
			good += s.Rows
		}
		if good+file.Rejected != file.Rows {
			t.Fatalf("%d good and %d rejected of %d rows", good, file.Rejected, file.Rows)
		}
		log := &memoryLog{}
		s := process(log, &memoryBucket{})
		for range 2 {
			if _, err := s.Feed(t.Context(), file.Additions, func() audit.Event { return someEvent }); err != nil {
				t.Fatal(err)
			}
		}
		if len(log.entries) > 1 {
			t.Fatalf("the same file again made another entry: %v", log.entries)
		}
		for _, a := range file.Additions {
			if p, _, missing, err := s.Resolve(t.Context(), a.Publisher, a.Title); err != nil || p.ID == "" || missing != nil && a.Title != "" {
				t.Fatalf("%+v is not there: %v %v", a, missing, err)
			}
		}
	})
}

// R3.9: the same file again, half of it, and concurrently in parts.
func TestFeed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../events/catalog.csv")
	if err != nil {
		t.Fatal(err)
	}
	file := catalog.ReadFile(data)
	var additions []catalog.Addition
	for i := range 9000 {
		additions = append(additions, catalog.Addition{Publisher: fmt.Sprintf("Publisher %d", i%10), Title: fmt.Sprintf("A title with quite a long name, to fill an entry, number %d", i)})
	}
	additions = append(append(additions, file.Additions...), catalog.Addition{Publisher: "MICROSOFT CORP.", Title: "visio standard 2019"})
	log := &memoryLog{}
	event := func() audit.Event { return someEvent }
	other := process(log, &memoryBucket{})
	n := 0
	log.appended = func() {
		if n++; n == 2 { // another process feeds half of it concurrently
			if _, err := other.Feed(t.Context(), additions[:5000], event); err != nil {
				t.Error(err)
			}
		}
	}
	s := process(log, &memoryBucket{})
	fed, err := s.Feed(t.Context(), additions, event)
	if err != nil || len(log.entries) < 3 || log.moved == 0 {
		t.Fatalf("%+v in %d entries, %v", fed, len(log.entries), err)
	}
	total := 0
	for _, e := range log.events {
		var titles int
		if _, err := fmt.Sscan(e.After["titles"], &titles); err != nil {
			t.Fatal(err)
		}
		total += titles
	}
	if want := 9000 + len(file.Additions); total != want {
		t.Errorf("the events count %d titles, want %d", total, want)
	}
	entries := len(log.entries)
	again, err := process(log, &memoryBucket{}).Feed(t.Context(), additions, event)
	if diff := cmp.Diff(catalog.Fed{Unchanged: len(additions)}, again); diff != "" || err != nil || len(log.entries) != entries {
		t.Errorf("again: %v, %d entries more (-want +got)\n%s", err, len(log.entries)-entries, diff)
	}
}
