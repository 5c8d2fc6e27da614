package directory_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/directory"
	"trueup/internal/sheet"
)

// annotated returns the annotated copy of a list, with the codes of its findings as sentences.
func annotated(t *testing.T, content string, findings []sheet.Finding) string {
	t.Helper()
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
	var copied bytes.Buffer
	done, err := directory.Annotate(open, findings, directory.Annotation{Messages: "Errors and warnings", Sentence: func(f sheet.Finding) string {
		if line := f.Args["line"]; line != "" {
			return f.Code + " of line " + line
		}
		return f.Code
	}}, &copied)
	if err != nil {
		t.Fatal(err)
	}
	if done != (copied.Len() > 0) {
		t.Errorf("%t with %d bytes", done, copied.Len())
	}
	return copied.String()
}

// read returns the result of reading a list.
func readList(t *testing.T, content string) *directory.File {
	t.Helper()
	f, err := directory.Read(strings.NewReader(content), directory.Options{Now: time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC)}, directory.Sink{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAnnotate(t *testing.T) {
	t.Parallel()
	const bom = "\ufeff"
	for name, c := range map[string]struct{ content, want string }{
		"findings beside their rows, blank lines left out": {
			content: "User principal name;Display name;Usage location\n\nan@example.org;An;BE\n;No name;BE\n\nan@example.org;Again;NL\nbo@example.org;Bo;XX\n",
			want: bom + "User principal name;Display name;Usage location;Errors and warnings\r\n" +
				"an@example.org;An;BE;\r\n" +
				";No name;BE;User principal name: text_required\r\n" +
				"an@example.org;Again;NL;User principal name: directory_user_repeated of line 2\r\n" +
				"bo@example.org;Bo;XX;Usage location: country_unknown\r\n",
		},
		"lines above the header, a cell of two lines, other columns, a formula": {
			content: "#TYPE Of.Something\r\n\"UserPrincipalName\",\"Notes\",\"DisplayName\"\r\n\"an@example.org\",\"one\r\ntwo\",\"=An\"\r\n\"AN@example.org\",\"\",\"An, again\"\r\n",
			want: bom + "UserPrincipalName,Notes,DisplayName,Errors and warnings\r\n" +
				"an@example.org,\"one\r\ntwo\",'=An,\r\n" +
				"AN@example.org,,\"An, again\",UserPrincipalName: directory_user_repeated of line 2\r\n",
		},
		"an open quote, too many cells, and too few": {
			content: "userPrincipalName,displayName\nan@example.org,\"An\nbo@example.org,Bo,more,still more\ncy@example.org\n",
			want: bom + "userPrincipalName,displayName,Errors and warnings\r\n" +
				"\"an@example.org,\"\"An\",,directory_row_quote\r\n" +
				"bo@example.org,Bo,more,still more,directory_row_columns\r\n" +
				"cy@example.org,,\r\n",
		},
		"a row that is too long": {
			content: "userPrincipalName,displayName\nan@example.org," + strings.Repeat("x", sheet.MaxStreamRow) + "\nbo@example.org,Bo\n",
			want:    bom + "userPrincipalName,displayName,Errors and warnings\r\n,,directory_row_long\r\nbo@example.org,Bo,\r\n",
		},
		"JSON":      {content: `[{"userPrincipalName": "an@example.org", "displayName": ""}]`},
		"no header": {content: "an@example.org,An\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, annotated(t, c.content, readList(t, c.content).Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnnotatedIsReadAgain: a copy has the findings of its file, at the lines of the copy, and the copy of
// the copy is the same.
func TestAnnotatedIsReadAgain(t *testing.T) {
	t.Parallel()
	const content = "Display name\tUser principal name\tUsage location\nAn\tan@example.org\tBE\n\n\tan@example.org\tXX\n-Bo\tbo@example.org\tNL\n"
	first := readList(t, content)
	once := annotated(t, content, first.Findings)
	second := readList(t, once)
	if first.Rows != 3 || second.Rows != first.Rows || second.Good != first.Good || len(second.Findings) != len(first.Findings) || len(first.Findings) == 0 {
		t.Errorf("%+v became %+v", first, second)
	}
	if diff := cmp.Diff(once, annotated(t, once, second.Findings)); diff != "" {
		t.Errorf("(-copy +copy of the copy):\n%s", diff)
	}
}
