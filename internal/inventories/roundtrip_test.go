package inventories

import (
	"fmt"
	"strings"
	"testing"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
	"trueup/internal/proposal"
)

// TestR5_4_RulesOfStrangeTitlesMove: rules that are made from titles as PCs write them are exported, pass the
// checks of a file, and recognise the titles after it.
func TestR5_4_RulesOfStrangeTitlesMove(t *testing.T) {
	t.Parallel()
	names := []string{
		"Zz {braces} * 1.2", `Zz back\slash\{number} 7`, "Zz zero\u200bwidth 2019", "Zz \u202ebidi\u202c", "*", `\`, "{year}", "Zz [a|b] 4",
		"Zz soft\u00adhyphen", "Zz tab\tinside 3.1", "Zz\u00a0no-break 5", "  Zz around  ", "Zz " + strings.Repeat("long ", 80) + "2019", strings.Repeat("ü", 300),
		strings.Repeat("{é}", 100) + " 9", "Zz 2012 R2 SP1", "Zz\u0000nul", "Zz \ufffd", "می\u200cخواهم", "Zz v7", "\u3164", "Zz 2019 2021",
	}
	tally := &inventory.Tally{}
	for i, name := range names {
		for _, publisher := range []string{"", "Zz\u200bCorp " + name} {
			tally.Titles = append(tally.Titles, inventory.Count{Title: inventory.Title{Publisher: publisher, Name: name, Version: "1.2"}, Devices: 1 + i})
		}
	}
	tallies := []inventory.Counted{{Tally: tally}}
	for kind, product := range map[inventory.Kind]position.Product{
		inventory.Ignored: {}, inventory.Free: {Publisher: "Contoso", Family: "Zz"},
		inventory.Product: {Publisher: "Contoso", Family: "Zz", Version: "{number}"},
	} {
		var list inventory.RuleList
		for _, e := range proposal.Queue(builtin.Products(), tallies, inventory.StartingRules()) {
			list.Admin = append(list.Admin, e.Rules(kind, product, func() string { return fmt.Sprint("own-", len(list.Admin)) })...)
		}
		for i := range list.Admin {
			list.Admin[i].ID = fmt.Sprint("own-", i)
		}
		file, err := ExportRules(list)
		if err != nil {
			t.Fatal(err)
		}
		content, wrong := decodeRulesFile(file)
		if wrong != nil {
			t.Fatalf("%s: %+v", kind, wrong)
		}
		for _, f := range content.parse() {
			t.Errorf("%s: %+v", kind, f)
		}
		rules, err := inventory.NewRules(content.rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, title := range tally.Titles {
			if d := rules.Recognize(title.Title); d.Kind != kind {
				t.Errorf("%s: %q of %q is %q", kind, title.Name, title.Publisher, d.Kind)
			}
		}
	}
}
