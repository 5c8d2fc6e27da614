package misfiled

import (
	"archive/zip"
	"bytes"
	"slices"
	"testing"

	"trueup/internal/i18n"
	"trueup/internal/intake/kind"
)

// samples are files of each kind, by the name of the kind.
var samples = map[string]map[string]string{
	"inventory": {
		"report":      "DeviceName,ApplicationName,Publisher,Version\nPC-1,Visio,Microsoft,16\n",
		"numbers":     "ApplicationName;ApplicationPublisher;ApplicationVersion;DeviceCount\nVisio;Microsoft;16;4\n",
		"short title": "Computer;Software;Publisher\nPC-1;7-1;Contoso\n",
		"JSON":        `{"computer_name":"PC-1","software":[{"name":"Visio","version":"16"}]}`,
		"GLPI":        `{"deviceid":"PC-1-2026","content":{"hardware":{"name":"PC-1"},"softwares":[{"name":"Visio","version":"16"}]}}`,
		"ZIP":         zipped("list.csv", "DeviceName,ApplicationName,Publisher,Version\nPC-1,Visio,Microsoft,16\n"),
	},
	"agreements": {
		"header":    "Authorization number;License number;Name\n01-07001;01-07001;Office\n",
		"Dutch":     "\xef\xbb\xbfOvereenkomstnummer;Licentienummer;Naam\r\n01-07001;01-07001;Office\r\n",
		"no header": "01-07001,01-07001,Office agreements\n01-07002,01-07002,Visio agreements\n",
		"no rows":   "Authorization number;License number\n01-07001;\n",
	},
	"statements": {
		"licences": "License ID,Product family,Version,Effective quantity,Active SA quantity\n1,Office,2021,5,0\n",
		"by name":  "Name,Publisher,Version,Language,EffectiveQuantity\nAcrobat,Adobe,2020,en,5\n",
		"no rows":  "License ID,Product family,Version,Effective quantity,Active SA quantity\n",
	},
	"catalog": {
		"titles":        "Publisher,Product title\nContoso,Expense Manager\n",
		"Dutch":         "Uitgever;Producttitel\nContoso;Expense Manager\n",
		"subscriptions": "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\nVisio,VISIO,4b585984-651b-448a-9e53-3b10f069cf7f,ONEDRIVE,da792a53-cbc0-4184-a10d-e544dd34b3c1,OneDrive\n",
		"rules":         `{"version":1,"rules":[{"title":"Visio","publisher":"Microsoft","kind":"ignore"}],"decisions":[]}`,
	},
	"users": {
		"admin centre": "Block credential,Department,Display name,Licenses,Object Id,Usage location,User principal name\nFalse,Finance,An,Microsoft 365 E3,8a1f0000-0000-4000-8000-000000000001,BE,an@example.org\n",
		"JSON":         `{"value":[{"id":"8a1f0000-0000-4000-8000-000000000001","userPrincipalName":"an@example.org","displayName":"An"}]}`,
		"activity":     "Report Refresh Date,User Principal Name,Last Activity Date\n2026-11-26,an@example.org,2026-11-24\n",
		"no rows":      "User principal name,Display name\n",
	},
	"devices": {
		"Entra": "displayName,accountEnabled,operatingSystem,joinType,deviceId,objectId\nPC1,True,Windows,AzureAd,5d0c0000-0000-4000-9000-000000000001,8a1f0000-0000-4000-8000-000000000101\n",
		"JSON":  `{"value":[{"deviceId":"5d0c0000-0000-4000-9000-000000000001","displayName":"PC1","trustType":"AzureAd","operatingSystem":"Windows"}]}`,
		"group": `{"value":[{"id":"8a1f0000-0000-4000-8000-000000000201","displayName":"Kiosks","groupTypes":[],"securityEnabled":true}]}`,
	},
	"subscriptions": {
		"admin centre": "Product Title,Total Licenses,Expired Licenses,Assigned licenses\nVisio Plan 2,5,0,3\n",
		"JSON":         `{"value":[{"skuId":"c5928f49-12ba-48f7-ada3-0d743a3601d5","skuPartNumber":"VISIOCLIENT","consumedUnits":3,"prepaidUnits":{"enabled":5},"appliesTo":"User"}]}`,
	},
}

