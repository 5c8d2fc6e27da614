package directory_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"trueup/internal/directory"
)

// repeated generates a file: a start, rows with a number, and an end.
type repeated struct {
	start, end string
	row        func(i int) string
	rows       int

	rest  string
	i     int
	begun bool
	ended bool
}

func (r *repeated) Read(p []byte) (int, error) {
	for r.rest == "" {
		switch {
		case !r.begun:
			r.begun, r.rest = true, r.start
		case r.i < r.rows:
			var b strings.Builder
			for ; r.i < r.rows && b.Len() < 32<<10; r.i++ {
				b.WriteString(r.row(r.i))
			}
			r.rest = b.String()
		case !r.ended:
			r.ended, r.rest = true, r.end
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// The sizes of the files of the benchmark and of the test of memory are those of real exports.
func activeUsers(n int) io.Reader {
	filler := strings.Repeat(",", 20)
	return &repeated{
		start: "Block credential,Department,Display name,Licenses,Object Id,Usage location,User principal name,Proxy addresses,When created" + filler + "\r\n",
		row: func(i int) string {
			return fmt.Sprintf("False,Department %d,\"Surname%d, Given\",Microsoft 365 E3+Visio Plan 2,8a1f0000-0000-4000-8000-%012d,BE,user%d@example.org,SMTP:user%d@example.org+smtp:u%d@example.net,2024-01-15 09:00:00Z%s\r\n", i%50, i, i, i, i, i, filler)
		},
		rows: n,
	}
}

func graphUsers(n int) io.Reader {
	return &repeated{
		start: `{"@odata.context":"https://graph.example.org/$metadata#users","value":[`, end: `{"id":"8a1f0000-0000-4000-8000-999999999999","userPrincipalName":"last@example.org"}]}`,
		row: func(i int) string {
			return fmt.Sprintf(`{"id":"8a1f0000-0000-4000-8000-%012d","userPrincipalName":"user%d@example.org","displayName":"User %d","department":"Department %d","usageLocation":"BE","accountEnabled":true,"userType":"Member","assignedLicenses":[{"disabledPlans":["57ff2da0-773e-42df-b2af-ffb7a2317929"],"skuId":"05e9a617-0261-4cee-bb44-138d3ef5d965"}],"signInActivity":{"lastSignInDateTime":"2026-11-20T09:30:00Z"}},`, i, i, i, i%50)
		},
		rows: n - 1,
	}
}

func entraDevices(n int) io.Reader {
	return &repeated{
		start: "displayName,accountEnabled,operatingSystem,operatingSystemVersion,joinType (trustType),registrationTime,approximateLastSignInDateTime,deviceId,objectId\n",
		row: func(i int) string {
			return fmt.Sprintf("PC-%d,True,Windows,10.0.22631.4460,Azure AD joined,2025-02-03T07:00:00Z,2026-11-25T06:30:00Z,5d0c0000-0000-4000-9000-%012d,8a1f0000-0000-4000-8000-%012d\n", i, i, i)
		},
		rows: n,
	}
}

var large = map[string]func(n int) io.Reader{"active users": activeUsers, "users of Graph": graphUsers, "devices": entraDevices}

// TestR9_2_HoldsLittle reads 100,000 rows and measures the memory in use: hashes of names, a buffer, and a
// row.
func TestR9_2_HoldsLittle(t *testing.T) {
	const most = 24 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // garbage does not count as in use, and a busy machine collects it late
	for name, file := range large {
		if name == "devices" {
			continue // as text with users
		}
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		peak, n := uint64(0), 0
		count := func() error {
			if n++; n%5000 == 0 {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
			return nil
		}
		f, err := directory.Read(file(directory.MaxRows), options, directory.Sink{
			User:   func(directory.UserRow) error { return count() },
			Device: func(directory.DeviceRow) error { return count() },
		})
		if err != nil || f.Refused || f.Good != directory.MaxRows || n != directory.MaxRows {
			t.Fatalf("%s: %+v %v, %d rows", name, f, err, n)
		}
		if used := int64(peak) - int64(before.HeapAlloc); used > most {
			t.Errorf("%s: %d MiB in use, want at most %d", name, used>>20, most>>20)
		}
	}
}

func TestR9_2_TooManyRows(t *testing.T) {
	t.Parallel()
	for name, file := range large {
		if name == "active users" {
			continue // an example of the rule
		}
		f, err := directory.Read(file(directory.MaxRows+1), options, directory.Sink{})
		if err != nil || !f.Refused || f.Findings[0].Code != "directory_too_many_rows" || f.Findings[0].Args["max"] != strconv.Itoa(directory.MaxRows) || f.Good != 0 {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
	bad := &repeated{start: userHeader, row: func(int) string { return ",,,,x\n" }, rows: directory.MaxRows + 1}
	if f, err := directory.Read(bad, options, directory.Sink{}); err != nil || !f.Refused || f.Findings[0].Code != "directory_too_many_rows" || len(f.Findings) != 1 {
		t.Errorf("bad rows: %+v %v", f, err)
	}
}

// TestR9_2_TooLarge reads files of the maximum size, and of a byte more. The limit is lower than in
// production, where it is MaxBytes.
func TestR9_2_TooLarge(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	for name, start := range map[string]string{"text": oneUser, "JSON": userObject} {
		file := start + strings.Repeat("\n", most-len(start))
		if f, err := directory.ReadAtMost(most, strings.NewReader(file), options, directory.Sink{}); err != nil || f.Refused || f.Good != 1 {
			t.Errorf("%s: %+v %v", name, f, err)
		}
		f, err := directory.ReadAtMost(most, strings.NewReader(file+"\n"), options, directory.Sink{})
		if err != nil || !f.Refused || len(f.Findings) != 1 || f.Findings[0].Code != "directory_too_large" || f.Findings[0].Args["max"] != "1" {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
}

// TestHostileFiles checks that files made to cost much cost little and give findings.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct {
		content io.Reader
		code    string
	}{
		"a text of 64 MiB in JSON": {io.MultiReader(strings.NewReader(`[{"userPrincipalName":"`), strings.NewReader(strings.Repeat("x", 64<<20))), "directory_json"},
		"brackets in brackets":     {strings.NewReader(strings.Repeat("[", 1<<20)), "directory_json"},
		"braces in braces":         {strings.NewReader(strings.Repeat(`{"value":`, 20_000)), "directory_json"},
		"many keys":                {strings.NewReader("{" + strings.Repeat(`"a":1,`, 1<<16) + `"b":2}`), "directory_unknown"},
		"a number":                 {strings.NewReader("[1]"), "directory_unknown"},
		"many columns":             {strings.NewReader(strings.Repeat("User principal name,", 1<<16) + "\n"), "directory_unknown"},
		"a line without end":       {strings.NewReader(strings.Repeat("x", 8<<20)), "directory_unknown"},
		"quotes":                   {strings.NewReader(userHeader + strings.Repeat("\"\n", 1<<10)), "directory_empty"},
		"nothing":                  {strings.NewReader(""), "directory_unknown"},
		"zeros":                    {strings.NewReader(strings.Repeat("\x00", 1<<20)), "directory_unknown"},
		"a header too low":         {strings.NewReader(strings.Repeat("x\n", 60) + oneUser), "directory_unknown"},
		"blank lines":              {strings.NewReader(userHeader + strings.Repeat("\n", 1<<20)), "directory_empty"},
		"blanks in JSON":           {strings.NewReader("[" + userObject + strings.Repeat("\n", 9<<20) + "]"), "directory_json"},
		"a page of a page":         {strings.NewReader(`{"value":{"value":{"value":[` + userObject + `]}}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := directory.Read(file.content, options, directory.Sink{})
			switch {
			case err != nil:
				t.Fatal(err)
			case file.code == "" && (f.Refused || len(f.Findings) > 0):
				t.Errorf("%+v", f)
			case file.code != "" && (len(f.Findings) == 0 || f.Findings[0].Code != file.code):
				t.Errorf("%+v, want %s", f, file.code)
			case len(f.Findings) > directory.MaxFindings:
				t.Errorf("%d findings", len(f.Findings))
			}
		})
	}
}

var errFault = errors.New("a fault")

// broken fails after its content.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errFault
	}
	return n, err
}

// TestFaultsAreErrors checks that a fault of the file or of the Sink is not taken for the end of the list.
func TestFaultsAreErrors(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"text": oneUser, "JSON": "[" + userObject + "]", "a page": page(userObject)[:20], "a workbook": "PK\x03\x04", "a start": "U"} {
		if f, err := directory.Read(broken{strings.NewReader(content)}, options, directory.Sink{}); !errors.Is(err, errFault) {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
	fail := directory.Sink{
		User: func(directory.UserRow) error { return errFault }, Device: func(directory.DeviceRow) error { return errFault },
		Activity: func(directory.ActivityRow) error { return errFault }, Group: func(directory.GroupRow) error { return errFault },
		Member: func(directory.MemberRow) error { return errFault }, Subscription: func(directory.SubscriptionRow) error { return errFault },
	}
	for _, content := range []string{oneUser, page(userObject), workbook(t, oneUser), oneDevice, oneLicense, page(groupObject), page(memberObject), usageHeader + "2026-11-26,an@example.org,2026-11-24\n"} {
		if f, err := directory.Read(strings.NewReader(content), options, fail); !errors.Is(err, errFault) {
			t.Errorf("%q: %+v %v", content[:min(len(content), 40)], f, err)
		}
	}
	rejected := directory.Sink{Rejected: func(directory.Identity) error { return errFault }}
	if _, err := directory.Read(strings.NewReader(userHeader+"an,,,,\n"), options, rejected); !errors.Is(err, errFault) {
		t.Errorf("rejected: %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	for name, file := range large {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				f, err := directory.Read(file(directory.MaxRows), options, directory.Sink{})
				if err != nil || f.Good != directory.MaxRows {
					b.Fatal(f, err)
				}
				b.ReportMetric(float64(time.Since(start).Microseconds())/directory.MaxRows, "µs/row")
			}
		})
	}
}
