package columns_test

import (
	"strings"
	"testing"

	"trueup/internal/directory/columns"
)

// TestKindOf checks what lists are taken for that have columns of several kinds.
func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want columns.Kind
	}{
		"devices of Intune with users":            {`{"value":[{"id":"x","deviceName":"PC1","azureADDeviceId":"5d0c","operatingSystem":"Windows","osVersion":"10","userPrincipalName":"an@example.org","lastSyncDateTime":"2026-11-20T00:00:00Z"}]}`, columns.Devices},
		"devices by their ids":                    {`[{"id":"x","deviceId":"y","displayName":"PC1"}]`, columns.Devices},
		"a usage report as JSON":                  {`{"value":[{"reportRefreshDate":"2026-11-26","userPrincipalName":"an@example.org","lastActivityDate":"2026-11-20"}]}`, columns.Activity},
		"a report of activations":                 {"Report Refresh Date,User Principal Name,Display Name,Product Type,Last Activated Date\n2026-11-26,an@example.org,An,M365,2026-01-01\n", ""},
		"subscriptions of PowerShell":             {`[{"AppliesTo":"User","ConsumedUnits":3,"PrepaidUnits":{"Enabled":5,"Suspended":0,"Warning":0},"SkuId":"x","SkuPartNumber":"SPE_E3","ServicePlans":[]}]`, columns.Subscriptions},
		"a chosen part of them":                   {"SkuPartNumber,ConsumedUnits,Total Licenses\nSPE_E3,3,5\n", columns.Subscriptions},
		"groups of PowerShell":                    {`[{"Id":"x","DisplayName":"Kiosks","GroupTypes":[],"SecurityEnabled":true,"MailEnabled":false,"Members":null}]`, columns.Groups},
		"members of PowerShell":                   {`[{"Id":"x","DeletedDateTime":null,"AdditionalProperties":{"@odata.type":"#microsoft.graph.device","displayName":"PC1","deviceId":"y"}}]`, columns.Members},
		"users of PowerShell":                     {`[{"Id":"x","DisplayName":"An","UserPrincipalName":"an@example.org","AdditionalProperties":{"@odata.context":"https://graph.example.org/$metadata#users/$entity"}}]`, columns.Users},
		"the licences of one user":                {`{"@odata.context":"https://graph.example.org/$metadata#users('x')/licenseDetails","value":[{"id":"x","skuId":"y","skuPartNumber":"SPE_E3","servicePlans":[]}]}`, ""},
		"software of devices with users":          {"ApplicationName,DeviceName,DeviceId,UserPrincipalName,OperatingSystem\nVisio,PC1,x,an@example.org,Windows\n", ""},
		"a service's settings":                    {`{"name":"trueup","version":"1"}`, ""},
		"people without user principal names":     {"Name,E-mail\nAn,an@example.org\n", ""},
		"addresses alone, without a known header": {"an@example.org\nbo@example.org\n", ""},
	} {
		if got := columns.KindOf([]byte(test.file)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestKindOfTheStart checks that the start of a large file is enough.
func TestKindOfTheStart(t *testing.T) {
	t.Parallel()
	const user = `{"userPrincipalName":"an@example.org","displayName":"An"},`
	for name, test := range map[string]struct {
		file string
		want columns.Kind
	}{
		"rows":                 {"User principal name,Display name\n" + strings.Repeat("an@example.org,An\n", 5000), columns.Users},
		"objects":              {`{"value":[` + strings.Repeat(user, 5000) + `{}]}`, columns.Users},
		"a line of an array":   {"[" + strings.Repeat(user, 5000) + "{}]", columns.Users},
		"the context":          {`{"@odata.context":"https://graph.example.org/$metadata#devices","value":[{"note":"` + strings.Repeat("x", 100_000) + `"}]}`, columns.Devices},
		"an object too large":  {`{"value":[{"note":"` + strings.Repeat("x", 100_000) + `","userPrincipalName":"an@example.org"}]}`, ""},
		"a header too far off": {strings.Repeat("a title\n", 60) + "User principal name,Display name\nan@example.org,An\n", ""},
	} {
		if got := columns.KindOf([]byte(test.file)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
