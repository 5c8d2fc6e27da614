package directory_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/directory"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// Files of few rows for the examples.
const (
	userHeader    = "User principal name,Display name,Licenses,Account enabled,Last sign-in\n"
	oneUser       = userHeader + "an@example.org,An,,,\n"
	deviceHeader  = "displayName,deviceId,objectId,joinType,operatingSystem\n"
	oneDevice     = deviceHeader + "PC1,5d0c0000-0000-4000-9000-000000000001,,AzureAd,Windows\n"
	licenseHeader = "Product Title,Total Licenses,Assigned licenses,AppliesTo\n"
	oneLicense    = licenseHeader + "Visio Plan 2,5,3,User\n"
	userObject    = `{"userPrincipalName":"an@example.org"}`
	deviceObject  = `{"displayName":"PC1","deviceId":"5d0c0000-0000-4000-9000-000000000001","trustType":"AzureAd"}`
	usageHeader   = "Report Refresh Date,User Principal Name,Last Activity Date\n"
	memberObject  = `{"@odata.type":"#microsoft.graph.device","id":"8a1f0000-0000-4000-8000-000000000101","displayName":"PC1"}`
	groupObject   = `{"id":"8a1f0000-0000-4000-8000-000000000201","displayName":"Kiosks","groupTypes":[],"securityEnabled":true}`
)

