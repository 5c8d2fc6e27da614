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
