package inventory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trueup/internal/inventory"
)

// TestR6_1_InventoriesElsewhere: an inventory of JSON is recognised where another file is expected, also by
// its start alone, and nothing else is.
func TestR6_1_InventoriesElsewhere(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("../../events/inventory/*.json*")
	if err != nil || len(samples) < 5 {
		t.Fatal(samples, err)
	}
	files := map[string]string{
		"Fleet, a host":         `{"host":{"hostname":"h","software":[{"name":"A","version":"1","vendor":"P"}]}}`,
		"Fleet, hosts":          `{"hosts":[{"uuid":"u3","hostname":"pc-3","software":[{"name":"Visio","version":""}]}]}`,
		"Fleet, titles":         `{"software_titles":[{"name":"A","source":"programs","hosts_count":4,"versions":[{"version":"1"}]}]}`,
		"Graph, devices":        `{"value":[{"id":"A","operatingSystem":"Windows","detectedApps":[{"displayName":"Visio"}]}]}`,
		"Defender":              `{"value":[{"deviceId":"d","softwareVendor":"microsoft","softwareName":"visio","softwareVersion":"16"}]}`,
		"the registry":          `[{"DisplayName":"Visio","DisplayVersion":"16","Publisher":"Microsoft"}]`,
		"Get-Package":           `[{"Name":"Visio","Version":"16","ProviderName":"msi"}]`,
		"columns":               `{"columns":["Computer","Software"],"data":[["A","Visio"]]}`,
		"arrays":                `[["Computer","Software"],["A","Visio"]]`,
		"rows with PCs":         `[{"computer":"A","software":"Visio"}]`,
		"rows below other rows": `{"a":1}` + "\n" + `{"computer":"A","software":"Visio"}`,
		"rows with escapes":     `[{"computer":"A\"],","software":"Visio"}]`,
	}
	for _, sample := range samples {
		content, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		files[sample] = string(content)
	}
	const row = `{"hostname":"A","name":"Visio, \"Pro\" [x]","version":"16"}`
	files["many rows"] = "[" + strings.Repeat(row+",\n", 10_000) + row + "]"
	files["many lines"] = strings.Repeat(row+"\n", 10_000)
	files["a long document"] = `{"hosts":[{"hostname":"A","software":[` + strings.Repeat(`{"name":"Visio","version":"16"},`, 10_000) + `{"name":"Word"}]}]}`
	files["a long table"] = `{"columns":["Computer","Software"],"data":[` + strings.Repeat(`["A","Visio"],`, 10_000) + `["A","Word"]]}`
	for name, file := range files {
		for encoding, file := range map[string]string{"UTF-8": file, "UTF-16": wide(file, true), "a mark": "\ufeff" + file} {
			if !inventory.IsFile([]byte(file)) {
				t.Errorf("%s in %s is not recognised", name, encoding)
			}
		}
	}

	others := map[string]string{
		"agreements":             `{"items":[{"id":"1","type":"other","publisher":"Adobe","product":"Acrobat","version":"2020","quantity":5}],"count":1}`,
		"pairs":                  `[{"authorizationId":"01-07001","licenseId":"01-07001","programs":["open"]}]`,
		"pairs in a table":       `[["Authorization","License"],["01-07001","01-07001"]]`,
		"a statement":            `[{"License ID":"1","Product family":"Office","Version":"2021","Effective quantity":5,"Active SA quantity":0}]`,
		"a statement, counted":   `[{"product":"Office","version":"2021","count":5}]`,
		"a statement, in total":  `{"columns":["Product","Version","Total"],"data":[["Office","2021",5]]}`,
		"a catalog":              `[{"publisher":"Contoso","name":"Suite","version":"1"}]`,
		"a catalog with tags":    `[{"publisher":"Contoso","name":"Suite","version":"1","tag":"x"}]`,
		"users":                  `{"value":[{"displayName":"Ann","userPrincipalName":"a@example.com"}]}`,
		"devices":                `{"value":[{"id":"1","deviceName":"A","osVersion":"10","model":"x"}]}`,
		"hosts without software": `{"hosts":[{"hostname":"A","platform":"windows"}]}`,
		"a package":              `{"name":"left-pad","version":"1.3.0","private":true,"dependencies":{"a":"1"}}`,
		"software in a text":     `{"note":"the hosts have \"deviceCount\" and \"software\" [","hosts":3}`,
		"an unclosed text":       `{"note":"the hosts`,
		"brackets alone":         strings.Repeat("[", 100_000),
		"brackets that close":    "[" + strings.Repeat("]", 100),
	}
	rules, err := filepath.Glob("../inventories/testdata/*/rulesfile*.json")
	if err != nil || len(rules) == 0 {
		t.Fatal(rules, err)
	}
	events, err := filepath.Glob("../../events/*.json")
	if err != nil || len(events) == 0 {
		t.Fatal(events, err)
	}
	for _, name := range append(rules, events...) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		others[name] = string(content)
	}
	for name, file := range others {
		if inventory.IsFile([]byte(file)) {
			t.Errorf("%s is taken for an inventory", name)
		}
	}
}
