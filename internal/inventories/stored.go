package inventories

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/pack"
	"trueup/internal/position"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// rulesVersion is the version of the stored admins' rules and decisions. Version 1 is a JSON list of
// rules, and is still written while there are no decisions, so that the release before reads it.
const rulesVersion = 2

// storedRules is version 2.
type storedRules struct {
	Version   int             `json:"version"`
	Rules     []storedRule    `json:"rules"`
	Decisions []storedChoices `json:"decisions"`
}

type storedChoices struct {
	ID  string         `json:"id"`
	All []storedChoice `json:"choices"`
}

type storedChoice struct {
	Versions string         `json:"versions,omitempty"`
	Kind     inventory.Kind `json:"kind"`
	Product  storedProduct  `json:"product,omitzero"`
}

// storedRule is the JSON of an inventory.Rule. The names of the product's fields are fixed, whatever
// position.Product calls them.
type storedRule struct {
	ID        string         `json:"id"`
	Kind      inventory.Kind `json:"kind"`
	Publisher string         `json:"publisher,omitempty"`
	Name      string         `json:"name"`
	Version   string         `json:"version,omitempty"`
	Product   storedProduct  `json:"product,omitzero"`
	Title     storedTitle    `json:"title,omitzero"`
}

type storedProduct struct {
	Publisher string `json:"Publisher"`
	Family    string `json:"Family"`
	Edition   string `json:"Edition"`
	Version   string `json:"Version"`
}

type storedTitle struct {
	Publisher string `json:"publisher,omitempty"`
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
}

func encodeRules(rules []inventory.Rule, decisions []inventory.Choices) ([]byte, error) {
	if len(decisions) == 0 {
		return json.Marshal(pack.Each(rules, newStoredRule))
	}
	return json.Marshal(storedRules{rulesVersion, pack.Each(rules, newStoredRule), pack.Each(decisions, newStoredChoices)})
}

// decodeRules decodes rules and decisions of every version up to rulesVersion.
func decodeRules(b []byte) ([]inventory.Rule, []inventory.Choices, error) {
	version, err := pack.Version(b, "version", rulesVersion)
	if err != nil {
		return nil, nil, err
	}
	var stored storedRules
	if version == 1 {
		err = json.Unmarshal(b, &stored.Rules)
	} else {
		err = json.Unmarshal(b, &stored)
	}
	return pack.Each(stored.Rules, storedRule.rule), pack.Each(stored.Decisions, storedChoices.choices), err
}

func newStoredRule(r inventory.Rule) storedRule {
	return storedRule{
		ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
		Product: storedProduct(r.Product), Title: storedTitle(r.Title),
	}
}

func (r storedRule) rule() inventory.Rule {
	return inventory.Rule{
		ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
		Product: position.Product(r.Product), Title: inventory.Title(r.Title),
	}
}

func newStoredChoices(c inventory.Choices) storedChoices {
	return storedChoices{c.ID, pack.Each(c.All, func(c inventory.Choice) storedChoice {
		return storedChoice{c.Versions, c.Kind, storedProduct(c.Product)}
	})}
}

func (c storedChoices) choices() inventory.Choices {
	return inventory.Choices{ID: c.ID, All: pack.Each(c.All, func(c storedChoice) inventory.Choice {
		return inventory.Choice{Versions: c.Versions, Kind: c.Kind, Product: position.Product(c.Product)}
	})}
}

// rulesFileVersion is the version of exported rules and decisions.
const rulesFileVersion = 1

// rulesFile is the JSON of exported rules and decisions. People read and edit it, so its fields have
// the names of the API.
type rulesFile struct {
	Format    string       `json:"format"` // rulesFormat, which tells it from other files
	Version   int          `json:"version"`
	Rules     []fileRule   `json:"rules"`
	Decisions []fileChoice `json:"decisions"`
}

const rulesFormat = "trueup-rules"

type fileRule struct {
	ID        string         `json:"id"`
	Kind      inventory.Kind `json:"kind"`
	Publisher string         `json:"publisher,omitempty"`
	Name      string         `json:"name"`
	Version   string         `json:"version,omitempty"`
	Product   fileProduct    `json:"product,omitzero"`
	Title     storedTitle    `json:"title,omitzero"`
}

// fileChoice is one choice about the titles of a row. The choices of a row follow each other.
type fileChoice struct {
	ID       string         `json:"id"`
	Versions string         `json:"versions,omitempty"`
	Kind     inventory.Kind `json:"kind"`
	Product  fileProduct    `json:"product,omitzero"`
}

type fileProduct struct {
	Publisher string `json:"publisher,omitempty"`
	Family    string `json:"family,omitempty"`
	Edition   string `json:"edition,omitempty"`
	Version   string `json:"version,omitempty"`
}

