package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
)

// TestR6_1_TablesInJSON reads Visio 16 on the PCs A and B from tables in JSON.
func TestR6_1_TablesInJSON(t *testing.T) {
	t.Parallel()
	const rows = `[["A","Visio","16"],["B","Visio",16]]`
	for name, file := range map[string]string{
		"columns and data":       `{"columns":["Computer","Software","Version"],"index":[0,1],"data":` + rows + `}`,
		"fields and rows":        `{"fields":[{"name":"Computer"},{"name":"Software"},{"name":"Version"}],"rows":` + rows + `}`,
		"fields as texts":        `{"rows":` + rows + `,"fields":["Computer","Software","Version"]}`,
		"labels":                 `{"columns":[{"id":"c1","label":"Computer"},{"id":"c2","label":"Software"},{"id":"c3","label":"Version"}],"data":` + rows + `}`,
		"the header in the rows": `{"range":"A1:C3","majorDimension":"ROWS","values":[["Computer","Software","Version"],["A","Visio","16"],["B","Visio","16"]]}`,
		"tables":                 `{"tables":[{"name":"PrimaryResult","columns":[{"name":"Computer","type":"string"},{"name":"SoftwareName","type":"string"},{"name":"SoftwareVersion","type":"string"}],"rows":` + rows + `}]}`,
		"arrays":                 `[["Computer","Software","Version"],["A","Visio","16"],[],["B","Visio","16"]]`,
		"arrays twice":           `[["Computer","Software","Version"],["A","Visio","16"]]` + "\n" + `[["Software","Version","Computer"],["Visio","16","B"]]`,
		"a repeated header":      `[["Computer","Software","Version"],["A","Visio","16"],["Computer","Software","Version"],["B","Visio","16"]]`,
		"an array a column":      `{"Computer":["A","B"],"Software":["Visio","Visio"],"Version":["16",16],"total":2}`,
		"an object a column":     `{"Computer":{"0":"A","1":"B"},"Software":{"0":"Visio","1":"Visio"},"Version":{"0":"16","1":"16"}}`,
		"numbered rows":          `{"0":{"Computer":"A","Software":"Visio","Version":"16"},"1":{"Computer":"B","Software":"Visio","Version":"16"}}`,
		"numbered rows, inside":  `{"result":{"0":{"Computer":"A","Software":"Visio","Version":"16"},"1":{"Computer":"B","Software":"Visio","Version":"16"}}}`,
		"numbers":                `{"columns":["Software","Version","Computers"],"data":[["Visio","16",2]]}`,
		"PCs with a table":       `[{"hostname":"A","list":{"headers":["Name","Version"],"rows":[["Visio","16"]]}},{"hostname":"B","list":{"headers":["Name","Version"],"rows":[["Visio","16"]]}}]`,
		"PCs with columns":       `{"hostname":"A","DisplayName":["Visio"],"DisplayVersion":["16"]}{"hostname":"B","DisplayName":["Visio"],"DisplayVersion":["16"]}`,
	} {
		if diff := cmp.Diff(noted{inventory.Table, 2, list("Visio 16: 2"), nil, nil}, shapeless(note(read(t, file)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !inventory.IsFile([]byte(file)) {
			t.Errorf("%s is not recognised elsewhere", name)
		}
	}
	for name, test := range map[string]struct {
		file string
		want noted
	}{
		"lines above the header": {
			"[[\"Report\",2026],[],\n[\"Computer\",\"Software\"],\n[\"A\",\"Visio\"],[\"B\"],[null,null]]",
			noted{inventory.Table, 1, list("Visio : 1"), list("3 inventory_row_title", "3 inventory_row_device"), list("header 2")},
		},
		"a system around": {`{"hostname":"A","os":"macOS","columns":["Name","Version"],"data":[["Visio","16"]]}`, noted{inventory.Table, 0, nil, nil, nil}},
		"one PC":          {`{"columns":["Name","Version"],"data":[["Visio","16"]]}`, noted{inventory.Table, 1, list("Visio 16: 1"), nil, nil}},
	} {
		if diff := cmp.Diff(test.want, note(read(t, test.file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, file := range []string{
		`{"columns":["a","b"],"data":[[1,2]]}`, `[["a","b"],[1,2]]`, `[[],[]]`, `[[[["Computer","Software"]]]]`, `{"columns":[{"name":"Computer"},{"type":"x"}],"rows":[["A","B"]]}`,
		`{"Computer":["A"],"Software":["Visio","Word"]}`, `{"rows":[[]]}`, `{"0":{}}`,
	} {
		if tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()}); errs.CodeOf(err) != "inventory_format" {
			t.Errorf("%s: %v, %+v", file, err, tally)
		}
		if inventory.IsFile([]byte(file)) {
			t.Errorf("%s is taken for an inventory", file)
		}
	}
}

// shapeless is a tally of a table, whatever system its columns are of.
func shapeless(n noted) noted {
	n.Shape = inventory.Table
	return n
}
