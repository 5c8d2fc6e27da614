package directory_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trueup/internal/directory/columns"
	"trueup/internal/entitlement/statement"
	"trueup/internal/inventory"
)

const events = "../../events/"

// samples are the files of users, devices and subscriptions in events, and everything that each gives.
var samples = map[string][]string{
	"users/active-users-dutch.csv": {
		`users: 3 good, 0 rejected, 0 skipped`,
		`2 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE|Financiën|member|seen -|[Microsoft 365 E3; Visio Plan 2]|states id name location department enabled`,
		`3 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|NL|Verkoop|member|seen - disabled|[]|states id name location department enabled`,
		`4 8a1f0000-0000-4000-8000-000000000007|zoe@example.org|Zoë Claes|BE||member|seen -|[Microsoft 365 E3]|states id name location department enabled`,
	},
	"users/active-users.csv": {
		`users: 6 good, 0 rejected, 0 skipped`,
		`2 8a1f0000-0000-4000-8000-000000000001|an@example.org|Peeters, An|BE|Finance|member|seen -|[Microsoft 365 E3; Visio Plan 2]|states id name location department enabled`,
		`4 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|NL|Finance|member|seen -|[Microsoft 365 E3]|states id name location department enabled`,
		`5 8a1f0000-0000-4000-8000-000000000003|chloe@example.org|Chloé Dubois|FR|Sales|member|seen - disabled|[Microsoft 365 E3]|states id name location department enabled`,
		`6 8a1f0000-0000-4000-8000-000000000004|room4@example.org|Meeting room 4|||member|seen -|[]|states id name location department enabled`,
		`7 8a1f0000-0000-4000-8000-000000000005|dirk_fabrikam.example#EXT#@example.org|Dirk (Fabrikam)||Partners|guest|seen -|[]|states id name location department type enabled`,
		`8 8a1f0000-0000-4000-8000-000000000006|els@example.org|Els Maes|BE|Finance|member|seen - deleted|[]|states id name location department enabled`,
	},
	"users/entra-users.csv": {
		`users: 3 good, 0 rejected, 0 skipped`,
		`2 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE|Finance|member|seen -|not stated|states id name location department type enabled`,
		`3 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|NL|Finance|member|seen -|not stated|states id name location department type enabled`,
		`4 8a1f0000-0000-4000-8000-000000000005|dirk_fabrikam.example#EXT#@example.org|Dirk|||guest|seen - disabled|not stated|states id name location department type enabled`,
	},
	"users/get-mguser.csv": {
		`users: refused`,
		`error 3:0  directory_type_names`,
	},
	"users/get-mguser.json": {
		`users: 2 good, 0 rejected, 0 skipped`,
		`2 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE|Finance|member|seen 2026-11-24T09:30:00|[05e9a617-0261-4cee-bb44-138d3ef5d965 off [57ff2da0-773e-42df-b2af-ffb7a2317929]]|states id name location department type enabled seen`,
		`24 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|NL||member|seen - disabled|[]|states id name location department type enabled`,
	},
	"users/graph-users-part.json": {
		`users: 2 good, 0 rejected, 0 skipped, a part`,
		`1 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE||member|seen -|[]|states id name location department type enabled`,
		`1 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|BE||member|seen -|[]|states id name location department type enabled`,
		`warning 0:0  directory_part`,
	},
	"users/graph-users.json": {
		`users: 4 good, 0 rejected, 0 skipped`,
		`4 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE|Finance|member|seen 2026-11-21T04:00:00|[05e9a617-0261-4cee-bb44-138d3ef5d965 off [57ff2da0-773e-42df-b2af-ffb7a2317929 7547a3fe-08ee-4ccb-b430-5077c5041653]; c5928f49-12ba-48f7-ada3-0d743a3601d5 off []]|states id name location department type enabled seen`,
		`32 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|NL||member|seen 2026-06-01T08:00:00|[05e9a617-0261-4cee-bb44-138d3ef5d965 off []]|states id name location department type enabled seen`,
		`51 8a1f0000-0000-4000-8000-000000000003|chloe@example.org|Chloé Dubois|||member|seen - disabled|[]|states id name location department type enabled`,
		`62 8a1f0000-0000-4000-8000-000000000005|dirk_fabrikam.example#EXT#@example.org|Dirk|||guest|seen -|[]|states id name location department type enabled`,
	},
	"users/mistakes.csv": {
		`users: 4 good, 8 rejected, 0 skipped`,
		`2 |an@example.org|An|BE||member|seen 2026-11-20|[Microsoft 365 E3]|states name location type enabled seen`,
		`4 rejected |AN@example.org||`,
		`5 rejected |bo||`,
		`6 rejected |chloe@example.org||`,
		`7 rejected |dirk@example.org||`,
		`8 |els@example.org|Els|BE||member|seen -|[]|states name location type enabled`,
		`9 |fien@example.org|Fien|BE||member|seen -|not stated|states name location type enabled`,
		`10 rejected |gust@example.org||`,
		`13 |jef@example.org|Jef|BE||member|seen -|not stated|states name location`,
		`error 3:1 userPrincipalName text_required "No name"`,
		`error 4:1 userPrincipalName directory_user_repeated "AN@example.org" map[line:2]`,
		`error 5:1 userPrincipalName upn_form "bo"`,
		`error 6:3 usageLocation country_unknown "Atlantis"`,
		`error 7:4 enabled directory_boolean "perhaps"`,
		`warning 8:5 lastSignIn directory_date "last week"`,
		`warning 9:5 lastSignIn directory_date "2031-01-01"`,
		`error 10:7 type user_type_unknown "Robot"`,
		`error 11:0  directory_row_quote`,
		`error 12:0  directory_row_columns`,
	},
	"users/usage-report-concealed.csv": {
		`activity: refused`,
		`error 2:0  directory_concealed`,
	},
	"users/usage-report.csv": {
		`activity: 3 good, 0 rejected, 0 skipped, as of 2026-11-26`,
		`2 an@example.org|seen 2026-11-25|deleted false`,
		`3 bo@example.org|seen -|deleted false`,
		`4 els@example.org|seen 2026-10-30|deleted true`,
	},
	"users/users.jsonl": {
		`users: 3 good, 0 rejected, 0 skipped`,
		`1 8a1f0000-0000-4000-8000-000000000001|an@example.org|An Peeters|BE||member|seen -|[05e9a617-0261-4cee-bb44-138d3ef5d965 off []]|states id name location department type enabled`,
		`2 8a1f0000-0000-4000-8000-000000000002|bo@example.org|Bo de Vries|BE||member|seen -|[]|states id name location department type enabled`,
		`3 8a1f0000-0000-4000-8000-000000000006|els@example.org|Els Maes|BE||member|seen - deleted|[]|states id name location department type enabled`,
	},
	"devices/entra-devices.csv": {
		`devices: 3 good, 0 rejected, 0 skipped`,
		`2 8a1f0000-0000-4000-8000-000000000101|5d0c0000-0000-4000-9000-000000000001|KIOSK-01|Windows 10.0.22631.4460|joined|enabled true|seen 2026-11-25T06:30:00|registered 2025-02-03T07:00:00|states id name enabled seen registered system join`,
		`3 8a1f0000-0000-4000-8000-000000000102|5d0c0000-0000-4000-9000-000000000002|KIOSK-02|Windows 10.0.17134.1|hybrid|enabled true|seen 2026-03-01T06:30:00|registered 2023-05-06T07:00:00|states id name enabled seen registered system join`,
		`4 8a1f0000-0000-4000-8000-000000000103|5d0c0000-0000-4000-9000-000000000003|KIOSK-01|Windows 10.0.19045.5011|registered|enabled false|seen -|registered 2026-01-02T07:00:00|states id name enabled registered system join`,
	},
	"devices/graph-devices.json": {
		`devices: 2 good, 0 rejected, 0 skipped`,
		`4 8a1f0000-0000-4000-8000-000000000101|5d0c0000-0000-4000-9000-000000000001|KIOSK-01|Windows 10.0.22631.4460|joined|enabled true|seen 2026-11-25T06:30:00|registered 2025-02-03T07:00:00|states id name enabled seen registered system join`,
		`15 8a1f0000-0000-4000-8000-000000000102|5d0c0000-0000-4000-9000-000000000002|KIOSK-02|Windows 10.0.17134.1|hybrid|enabled true|seen -|registered -|states id name enabled system join`,
	},
	"devices/groups.json": {
		`groups: 5 good, 0 rejected, 1 skipped`,
		`4 8a1f0000-0000-4000-8000-000000000201|Kiosks|unified false dynamic false security true mail false|`,
		`4 in 8a1f0000-0000-4000-8000-000000000201|device|8a1f0000-0000-4000-8000-000000000101|5d0c0000-0000-4000-9000-000000000001|KIOSK-01|`,
		`25 8a1f0000-0000-4000-8000-000000000202|Shop floor|unified false dynamic true security true mail false|(device.displayName -startsWith "SHOP")`,
		`35 8a1f0000-0000-4000-8000-000000000203|Finance team|unified true dynamic false security false mail true|`,
		`45 8a1f0000-0000-4000-8000-000000000204|All staff|unified false dynamic false security false mail true|`,
		`hint 4:0 type directory_member_type "#microsoft.graph.servicePrincipal"`,
	},
	"devices/intune-devices.csv": {
		`devices: 2 good, 0 rejected, 0 skipped`,
		`2 |5d0c0000-0000-4000-9000-000000000001|KIOSK-01|Windows 10.0.22631.4460|joined|enabled true|seen 2026-11-25|registered 2025-02-03|states name seen registered system join`,
		`3 ||KIOSK-09|Windows 10.0.22631.4460||enabled true|seen 2026-11-24|registered 2025-02-03|states name seen registered system`,
	},
	"devices/members.json": {
		`members: 3 good, 0 rejected, 1 skipped`,
		`4 in |device|8a1f0000-0000-4000-8000-000000000101|5d0c0000-0000-4000-9000-000000000001|KIOSK-01|`,
		`12 in |group|8a1f0000-0000-4000-8000-000000000202||Shop floor|`,
		`17 in |user|8a1f0000-0000-4000-8000-000000000001||An Peeters|an@example.org`,
		`hint 23:0 type directory_member_type "#microsoft.graph.servicePrincipal"`,
	},
	"subscriptions/directory-subscriptions.json": {
		`subscriptions: 1 good, 0 rejected, 0 skipped`,
		`4 SPE_E3|user|05e9a617-0261-4cee-bb44-138d3ef5d965|SPE_E3|quantity 25 until 2027-01-31|assigned -1 expired 0 lapsed false|57ff2da0-773e-42df-b2af-ffb7a2317929 TEAMS1`,
	},
	"subscriptions/get-mgsubscribedsku.csv": {
		`subscriptions: refused`,
		`error 2:0  directory_type_names`,
	},
	"subscriptions/licenses-french.csv": {
		`subscriptions: 2 good, 0 rejected, 1 skipped`,
		`2 Microsoft 365 E3|user|||quantity 25 until 2027-01-31|assigned 23 expired 0 lapsed false|`,
		`3 Visio Plan 2|user|||quantity 1250 until 2026-12-15|assigned 8 expired 2 lapsed false|`,
	},
	"subscriptions/licenses.csv": {
		`subscriptions: 4 good, 0 rejected, 0 skipped`,
		`2 Microsoft 365 E3|user|||quantity 25 until 2027-01-31|assigned 23 expired 0 lapsed false|`,
		`3 Visio Plan 2|user|||quantity 1250 until 2026-12-15|assigned 8 expired 2 lapsed false|`,
		`4 Power BI Pro|user|||quantity 5 until 2026-10-31|assigned 4 expired 5 lapsed true|`,
		`5 Microsoft 365 Apps for enterprise (device)|device|||quantity 20 until |assigned 0 expired 0 lapsed false|`,
	},
	"subscriptions/subscribed-skus.json": {
		`subscriptions: 3 good, 0 rejected, 1 skipped`,
		`4 SPE_E3|user|05e9a617-0261-4cee-bb44-138d3ef5d965|SPE_E3|quantity 25 until |assigned 23 expired 0 lapsed false|57ff2da0-773e-42df-b2af-ffb7a2317929 TEAMS1, efb87545-963c-4e0d-99df-69c6916d9eb0 EXCHANGE_S_ENTERPRISE`,
		`43 VISIOCLIENT|user|c5928f49-12ba-48f7-ada3-0d743a3601d5|VISIOCLIENT|quantity 10 until 2026-11-25|assigned 8 expired 10 lapsed true|663a804f-1c30-4ff0-9915-9db84f0d1cea VISIO_CLIENT_SUBSCRIPTION`,
		`65 OFFICE_PROPLUS_DEVICE1|device|ea4c5ec8-50e3-4193-89b9-50da5bd4cdc7|OFFICE_PROPLUS_DEVICE1|quantity 20 until |assigned 0 expired 0 lapsed false|3c994f28-87d5-4273-b07a-eb6190852599 OFFICE_PROPLUS_DEVICE`,
		`hint 87:0 kind directory_company "STORAGE_ADDON"`,
	},
}

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(events + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestR9_2_Samples(t *testing.T) {
	t.Parallel()
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, readSample(t, name), options, want...)
		})
	}
	for _, folder := range []string{"users", "devices", "subscriptions"} {
		files, err := os.ReadDir(events + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if _, tested := samples[folder+"/"+f.Name()]; !tested {
				t.Errorf("%s/%s has no test", folder, f.Name())
			}
		}
	}
}

