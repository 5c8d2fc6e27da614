package inventories

import (
	"encoding/json"

	"trueup/internal/inventory"
	"trueup/internal/pack"
	"trueup/internal/position"
)

// rulesVersion is the version of the stored admins' rules that encodeRules writes. Version 1 is a
// JSON list. Later versions are an object with the field "version".
const rulesVersion = 1

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

func encodeRules(rules []inventory.Rule) ([]byte, error) {
	if rules == nil {
		return []byte("null"), nil
	}
	stored := make([]storedRule, len(rules))
	for i, r := range rules {
		stored[i] = storedRule{
			ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
			Product: storedProduct(r.Product), Title: storedTitle(r.Title),
		}
	}
	return json.Marshal(stored)
}

// decodeRules decodes rules of every version up to rulesVersion.
func decodeRules(b []byte) ([]inventory.Rule, error) {
	if _, err := pack.Version(b, "version", rulesVersion); err != nil {
		return nil, err
	}
	var stored []storedRule
	if err := json.Unmarshal(b, &stored); err != nil || stored == nil {
		return nil, err
	}
	rules := make([]inventory.Rule, len(stored))
	for i, r := range stored {
		rules[i] = inventory.Rule{
			ID: r.ID, Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version,
			Product: position.Product(r.Product), Title: inventory.Title(r.Title),
		}
	}
	return rules, nil
}