// archive returns a ZIP archive of parts, given as name, content, name, content.
func archive(t testing.TB, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		part, err := w.Create(parts[i])
		if err == nil {
			_, err = part.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// workbook returns an XLSX file with the rows of a CSV text.
func workbook(t testing.TB, csv string) string {
	t.Helper()
	var header []sheet.Value
	var rows [][]sheet.Value
	for record := range sheet.Records(csv, ',') {
		var values []sheet.Value
		for _, c := range record.Cells {
			values = append(values, sheet.Value{Text: c})
		}
		if header == nil {
			header = values
			continue
		}
		rows = append(rows, values)
	}
	var b bytes.Buffer
	about := sheet.Sheet{Name: "About", Header: []sheet.Value{{Text: "Nothing"}}, Rows: slices.Values([][]sheet.Value(nil))}
	if err := sheet.WriteWorkbook(&b, about, sheet.Sheet{Name: "Users", Header: header, Rows: slices.Values(rows)}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// numbered returns a file with n rows.
func numbered(header string, n int, row string) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, row, i)
	}
	return b.String()
}

// page returns a page of Graph.
func page(objects ...string) string { return `{"value":[` + strings.Join(objects, ",") + `]}` }

// examples are a file that satisfies and one that breaks each rule.
func examples(t testing.TB) map[string]struct {
	pass, fail string
	accept     []directory.Kind
} {
	book := workbook(t, oneUser)
	return map[string]struct {
		pass, fail string
		accept     []directory.Kind
	}{
		"directory_unknown":               {oneUser, "Colour,Size\nred,7\n", nil},
		"directory_users":                 {oneDevice, oneUser, []directory.Kind{directory.Devices}},
		"directory_devices":               {oneUser, oneDevice, []directory.Kind{directory.Users}},
		"directory_members":               {oneUser, page(memberObject), []directory.Kind{directory.Users}},
		"directory_subscriptions":         {oneUser, oneLicense, []directory.Kind{directory.Users}},
		"directory_column_missing":        {"User principal name,Display name,Department,Usage location\nan@example.org,An,,BE\n", "Display name,Department,Usage location\nAn,,BE\n", nil},
		"directory_mixed":                 {page(userObject) + page(`{"userPrincipalName":"bo@example.org"}`), `{"@odata.context":"x/$metadata#users",` + page(userObject)[1:] + `{"@odata.context":"x/$metadata#devices",` + page(deviceObject)[1:], nil},
		"directory_empty":                 {oneUser, userHeader, nil},
		"directory_too_many_rows":         {numbered(userHeader, directory.MaxRows, "u%d@example.org,,,,\n"), numbered(userHeader, directory.MaxRows+1, "u%d@example.org,,,,\n"), nil},
		"directory_type_names":            {userHeader + "an@example.org,,Microsoft 365 E3+Visio Plan 2,,\n", userHeader + "an@example.org,,Microsoft.Graph.PowerShell.Models.MicrosoftGraphAssignedLicense[],,\n", nil},
		"directory_concealed":             {usageHeader + "2026-11-26,an@example.org,2026-11-24\n", usageHeader + "2026-11-26,3F2504E04F8941D39A0C0305E82C3301,2026-11-24\n", nil},
		"directory_json":                  {"[" + userObject + "]", "[" + userObject, nil},
		"directory_answer":                {page(userObject), `{"error":{"code":"Authorization_RequestDenied"}}`, nil},
		"directory_xls":                   {book, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", nil},
		"directory_workbook_damaged":      {book, book[:len(book)/2], nil},
		"directory_workbook_too_large":    {book, "PK\x03\x04" + strings.Repeat("x", directory.MaxWorkbookBytes), nil},
		"directory_zip":                   {oneUser, archive(t, "users.csv", oneUser), nil},
		"directory_gzip":                  {oneUser, "\x1f\x8b\x08", nil},
		"directory_page":                  {oneUser, "%PDF-1.7", nil},
		"directory_part":                  {page(userObject), `{"@odata.nextLink":"https://graph.example.org/next",` + page(userObject)[1:], nil},
		"directory_dates_open":            {userHeader + "an@example.org,,,,2026-11-12\n", userHeader + "an@example.org,,,,11/12/2026\n", nil},
		"directory_row_columns":           {oneUser, oneUser + "bo@example.org,Bo,,,,Brussels\n", nil},
		"directory_row_quote":             {userHeader + "an@example.org,\"An\",,,\n", userHeader + "an@example.org,\"An,,,\n", nil},
		"directory_row_long":              {oneUser, oneUser + "bo@example.org," + strings.Repeat("x", 70_000) + ",,,\n", nil},
		"directory_row_object":            {"[" + userObject + "]", "[" + userObject + `,"bo@example.org"]`, nil},
		"directory_user_repeated":         {oneUser + "bo@example.org,Bo,,,\n", oneUser + "AN@example.org,An,,,\n", nil},
		"directory_device_repeated":       {oneDevice + "PC1,5d0c0000-0000-4000-9000-000000000002,,AzureAd,\n", oneDevice + "PC2,5D0C0000-0000-4000-9000-000000000001,,AzureAd,\n", nil},
		"directory_group_repeated":        {page(groupObject, strings.Replace(groupObject, "201", "202", 1)), page(groupObject, groupObject), nil},
		"directory_member_repeated":       {page(memberObject, strings.Replace(memberObject, "101", "102", 1)), page(memberObject, memberObject), nil},
		"directory_subscription_repeated": {oneLicense + "Microsoft 365 E3,5,3,User\n", oneLicense + "VISIO Plan  2,5,3,User\n", nil},
		"directory_boolean":               {userHeader + "an@example.org,,,Waar,\n", userHeader + "an@example.org,,,perhaps,\n", nil},
		"directory_date":                  {userHeader + "an@example.org,,,,2026-11-21T09:30:00Z\n", userHeader + "an@example.org,,,,last week\n", nil},
		"directory_number":                {licenseHeader + "Visio Plan 2,\"1,250\",3,\n", licenseHeader + "Visio Plan 2,many,3,\n", nil},
		"directory_join":                  {deviceHeader + "PC1,5d0c,,Microsoft Entra hybrid joined,\n", deviceHeader + "PC1,5d0c,,carrier pigeon,\n", nil},
		"directory_company":               {oneLicense, licenseHeader + "Storage,5,0,Company\n", nil},
		"directory_member_type":           {page(memberObject), page(memberObject, `{"@odata.type":"#microsoft.graph.servicePrincipal","id":"x"}`), nil},
	}
}

func codesOf(t testing.TB, file string, o directory.Options) (codes []string, f *directory.File) {
	t.Helper()
	f, err := directory.Read(strings.NewReader(file), o, directory.Sink{})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range f.Findings {
		codes = append(codes, found.Code)
	}
	return codes, f
}

func TestR9_2_Rules(t *testing.T) {
	t.Parallel()
	all := examples(t)
	codes := map[string]bool{}
	for _, rule := range directory.Rules {
		codes[rule.Code] = true
		if rule.Code == "directory_too_large" {
			continue // TestR9_2_TooLarge
		}
		t.Run(rule.Code, func(t *testing.T) {
			t.Parallel()
			e, ok := all[rule.Code]
			if !ok {
				t.Fatal("no example")
			}
			o := options
			o.Accept = e.accept
			if passed, _ := codesOf(t, e.pass, o); len(passed) > 0 {
				t.Errorf("the good file gives %v", passed)
			}
			failed, f := codesOf(t, e.fail, o)
			if !slices.Equal(failed, []string{rule.Code}) {
				t.Errorf("the bad file gives %v", failed)
			}
			for _, found := range f.Findings {
				if (found.Severity == sheet.SeverityError) == rule.Warning {
					t.Errorf("the severity is %s", found.Severity)
				}
				for _, name := range rule.Args {
					if found.Args[name] == "" {
						t.Errorf("no argument %s", name)
					}
				}
				if len(found.Args) != len(rule.Args) {
					t.Errorf("arguments %v, want %v", found.Args, rule.Args)
				}
			}
			if !i18n.Known(rule.Code) {
				t.Error("no message")
			}
			checkRule(t, rule)
		})
	}
	for code := range all {
		if !codes[code] {
			t.Errorf("an example of %s, which is no rule", code)
		}
	}
}

func checkRule(t *testing.T, rule agreement.Rule) {
	t.Helper()
	if rule.Check != directory.CheckFile || rule.Spec == "" || rule.Field == "" || rule.Pass == "" || rule.Fail == "" || !strings.HasSuffix(rule.Summary, ".") {
		t.Errorf("%+v", rule)
	}
}
