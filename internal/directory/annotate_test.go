package directory_test

import (
	"bytes"
	"fmt"
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
	}, More: func(left int) string { return fmt.Sprintf("and %d more", left) }}, &copied)
	if err != nil {
		t.Fatal(err)
	}
	if !done {
		return ""
	}
	return copied.String()
}

// readList returns the result of reading a list.
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
				"bo@example.org,Bo,directory_row_columns,more,still more\r\n" +
				"cy@example.org,,\r\n",
		},
		"a row that is too long": {
			content: "userPrincipalName,displayName\nan@example.org," + strings.Repeat("x", sheet.MaxStreamRow) + "\nbo@example.org,Bo\n",
			want:    bom + "userPrincipalName,displayName,Errors and warnings\r\n,,directory_row_long\r\nbo@example.org,Bo,\r\n",
		},
		"a row of separators, and one after the last row": {
			content: "userPrincipalName;displayName\n;;;;\nan@example.org;An\n;;;;\n",
			want:    bom + "userPrincipalName;displayName;Errors and warnings\r\n;;directory_row_columns;;;\r\nan@example.org;An;\r\n;;directory_row_columns;;;\r\n",
		},
		"a lone return in a cell": {
			content: "userPrincipalName,displayName\nan@example.org,\"one\rtwo\"\nbo@example.org,Bo\nBO@example.org,Bo\n",
			want: bom + "userPrincipalName,displayName,Errors and warnings\r\nan@example.org,\"one\rtwo\",displayName: text_control\r\nbo@example.org,Bo,\r\n" +
				"BO@example.org,Bo,userPrincipalName: directory_user_repeated of line 3\r\n",
		},
		"more cells than a row can have": {
			content: "userPrincipalName;displayName\nan@example.org" + strings.Repeat(";", sheet.MaxStreamColumns) + "\n",
			want: bom + "userPrincipalName;displayName;Errors and warnings\r\n\"an@example.org" + strings.Repeat(";", sheet.MaxStreamColumns) +
				"\";;directory_row_columns\r\n",
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
	const content = "Display name\tUser principal name\tUsage location\nAn\tan@example.org\tBE\n\n\tan@example.org\tXX\n-Bo\tbo@example.org\tNL\nCy\tcy@example.org\tNL\tmore\tand more\n"
	first := readList(t, content)
	once := annotated(t, content, first.Findings)
	second := readList(t, once)
	if first.Rows != 4 || second.Rows != first.Rows || second.Good != first.Good || len(second.Findings) != len(first.Findings) || len(first.Findings) == 0 {
		t.Errorf("%+v became %+v", first, second)
	}
	if diff := cmp.Diff(once, annotated(t, once, second.Findings)); diff != "" {
		t.Errorf("(-copy +copy of the copy):\n%s", diff)
	}
}

// TestAnnotatedFindingsOfTheFile: a finding about the file says what it is about, and many of them leave the
// first row readable.
func TestAnnotatedFindingsOfTheFile(t *testing.T) {
	t.Parallel()
	const content = "userPrincipalName,displayName\nan@example.org,An\n"
	many := make([]sheet.Finding, directory.MaxFindings)
	for i := range many {
		many[i] = sheet.Finding{Severity: sheet.SeverityWarning, Value: fmt.Sprintf("PC-%04d", i), Code: "directory_device_licensed"}
	}
	copied := annotated(t, content, many)
	if !strings.Contains(copied, "PC-0000: directory_device_licensed; PC-0001: ") || !strings.Contains(copied, " more\r\n") {
		t.Errorf("%.500s", copied)
	}
	if again := readList(t, copied); again.Good != 1 || len(again.Findings) > 0 {
		t.Errorf("the copy is read as %+v", again)
	}
}

// TestAnnotatedIsBounded: rows that are much shorter than the header make no copy that is larger than memory.
func TestAnnotatedIsBounded(t *testing.T) {
	t.Parallel()
	content := "userPrincipalName,displayName" + strings.Repeat(",more", 200) + "\n" + strings.Repeat("x\n", 1<<20)
	if copied := annotated(t, content, []sheet.Finding{{Line: 2, Code: "any"}}); copied != "" {
		t.Errorf("a copy of %d bytes", len(copied))
	}
}
