package inventory_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
)

// indexed reads a file of rows "id,name,title" as a source.
func indexed(t *testing.T, source, rows string) inventory.Indexed {
	t.Helper()
	var file strings.Builder
	file.WriteString("DeviceId,DeviceName,ApplicationName,ApplicationPublisher,ApplicationVersion\n")
	for row := range strings.Lines(rows) {
		if row = strings.TrimSpace(row); row != "" {
			file.WriteString(row + ",Microsoft,16.0\n")
		}
	}
	var pcs inventory.PCs
	tally, err := inventory.Read(t.Context(), strings.NewReader(file.String()), inventory.Options{Scratch: t.TempDir(), PCs: &pcs})
	if err != nil || !pcs.Complete() {
		t.Fatal(err)
	}
	read, err := inventory.DecodePCs(pcs.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return inventory.Indexed{Counted: inventory.Counted{Source: source, Key: "inventory/" + source + ".csv", Tally: tally}, PCs: read}
}

func guid(n int) string { return fmt.Sprintf("7d4e0000-0000-4000-8000-%012x", n) }

// TestR8_2_DevicesAreFound: by id in any source, else by name with or without a domain, and never by a guess.
func TestR8_2_DevicesAreFound(t *testing.T) {
	t.Parallel()
	sources := []inventory.Indexed{
		indexed(t, "a", `
			`+guid(1)+`,PC-1,Microsoft Visio Professional 2016
			`+guid(2)+`,pc-2.example.com,Microsoft Visio Professional 2019
			`+guid(3)+`,PC-3,Microsoft Visio Professional 2019
			`+guid(4)+`,PC-3,Microsoft Visio Professional 2019
			`+guid(5)+`,EXAMPLE\PC-5,Microsoft Visio Professional 2019
			`+guid(6)+`,PC-6.a.example,Microsoft Visio Professional 2019
			`+guid(7)+`,PC-6.b.example,Microsoft Visio Professional 2019
			`+guid(8)+`,PC-8,Some tool of nobody
			`+guid(9)+`,PC-9,Microsoft Visio Professional 2019
			PC-11,,Microsoft Visio Professional 2019
			pc-12.example.com,,Microsoft Visio Professional 2019
			PC-13,pc-13.b.example,Microsoft Visio Professional 2019
			`+guid(14)+`,PC-14,Microsoft Visio Professional 2016`),
		indexed(t, "b", `
			`+guid(101)+`,PC-1,Microsoft Visio Professional 2019
			`+guid(103)+`,PC-10,Microsoft Visio Professional 2016
			`+guid(9)+`,,Microsoft Visio Professional 2016
			`+guid(114)+`,PC-14,Microsoft Visio Professional 2019
			`+guid(115)+`,PC-14,Microsoft Visio Professional 2019`),
		indexed(t, "c", guid(104)+",pc-10,Microsoft Visio Professional 2019"),
	}
	const visio16, visio19 = "Visio Professional 2016", "Visio Professional 2019"
	for name, test := range map[string]struct {
		sought  []inventory.Sought
		matches string
		pcs     int
		lines   []string
		unknown int
	}{
		"by id, in any case":                      {[]inventory.Sought{{ID: strings.ToUpper(guid(2)), Name: "other"}}, "id", 1, []string{"a 1 " + visio19}, 0},
		"by id in one source, by name in another": {[]inventory.Sought{{ID: guid(1), Name: "PC-1"}}, "id", 1, []string{"b 1 " + visio19}, 0},
		"by id in two sources, highest version":   {[]inventory.Sought{{ID: guid(9), Name: "PC-9"}}, "id", 1, []string{"a 1 " + visio19}, 0},
		"by name in two sources":                  {[]inventory.Sought{{ID: guid(999), Name: "pc-10"}}, "name", 1, []string{"c 1 " + visio19}, 0},
		"by name without its domain":              {[]inventory.Sought{{Name: "PC-2"}, {Name: "PC-5"}, {Name: "pc-12"}}, "name name name", 3, []string{"a 3 " + visio19}, 0},
		"by name with a domain that the PC lacks": {[]inventory.Sought{{Name: "PC-11.example.com"}}, "name", 1, []string{"a 1 " + visio19}, 0},
		"in another domain":                       {[]inventory.Sought{{Name: "PC-2.other.example"}}, "not-found", 0, nil, 0},
		"by the whole name":                       {[]inventory.Sought{{Name: "pc-6.b.example"}}, "name", 1, []string{"a 1 " + visio19}, 0},
		"in another domain than the one beside":   {[]inventory.Sought{{Name: "pc-13.a.example"}}, "not-found", 0, nil, 0},
		"in the domain beside":                    {[]inventory.Sought{{Name: "pc-13.b.example"}, {Name: "PC-13"}}, "name name", 1, []string{"a 1 " + visio19}, 0},
		"ambiguous in one source only":            {[]inventory.Sought{{Name: "PC-14"}}, "name", 1, []string{"a 1 " + visio16}, 0},
		"two PCs with the name":                   {[]inventory.Sought{{Name: "PC-3"}}, "ambiguous", 0, nil, 0},
		"two PCs with the name in two domains":    {[]inventory.Sought{{Name: "PC-6"}}, "ambiguous", 0, nil, 0},
		"not there":                               {[]inventory.Sought{{ID: guid(999), Name: "PC-999"}}, "not-found", 0, nil, 0},
		"without id and name":                     {[]inventory.Sought{{}}, "not-found", 0, nil, 0},
		"two devices that are one PC":             {[]inventory.Sought{{ID: guid(2)}, {Name: "pc-2"}}, "id name", 1, []string{"a 1 " + visio19}, 0},
		"two devices that join PCs":               {[]inventory.Sought{{ID: guid(103)}, {ID: guid(104)}, {Name: "pc-10"}}, "id id name", 1, []string{"c 1 " + visio19}, 0},
		"unknown titles":                          {[]inventory.Sought{{ID: guid(8)}}, "id", 1, nil, 1},
		"nothing":                                 {nil, "", 0, nil, 0},
	} {
		got := inventory.Select(sources, test.sought)
		var lines []string
		for _, line := range got.Lines {
			lines = append(lines, fmt.Sprintf("%s %d %s %s", strings.TrimSuffix(strings.TrimPrefix(line.Source.ID, "inventory/"), ".csv"), line.Quantity, line.Product.Name(), line.Product.Version))
		}
		var matches []string
		for _, m := range got.Matches {
			matches = append(matches, string(m))
		}
		if strings.Join(matches, " ") != test.matches || got.PCs != test.pcs || got.LeftOut.UnknownDevices != test.unknown || !slices.Equal(lines, test.lines) {
			t.Errorf("%s: %v, %d PCs, %v, %+v", name, matches, got.PCs, lines, got.LeftOut)
		}
	}
}

// TestR8_2_UndecidedAndMacOS: what is left out is told for the PCs of the selection.
func TestR8_2_UndecidedAndMacOS(t *testing.T) {
	t.Parallel()
	one := indexed(t, "a", guid(1)+",PC-1,Microsoft Visio Professional 2019")
	tally := *one.Tally
	tally.MacOS = true
	for i := range tally.Titles {
		tally.Titles[i].Decision.Kind = inventory.Undecidable
	}
	one.Tally = &tally
	got := inventory.Select([]inventory.Indexed{one}, []inventory.Sought{{Name: "PC-1"}})
	if diff := cmp.Diff(inventory.LeftOut{UndecidedDevices: 1, MacOS: true}, got.LeftOut); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPCsDoNotDependOnChance: a file that is read again has the same bytes, by which its object is named.
func TestPCsDoNotDependOnChance(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&rows, "%s,PC-%d,Microsoft Visio Professional %d\n", guid(i), i, 2010+3*(i%3))
		fmt.Fprintf(&rows, "PC-%d.example.com,,Microsoft Project Professional 2019\n", i)
	}
	first := indexed(t, "a", rows.String())
	for range 3 {
		if again := indexed(t, "a", rows.String()); !bytes.Equal(first.PCs.Encode(), again.PCs.Encode()) {
			t.Fatal("the bytes differ")
		}
	}
	if got := inventory.Select([]inventory.Indexed{first}, []inventory.Sought{{Name: "pc-7"}}); got.PCs != 1 || len(got.Lines) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestPCsOfNumbers: a file with numbers of devices has none.
func TestPCsOfNumbers(t *testing.T) {
	t.Parallel()
	var pcs inventory.PCs
	file := "ApplicationName,ApplicationPublisher,ApplicationVersion,DeviceCount\nVisio Professional 2019,Microsoft,16,5\n"
	tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir(), PCs: &pcs})
	if err != nil || !tally.Estimated {
		t.Fatalf("%+v, %v", tally, err)
	}
	if got := inventory.Select([]inventory.Indexed{{Counted: inventory.Counted{Tally: tally}, PCs: &pcs}}, []inventory.Sought{{Name: "PC"}}); got.PCs != 0 {
		t.Errorf("%+v", got)
	}
}

func TestDecodePCsRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := indexed(t, "a", guid(1)+",PC-1,Microsoft Visio Professional 2019").PCs.Encode()
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if _, err := inventory.DecodePCs(damaged); err == nil {
			t.Errorf("byte %d", i)
		}
		if _, err := inventory.DecodePCs(whole[:i]); err == nil {
			t.Errorf("%d bytes", i)
		}
	}
}
