package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestR6_1_DeviceColumns: every name of a column with a device is a key of JSON with one.
func TestR6_1_DeviceColumns(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Concat(idNames, deviceNames) {
		for shape, file := range map[string]string{
			"CSV":        fmt.Sprintf("%s,displayname,displayversion\nA,Visio,16\nB,Visio,16\n", name),
			"PowerShell": fmt.Sprintf(`[{%q:"A","DisplayName":"Visio","DisplayVersion":"16"},{"%[1]s":"B","DisplayName":"Visio","DisplayVersion":"16"}]`, name),
			"osquery":    fmt.Sprintf(`[{%q:"A","name":"Visio","version":"16"},{"%[1]s":"B","name":"Visio","version":"16"}]`, name),
			"a log":      fmt.Sprintf(`{"action":"added","columns":{%q:"A","name":"Visio","version":"16"}}{"snapshot":[{"%[1]s":"B","name":"Visio","version":"16"}]}`, name),
			"hosts":      fmt.Sprintf(`{"hosts":[{%q:"A","software":[{"name":"Visio"}]},{"%[1]s":"B","software":[{"name":"Visio"}]}]}`, name),
		} {
			tally, err := Read(t.Context(), strings.NewReader(file), Options{Scratch: t.TempDir()})
			if err != nil || tally.Devices != 2 || tally.BadRows > 0 {
				t.Errorf("%s, %s: %v, %+v", name, shape, err, tally)
			}
			if !IsFile([]byte(file)) {
				t.Errorf("%s, %s: not recognised elsewhere", name, shape)
			}
		}
	}
}

// TestR6_1_ObjectsOfSoftware reads software that is an object beside its device.
func TestR6_1_ObjectsOfSoftware(t *testing.T) {
	t.Parallel()
	const visio = `"package":{"name":"Visio","version":"16","vendor":"Microsoft"}`
	for file, want := range map[string]struct{ devices, others int }{
		`{"agent":{"name":"A"},` + visio + `}`:                                                                                                                                   {1, 0},
		`[{"agent":{"id":"001","name":"A"},` + visio + `},{` + visio + `,"agent":{"name":"B"}}]`:                                                                                 {2, 0},
		`{"agent":{"name":"A"},` + visio + `}` + "\n" + `{"agent":{"name":"B"},` + visio + `}`:                                                                                   {2, 0},
		`{"host":{"name":"A","os":{"platform":"ubuntu"}},` + visio + `}`:                                                                                                         {0, 1},
		`{"agent":{"name":"A","host":{"os":{"name":"macOS"}}},` + visio + `}`:                                                                                                    {0, 1},
		`{"agent":{"name":"A"},"package":{"name":"Visio","version":"16","format":"deb"}}`:                                                                                        {0, 1},
		`{"agent":{"name":"A"},"package":{"name":"Visio","version":"16","format":"win"}}`:                                                                                        {1, 0},
		`{"device":"A","software":{"name":"Visio","version":"16","vendor":"Microsoft"}}`:                                                                                         {1, 0},
		`{"computer":{"name":"A"},"software":{"title":"Visio","version":"16"}}`:                                                                                                  {1, 0},
		`{"agent":{"name":"A"},"package":{"name":"Visio"}}`:                                                                                                                      {1, 0},
		`{"agent":{"name":"A"},"data":{"program":{"name":"Visio","version":"16"}}}`:                                                                                              {1, 0},
		`{"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"1","_source":{"agent":{"name":"A"},` + visio + `}},{"_id":"2","_source":{"agent":{"name":"B"},` + visio + `}}]}}`: {2, 0},
	} {
		tally, err := Read(t.Context(), strings.NewReader(file), Options{Scratch: t.TempDir()})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if tally.Devices != want.devices || len(tally.OtherPlatforms) != want.others || tally.BadRows > 0 || want.devices > 0 && (len(tally.Titles) != 1 || tally.Titles[0].Name != "Visio") {
			t.Errorf("%s: %+v", file, tally)
		}
		if !IsFile([]byte(file)) {
			t.Errorf("%s is not recognised elsewhere", file)
		}
	}
	for _, file := range []string{
		`{` + visio + `}`, `{"rule":{"name":"x","version":"1"},"agent":{"name":"A"}}`, `{"hostname":"A","product":{"name":"OptiPlex","version":"1"}}`, `{"agent":{"name":"A","version":"4"},"host":{"name":"A"}}`,
	} {
		if tally, err := Read(t.Context(), strings.NewReader(file), Options{Scratch: t.TempDir()}); err == nil || IsFile([]byte(file)) {
			t.Errorf("%s is read: %+v", file, tally)
		}
	}
}

func TestSkipJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`1`, `-1.5e3`, `null`, `""`, `"a\\\"b"`, `"\\"`, `{}`, `[]`, `{"a":[1,"]}"],"b":{}}`, `[ [1] , {"a":"{"} ]`} {
		for _, after := range []string{"", ",1", " ,", "}", "]", "\n"} {
			if end := skipJSON([]byte(value+after), 0); end != len(value) {
				t.Errorf("%s%s ends at %d", value, after, end)
			}
		}
	}
}
