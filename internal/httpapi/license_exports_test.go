package httpapi_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/httpapi/licenses"
	"trueup/internal/testkit/golden"
)

// changing matches what differs in each run of the test: ids, and moments of today.
var changing = regexp.MustCompile(`\b(0[0-9a-z]{25}|20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)\b`)

// TestLicenseExports compares every file of users, devices and their licences with a golden file, in the
// two dialects of CSV, and each workbook with its CSV.
func TestLicenseExports(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	suite := answer[licenses.Subscription](a, http.MethodPost, "/subscriptions", `{"name":"Suite; large","quantity":2,"price":{"amount":3690,"currency":"EUR"},"services":[{"id":"MAIL","name":"Mail"},{"id":"CHAT","name":"Chat"}]}`)
	rooms := answer[licenses.Subscription](a, http.MethodPost, "/subscriptions", `{"name":"Rooms","kind":"device","quantity":1}`)
	answer[licenses.User](a, http.MethodPost, "/users", fmt.Sprintf(`{"userPrincipalName":"ann@example.org","displayName":"=Ann","usageLocation":"BE","department":"Sales;Inside","lastSignInAt":"2019-03-01","licenses":[{"subscription":%q,"servicesOff":["CHAT"]}]}`, suite.ID))
	answer[licenses.User](a, http.MethodPost, "/users", fmt.Sprintf(`{"userPrincipalName":"bob@example.org","displayName":"Bob \"B\"","usageLocation":"NL","enabled":false,"excludedFromSuggestions":true,"excludedUntil":"2099-01-31","licenses":[{"subscription":%q}]}`, suite.ID))
	cas := answer[licenses.User](a, http.MethodPost, "/users", `{"userPrincipalName":"cas@example.org","displayName":"Cas","usageLocation":"BE"}`)
	if status, body := a.ask(http.MethodPut, "/users/"+cas.ID+"/licenses/"+suite.ID+"?wait=true", `{}`); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, body)
	}
	group := answer[licenses.DeviceGroup](a, http.MethodPost, "/device-groups", `{"name":"Meeting rooms","type":"security"}`)
	answer[licenses.DeviceGroup](a, http.MethodPost, "/device-groups", `{"name":"Desks","type":"microsoft365","objectId":"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"}`)
	var devices []string
	for _, body := range []string{
		`{"displayName":"ROOM-1","deviceId":"8a1f0000-0000-4000-8000-000000000001","operatingSystem":"Windows","operatingSystemVersion":"10.0.22631","joinType":"joined"}`,
		`{"displayName":"ROOM-2","operatingSystem":"iOS","enabled":false,"lastSignInAt":"2026-03-01"}`,
	} {
		devices = append(devices, answer[licenses.Device](a, http.MethodPost, "/devices", body).ID)
	}
	read := func(path string) (tag string) {
		t.Helper()
		w := s.get(t, path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Header().Get("ETag")
	}
	do := func(method, path, body, tag string) {
		t.Helper()
		if status, answer := a.ask(method, path, body, "If-Match", tag); status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
	}
	of := "/device-groups/" + group.ID
	for _, id := range devices { // one after another: the first has the licence
		do(http.MethodPost, of+"/members", fmt.Sprintf(`{"devices":[%q]}`, id), read(of))
	}
	do(http.MethodPut, "/subscriptions/"+rooms.ID+"/quantity", `{"quantity":2}`, read("/subscriptions/"+rooms.ID))
	do(http.MethodPut, of+"/subscription", fmt.Sprintf(`{"subscription":%q}`, rooms.ID), read(of))
	do(http.MethodPut, "/subscriptions/"+suite.ID+"/quantity", `{"quantity":1,"acknowledge":"conflict"}`, read("/subscriptions/"+suite.ID))

	file := func(path string) string {
		t.Helper()
		w := s.get(t, path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	for name, path := range map[string]string{
		"users": "/users", "subscription-users": "/subscriptions/" + suite.ID + "/users", "waiting-users": "/subscriptions/" + suite.ID + "/waiting",
		"conflict-users": "/conflicts/" + suite.ID + "/users", "devices": "/devices", "device-groups": "/device-groups", "device-group-devices": of + "/devices",
		"license-suggestions": "/license-suggestions", "license-assignments": "/license-assignments", "conflicts": "/conflicts",
	} {
		query := map[string]string{"license-suggestions": "&heldDays=0"}[name]
		english := file(path + ".csv?lang=en" + query)
		for lang, content := range map[string]string{"en": english, "nl": file(path + ".csv?lang=nl" + query)} {
			golden.Equal(t, "testdata/exports/"+name+"."+lang+".csv", []byte(changing.ReplaceAllString(content, "…")))
		}
		records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(english, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records { // a cell of text in a workbook needs no apostrophe
			for i := range record {
				record[i] = strings.TrimPrefix(record[i], "'")
			}
		}
		rows := sheetOf(t, []byte(file(path+".xlsx?lang=en"+query)))
		if i := slices.IndexFunc(rows, func(row []string) bool { return len(records) > 0 && slices.Equal(row, records[0]) }); i < 0 || cmp.Diff(records, rows[i:i+len(records)]) != "" {
			t.Errorf("%s (-CSV +XLSX)\n%s", name, cmp.Diff(records, rows))
		}
	}
}
