package statements

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/i18n"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestR6_6_RemarksOnNames: names that the dictionary does not know are hints with the products that they may
// stand for, and a version that contradicts its name is a warning. No row is refused for them. A name whose
// words tell that it is for a CAL or a step-up is known.
func TestR6_6_RemarksOnNames(t *testing.T) {
	t.Parallel()
	const file = "License ID,Product family,Version,Effective quantity,Active SA quantity\n" +
		"V1,Office Professional Plus,2021,5,0\n" +
		"V1,Office Professional Plus 2019,2021,5,0\n" +
		"V1,Visio Profesionnal,2019,5,0\n" +
		"V1,Unheard Of Gadget,2019,5,0\n" +
		"V2,Unheard Of Gadget,2019,5,0\n" +
		"V2,Windows Serveur Unheard Of Device CAL,2019,5,0\n" +
		"V2,Unheard Of Gadget Step-up from Visio Profesionnal,2019,5,0\n"
	f := statement.ReadFile([]byte(file), statement.Options{Name: "a.csv", Date: "2026-11-28", Names: remarks(builtin.Products())})
	var got []string
	for _, found := range f.Findings {
		got = append(got, fmt.Sprint(found.Line, " ", found.Position, " ", found.Severity, " ", found.Code))
		if text := i18n.Text(i18n.English, found.Code, found.Args); found.Code == "statement_version_differs" && text !=
			"The name says version 2019 and this column 2021. Version 2019 counts: the version in a name that trueup knows comes before the column, which can be the number of a build. Correct the row if that is wrong." {
			t.Error(text)
		}
		if found.Code == "statement_name_proposed" && found.Args["products"] == "" {
			t.Errorf("%+v", found)
		}
	}
	want := []string{
		"3 3 warning statement_version_differs", "4 2 hint statement_name_proposed", "5 2 hint statement_name_unknown", "6 2 hint statement_name_unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" || f.Rejected != 0 || f.Refused || len(f.Statement.Lines) != 7 {
		t.Errorf("%+v (-want +got)\n%s", f, diff)
	}
	listed := builtin.Products().With([]product.Subscription{{Name: "Zephyr Harbour Suite", ID: "ZEPHYR"}})
	if got := remarksOn(listed, entitlement.Entitlement{Family: "Zephyr Harbor Suite"}); len(got) != 1 || !strings.Contains(got[0].Args["products"], "Zephyr Harbour Suite") {
		t.Errorf("a subscription of Microsoft's list is not proposed: %+v", got)
	}
	for version, counts := range map[string]string{"2021": "2021", "": ""} { // of an unknown name the column counts
		for _, found := range remarksOn(builtin.Products(), entitlement.Entitlement{Publisher: "Contoso", Family: "Unheard Of 2019", Version: version}) {
			if found.Code == "statement_version_differs" && found.Args["counts"] != counts {
				t.Errorf("%q: %+v", version, found)
			}
		}
	}
}
