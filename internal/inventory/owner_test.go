package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"trueup/internal/inventory"
)

// TestR6_1_SystemsAroundAList: an object around a list tells the system of its PC, in any of the names that
// columns have, in every kind of list.
func TestR6_1_SystemsAroundAList(t *testing.T) {
	t.Parallel()
	const rows, rowsOfRegistry, rowsOfGraph = `[{"name":"vim","version":"9"}]`, `[{"DisplayName":"vim","DisplayVersion":"9"}]`, `[{"displayName":"vim","version":"9"}]`
	for name, test := range map[string]struct{ file, other string }{
		"applications":                 {`{"computerName":"A","operatingSystem":"macOS 14","applications":` + rows + `}`, "macOS"},
		"packages":                     {`{"hostname":"A","os":"Ubuntu","packages":` + rows + `}`, "Linux"},
		"software":                     {`{"hostname":"A","os":"Ubuntu","software":` + rows + `}`, "Linux"},
		"a platform":                   {`{"hostname":"A","platform":"darwin","software":` + rows + `}`, "macOS"},
		"a version with a name":        {`{"hostname":"A","os_version":"Ubuntu 22.04","software":` + rows + `}`, "Linux"},
		"Dutch":                        {`{"computernaam":"A","besturingssysteem":"macOS 14","toepassingen":` + rowsOfRegistry + `}`, "macOS"},
		"the list first":               {`{"applications":` + rows + `,"osName":"iOS 17","deviceName":"A"}`, "iOS"},
		"an object":                    {`{"hostname":"A","os":{"name":"macOS","version":"14.5"},"apps":` + rowsOfRegistry + `}`, "macOS"},
		"an object in an object":       {`{"hostname":"A","system":{"os":{"name":"macOS"}},"apps":` + rowsOfRegistry + `}`, "macOS"},
		"a device":                     {`{"device":{"name":"A","platform":"darwin"},"apps":` + rowsOfRegistry + `}`, "macOS"},
		"Jamf":                         {`{"computer":{"general":{"name":"A","platform":"Mac"},"hardware":{"name":"iMac"},"software":{"applications":` + rows + `}}}`, "macOS"},
		"Jamf, its system":             {`[{"general":{"name":"A"},"operatingSystem":{"name":"macOS","version":"14"},"applications":` + rows + `}]`, "macOS"},
		"an outer object":              {`{"platform":"macOS","devices":[{"hostname":"A","apps":` + rowsOfRegistry + `}]}`, "macOS"},
		"a page of hosts":              {`{"hosts":[{"hostname":"A","operatingSystem":"Ubuntu 22.04","software":` + rows + `}]}`, "Linux"},
		"devices of Graph":             {`{"value":[{"id":"A","osName":"iOS","detectedApps":` + rowsOfGraph + `}]}`, "iOS"},
		"a log of osquery":             {`{"hostIdentifier":"A","decorations":{"platform":"darwin"},"action":"added","columns":{"name":"vim","version":"9"}}`, "macOS"},
		"the row":                      {`{"hostname":"A","os":"Windows 11","apps":[{"DisplayName":"vim","DisplayVersion":"9","os":"macOS"}]}`, "macOS"},
		"the row, in a list of a host": {`{"hostname":"A","os":"Windows 11","software":[{"name":"vim","platform":"Linux"}]}`, "Linux"},
		"the row, on Windows":          {`{"hostname":"A","os":"Ubuntu","apps":[{"DisplayName":"vim","DisplayVersion":"9","os":"Windows"}]}`, ""},
		"a row that does not say":      {`{"hostname":"A","os":"macOS","apps":[{"DisplayName":"vim","DisplayVersion":"9","os":""}]}`, "macOS"},
		"Windows":                      {`{"hostname":"A","os":"Windows 11","packages":` + rows + `}`, ""},
		"numbers":                      {`{"platform":"macOS","software":[{"software":"vim","version":"9","computers":1}]}`, "macOS"},
	} {
		got := read(t, test.file)
		want, others := "[{vim 9 1}]", "[]"
		if test.other != "" {
			want, others = "[]", "[{"+test.other+" 1}]"
		}
		var titles []struct {
			Name, Version string
			Devices       int
		}
		for _, c := range got.Titles {
			titles = append(titles, struct {
				Name, Version string
				Devices       int
			}{c.Name, c.Version, c.Devices})
		}
		if fmt.Sprint(titles) != want || fmt.Sprint(got.OtherPlatforms) != others || got.BadRows > 0 {
			t.Errorf("%s: %v, other platforms %v, %v", name, titles, got.OtherPlatforms, got.Bad)
		}
	}
}

// TestR6_7_WindowsAroundAList: an object around a list tells the edition of Windows and the user of its PC.
func TestR6_7_WindowsAroundAList(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		`{"computerName":"A","operatingSystem":"Windows 11 Pro","osVersion":"10.0.22631","user":"x","applications":[{"name":"Microsoft Visio","version":"16"}]}` +
			`{"computerName":"B","operatingSystem":"Windows 11 Pro","osVersion":"10.0.22631","user":"x","applications":[{"name":"Microsoft Visio","version":"16"}]}`,
		`{"hosts":[{"hostname":"A","os_version":"Windows 11 Pro 10.0.22631","primaryUser":"x","software":[{"name":"Microsoft Visio","version":"16"}]},` +
			`{"hostname":"B","os_version":"Windows 11 Pro 10.0.22631","primaryUser":"x","software":[{"name":"Microsoft Visio","version":"16"}]}]}`,
		`{"user":"admin","computers":[{"computer":{"name":"A","os":{"name":"Windows 11 Pro","version":"10.0.22631"},"user":"x"},"software":[{"DisplayName":"Microsoft Visio","DisplayVersion":"16"}]},` +
			`{"computer":{"name":"B","os":{"name":"Windows 11 Pro","version":"10.0.22631"},"user":"x"},"software":[{"DisplayName":"Microsoft Visio","DisplayVersion":"16"}]}]}`,
	} {
		got, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Titles) != 2 || got.Titles[0].Name != "Microsoft Visio" || got.Titles[1].Name != "Windows 11 Pro" || got.Titles[1].Version != "10.0.22631" || got.Titles[1].Devices != 2 {
			t.Errorf("%s: %+v", file, got.Titles)
		}
		for _, p := range got.Products {
			if p.Devices != 2 || p.Users != 1 {
				t.Errorf("%s: %+v", file, p)
			}
		}
	}
}
