package inventory_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/position"
)

// ownRules recognise the products of the samples, independently of the dictionary.
func ownRules(t *testing.T) *inventory.Rules {
	t.Helper()
	rule := func(id, name, publisher, family, version string) inventory.Rule {
		return inventory.Rule{ID: id, Kind: inventory.Product, Name: name, Product: position.Product{Publisher: publisher, Family: family, Version: version}}
	}
	rules, err := inventory.NewRules([]inventory.Rule{
		rule("apps", "Microsoft 365 Apps for enterprise*", "Microsoft", "Apps", ""),
		rule("office", "Microsoft Office Professional Plus {year}*", "Microsoft", "Office", "{year}"),
		rule("visio", "Microsoft Visio*", "Microsoft", "Visio", ""),
		rule("photoshop", "Adobe Photoshop {year}", "Adobe", "Photoshop", "{year}"),
		{ID: "windows", Kind: inventory.Product, Publisher: "Microsoft", Name: "*Windows 11 Enterprise*", Product: position.Product{Publisher: "Microsoft", Family: "Windows", Edition: "Enterprise", Version: "11"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// counted is the compared part of a tally: products as "name: devices/users", platforms as "name:
// devices".
type counted struct {
	Shape              inventory.Shape
	Estimated          bool
	Devices, Rows, Bad int
	Products, Others   []string
}

func countedOf(tally *inventory.Tally) counted {
	c := counted{Shape: tally.Shape, Estimated: tally.Estimated, Devices: tally.Devices, Rows: tally.Rows, Bad: tally.BadRows}
	for _, p := range tally.Products {
		c.Products = append(c.Products, fmt.Sprintf("%s: %d/%d", inventory.ProductName(p.Product), p.Devices, p.Users))
	}
	for _, p := range tally.OtherPlatforms {
		c.Others = append(c.Others, fmt.Sprintf("%s: %d", p.Platform, p.Devices))
	}
	return c
}

// TestSamplesR6_1 reads a file of each source as people have it.
func TestSamplesR6_1(t *testing.T) {
	t.Parallel()
	rules := ownRules(t)
	for name, want := range map[string]counted{
		"graph.json": {inventory.Graph, true, 12, 4, 0, []string{"Microsoft Apps: 12/0", "Microsoft Visio: 3/0"}, []string{"iOS: 20"}},
		"configmgr.csv": {
			inventory.ConfigMgr, false, 2, 5, 1,
			[]string{"Microsoft Apps: 1/0", "Microsoft Office 2016: 2/0"},
			nil, // R6.7: not also 2010
		},
		"powershell.csv":  {inventory.PowerShell, false, 2, 3, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Apps: 2/0"}, nil},
		"get-package.csv": {inventory.PowerShell, false, 1, 2, 0, []string{"Microsoft Visio: 1/0"}, nil},
		"wmic.csv":        {inventory.WMIC, false, 2, 3, 1, []string{"Microsoft Office 2016: 2/0"}, nil},
		"fleet.json": {
			inventory.Fleet, false, 1, 3, 0,
			[]string{"Adobe Photoshop 2025: 1/0", "Microsoft Apps: 1/0", "Microsoft Windows Enterprise 11: 1/0"},
			[]string{"macOS: 1"},
		},
		"fleet.csv": {inventory.Fleet, true, 12, 2, 0, []string{"Adobe Photoshop 2025: 2/0", "Microsoft Apps: 12/0"}, nil},
		"ocs.csv": {
			inventory.OCS, false, 2, 3, 0,
			[]string{"Microsoft Apps: 2/1", "Microsoft Windows Enterprise 11: 2/1"},
			[]string{"Linux: 1"},
		},
		"lansweeper.csv":  {inventory.Lansweeper, false, 2, 3, 0, []string{"Microsoft Apps: 2/2", "Microsoft Visio: 1/1"}, nil},
		"wmic-table.txt":  {inventory.WMIC, false, 1, 3, 0, []string{"Microsoft Office 2016: 1/0", "Microsoft Visio: 1/0"}, nil},
		"wmic-list.txt":   {inventory.WMIC, false, 1, 3, 0, []string{"Microsoft Office 2016: 1/0", "Microsoft Visio: 1/0"}, nil},
		"format-list.txt": {inventory.PowerShell, false, 2, 2, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 1/0"}, nil},
		"winget.txt":      {inventory.Winget, false, 1, 3, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 1/0"}, nil},
		"report.csv":      {inventory.ConfigMgr, false, 3, 4, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Office 2016: 2/0"}, nil},
		"folders.zip":     {inventory.PowerShell, false, 3, 4, 0, []string{"Adobe Photoshop 2025: 2/0", "Microsoft Visio: 2/0"}, nil},
		"reg-query.txt":   {inventory.PowerShell, false, 1, 3, 1, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 1/0"}, nil},
		"changes.csv":     {inventory.Table, false, 2, 3, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 2/0"}, nil},
		"api.json":        {inventory.Table, false, 2, 3, 0, []string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 2/0"}, nil},
		"ecs.jsonl": {
			inventory.Table, false, 2, 4, 0,
			[]string{"Adobe Photoshop 2025: 1/0", "Microsoft Visio: 2/0", "Microsoft Windows Enterprise 11: 1/0", "Microsoft Windows Pro 10: 1/0"},
			[]string{"Linux: 1"},
		},
		"german.csv": {inventory.Table, false, 2, 2, 0, []string{"Adobe Photoshop 2025: 1/1", "Microsoft Apps: 1/1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open("../../events/inventory/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got, err := inventory.Read(t.Context(), file, inventory.Options{Name: name, Rules: rules})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, countedOf(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTables reads tables in the ways that people write them. Their product is Visio.
func TestTables(t *testing.T) {
	t.Parallel()
	rules := ownRules(t)
	visio := func(shape inventory.Shape, devices, users, rows, bad int, others ...string) counted {
		return counted{shape, false, devices, rows, bad, []string{fmt.Sprintf("Microsoft Visio: %d/%d", devices, users)}, others}
	}
	for name, test := range map[string]struct {
		file string
		want counted
	}{
		"R6.1 an empty or zero device id falls back on the name": {
			"DeviceId,DeviceName,ApplicationName\n,A,Microsoft Visio\n00000000-0000-0000-0000-000000000000,B,Microsoft Visio\n , a ,Microsoft Visio\n,,Microsoft Visio\n",
			visio(inventory.AppInvRawData, 2, 0, 4, 1),
		},
		"R6.1 Intune without ids": {
			"DeviceName,ApplicationName\nA,Microsoft Visio\n", visio(inventory.AppInvRawData, 1, 0, 1, 0),
		},
		"R6.1 French": {
			"Nom de l'ordinateur\tLogiciel\tÉditeur\nA\tMicrosoft Visio\tMicrosoft\n", visio(inventory.Table, 1, 0, 1, 0),
		},
		"R6.1 Dutch, sep= and CR line ends": {
			"sep=;\rApparaatnaam;Naam;Versie\rA;Microsoft Visio;1\rB;Microsoft Visio;1\rx\r", visio(inventory.Table, 2, 0, 3, 1),
		},
		"R6.1 a list of one PC is named by its file": {
			"Name,Version,Publisher\nMicrosoft Visio,1,Microsoft\n", visio(inventory.Table, 1, 0, 1, 0),
		},
		"R6.1 a selection of the registry of one PC": {
			"\"DisplayName\",\"DisplayVersion\",\"InstallDate\"\r\n\"Microsoft Visio\",\"1\",\"2\"\r\n", visio(inventory.PowerShell, 1, 0, 1, 0),
		},
		"other platforms do not count": {
			"DeviceId,ApplicationName,Platform,OSDescription\nA,Microsoft Visio,Windows,Windows\nB,Microsoft Visio,iOS,iOS 18\nB,Other,iOS,\nC,Other,,Android 15\nD,Microsoft Visio,macOS,\nE,Microsoft Visio,Unknown,\n,Other,iOS,\n",
			visio(inventory.AppInvRawData, 2, 0, 7, 1, "Android: 1", "iOS: 1", "macOS: 1"),
		},
		"users are distinct, by the id before the address": {
			"DeviceId,ApplicationName,EmailAddress,UserId\nA,Microsoft Visio,a@example.com,Ann\nB,Microsoft Visio,b@example.com,ann\nC,Microsoft Visio,a@example.com,00000000-0000-0000-0000-000000000000\nD,Other,a@example.com,u2\n",
			counted{inventory.AppInvRawData, false, 4, 4, 0, []string{"Microsoft Visio: 3/2"}, nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for encoding, file := range map[string]string{"UTF-8": test.file, "UTF-16": wide(test.file, true), "UTF-16 without a mark": wide(test.file, false)} {
				got, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Name: "PC-1.csv", Rules: rules})
				if err != nil {
					t.Fatalf("%s: %v", encoding, err)
				}
				if diff := cmp.Diff(test.want, countedOf(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", encoding, diff)
				}
			}
		})
	}
}

// wide returns a text as UTF-16: little endian with a byte-order mark, or big endian without one.
func wide(text string, mark bool) string {
	order := binary.AppendByteOrder(binary.BigEndian)
	var b []byte
	if mark {
		order = binary.LittleEndian
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// TestListsOfOnePCInAnArchive: each file is a PC, and the name of the archive is none.
func TestListsOfOnePCInAnArchive(t *testing.T) {
	t.Parallel()
	list := "Name,Version,Publisher\nMicrosoft Visio,1,Microsoft\n"
	sent := archive(t, file{"pcs/BRU-1.csv", list}, file{"pcs/BRU-2.csv", list}, file{"old/bru-2.txt", list}, file{"numbers.csv", "01-07001,01-07001\n"})
	got, err := inventory.Read(t.Context(), strings.NewReader(sent), inventory.Options{Name: "all.zip", Rules: ownRules(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Devices != 2 || got.BadRows != 1 || got.Bad[0].File != "numbers.csv" {
		t.Errorf("%d devices, bad %+v", got.Devices, got.Bad)
	}
}

// TestWindowsEditionsR6_7: a PC has its Windows as a title where the file tells the edition.
func TestWindowsEditionsR6_7(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, want string }{
		"Intune": {
			"DeviceId,ApplicationName,OSDescription,OSVersion,Platform\nA,X,Windows 11 Pro,10.0.22631,Windows\nA,Y,Windows 11 Pro,10.0.22631,Windows\nB,X,Windows 11 Pro,10.0.22631,\nC,X,Windows,10.0.22631,Windows\n",
			"Microsoft|Windows 11 Pro|10.0.22631: 2",
		},
		"GLPI": {
			`{"deviceid":"A","content":{"softwares":[{"name":"X"}],"operatingsystem":{"name":"Windows","full_name":"Microsoft Windows 11 Enterprise","version":"23H2","kernel_name":"MSWin32"}}}`,
			"Microsoft|Microsoft Windows 11 Enterprise|23H2: 1",
		},
		"osquery": {
			`{"hostIdentifier":"A","snapshot":[{"name":"Microsoft Windows 11 Pro","version":"10.0.22631","platform":"windows","build":"22631"}]}`,
			"Microsoft|Microsoft Windows 11 Pro|10.0.22631: 1",
		},
	} {
		tally := read(t, test.file)
		var editions []string
		for _, title := range tell(tally).Titles {
			if title[0] == 'M' {
				editions = append(editions, title)
			}
		}
		if diff := cmp.Diff([]string{test.want}, editions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if none := read(t, "DeviceId,ApplicationName,OSDescription\nA,X,Windows\nB,X,Windows 11\n"); len(none.Titles) != 1 {
		t.Errorf("%+v", none.Titles)
	}
}

// TestJSONR6_1 reads the other documents of Graph and Fleet.
func TestJSONR6_1(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want told
	}{
		"Graph, an array": {
			`[{"displayName":"A","version":"1","publisher":"P","deviceCount":3},{"displayName":"A","version":"2","publisher":"P","deviceCount":"x"}]`,
			told{inventory.Graph, 3, []string{"P|A|1: 3"}, bad("inventory_row_number", 1)},
		},
		"Fleet, a host": {
			`{"host":{"hostname":"h","software":[{"name":"A","version":"1","vendor":"P"}]}}`,
			told{inventory.Fleet, 1, []string{"P|A|1: 1"}, nil},
		},
		"Fleet, versions": {
			`{"count":1,"software":[{"name":"A","version":"1","vendor":"P","source":"programs","hosts_count":4},{"name":"B","version":"1","source":"deb_packages","hosts_count":9}]}`,
			told{inventory.Fleet, 4, []string{"P|A|1: 4"}, nil},
		},
		"Fleet, titles": {
			`{"software_titles":[{"name":"A","source":"programs","hosts_count":4,"versions":[{"version":"1"}]},{"name":"B","hosts_count":5,"versions":[{"version":"1","hosts_count":2},{"version":"2","hosts_count":3}]}]}`,
			told{inventory.Fleet, 4, []string{"|A|: 4", "|B|1: 2", "|B|2: 3"}, nil},
		},
	} {
		if diff := cmp.Diff(test.want, tell(read(t, test.file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestMixedNumbers: numbers of PCs beside PCs would count them twice.
func TestMixedNumbers(t *testing.T) {
	t.Parallel()
	for _, second := range []string{`[{"displayName":"A","version":"1","deviceCount":3}]`, "Name,Version,Count\nA,1,3\n"} {
		sent := archive(t, file{"a.csv", "Computer,Software\nx,A\n"}, file{"b", second})
		if _, err := inventory.Read(t.Context(), strings.NewReader(sent), inventory.Options{}); errs.CodeOf(err) != "inventory_mixed" {
			t.Errorf("%s: %v", second, err)
		}
	}
}
