package httpapi_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/directories"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/intake/kind"
)

// R9.2: files of subscriptions and users that are put in the bucket are applied, and their results are read.
func TestR9_2_DirectoryFiles(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	for _, f := range []struct {
		kind kind.Kind
		name string
	}{{kind.Subscriptions, "licenses.csv"}, {kind.Users, "active-users.csv"}, {kind.Users, "mistakes.csv"}} {
		content, err := os.ReadFile("../../events/" + f.kind.Prefix + f.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.deps.Uploads.Put(t.Context(), f.kind.Key("", f.name), "text/csv", content); err != nil {
			t.Fatal(err)
		}
	}
	var list httpapi.Page[licenses.DirectoryFile]
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		list = answer[httpapi.Page[licenses.DirectoryFile]](a, http.MethodGet, "/directory-files?limit=2", "")
		if len(list.Items) == 2 && list.Items[0].FileName == "users/mistakes.csv" && list.Items[0].Final {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", list)
		}
	}
	if list.NextCursor == "" || list.Items[1].State != directories.StateSucceeded || list.Items[1].Created != 5 {
		t.Errorf("%+v", list)
	}
	last := answer[httpapi.Page[licenses.DirectoryFile]](a, http.MethodGet, "/directory-files?limit=2&cursor="+list.NextCursor, "")
	if len(last.Items) != 1 || last.Items[0].Created != 4 || last.NextCursor != "" {
		t.Errorf("%+v", last)
	}
	for lang, want := range map[string]string{
		"en": "Line 2 has the same user. Remove one of the two.", "nl": "Regel 2 bevat dezelfde gebruiker. Verwijder een van de twee.",
	} {
		status, body := a.ask(http.MethodGet, "/directory-files/"+list.Items[0].ID, "", "Accept-Language", lang)
		if status != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", lang, status, body)
		}
	}
	users := answer[httpapi.Page[licenses.User]](a, http.MethodGet, "/users?q=an@example.org", "")
	if diff := cmp.Diff(1, len(users.Items)); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if status, body := a.ask(http.MethodGet, "/directory-files/none", ""); status != http.StatusNotFound || !strings.Contains(string(body), "directory_file_not_found") {
		t.Errorf("an unknown file: %d %s", status, body)
	}
}
