package directory_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"trueup/internal/device"
	"trueup/internal/directory"
	"trueup/internal/directory/columns"
	"trueup/internal/subscription"
)

// readUsers returns the users of a file, and the codes of its findings.
func readUsers(t testing.TB, file string) (users []directory.UserRow, codes []string) {
	t.Helper()
	f, err := directory.Read(strings.NewReader(file), options, directory.Sink{User: func(u directory.UserRow) error {
		users = append(users, u)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range f.Findings {
		codes = append(codes, found.Code)
	}
	return users, codes
}

func utf16Of(text string, bigEndian bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		if bigEndian {
			b.Write([]byte{byte(unit >> 8), byte(unit)})
		} else {
			b.Write([]byte{byte(unit), byte(unit >> 8)})
		}
	}
	return b.String()
}

// TestR9_2_Tables reads one user from tables as programs write them.
func TestR9_2_Tables(t *testing.T) {
	t.Parallel()
	const plain = "User principal name,Display name,Usage location,Licenses\nzoe@example.org,Zoë,Belgium,Visio Plan 2\n"
	semicolons := strings.ReplaceAll(plain, ",", ";")
	for name, file := range map[string]string{
		"commas":                         plain,
		"semicolons":                     semicolons,
		"tabs":                           strings.ReplaceAll(plain, ",", "\t"),
		"a byte-order mark and CRLF":     "\ufeff" + strings.ReplaceAll(plain, "\n", "\r\n"),
		"CR alone":                       strings.ReplaceAll(plain, "\n", "\r"),
		"UTF-16":                         "\xff\xfe" + utf16Of(plain, false),
		"UTF-16, big endian, no mark":    utf16Of(plain, true),
		"Windows-1252":                   strings.ReplaceAll(semicolons, "ë", "\xeb"),
		"a separator line":               "sep=;\n" + semicolons,
		"a type line of PowerShell":      "#TYPE Selected.Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser\n" + plain,
		"a title above":                  "Users of Example,,,\n,,,\n" + plain,
		"everything in quotes":           `"User principal name","Display name","Usage location","Licenses"` + "\n" + `"zoe@example.org","Zoë","Belgium","Visio Plan 2"` + "\n",
		"spaces around":                  "User principal name , Display name , Usage location , Licenses\n zoe@example.org , Zoë , Belgium , Visio Plan 2 \n",
		"formulas and empty rows":        plain[:strings.IndexByte(plain, '\n')+1] + ",,,\n" + `zoe@example.org,"=""Zoë""",Belgium,Visio Plan 2` + "\n,,,\n",
		"capitals and another order":     "LICENSES,USAGE LOCATION,DISPLAYNAME,USERPRINCIPALNAME\nVisio Plan 2,be,Zoë,zoe@example.org\n",
		"Dutch":                          "Principal-naam van de gebruiker;Weergavenaam;Gebruikslocatie;Licenties\nzoe@example.org;Zoë;België;Visio Plan 2\n",
		"French":                         "Nom d’utilisateur principal;Nom d’affichage;Emplacement d’utilisation;Licences\nzoe@example.org;Zoë;Belgique;Visio Plan 2\n",
		"German":                         "Benutzerprinzipalname;Anzeigename;Verwendungsstandort;Lizenzen\nzoe@example.org;Zoë;Belgien;Visio Plan 2\n",
		"Spanish":                        "Nombre principal de usuario;Nombre para mostrar;Ubicación de uso;Licencias\nzoe@example.org;Zoë;Bélgica;Visio Plan 2\n",
		"Portuguese":                     "Nome principal do usuário;Nome de exibição;Local de uso;Licenças\nzoe@example.org;Zoë;Bélgica;Visio Plan 2\n",
		"a workbook":                     workbook(t, plain),
		"an array of objects":            `[{"userPrincipalName":"zoe@example.org","displayName":"Zoë","usageLocation":"BE","licenses":"Visio Plan 2"}]`,
		"an object":                      `{"Display Name":"Zoë","User Principal Name":"zoe@example.org","Usage Location":"Belgium","Licenses":"Visio Plan 2"}`,
		"an array of pages":              `[{"value":[{"userPrincipalName":"zoe@example.org","displayName":"Zoë","usageLocation":"BE","licenses":"Visio Plan 2"}],"@odata.nextLink":"x"},{"value":[]}]`,
		"UTF-16 of objects":              "\xff\xfe" + utf16Of(`[{"userPrincipalName":"zoe@example.org","displayName":"Zoë","usageLocation":"BE","licenses":"Visio Plan 2"}]`, false),
		"a list of one, as PowerShell 5": `{"value":[{"userPrincipalName":"zoe@example.org","displayName":"Zoë","usageLocation":"BE","licenses":"Visio Plan 2"}],"Count":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, codes := readUsers(t, file)
			if len(users) != 1 || codes != nil {
				t.Fatalf("%+v %v", users, codes)
			}
			u := users[0].User
			if u.UPN != "zoe@example.org" || u.Name != "Zoë" || u.Location != "BE" || licensesOf(users[0].Licenses) != "[Visio Plan 2]" {
				t.Errorf("%+v %v", u, users[0].Licenses)
			}
		})
	}
}

func TestR9_2_Licenses(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"":                                      "not stated",
		"Unlicensed":                            "[]",
		"Zonder licentie":                       "[]",
		"Sans licence":                          "[]",
		"Nicht lizenziert":                      "[]",
		"Sin licencia":                          "[]",
		"Não licenciado":                        "[]",
		"Microsoft 365 E3":                      "[Microsoft 365 E3]",
		"Microsoft 365 E3+Visio Plan 2":         "[Microsoft 365 E3; Visio Plan 2]",
		"Microsoft 365 E3 + Visio  Plan 2+":     "[Microsoft 365 E3; Visio Plan 2]",
		"VISIO PLAN 2+Visio Plan 2":             "[VISIO PLAN 2]",
		"Power BI Pro; Visio Plan 2":            "[Power BI Pro; Visio Plan 2]",
		"Windows 365, 2 vCPU, 4 GB":             "[Windows 365, 2 vCPU, 4 GB]",
		"SPE_E3,VISIOCLIENT":                    "[SPE_E3; VISIOCLIENT]",
		"contoso:SPE_E3":                        "[contoso:SPE_E3]",
		strings.ToUpper(skuE3) + "," + skuVisio: "[" + skuE3 + "; " + skuVisio + "]",
	} {
		users, codes := readUsers(t, userHeader+"an@example.org,An,\""+written+"\",,\n")
		if len(users) != 1 || codes != nil || licensesOf(users[0].Licenses) != want {
			t.Errorf("%q: %+v %v, want %s", written, users, codes, want)
		}
	}
	users, _ := readUsers(t, userHeader+"an@example.org,An,contoso:SPE_E3,,\n")
	if ref := users[0].Licenses[0]; ref.PartNumber != "SPE_E3" {
		t.Errorf("%+v", ref)
	}
}

func TestR9_2_TruthValues(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"True": "enabled", "FALSE": "disabled", "Waar": "enabled", "Onwaar": "disabled", "Vrai": "enabled", "FAUX": "disabled", "Wahr": "enabled", "Falsch": "disabled",
		"Verdadero": "enabled", "Falso": "disabled", "Sim": "enabled", "Não": "disabled", "yes": "enabled", "Nee": "disabled", "1": "enabled", "0": "disabled",
		"": "not stated", "perhaps": "rejected", "2": "rejected",
	} {
		users, _ := readUsers(t, userHeader+"an@example.org,An,,"+written+",\n")
		got := "rejected"
		switch {
		case len(users) == 1 && !users[0].Stated.Has(directory.StatedEnabled):
			got = "not stated"
		case len(users) == 1 && users[0].User.Disabled:
			got = "disabled"
		case len(users) == 1:
			got = "enabled"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", written, got, want)
		}
	}
}

// TestR9_7_Moments reads last sign-ins. A moment without a zone is the beginning of its day in UTC.
func TestR9_7_Moments(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"2026-11-20T09:30:00Z": "2026-11-20T09:30:00", "2026-11-20T09:30:00+02:00": "2026-11-20T07:30:00", "2026-11-20T09:30:00.1234567Z": "2026-11-20T09:30:00",
		"2026-11-20": "2026-11-20", "2026-11-20 09:30:00Z": "2026-11-20", "11/20/2026 9:30:00 AM": "2026-11-20", "20/11/2026 09:30": "2026-11-20", "20.11.2026": "2026-11-20", "20-11-2026": "2026-11-20",
		"/Date(1795512600000)/": "2026-11-24T09:30:00", "Never": "-", "Nooit": "-", "Jamais": "-", "N/A": "-", "-": "-", "": "-",
		"0001-01-01T00:00:00Z": "-", "1/1/0001 12:00:00 AM": "-", "1601-01-01": "-", "/Date(-62135596800000)/": "-",
		"last week": "unknown", "2026-02-30": "unknown", "2027-01-01": "unknown", "20 November 2026": "unknown", "2026-11-27": "2026-11-27",
	} {
		users, codes := readUsers(t, userHeader+"an@example.org,An,,,\""+written+"\"\n")
		if len(users) != 1 {
			t.Errorf("%q: %v", written, codes)
			continue
		}
		got := at(users[0].User.Seen)
		if slices.Equal(codes, []string{"directory_date"}) {
			got = "unknown"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", written, got, want)
		}
	}
}

// TestR9_2_DateOrder reads dates that can be read in two ways: others of the file decide, or else the
// language of the header, and the file has a finding.
func TestR9_2_DateOrder(t *testing.T) {
	t.Parallel()
	dutch := "Principal-naam van de gebruiker;Weergavenaam;Laatste aanmelding\n"
	for name, test := range map[string]struct {
		file, want string
		codes      []string
	}{
		"English, open":    {userHeader + "an@example.org,,,,11/10/2026\n", "2026-11-10", []string{"directory_dates_open"}},
		"English, decided": {userHeader + "an@example.org,,,,11/10/2026\nbo@example.org,,,,20/10/2026\n", "2026-10-11", nil},
		"Dutch, open":      {dutch + "an@example.org;An;11/10/2026\n", "2026-10-11", []string{"directory_dates_open"}},
		"Dutch, decided":   {dutch + "an@example.org;An;11/10/2026\nbo@example.org;Bo;10/20/2026\n", "2026-11-10", nil},
		"equal numbers":    {userHeader + "an@example.org,,,,11/11/2026\n", "2026-11-11", nil},
	} {
		users, codes := readUsers(t, test.file)
		if len(users) == 0 || at(users[0].User.Seen) != test.want || !slices.Equal(codes, test.codes) {
			t.Errorf("%s: %+v %v", name, users, codes)
		}
	}
}

// TestWorkbookDates reads a day that a workbook has as a number.
func TestWorkbookDates(t *testing.T) {
	t.Parallel()
	book := workbook(t, userHeader+"an@example.org,An,,,46347.4\n")
	users, codes := readUsers(t, book)
	if len(users) != 1 || codes != nil || at(users[0].User.Seen) != "2026-11-21" {
		t.Errorf("%+v %v", users, codes)
	}
	if _, codes := readUsers(t, userHeader+"an@example.org,An,,,46347.4\n"); !slices.Equal(codes, []string{"directory_date"}) {
		t.Errorf("a number in text: %v", codes)
	}
}

// TestR9_2_Over checks that a stored user keeps what a file does not state.
func TestR9_2_Over(t *testing.T) {
	t.Parallel()
	stored := subscription.User{ID: "1", ObjectID: "o", UPN: "an@example.org", Name: "An", Location: "BE", Department: "Finance", Type: subscription.Guest, Disabled: true, Seen: options.Now, Version: 3}
	stored.Licenses = map[string]subscription.Grant{"visio": {}}
	bare, _ := readUsers(t, "User principal name,Licenses\nAn@example.org,Unlicensed\n")
	want := stored
	want.UPN = "An@example.org"
	if got := bare[0].Over(stored); !sameUser(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	full, _ := readUsers(t, "User principal name,Display name,Object id,Usage location,Department,User type,Account enabled,Last sign-in\nan@example.org,,,,,Member,True,2026-01-01\n")
	want = stored
	want.Location, want.Department, want.Type, want.Disabled = "", "", subscription.Member, false
	if got := full[0].Over(stored); !sameUser(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	later, _ := readUsers(t, userHeader+"an@example.org,Ann,,,2026-11-27\n")
	want = stored
	want.Name, want.Seen = "Ann", later[0].User.Seen
	if got := later[0].Over(stored); !sameUser(got, want) || !got.Seen.After(options.Now) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func sameUser(a, b subscription.User) bool {
	return a.ID == b.ID && a.ObjectID == b.ObjectID && a.UPN == b.UPN && a.Name == b.Name && a.Location == b.Location && a.Department == b.Department &&
		a.Type == b.Type && a.Disabled == b.Disabled && a.Seen.Equal(b.Seen) && len(a.Licenses) == len(b.Licenses) && a.Version == b.Version
}

// TestRepeatedNames checks that a deleted user may have the name of another one, and that devices may
// share a name.
func TestRepeatedNames(t *testing.T) {
	t.Parallel()
	users, codes := readUsers(t, "User principal name,Object id,Soft deletion time stamp\nan@example.org,1,2026-11-01\nan@example.org,2,\nan@example.org,3,2026-10-01\n")
	if len(users) != 3 || codes != nil || !users[0].Deleted || users[1].Deleted || !users[2].Deleted {
		t.Errorf("%+v %v", users, codes)
	}
	if users, codes := readUsers(t, "User principal name,Object id\nan@example.org,1\nbo@example.org,1\n"); len(users) != 1 || !slices.Equal(codes, []string{"directory_user_repeated"}) {
		t.Errorf("%+v %v", users, codes)
	}
}

func FuzzRead(f *testing.F) {
	for name := range samples {
		f.Add(readSample(f, name))
	}
	f.Add([]byte("[" + userObject + ",[1],2,{}]" + page(deviceObject) + page(memberObject)))
	f.Add([]byte(usageHeader + "2026-11-26,an@example.org,1/2/2026\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first := written(t, data, options)
		file, err := directory.Read(strings.NewReader(string(data)), options, directory.Sink{
			User: func(u directory.UserRow) error {
				if _, violations := subscription.ParseUser(u.Draft); len(violations) > 0 || u.User.UPN == "" || u.User.Name == "" {
					t.Errorf("%+v %v", u, violations)
				}
				return nil
			},
			Device: func(d directory.DeviceRow) error {
				if d.Name == "" {
					t.Errorf("%+v", d)
				}
				return nil
			},
			Subscription: func(s directory.SubscriptionRow) error {
				if s.Subscription.Name == "" || s.Seats.Quantity < 0 || s.Seats.Available != s.Seats.Quantity || s.Expired < 0 || s.Assigned < -1 {
					t.Errorf("%+v", s)
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if file.Refused && (len(file.Findings) != 1 || file.Good != 0 || file.Skipped != 0 || file.Rejected != file.Rows || !strings.HasSuffix(first[0], "refused")) {
			t.Errorf("%+v", file)
		}
		for _, found := range file.Findings {
			if found.Code == "" || found.Line < 0 || found.Position < 0 || len([]rune(found.Value)) > 256 {
				t.Errorf("%+v", found)
			}
		}
		if kind := columns.KindOf(data); !file.Refused && len(data) < 4096 && kind != file.Kind {
			t.Errorf("kind %q, want %q", kind, file.Kind)
		}
	})
}

// TestDevicesOfIntune checks that the id of a device is the one in the directory.
func TestDevicesOfIntune(t *testing.T) {
	t.Parallel()
	f, err := directory.Read(strings.NewReader(`{"value":[{"id":"x","deviceName":"PC1","azureADDeviceId":"5D0C","joinType":"azureADJoined"}]}`), options, directory.Sink{Device: func(d directory.DeviceRow) error {
		if d.ObjectID != "" || d.DeviceID != "5d0c" || d.Join != device.JoinDirectory {
			t.Errorf("%+v", d)
		}
		return nil
	}})
	if err != nil || f.Good != 1 {
		t.Errorf("%+v %v", f, err)
	}
}
