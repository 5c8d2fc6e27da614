package catalog

import (
	"strconv"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/text"
)

// AliasesMax is the maximum number of aliases in one call.
const AliasesMax = 50

// ParsePublisher checks a publisher as entered and returns an addition. It returns every
// violation, with the fields "name", "aliases" and "aliases/0". It omits an alias that repeats
// another name.
func ParsePublisher(name string, aliases []string) (Addition, []errs.Violation) {
	parsed, violations := agreement.ParsePublisher("name", name)
	a := Addition{Publisher: parsed}
	if len(aliases) > AliasesMax {
		violations = append(violations, errs.Violation{Code: "aliases_too_many", Field: "aliases", Args: errs.Pairs("max", strconv.Itoa(AliasesMax))})
		aliases = aliases[:AliasesMax]
	}
	seen := map[string]bool{text.Fold(parsed): true}
	for i, typed := range aliases {
		alias, more := agreement.ParsePublisher("aliases/"+strconv.Itoa(i), typed)
		violations = append(violations, more...)
		if folded := text.Fold(alias); !seen[folded] {
			seen[folded] = true
			a.Aliases = append(a.Aliases, alias)
		}
	}
	if violations != nil {
		return Addition{}, violations
	}
	return a, nil
}

// ParseTitle is ParsePublisher for the name of a title, with the field "name".
func ParseTitle(name string) (string, []errs.Violation) { return agreement.ParseTitle("name", name) }