func zipped(name, content string) string {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	file, err := w.Create(name)
	if err == nil {
		_, err = file.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return packed.String()
}

// codes are the codes by kind of the file and kind of the folder. A pair without one is not told apart.
var codes = map[[2]string]string{
	{"inventory", "agreements"}: "file_inventory", {"inventory", "catalog"}: "feed_inventory", {"inventory", "statements"}: "statement_inventory",
	{"agreements", "inventory"}: "inventory_agreements", {"agreements", "catalog"}: "feed_agreements", {"agreements", "statements"}: "statement_agreements",
	{"users", "agreements"}: "file_users", {"users", "catalog"}: "feed_users", {"users", "inventory"}: "inventory_users", {"users", "statements"}: "statement_users",
	{"users", "devices"}: "directory_users", {"users", "subscriptions"}: "directory_users",
	{"devices", "agreements"}: "file_devices", {"devices", "catalog"}: "feed_devices", {"devices", "inventory"}: "inventory_devices", {"devices", "statements"}: "statement_devices",
	{"devices", "users"}: "directory_devices", {"devices", "subscriptions"}: "directory_devices",
	{"subscriptions", "agreements"}: "file_subscriptions", {"subscriptions", "catalog"}: "feed_subscriptions", {"subscriptions", "inventory"}: "inventory_subscriptions",
	{"subscriptions", "statements"}: "statement_subscriptions", {"subscriptions", "users"}: "directory_subscriptions", {"subscriptions", "devices"}: "directory_subscriptions",
	{"inventory", "users"}: "directory_inventory", {"inventory", "devices"}: "directory_inventory", {"inventory", "subscriptions"}: "directory_inventory",
	{"agreements", "users"}: "directory_agreements", {"agreements", "devices"}: "directory_agreements", {"agreements", "subscriptions"}: "directory_agreements",
	{"statements", "users"}: "directory_statement", {"statements", "devices"}: "directory_statement", {"statements", "subscriptions"}: "directory_statement",
	{"statements", "agreements"}: "file_statement", {"statements", "catalog"}: "feed_statement", {"statements", "inventory"}: "inventory_statement",
}

// TestEveryKindInEveryFolder: a file in the wrong folder is told where it belongs, and one in its own
// folder is never refused.
func TestEveryKindInEveryFolder(t *testing.T) {
	t.Parallel()
	for _, k := range kind.Table {
		if len(samples[k.Name]) == 0 {
			t.Errorf("%s: no samples", k.Name)
		}
		for name, content := range samples[k.Name] {
			for _, folder := range kind.Table {
				want := codes[[2]string{k.Name, folder.Name}]
				if got := Code(folder, []byte(content), false); got != want {
					t.Errorf("%s, %s, under %s: %q, want %q", k.Name, name, folder.Prefix, got, want)
				}
				if k.Name != "inventory" {
					want = "" // good rows of the folder's kind decide
				}
				if got := Code(folder, []byte(content), true); got != want {
					t.Errorf("%s, %s, under %s with rows: %q, want %q", k.Name, name, folder.Prefix, got, want)
				}
			}
		}
	}
}

// TestOtherFilesAreNoKind: what is none of the kinds is refused by the reader of its folder.
func TestOtherFilesAreNoKind(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "\n\n", "a,b,c\nd,e,f\n", "%PDF-1.7\n", "PK\x03\x04", "\x89PNG\r\n\x1a\n\x00\x00", `{"name":"x","settings":{}}`, "[1,2]", "\xff\xfea\x00"} {
		for _, folder := range kind.Table {
			if got := Code(folder, []byte(content), false); got != "" {
				t.Errorf("%q under %s: %q", content, folder.Prefix, got)
			}
		}
	}
}

// TestTable: every kind has one row, and every code that can be returned has its message.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, k := range kind.Table {
		rows := slices.DeleteFunc(slices.Clone(table()), func(r row) bool { return r.kind.Name != k.Name })
		if len(rows) != 1 {
			t.Errorf("%s has %d rows", k.Name, len(rows))
		}
	}
	for _, r := range table() {
		if r.folder == "" || (r.is == nil) != (r.name == "") {
			t.Errorf("%s: folder %q, name %q", r.kind.Name, r.folder, r.name)
		}
		for _, other := range table() {
			if other.is == nil || other.kind.Name == r.kind.Name {
				continue
			}
			if code := r.folder + "_" + other.name; !i18n.Known(code) {
				t.Errorf("%s has no message", code)
			}
		}
	}
	if got := InInventory([]byte(samples["agreements"]["header"])); got != "inventory_agreements" {
		t.Errorf("InInventory: %q", got)
	}
}