// ExportRules returns the admins' rules and decisions as a file that RulesFiles reads.
func ExportRules(list inventory.RuleList) ([]byte, error) {
	file := rulesFile{Format: rulesFormat, Version: rulesFileVersion, Rules: []fileRule{}, Decisions: []fileChoice{}}
	for _, r := range list.Admin {
		file.Rules = append(file.Rules, fileRule{r.ID, r.Kind, r.Publisher, r.Name, r.Version, fileProduct(r.Product), storedTitle(r.Title)})
	}
	for _, d := range list.Decisions {
		for _, c := range d.All {
			file.Decisions = append(file.Decisions, fileChoice{d.ID, c.Versions, c.Kind, fileProduct(c.Product)})
		}
	}
	return json.MarshalIndent(file, "", "  ")
}

// rulesContent is what a file of ExportRules has, with the lines on which rules and choices begin.
type rulesContent struct {
	rules     []inventory.Rule
	ruleLines []int

	decisions   []inventory.Choices
	choiceLines [][]int // by decision and choice
}

// decodeRulesFile decodes a file of ExportRules. If it is none, wrong says why and where.
func decodeRulesFile(data []byte) (c rulesContent, wrong *sheet.Finding) {
	var file rulesFile
	if wrong = decodeStrictly(data, &file); wrong != nil {
		return c, wrong
	}
	if file.Format != rulesFormat || file.Version != rulesFileVersion {
		return c, notRules(0, "")
	}
	for _, r := range file.Rules {
		c.rules = append(c.rules, inventory.Rule{
			ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
			Product: position.Product(r.Product), Title: inventory.Title(r.Title),
		})
	}
	c.ruleLines = linesOf(data, "rules", len(c.rules))
	lines := linesOf(data, "decisions", len(file.Decisions))
	for i, choice := range file.Decisions {
		c.addChoice(choice, lines[i])
	}
	return c, nil
}

func (c *rulesContent) addChoice(f fileChoice, line int) {
	at := slices.IndexFunc(c.decisions, func(before inventory.Choices) bool { return before.ID == f.ID })
	if at < 0 {
		at = len(c.decisions)
		c.decisions = append(c.decisions, inventory.Choices{ID: f.ID})
		c.choiceLines = append(c.choiceLines, nil)
	}
	of := &c.decisions[at]
	of.All = append(of.All, inventory.Choice{Versions: f.Versions, Kind: f.Kind, Product: position.Product(f.Product)})
	c.choiceLines[at] = append(c.choiceLines[at], line)
}

// decodeStrictly decodes JSON without unknown fields and without anything after it.
func decodeStrictly(data []byte, into *rulesFile) *sheet.Finding {
	err := json.Unmarshal(data, into)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return notRules(lineAt(data, syntax.Offset), "")
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return notRules(lineAt(data, mismatch.Offset), mismatch.Field)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err == nil {
		err = d.Decode(new(rulesFile))
	}
	if err != nil {
		field, _ := strings.CutPrefix(err.Error(), "json: unknown field ")
		return notRules(lineAt(data, d.InputOffset()), strings.Trim(field, `"`))
	}
	return nil
}

// notRules is the finding about a file that is no file of ExportRules.
func notRules(line int, field string) *sheet.Finding {
	return &sheet.Finding{
		Severity: sheet.SeverityError, Line: line, Column: sheet.Column(text.Shorten(field, 100)), Code: "rules_file",
		Args: errs.Pairs("version", strconv.Itoa(rulesFileVersion)),
	}
}

// lineAt returns the line of an offset, from 1; 0 for an empty file.
func lineAt(data []byte, offset int64) int {
	if len(data) == 0 {
		return 0
	}
	return 1 + bytes.Count(data[:min(max(offset, 0), int64(len(data)))], []byte("\n"))
}

// linesOf returns the lines on which the n elements of a list begin. The list is in the object that is
// the file, which is valid JSON; its last list of that name counts.
func linesOf(data []byte, list string, n int) []int {
	lines := make([]int, n)
	d := json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token() // the brace
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return lines
		}
		if name, ok := key.(string); !ok || !strings.EqualFold(name, list) {
			var other json.RawMessage
			_ = d.Decode(&other) // valid, as all of the file
			continue
		}
		if open, _ := d.Token(); open != json.Delim('[') {
			continue // null
		}
		at, line := int64(0), 1
		for i := 0; d.More(); i++ {
			begin := d.InputOffset()
			begin += int64(len(data[begin:]) - len(bytes.TrimLeft(data[begin:], ", \t\r\n")))
			line, at = line+bytes.Count(data[at:begin], []byte("\n")), begin
			if i < n {
				lines[i] = line
			}
			var element json.RawMessage
			_ = d.Decode(&element)
		}
		_, _ = d.Token() // the bracket
	}
	return lines
}