// TestOtherFilesAreUnknown reads all other samples: none is a list of users, devices or subscriptions. And
// none of these is a statement or an inventory.
func TestOtherFilesAreUnknown(t *testing.T) {
	t.Parallel()
	others := 0
	err := filepath.WalkDir(events, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), events)
		kind := columns.KindOf(data)
		if _, ours := samples[name]; ours {
			if want := strings.SplitN(samples[name][0], ":", 2)[0]; string(kind) != want {
				t.Errorf("%s is taken for %q, want %q", name, kind, want)
			}
			for folder, is := range map[string]bool{"users": columns.IsUsers(data), "devices": columns.IsDevices(data), "subscriptions": columns.IsSubscriptions(data)} {
				if is != strings.HasPrefix(name, folder+"/") {
					t.Errorf("%s belongs under %s/: %v", name, folder, is)
				}
			}
			if statement.IsFile(data) {
				t.Errorf("%s is taken for a statement", name)
			}
			if inventory.IsFile(data) {
				t.Errorf("%s is taken for an inventory", name)
			}
			return nil
		}
		others++
		if kind != "" {
			t.Errorf("%s is taken for %s", name, kind)
		}
		return nil
	})
	if err != nil || others < 40 {
		t.Errorf("%d others, %v", others, err)
	}
}
