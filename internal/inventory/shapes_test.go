package inventory_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/misfiled"
)

// noted is the compared part of a tally of people's files: titles as "name: devices", bad rows as
// "line code", and notes as "code args".
type noted struct {
	Shape   inventory.Shape
	Devices int
	Titles  []string
	Bad     []string
	Notes   []string
}

func note(tally *inventory.Tally) (n noted) {
	n = noted{Shape: tally.Shape, Devices: tally.Devices}
	for _, c := range tally.Titles {
		n.Titles = append(n.Titles, fmt.Sprintf("%s %s: %d", c.Name, c.Version, c.Devices))
	}
	for _, b := range tally.Bad {
		n.Bad = append(n.Bad, fmt.Sprintf("%d %s", b.Line, b.Code))
	}
	for _, o := range tally.Notes {
		text := strings.TrimPrefix(o.Code, "inventory_note_")
		for _, name := range []string{"line", "rows", "source"} {
			if o.Args[name] != "" {
				text += " " + o.Args[name]
			}
		}
		n.Notes = append(n.Notes, text)
	}
	return n
}

// list writes a list of strings.
func list(texts ...string) []string { return texts }

func TestR6_1_ShapesOfText(t *testing.T) {
	t.Parallel()
	const visio = "Visio 16: "
	for name, test := range map[string]struct {
		file string
		want noted
	}{
		"a second header": {
			"Computer,Software,Version\nA,Visio,16\nComputer,Software,Version\nB,Visio,16\n",
			noted{inventory.Table, 2, list(visio + "2"), nil, nil},
		},
		"a second header with its byte-order mark and quotes": {
			"Computer,Software,Version\nA,Visio,16\n\ufeff\"Computer\",Software,Version\nB,Visio,16\n",
			noted{inventory.Table, 2, list(visio + "2"), nil, nil},
		},
		"a second header in another order, with more columns": {
			"Computer,Software,Version\nA,Visio,16\n\nSoftware,Version,Publisher,Computer\nVisio,16,Microsoft,B\n",
			noted{inventory.Table, 2, list(visio+"1", visio+"1"), nil, list("columns 4")},
		},
		"a second header with another separator": {
			"Computer,Software,Version\nA,Visio,16\nsep=;\nComputer;Software;Version\nB;Visio;16\n",
			noted{inventory.Table, 2, list(visio + "2"), nil, nil},
		},
		"a second header in a list with numbers": {
			"Software,Version,Computers\nVisio,16,3\nSoftware,Version,Computers\nWord,16,4\n",
			noted{inventory.Table, 4, list(visio+"3", "Word 16: 4"), nil, nil},
		},
		"titles like columns": {
			"Computer,Software,Version\nA,Software 0,\nA,Software,\nPC0,Application,\nHost,Software 0,\nSoftware,Visio,16\nComputer,Software,\nB,Software 0,\n",
			noted{inventory.Table, 5, list("Application : 1", "Software : 1", "Software 0 : 3", visio+"1"), nil, nil},
		},
		"titles like columns, counted": {
			"Software,Version,Computers\nSoftware 0,,3\nPackage,,2\nSoftware,Version,Computers\nProgram,,x\n",
			noted{inventory.Table, 3, list("Package : 2", "Software 0 : 3"), list("5 inventory_row_number"), nil},
		},
		"titles like columns, of fixed width": {
			"Computer   Software     Version\n---------- ------------ -------\nA          Software 0         \nComputer   Software     Version\nA          Package            \n",
			noted{inventory.Table, 1, list("Package : 1", "Software 0 : 1"), nil, nil},
		},
		"titles like columns, as a list": {
			"Name=Software\nVendor=\nVersion=\n\nName=Name\nVendor=Vendor\nVersion=Version\n\n", noted{inventory.WMIC, 1, list("Software : 1"), list("5 inventory_row_title"), nil},
		},
		"titles like columns, in rows of JSON": {
			`[{"hostname":"A","name":"Software 0","version":""},{"hostname":"A","name":"Program","version":""},{"hostname":"hostname","name":"name","version":"version"}]`,
			noted{inventory.Osquery, 1, list("Program : 1", "Software 0 : 1"), list("1 inventory_row_title"), nil},
		},
		"titles like columns, in a table of JSON": {
			`[["Computer","Software","Version"],["A","Software 0",""],["Computer","Software","Version"],["A","Program",null]]`,
			noted{inventory.Table, 1, list("Program : 1", "Software 0 : 1"), nil, nil},
		},
		"titles like columns, of a host": {
			`{"hosts":[{"hostname":"A","software":[{"name":"Software 0"},{"name":"Name","version":"Version"}]}]}`,
			noted{inventory.Fleet, 1, list("Software 0 : 1"), list("1 inventory_row_title"), nil},
		},
		"titles like columns, with numbers": {
			`{"software_titles":[{"name":"Software 0","hosts_count":4}]}`, noted{inventory.Fleet, 4, list("Software 0 : 4"), nil, nil},
		},
		"words for nothing": {
			"DeviceId,DeviceName,ApplicationName,ApplicationPublisher,ApplicationVersion\nNULL,A,Visio,(null),16\n-,a,Visio,N/A,16\nNone,B,Visio,None,16\nn/a,NULL,Visio,,16\nC,,null,,\n0,D,Word,,-\n",
			noted{inventory.AppInvRawData, 3, list(visio+"2", "Word : 1"), list("5 inventory_row_device", "6 inventory_row_title"), nil},
		},
		"real names that begin like nothing": {
			"Computer,Software,Version\nNULL-1,Nonesuch,1\nNONE2,Null Modem,1\n-X,N/Able,1\n",
			noted{inventory.Table, 3, list("N/Able 1: 1", "Nonesuch 1: 1", "Null Modem 1: 1"), nil, nil},
		},
		"ids of zeros": {
			"DeviceId,DeviceName,ApplicationName\n{00000000-0000-0000-0000-000000000000},A,Visio\n0000,B,Visio\n000a,C,Visio\n00000000-0000-0000-0000-000000000000,,Visio\n",
			noted{inventory.AppInvRawData, 3, list("Visio : 3"), list("5 inventory_row_device"), nil},
		},
		"a GUID in braces": {
			"DeviceId,ApplicationName\n{3F2504E0-4F89-41D3-9A0C-0305E82C3301},Visio\n3f2504e0-4f89-41d3-9a0c-0305e82c3301,Visio\n",
			noted{inventory.AppInvRawData, 1, list("Visio : 1"), nil, nil},
		},
		"what only begins like a GUID": {
			"DeviceId,ApplicationName\n3f2504e0-4f89-41d3-9a0c-0305e82c33-1,Visio\n3f2504e0-4f89-41d3-9a0c--305e82c3301,Visio\n",
			noted{inventory.AppInvRawData, 2, list("Visio : 2"), nil, nil},
		},
		"lines before sep=": {
			"\n# exported today\n SEP = ;\n\nComputer;Software\nA;Visio\n", noted{inventory.Table, 1, list("Visio : 1"), nil, nil},
		},
		"sep=,, and a quoted one": {
			"\"sep=;\"\nsep=,,\nComputer,Software\nA,Visio\n,,\n", noted{inventory.Table, 1, list("Visio : 1"), list("5 inventory_row_columns"), nil},
		},
		"bars": {"Computer|Software\nA|Visio\n", noted{inventory.Table, 1, list("Visio : 1"), nil, nil}},
		"#TYPE after a blank line": {
			"\r\n\"#TYPE System.Object\"\r\n\"DisplayName\",\"DisplayVersion\",\"Foo\"\r\n\"Visio\",\"16\",\"\"\r\n",
			noted{inventory.PowerShell, 1, list(visio + "1"), nil, nil},
		},
		"a report with titles, parameters and totals": {
			"Textbox1,Textbox2\nInstalled software,28/11/2026\n\nSite,Contoso\n\nDetails_Table0_Netbios_Name0,Details_Table0_DisplayName0,Details_Table0_Version0,Textbox9\nA,Visio,16,1\nB,Visio,16,2\n,Total: 2,,\nTotal,2\nGrand Total\nPrinted by me\n",
			noted{inventory.ConfigMgr, 2, list(visio + "2"), list("12 inventory_row_columns"), list("header 6")},
		},
		"a total below numbers": {
			"Software,Version,Computers\nVisio,16,3\nTotal,,3\nEindtotaal:,,3\nTotal Commander,,1\n",
			noted{inventory.Table, 3, list("Total Commander : 1", visio+"3"), nil, nil},
		},
		"thousands": {
			"Software;Version;Computers\nVisio;16;1,234\nWord;16;1.235\nExcel;16;1 236\nAccess;16;1.5\nProject;16;3.0\nOneNote;16; 4 \n",
			noted{inventory.Table, 1236, list("Excel 16: 1236", "OneNote 16: 4", "Project 16: 3", visio+"1234", "Word 16: 1235"), list("5 inventory_row_number"), nil},
		},
		"a query's output": {
			"Computer,Software,Version\n--------,--------,-------\nA,Visio,16\nB,NULL,NULL\n\n(2 rows affected)\n",
			noted{inventory.Table, 1, list(visio + "1"), list("4 inventory_row_title"), nil},
		},
		"a query's output of fixed width": {
			"Computer   Software name       Version\n---------- ------------------- -------\nA          Visio               16\nB          Word                NULL\n\n(2 rows affected)\n",
			noted{inventory.Table, 2, list(visio+"1", "Word : 1"), nil, nil},
		},
		"wmic of fixed width": {
			"Name                     Vendor     Version  \r\r\nMicrosoft Office 2016    Microsoft  16.0     \r\r\nCafé                     Ünï        2        \r\r\n\r\r\nName                     Vendor     Version  \r\r\nOne word                            1        \r\r\nmuch too long a name to fit Vendor  1\r\r\n",
			noted{inventory.WMIC, 1, list("One word 1: 1", "Microsoft Office 2016 16.0: 1", "Café 2: 1"), list("7 inventory_row_columns"), nil},
		},
		"wmic /format:list": {
			"\r\r\n\r\r\nName=Visio\r\r\nVendor=Microsoft\r\r\nVersion=16\r\r\n\r\r\n\r\r\nName=A=B\r\r\nVendor=\r\r\nVersion=\r\r\n\r\r\n",
			noted{inventory.WMIC, 1, list("A=B : 1", visio+"1"), nil, nil},
		},
		"Format-List": {
			"\n\nDisplayName    : Visio\nDisplayVersion : 16\nPSComputerName : A\n\nDisplayName    : A very long name\n                 that goes on\nDisplayVersion : 1\nPSComputerName : A\n\nDisplayVersion : 1\nPSComputerName : A\n\nDisplayName    : Visio\nDisplayVersion : 16\nPSComputerName : B\n\n",
			noted{inventory.PowerShell, 2, list(visio + "2"), list("7 inventory_row_cut", "12 inventory_row_title"), nil},
		},
		"osqueryi --line": {
			"            name = Visio\n         version = 16\n       publisher = Microsoft\n\n            name = Word = x\n         version = \n       publisher = Microsoft\n",
			noted{inventory.Osquery, 1, list(visio+"1", "Word = x : 1"), nil, nil},
		},
		"reg query": {
			"\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Uninstall\\Hidden\r\n    SystemComponent    REG_DWORD    0x1\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Uninstall\\Visio\r\n    DisplayName    REG_SZ    Visio\r\n    DisplayVersion    REG_SZ    16\r\n    Publisher    REG_SZ    Microsoft\r\n    Comments    REG_SZ    \r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Uninstall\\Word\r\n    DisplayName    REG_EXPAND_SZ    Word    2\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Uninstall\\Empty\r\n\r\nEnd of search: 5 match(es) found.\r\n",
			noted{inventory.PowerShell, 1, list("Word 2 : 1", visio+"1"), list("2 inventory_row_title", "13 inventory_row_title"), nil},
		},
		"Format-List without some values": {
			"\nDisplayName : Word\nPSComputerName : A\n\nDisplayName    : Visio\nDisplayVersion : 16\nPSComputerName : A\nPublisher : Microsoft\n\nDisplayName    : Excel\nPSComputerName : B\n\nDisplayName : Visio\nDisplayVersion : 16\n\nDisplayVersion : 1\nPSComputerName : B\n",
			noted{inventory.PowerShell, 2, list("Excel : 1", "Word : 1", visio+"1"), list("13 inventory_row_device", "16 inventory_row_title"), nil},
		},
		"wmic /format:list without some values": {
			"Name=Word\nVendor=M\n\nName=Visio\nVendor=M\nVersion=16\n\nName=Excel\n\n", noted{inventory.WMIC, 1, list("Excel : 1", visio+"1", "Word : 1"), nil, nil},
		},
		"Format-Table": {
			"\nDisplayName                 DisplayVersion Publisher\n-----------                 -------------- ---------\nVisio                       16             Microsoft\nA name that is too long ... 1              Maker\n\n",
			noted{inventory.PowerShell, 1, list(visio + "1"), list("5 inventory_row_cut"), nil},
		},
		"winget list": {
			"   - \r   \\ \r                \rNaam              Id            Versie Bron\n---------------------------------------------\nVisio             Microsoft.Vis 16     winget\nA name that is c… ARP\\X         1\n",
			noted{inventory.Winget, 1, list(visio + "1"), list("4 inventory_row_cut"), nil},
		},
		"packages in a table": {
			"name,version,source,vendor,hosts_count\nVisio,16,programs,Microsoft,3\nrequests,2,python_packages,,9\nleft-pad,1,npm_packages,,1\nflask,2,python_packages,,8\nuBlock,1,chrome_extensions,,4\nbash,5,deb_packages,,7\n",
			noted{inventory.Fleet, 3, list(visio + "3"), nil, list("packages 1 chrome_extensions", "packages 1 npm_packages", "packages 2 python_packages")},
		},
		"a folder is no source": {
			"Name,Version,Source,ProviderName\nVisio,16,C:\\python_packages\\x,Programs\n", noted{inventory.PowerShell, 1, list(visio + "1"), nil, nil},
		},
		"a name in some rows, an id in others": {
			"DeviceId,DeviceName,ApplicationName\nd1,PC-1,Visio\n,pc-1,Visio\n,PC-1,Word\nd2,PC-2,Visio\nd3,PC-2,Visio\n,PC-2,Visio\n,PC-3,Word\n",
			noted{inventory.AppInvRawData, 5, list("Visio : 4", "Word : 2"), nil, nil}, // PC-2 is ambiguous
		},
		"rows with numbers that come again": {
			aggregateHeader + "1,k1,Visio,,,16,5,Windows\r\n1,k1,Visio,,,16,5,Windows\r\n1,k2,Visio,,,16,2,Windows\r\n1,k1,Visio,,,16,6,Windows\r\n",
			noted{inventory.AppInvAggregate, 8, list(visio + "8"), nil, list("repeated 2")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, note(read(t, test.file))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestR6_1_Removed: software that was uninstalled does not count, in any language and kind of file.
func TestR6_1_Removed(t *testing.T) {
	t.Parallel()
	for column, values := range map[string]struct{ removed, installed []string }{
		"Status":         {list("Uninstalled", "REMOVED", "Not installed", "verwijderd", "Désinstallé", "entfernt", "Desinstalado"), list("Installed", "", "Active", "Uninstall", "Failed")},
		"Install State":  {list("not_installed", "absent"), list("installed", "present")},
		"Change Type":    {list("Software removed", "deleted"), list("Added", "Updated")},
		"Actie":          {list("Gedeïnstalleerd"), list("Geïnstalleerd")},
		"Zustand":        {list("Deinstalliert", "gelöscht"), list("Installiert")},
		"État":           {list("supprimée", "non installé"), list("installé")},
		"Acción":         {list("eliminado"), list("instalado")},
		"Uninstall Date": {list("2026-11-28", "11/28/2026 10:15", "28.11.26", "20261128", "1795824000", "/Date(1795824000000)/", "Nov 28 2026"), list("", "N/A", "-", "0", "0000-00-00", "0000-00-00 00:00:00", "01/01/0001 00:00:00", "9999-12-31", "1970-01-01T00:00:00Z", "/Date(-62135596800000)/", "1250")},
		"Removed":        {list("true", "Yes", "1", "oui"), list("false", "No", "0", "non", "nee", "nein")},
		"Verwijderd op":  {list("28-11-2026"), list("")},
		"active_install": {list("false", "0", "Nee"), list("true", "1", "")},
	} {
		file := "Computer,Software,Version,Publisher," + column + "\n"
		var rows string
		for _, value := range values.removed {
			file += "A,Visio,16,Microsoft," + value + "\n"
			rows += fmt.Sprintf(",{\"Computer\":\"A\",\"Software\":\"Visio\",%q:%q}", column, value)
		}
		for i, value := range values.installed {
			file += fmt.Sprintf("P%d,Word,16,Microsoft,%s\n", i+1, value)
			rows += fmt.Sprintf(",{\"Computer\":\"P%d\",\"Software\":\"Word\",%q:%q}", i+1, column, value)
		}
		installed := len(values.installed)
		want := noted{inventory.Table, installed, list(fmt.Sprintf("Word 16: %d", installed)), nil, list(fmt.Sprintf("removed %d", len(values.removed)))}
		if diff := cmp.Diff(want, note(read(t, file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", column, diff)
		}
		want.Titles = list(fmt.Sprintf("Word : %d", installed))
		if diff := cmp.Diff(want, note(read(t, "["+rows[1:]+"]"))); diff != "" {
			t.Errorf("%s, JSON (-want +got):\n%s", column, diff)
		}
	}
	for name, test := range map[string]struct {
		file string
		want noted
	}{
		"numbers": {"Software,Version,Computers,Status\nVisio,16,3,Removed\nWord,16,2,Installed\n", noted{inventory.Table, 2, list("Word 16: 2"), nil, list("removed 1")}},
		"counts":  {"Software,Version,Installations,Removed\nVisio,16,40,1\nWord,16,2,1250\n", noted{inventory.Table, 40, list("Visio 16: 40", "Word 16: 2"), nil, nil}},
		"one PC":  {"Name,Version,Publisher,Uninstall date\nVisio,16,Microsoft,2026-11-28\nWord,16,Microsoft,\n", noted{inventory.Table, 1, list("Word 16: 1"), nil, list("removed 1")}},
		"a log":   {`{"name":"p","hostIdentifier":"h","action":"removed","columns":{"name":"Visio","version":"16"}}{"name":"p","hostIdentifier":"h","action":"added","columns":{"name":"Word","version":"16"}}`, noted{inventory.Osquery, 1, list("Word 16: 1"), nil, list("removed 1")}},
	} {
		if diff := cmp.Diff(test.want, note(read(t, test.file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestR6_1_ManyNotes: remarks about the file as a whole are told, however many files have some.
func TestR6_1_ManyNotes(t *testing.T) {
	t.Parallel()
	var files []file
	for i := range 25 {
		files = append(files, file{fmt.Sprintf("%02d.csv", i), fmt.Sprintf("Report\nname,version,source,hosts_count\nVisio,16,programs,3\nx,1,a%02d_packages,9\nx,1,a%02d_packages,9\n", i, i)})
	}
	got, err := inventory.Read(t.Context(), strings.NewReader(archive(t, files...)), inventory.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	notes := note(got).Notes
	if len(notes) != inventory.MaxNotes || notes[8] != "header 2" || notes[9] != "packages 2 a00_packages" || notes[18] != "packages 2 a09_packages" || notes[19] != "more 30" {
		t.Errorf("%q", notes)
	}
}

func TestR6_1_UTF32(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]binary.AppendByteOrder{"big": binary.BigEndian, "little": binary.LittleEndian} {
		for _, mark := range []string{"", "\ufeff"} {
			var file []byte
			for _, r := range mark + "Computer,Software\nA,Café\n" {
				file = order.AppendUint32(file, uint32(r))
			}
			if diff := cmp.Diff(list("Café : 1"), note(read(t, string(file))).Titles); diff != "" {
				t.Errorf("%s endian, mark %q (-want +got):\n%s", name, mark, diff)
			}
		}
	}
}

func TestR6_1_ShapesOfJSON(t *testing.T) {
	t.Parallel()
	page := func(next, id string) string {
		return `{"@odata.context":"x",` + next + `"value":[{"id":"` + id + `","displayName":"Visio","version":"16","deviceCount":3}]}`
	}
	const next = `"@odata.nextLink":"https://graph",`
	for name, test := range map[string]struct {
		file string
		want noted
	}{
		"a page with a next one": {page(next, "1"), noted{inventory.Graph, 3, list("Visio 16: 3"), nil, list("part")}},
		"all pages":              {page(next, "1") + page(next, "2") + page("", "3"), noted{inventory.Graph, 9, list("Visio 16: 9"), nil, nil}},
		"a page twice, and an empty one": {
			page(next, "1") + page(next, "1") + `{"value":[]}`, noted{inventory.Graph, 3, list("Visio 16: 3"), nil, list("repeated 1")},
		},
		"a count of 0": {
			`{"value":[{"displayName":"Visio","version":"16","deviceCount":0},{"displayName":"Word","version":"0","deviceCount":1}]}`,
			noted{inventory.Graph, 1, list("Word 0: 1"), nil, nil},
		},
		"devices with detectedApps": {
			`{"value":[{"id":"d1","deviceName":"A","operatingSystem":"Windows","detectedApps":[{"displayName":"Visio","version":"16"}]},{"id":"d2","operatingSystem":"iOS","detectedApps":[{"displayName":"Visio","version":"16"}]}]}`,
			noted{inventory.Graph, 1, list("Visio 16: 1"), nil, nil},
		},
		"a page of Fleet with a next one": {
			`{"software":[{"name":"Visio","version":"16","source":"programs","hosts_count":3}],"meta":{"has_next_results":true}}`,
			noted{inventory.Fleet, 3, list("Visio 16: 3"), nil, list("part")},
		},
		"packages of a host": {
			`{"host":{"hostname":"h","platform":"windows","software":[{"name":"Visio","version":"16","source":"programs"},{"name":"requests","version":"2","source":"python_packages"},{"name":"x","version":"2","source":"vscode_extensions"}]}}`,
			noted{inventory.Fleet, 1, list("Visio 16: 1"), nil, list("packages 1 python_packages", "packages 1 vscode_extensions")},
		},
		"a log of packages": {
			`{"name":"pack_all_programs","hostIdentifier":"h","snapshot":[{"name":"Visio","version":"16"}]}` + "\n" +
				`{"name":"pack/all/python_packages","hostIdentifier":"h","snapshot":[{"name":"requests","version":"2"}]}` + "\n" +
				`{"name":"pack_all_npm_packages","hostIdentifier":"h","action":"added","columns":{"name":"left-pad","version":"2"}}`,
			noted{inventory.Osquery, 1, list("Visio 16: 1"), nil, list("packages 1 npm_packages", "packages 1 python_packages")},
		},
		"ConvertTo-Json of the registry": {
			`[{"DisplayName":"Visio","DisplayVersion":"16","Version":268435456,"PSComputerName":"A"},{"DisplayName":null,"DisplayVersion":null,"PSComputerName":"A"}]`,
			noted{inventory.PowerShell, 1, list("Visio 16: 1"), list("1 inventory_row_title"), nil},
		},
		"rows of a system that names the device like a table": {
			`[{"ComputerName":"A","DisplayName":"Visio","DisplayVersion":"16","PSDrive":{"Name":"HKLM"},"n":[1,{"a":"]"}],"x":-1.5e3,"y":null},{"ComputerName":"B","DisplayName":"Visio","DisplayVersion":"16"}]`,
			noted{inventory.PowerShell, 2, list("Visio 16: 2"), nil, nil},
		},
		"keys in other cases and languages": {
			`{"Gerätename":"A","Anwendung":"Visio","Version":"16"}` + "\n" + `{"G\u0065rätename" : "B" , "Anwendung":"Visio","Version":"16"}`,
			noted{inventory.Table, 2, list("Visio 16: 2"), nil, nil},
		},
		"rows with a platform and an edition": {
			`[{"computer":"A","name":"Visio","version":"16","os_version":"Windows 11 Pro 23H2"},{"computer":"B","name":"Visio","version":"16","os_version":"macOS 14"}]`,
			noted{inventory.Osquery, 1, list("Visio 16: 1", "Windows 11 Pro : 1"), nil, nil},
		},
		"rows with numbers": {
			`[{"name":"Visio","version":"16","count":3}]`, noted{inventory.Osquery, 3, list("Visio 16: 3"), nil, nil},
		},
		"rows that leave out empty values": {
			`[{"SystemComponent":1,"PSPath":"x"},{"DisplayName":"Excel","PSPath":"x"},{"DisplayName":"Visio","DisplayVersion":"16","PSPath":"x"},{"DisplayName":"Word","PSPath":"y","PSDrive":{"Name":"HKLM"}}]`,
			noted{inventory.PowerShell, 1, list("Excel : 1", "Visio 16: 1", "Word : 1"), list("1 inventory_row_title"), nil},
		},
		"rows that leave out the PC": {
			`[{"PSComputerName":"A","Name":"Visio","Version":"16"},{"Name":"Visio","Version":"16"}]`,
			noted{inventory.PowerShell, 1, list("Visio 16: 1"), list("1 inventory_row_device"), nil},
		},
		"an array as ConvertTo-Json writes it": {
			`{"value":[{"DisplayName":"Visio","DisplayVersion":"16"},{"DisplayName":"Word","DisplayVersion":"16"}],"Count":2}`,
			noted{inventory.PowerShell, 1, list("Visio 16: 1", "Word 16: 1"), nil, nil},
		},
		"pages of an API": {
			`{"cursor":{"name":"x","count":2},"results":[{"name":"Visio","version":"16","deviceId":1},{"name":"Visio","version":"16","deviceId":2}]}` +
				`{"results":[{"name":"Visio","version":"16","deviceId":3},{"a":1}]}`,
			noted{inventory.Table, 3, list("Visio 16: 3"), list("1 inventory_row_device"), nil},
		},
		"Wazuh": {
			`{"data":{"affected_items":[{"scan":{"id":0},"name":"Visio","version":"16","vendor":"Microsoft","agent_id":"001"},{"name":"Visio","version":"16","agent_id":"002"}],"total_affected_items":2},"error":0}`,
			noted{inventory.Table, 2, list("Visio 16: 1", "Visio 16: 1"), nil, nil},
		},
		"devices with a list": {
			`[{"ComputerName":"A","Apps":[{"Name":"Visio","Version":"16"}],"Drivers":[{"Name":"x","Version":"1"}]},{"ComputerName":"B","Id":7,"Apps":[{"Name":"Visio","Version":"16"},{"Name":"Word","Version":"16"}]}]`,
			noted{inventory.PowerShell, 2, list("Visio 16: 2", "Word 16: 1"), nil, nil},
		},
		"a device with a list, and its name elsewhere": {
			`{"devices":[{"deviceId":"d1","deviceName":"A","applications":[{"name":"Visio","version":"16"}]}]}[{"hostname":"A","name":"Visio","version":"16"}]`,
			noted{inventory.Table, 1, list("Visio 16: 1"), nil, nil},
		},
		"an object of the registry": {
			`{"DisplayName":"Visio","DisplayVersion":"16"}`, noted{inventory.PowerShell, 1, list("Visio 16: 1"), nil, nil},
		},
		"an object of a package among rows": {
			`{"hostname":"A","name":"Visio","version":"16"}` + "\n" + `{"name":"left-pad","version":"1"}`,
			noted{inventory.Osquery, 1, list("Visio 16: 1"), list("2 inventory_row_document"), nil},
		},
		"Defender": {
			`{"value":[{"deviceId":"d","deviceName":"A","osPlatform":"Windows11","softwareVendor":"microsoft","softwareName":"visio","softwareVersion":"16"},{"deviceId":"m","osPlatform":"macOS","softwareName":"visio","softwareVersion":"16"}]}`,
			noted{inventory.Defender, 1, list("visio 16: 1"), nil, nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, note(read(t, test.file))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestR6_1_KnownFilesThatAreNone: the message says what the file is, and so what to do.
func TestR6_1_KnownFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		`{"@odata.context":"x","value":[]}`:                                "inventory_nothing Microsoft Graph",
		`{"software":[],"count":0}`:                                        "inventory_nothing Fleet",
		`{"count":0,"software":null}`:                                      "inventory_nothing Fleet",
		`{"hosts":[]}`:                                                     "inventory_nothing Fleet",
		`{"error":{"code":"Unauthorized"}}`:                                "inventory_answer",
		`{"message":"Authentication required","errors":[{"name":"base"}]}`: "inventory_answer",
		"<!DOCTYPE html><html><body>Belarc</body></html>":                  "inventory_page",
		"<?xml version=\"1.0\"?><REQUEST><CONTENT/></REQUEST>":             "inventory_page",
		"%PDF-1.7\n":                       "inventory_page",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "inventory_workbook",
		"\x1f\x8b\x08\x00":                 "inventory_packed",
		archive(t, file{"[Content_Types].xml", "<a/>"}, file{"xl/workbook.xml", ""}):                   "inventory_workbook",
		archive(t, file{"a.json", `{"value":[]}`}, file{"b.txt", "x"}):                                 "inventory_nothing Microsoft Graph",
		"License ID,Product family,Version,Effective quantity,Active SA quantity\n1,Office,2021,5,0\n": "inventory_statement",
		"Authorization;License\n01-07001;01-07001\n":                                                   "inventory_agreements",
		"Name   Vendor\nVisio  Microsoft\n":                                                            "inventory_format",
		"key=value\nother=value\n":                                                                     "inventory_format",
		"Software version report for computer A\n\nnothing\n":                                          "inventory_format",
		`{"name":"left-pad","version":"1.3.0","private":true,"dependencies":{"a":"1"}}`:                "inventory_developer npm",
		archive(t, file{"package.json", `{"name":"left-pad","version":"1.3.0"}`}):                      "inventory_document",
		`{"bomFormat":"CycloneDX","components":[{"type":"library","name":"left-pad","version":"1"}]}`:  "inventory_developer CycloneDX",
		`{"pageDetails":{"count":1},"software":[{"name":"Visio","version":"16"}]}`:                     "inventory_document",
		`{"A":[{"Name":"Visio","Version":"16"}],"B":[{"Name":"Visio","Version":"16"}]}`:                "inventory_document",
		`{"deviceid":"A","content":{"firmwares":[{"name":"BIOS","version":"1"}]}}`:                     "inventory_format",
		`{"hostname":"A","drivers":[{"name":"BIOS","version":"1"}]}`:                                   "inventory_document",
		strings.Repeat(`{"name":"left-pad","version":"1.3.0"}`+"\n", 200):                              "inventory_document",
	} {
		_, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir(), Other: misfiled.InInventory})
		got := errs.CodeOf(err)
		if e := errs.As(err); e != nil && len(e.Args) > 0 {
			got += " " + e.Args["system"] + e.Args["tool"]
		}
		if got != want {
			t.Errorf("%.60q is %q, want %q (%v)", file, got, want, err)
		}
	}
}

// TestR6_1_FoldersOfAnArchive: a list that names no PC is named by its file or folder.
func TestR6_1_FoldersOfAnArchive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files string // with spaces between them
		want  int
	}{
		"a folder for each":                   {"PC1/software.csv PC2/software.csv", 2},
		"a folder for each, one file":         {"PC1/software.csv", 1},
		"another name":                        {"PC1/x.csv PC2/x.csv", 2},
		"several files in each":               {"PC1/software.csv PC1/wmic.txt PC2/software.csv PC2/wmic.txt", 2},
		"a folder for all":                    {"pcs/PC1.csv pcs/PC2.csv pcs/PC3.csv", 3},
		"mixed":                               {"PC1/software.csv PC2/software.csv PC3.csv pc1.csv", 3},
		"nested":                              {"site/PC1/software.csv site/PC2/software.csv", 2},
		"an equal folder inside":              {"PC1/export/software.csv PC2/export/software.csv", 2},
		"a date inside":                       {"PC1/2026-11-28/software.csv PC2/2026-11-28/software.csv", 2},
		"a date in the name":                  {"PC1/software-20261127.csv PC1/software-20261128.csv PC2/software-20261128.csv", 2},
		"folders by number":                   {"1001/list.csv 1002/list.csv 1003/list.csv", 3},
		"the same PCs in two folders":         {"new/PC1.csv new/PC2.csv old/pc1.csv", 2},
		"the same PCs in two folders, by all": {"new/PC1.csv new/PC2.csv new/PC3.csv old/PC1.csv old/PC2.csv old/PC3.csv", 3},
		"backslashes":                         {`PC1\software.csv PC2\software.csv`, 2},
		"no folders, a list name":             {"software.csv", 1},
		"PCs like a word and a number":        {"pcs/APP01.csv pcs/APP02.csv pcs/DATA-1.csv pcs/DATA-2.csv", 4},
		"PCs by number":                       {"pcs/2001.csv pcs/2002.csv pcs/20001234.csv pcs/20001235.csv pcs/190001.csv", 5},
		"folders like a word and a number":    {"APP01/software.csv APP02/software.csv", 2},
		"parts of a list":                     {"PC1/software-1.csv PC1/software-2.csv PC2/software-1.csv PC2/software-2.csv", 2},
		"copies of a list":                    {"PC1/app~list~1.csv PC1/export~(2).csv PC1/apps1~list.csv PC1/app~(10).csv", 1},
		"dates":                               {"PC1/28-11-2026.csv PC1/20261128T101500.csv PC1/2026.11.27~10.15.csv PC1/20261126101500.csv PC1/export-2026-11.csv PC1/2026-11/list.csv", 1},
		"years, quarters and months":          {"PC1/report-2024.csv PC1/export-2025-2026.csv PC1/report-q1.csv PC1/List~Q3~2024.csv PC1/export_2024Q4.csv PC1/2024-k2.csv PC1/report-march.csv PC1/lijst~december.csv PC1/export-jan-2026.csv PC1/28-Nov-2026.csv PC1/list-2026/list.csv", 1},
		"no years, quarters or months":        {"pcs/2024.csv pcs/q1.csv pcs/report-jan.csv pcs/may.csv pcs/PC-2024.csv pcs/report-3024.csv pcs/list-q7.csv pcs/june-1.csv", 8},
		"no dates":                            {"pcs/2026-13.csv pcs/2026-02-30.csv pcs/31-02-2026.csv", 3},
		"folders that name nothing":           {"export/software.csv all/software.csv", 2},
	} {
		var files []file
		for i, name := range strings.Fields(test.files) {
			name = strings.ReplaceAll(name, "~", " ")
			files = append(files, file{name, fmt.Sprintf("Name,Version,Publisher\nVisio,%d,Microsoft\n", i)})
		}
		got, err := inventory.Read(t.Context(), strings.NewReader(archive(t, files...)), inventory.Options{Name: "all.zip", Scratch: t.TempDir()})
		if err != nil || got.Devices != test.want || got.BadRows > 0 {
			t.Errorf("%s: %v, %d devices, want %d", name, err, got.Devices, test.want)
		}
	}
}

// TestR6_1_ArraysOfAnArchive: each array of osqueryi is the list of a device. The first of a file has
// the name of its file or folder.
func TestR6_1_ArraysOfAnArchive(t *testing.T) {
	t.Parallel()
	const rows = `[{"name":"Visio","version":"16"}]`
	got, err := inventory.Read(t.Context(), strings.NewReader(archive(t,
		file{"PC1/osquery.json", rows}, file{"PC2.json", rows + "\n" + rows + "\n" + rows},
		file{"names.csv", "Computer,Software\npc1,Word\nPC2,Word\n"},
	)), inventory.Options{Name: "all.zip", Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := noted{inventory.Osquery, 4, list("Visio 16: 4", "Word : 2"), nil, nil}
	if diff := cmp.Diff(want, note(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestR6_1_NamesAndIDs joins a list of PCs with ids, one with names, and one that its folder names.
func TestR6_1_NamesAndIDs(t *testing.T) {
	t.Parallel()
	sent := archive(t,
		file{"names.csv", "Computer,Software\npc-1,Visio\nPC-2,Visio\nPC-9,Visio\n"},
		file{"raw.csv", "DeviceId,DeviceName,ApplicationName,Platform\nd1,PC-1,Word,Windows\nd2,PC-2,Word,iOS\n"},
		file{"PC-1/software.csv", "Name,Version\nExcel,1\n"},
		file{"fleet.json", `{"hosts":[{"uuid":"u3","hostname":"pc-3","software":[{"name":"Visio","version":""}]}]}`},
		file{"more.csv", "Computer,Software\nPC-3,Visio\n"},
	)
	got, err := inventory.Read(t.Context(), strings.NewReader(sent), inventory.Options{Name: "all.zip", Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := noted{inventory.Table, 4, list("Excel 1: 1", "Visio : 4", "Word : 1"), nil, nil}
	if diff := cmp.Diff(want, note(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestR6_1_NamesOfDevices: which names are one PC. The title is on each of them.
func TestR6_1_NamesOfDevices(t *testing.T) {
	t.Parallel()
	const id, name = "DeviceId,DeviceName,ApplicationName\n", "Computer,Software\n"
	for what, test := range map[string]struct {
		files []string
		want  int
	}{
		"an id that is a name elsewhere":            {list(id+"d1,PC-1,Visio\n", id+"PC-1,Reception,Visio\n"), 1},
		"names of names":                            {list(id+"d1,PC-1,Visio\n", id+"PC-1,Reception,Visio\n", name+"Reception,Visio\n"), 1},
		"each is the name of the other":             {list(id+"a,b,Visio\nb,a,Visio\n", name+"a,Visio\nb,Visio\n"), 1},
		"a second name":                             {list(id+"d1,old,Visio\nd1,new,Visio\n", name+"old,Visio\nnew,Visio\n"), 1},
		"a second name after another device":        {list(id+"d1,old,Visio\nd2,x,Visio\nd1,new,Visio\n", name+"new,Visio\n"), 2},
		"an empty name beside an id":                {list(id+"d1,,Visio\n3f2504e0-4f89-41d3-9a0c-0305e82c3301,,Visio\n", name+"PC-1,Visio\n"), 3},
		"with and without its domain":               {list(name + "PC1,Visio\npc1.corp.local,Visio\nCORP\\PC1,Word\nPC2.corp.local,Visio\n"), 4}, // two with a domain
		"with and without one domain":               {list(name + "PC1,Visio\npc1.corp.local,Visio\nCORP\\PC2,Visio\nPC2,Visio\n"), 2},
		"in two domains":                            {list(name + "PC1,Visio\npc1.a.example,Visio\npc1.b.example,Visio\n"), 3},
		"an id, and its name with a domain":         {list(id+"d1,PC1.corp.local,Visio\n", name+"PC1,Visio\n"), 1},
		"an id and its name, and one with a domain": {list(id+"d1,PC1,Visio\n", name+"PC1.corp.local,Visio\nPC1,Visio\n"), 1},
		"two ids with a name in two domains":        {list(id+"d1,PC1.a.example,Visio\nd2,PC1.b.example,Visio\n", name+"PC1,Visio\n"), 3},
		"two ids with one name, and a domain":       {list(id+"d1,PC1,Visio\nd2,PC1,Visio\n", name+"PC1.a.example,Visio\n"), 3},
		"addresses":                                 {list(name + "10,Visio\n10.0.0.5,Visio\n10.0.0.6,Visio\n"), 3},
		"words with dots":                           {list(name + "St,Visio\nSt. Anna 1,Visio\n"), 2},
		"with users and another platform": {
			list("Computer,Software,User,Platform\nPC1,Visio,u,Windows\nPC1.corp.local,Visio,u,Windows\nM.corp.local,Visio,u,macOS\nM,Visio,u,macOS\n"), 1,
		},
	} {
		var files []file
		for i, content := range test.files {
			files = append(files, file{fmt.Sprint(i, ".csv"), content})
		}
		got, err := inventory.Read(t.Context(), strings.NewReader(archive(t, files...)), inventory.Options{Scratch: t.TempDir()})
		if err != nil || got.Devices != test.want || got.BadRows > 0 || len(got.OtherPlatforms) == 1 && got.OtherPlatforms[0].Devices != 1 {
			t.Errorf("%s: %v, %d PCs, want %d, %v %v", what, err, got.Devices, test.want, got.Bad, got.OtherPlatforms)
		}
	}
}

// TestR6_1_ManyNames joins devices whose records do not fit in memory.
func TestR6_1_ManyNames(t *testing.T) {
	t.Parallel()
	const devices, titles, others = 4000, 60, 20
	var ids, names strings.Builder
	ids.WriteString("DeviceId,DeviceName,ApplicationName,UserId\n")
	names.WriteString("Computer,Software,User\n")
	for title := range titles {
		for d := range devices {
			fmt.Fprintf(&ids, "id%d,pc%d,T%d,u%d\n", d, d, title, d)
			fmt.Fprintf(&names, "PC%d.corp.example,T%d,u%d\n", d, title+others, d)
		}
	}
	scratch := t.TempDir()
	got, err := inventory.Read(t.Context(), strings.NewReader(archive(t, file{"a.csv", ids.String()}, file{"b.csv", names.String()})), inventory.Options{Scratch: scratch})
	if err != nil {
		t.Fatal(err)
	}
	if got.Devices != devices || len(got.Titles) != titles+others || got.BadRows > 0 {
		t.Errorf("%d devices, %d titles, %d bad rows", got.Devices, len(got.Titles), got.BadRows)
	}
	for _, title := range got.Titles {
		if title.Devices != devices {
			t.Errorf("%+v", title)
		}
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("%d scratch files are left, %v", len(left), err)
	}
}

// TestR6_1_MacOS counts Macs by choice: the same in every kind of file.
func TestR6_1_MacOS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file                string
		without, with, user int // counts of the title, and users of it with macOS
		others              int
	}{
		"hosts": {`{"hosts":[{"hostname":"m","platform":"darwin","software":[{"name":"Microsoft Visio.app","version":"16","source":"apps"},{"name":"jq","version":"1","source":"homebrew_packages"}]},` +
			`{"hostname":"w","platform":"windows","software":[{"name":"Microsoft Visio","version":"16","source":"programs"}]}]}`, 1, 2, 0, 1},
		"numbers":               {aggregateHeader + "1,k1,Microsoft Visio,,,16,5,Windows\n1,k1,Microsoft Visio.app,,,16,2,macOS\n", 5, 7, 0, 2},
		"numbers with a source": {"name,version,source,hosts_count\nMicrosoft Visio,16,programs,5\nMicrosoft Visio.app,16,apps,2\n", 5, 7, 0, 2},
		"JSON with numbers":     {`{"software":[{"name":"Microsoft Visio","version":"16","source":"programs","hosts_count":5},{"name":"Microsoft Visio.app","version":"16","source":"apps","hosts_count":2}]}`, 5, 7, 0, 2},
		"a platform": {
			"hostname,name,version,platform,user\nw,Microsoft Visio,16,windows,a\nm,Microsoft Visio.app,16,darwin,b\nn,Microsoft Visio.app,16,darwin,b\n", 1, 3, 2, 2,
		},
		"a title like a folder": {"hostname,name,version,user\nw,Microsoft Visio,16,a\nm,Microsoft Visio.app,16,b\nn,Microsoft Visio.app,16,b\n", 1, 3, 2, 2},
		"a source": {
			"hostname,name,version,source,user\nw,Microsoft Visio,16,programs,a\nm,Microsoft Visio.app,16,apps,b\nn,Microsoft Visio.app,16,apps,b\nn,left-pad,1,npm_packages,b\n", 1, 3, 2, 2,
		},
	} {
		for _, with := range []bool{false, true} {
			got, err := inventory.Read(t.Context(), strings.NewReader(test.file), inventory.Options{MacOS: with, Scratch: t.TempDir(), Rules: ownRules(t)})
			if err != nil {
				t.Fatal(err)
			}
			l, want, others, users := got.LeftOut(), test.without, test.others, 0
			if with {
				want, others, users = test.with, 0, test.user
			} else if test.user > 0 {
				users = 1
			}
			if len(got.Titles) != 1 || got.Titles[0].Devices != want || l.OtherPlatforms != others || l.MacOS != with || got.BadRows > 0 {
				t.Errorf("%s, macOS %v: %+v, %+v, %v", name, with, got.Titles, l, got.Bad)
			}
			if got.Products[0].Users != users {
				t.Errorf("%s, macOS %v: %+v", name, with, got.Products)
			}
		}
	}
}

// TestR6_1_ManyArrays: each array of a long concatenation of osqueryi's output is another PC, also
// under a long name of the file.
func TestR6_1_ManyArrays(t *testing.T) {
	t.Parallel()
	const arrays = 300
	name := strings.Repeat("n", 240) + ".json"
	file := strings.Repeat(`[{"name":"Visio","version":"16"}]`+"\n", arrays)
	tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Name: name, Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(noted{inventory.Osquery, arrays, list("Visio 16: 300"), nil, nil}, note(tally)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestR6_1_TitlesLikeFolders: only a Mac, or a device whose system is not known, has a title that ends in .app
// as the folder of a Mac's application.
func TestR6_1_TitlesLikeFolders(t *testing.T) {
	t.Parallel()
	for file, windows := range map[string]bool{
		"Computer,Software,Operating System\nA,Sales.app,Windows 11\n":                                    true,
		"Computer,Software,Platform\nA,Sales.app,Windows\n":                                               true,
		"Computer,Software,Operating System\nA,Sales.app,\n":                                              false,
		"Computer,Software\nA,Sales.app\n":                                                                false,
		"Computer,Software,Operating System\nA,Sales.app,macOS 14\n":                                      false,
		"Software,Version,Platform,Computers\nSales.app,1,Windows,1\n":                                    true,
		"Software,Version,Platform,Computers\nSales.app,1,,1\n":                                           false,
		`{"hosts":[{"hostname":"A","platform":"windows","software":[{"name":"Sales.app"}]}]}`:             true,
		`{"hosts":[{"hostname":"A","software":[{"name":"Sales.app"}]}]}`:                                  false,
		`[{"displayName":"Sales.app","deviceCount":1,"platform":"windows"}]`:                              true,
		`[{"hostname":"A","name":"Sales.app","version":"1","platform":"windows"}]`:                        true,
		`{"value":[{"id":"A","operatingSystem":"Windows","detectedApps":[{"displayName":"Sales.app"}]}]}`: true,
	} {
		got := read(t, file)
		if is := len(got.Titles) == 1 && got.Titles[0].Name == "Sales.app" && len(got.OtherPlatforms) == 0; is != windows {
			t.Errorf("%s: %+v, other platforms %v", file, got.Titles, got.OtherPlatforms)
		}
	}
}

// TestR6_1_ListsOfDevelopers: packages of a programming language are no programs of a PC, and what is like them
// is read.
func TestR6_1_ListsOfDevelopers(t *testing.T) {
	t.Parallel()
	for file, tool := range map[string]string{
		"Package    Version\n---------- -------\npip        24.0\n":                                                               "pip",
		"Package    Version Editable project location\n---------- ------- ------------\npip        24.0\na          1       /a\n": "pip",
		"Package    Version Latest Type\n---------- ------- ------ -----\npip        23.0    24.0   wheel\n":                      "pip",
		"Package,Version\npip,24.0\n":         "pip",
		"\"Package\";\"Version\"\npip;24.0\n": "pip",
		"# made by pip freeze\nrequests==2.31.0\n-e git+https://example.com/a.git#egg=a\nb[x]==1 ; python_version < \"3.9\"\n":                        "pip",
		`[{"name": "certifi", "version": "24.1"}, {"name": "pip", "version": "24.0"}]`:                                                                "pip",
		`[{"name":"pip","version":"23.0","latest_version":"24.0","latest_filetype":"wheel"}]`:                                                         "pip",
		`{"version":"1","pip_version":"24.0","installed":[{"metadata":{"name":"a","version":"1"}}]}`:                                                  "pip",
		"# packages in environment at /opt/conda:\n#\n# Name  Version  Build  Channel\nnumpy  1.26.4  py311\n":                                        "conda",
		`[{"base_url":"x","build_number":0,"build_string":"main","channel":"main","dist_name":"a-1","name":"a","platform":"linux-64","version":"1"}]`: "conda",
		"/usr/lib\n├── npm@10.2.4\n└─┬ typescript@5.3.3\n  └── a@1.0.0\n":                                                                             "npm",
		"C:\\Users\\x\\AppData\\Roaming\\npm\n+-- npm@10.2.4\n`-- @angular/cli@17.0.1\n":                                                              "npm",
		"ms-python.python@2024.0.1\ngolang.go@0.41.0\n":                                                                                               "npm",
		`{"name":"a","version":"1","dependencies":{"express":{"version":"4.18.2"}}}`:                                                                  "npm",
		`{"dependencies":{"express":{"version":"4.18.2"}}}`:                                                                                           "npm",
		"\n*** LOCAL GEMS ***\n\nbundler (default: 2.4.10)\nrake (13.0.6, 12.1)\n":                                                                    "gem",
		"ripgrep v14.1.0:\n    rg\ncargo-edit v0.12.2 (/a):\n    cargo-add\n":                                                                         "cargo",
		"monolog/monolog  2.9.1  Sends your logs\nsymfony/console v6.0.0 Eases\n":                                                                     "composer",
		"example.com/m\ngithub.com/google/go-cmp v0.6.0\n":                                                                                            "",
		"github.com/google/go-cmp v0.6.0\ngolang.org/x/text v0.14.0\n":                                                                                "go",
		"Package Id      Version      Commands\n-------------------------------------\ndotnet-ef       8.0.0        dotnet-ef\n":                      "dotnet",
		"/Applications/A.app\n/Applications/B.app\n":                                                                                                  "",
	} {
		_, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()})
		want := "inventory_format"
		if tool != "" {
			want = "inventory_developer"
		}
		if e := errs.As(err); e == nil || e.Code != want || e.Args["tool"] != tool {
			t.Errorf("%q of %s: %v", file, tool, err)
		}
	}
	for _, file := range []string{
		"Device,Package,Version\nA,pip,24.0\n",
		"Package,Version,Vendor\nVisio,16,Microsoft\n",
		`[{"name":"Visio","version":"16"},{"name":"Requests","version":"1","publisher":"x"}]`,
		`[{"hostname":"A","name":"pip","version":"24.0"}]`,
		`[{"name":"Visio","version":"16","dependencies":{}}]`,
		`{"hostname":"A","dependencies":{},"software":[{"name":"Visio","version":"16"}]}`,
	} {
		if tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()}); err != nil || tally.Devices != 1 {
			t.Errorf("%q: %v, %+v", file, err, tally)
		}
	}
}

// TestR6_4_RefusedFilesLeaveNoNotes: the pages of another list in an archive say nothing about the inventory;
// the last, empty page does.
func TestR6_4_RefusedFilesLeaveNoNotes(t *testing.T) {
	t.Parallel()
	const page = `{"value":[{"displayName":"Visio","version":"16","deviceCount":2}],"@odata.nextLink":"x"}`
	for name, test := range map[string]struct {
		files []file
		want  []string
	}{
		"users":         {[]file{{"users.json", `{"value":[{"userPrincipalName":"a"}],"@odata.nextLink":"x"}`}, {"a.csv", "Software,Version,Computers\nVisio,16,2\n"}}, nil},
		"pages":         {[]file{{"1.json", page}}, list("part")},
		"the last page": {[]file{{"1.json", page}, {"2.json", `{"value":[]}`}}, nil},
	} {
		got := note(read(t, archive(t, test.files...)))
		if diff := cmp.Diff(test.want, got.Notes); diff != "" || got.Devices != 2 {
			t.Errorf("%s: %d devices (-want +got):\n%s", name, got.Devices, diff)
		}
	}
}
