package inventories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/pack"
	"trueup/internal/position"
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
		return json.Marshal(each(rules, newStoredRule))
	}
	return json.Marshal(storedRules{rulesVersion, each(rules, newStoredRule), each(decisions, newStoredChoices)})
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
	return each(stored.Rules, storedRule.rule), each(stored.Decisions, storedChoices.choices), err
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
	return storedChoices{c.ID, each(c.All, func(c inventory.Choice) storedChoice {
		return storedChoice{c.Versions, c.Kind, storedProduct(c.Product)}
	})}
}

func (c storedChoices) choices() inventory.Choices {
	return inventory.Choices{ID: c.ID, All: each(c.All, func(c storedChoice) inventory.Choice {
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

// decodeRulesFile decodes a file of ExportRules. An error is errs.Invalid rules_file.
func decodeRulesFile(data []byte) (rules []inventory.Rule, decisions []inventory.Choices, err error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.DisallowUnknownFields()
	var file rulesFile
	if d.Decode(&file) != nil || file.Format != rulesFormat || file.Version != rulesFileVersion {
		return nil, nil, errs.New(errs.Invalid, "rules_file", "version", strconv.Itoa(rulesFileVersion))
	}
	for i, r := range file.Rules {
		if slices.ContainsFunc(rules, func(before inventory.Rule) bool { return before.ID == r.ID }) {
			return nil, nil, errs.Violated([]errs.Violation{{Code: "rule_id", Field: fmt.Sprintf("rules/%d/id", i), Value: text.Shorten(r.ID, 100)}})
		}
		rules = append(rules, inventory.Rule{
			ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
			Product: position.Product(r.Product), Title: inventory.Title(r.Title),
		})
	}
	for _, c := range file.Decisions {
		at := slices.IndexFunc(decisions, func(before inventory.Choices) bool { return before.ID == c.ID })
		if at < 0 {
			at = len(decisions)
			decisions = append(decisions, inventory.Choices{ID: c.ID})
		}
		of := &decisions[at]
		of.All = append(of.All, inventory.Choice{Versions: c.Versions, Kind: c.Kind, Product: position.Product(c.Product)})
	}
	return rules, decisions, nil
}

// each converts the elements of a list; nil stays nil.
func each[From, To any](list []From, convert func(From) To) []To {
	if list == nil {
		return nil
	}
	converted := make([]To, len(list))
	for i, element := range list {
		converted[i] = convert(element)
	}
	return converted
}
