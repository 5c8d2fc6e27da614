package httpapi

import (
	"strconv"

	"trueup/internal/errs"
)

// MaxIDs is the maximum number of ids in a call about many things.
const MaxIDs = 100

// ParseIDs validates the ids in a call about many things.
func ParseIDs(ids []string) (broken []errs.Violation) {
	switch {
	case len(ids) == 0:
		return []errs.Violation{{Code: "ids_required", Field: "ids"}}
	case len(ids) > MaxIDs:
		return []errs.Violation{{Code: "ids_too_many", Field: "ids", Args: errs.Pairs("max", strconv.Itoa(MaxIDs))}}
	}
	return Repeated("id_repeated", "ids", "", ids)
}

// Unknown turns the error with a code, that something a request names does not exist, into a violation of
// the field that names it. Otherwise the response would be about the address of the request.
func Unknown(err error, code, field, value string) error {
	if errs.CodeOf(err) != code {
		return err
	}
	return errs.Violated([]errs.Violation{{Code: code, Field: field, Value: value}})
}

// Repeated returns a violation with the code for each value of a list that is given twice, but not for more than
// a response lists. field is the list, and part the path of the value within an item; empty if the item is the value.
func Repeated(code, field, part string, values []string) (broken []errs.Violation) {
	first := make(map[string]int, len(values))
	for i, value := range values {
		if j, seen := first[value]; seen {
			broken = append(broken, errs.Violation{
				Code: code, Field: field + "/" + strconv.Itoa(i) + part, Value: value, Args: errs.Pairs("first", strconv.Itoa(j+1)),
			})
			if len(broken) == maxErrors {
				break
			}
			continue
		}
		first[value] = i
	}
	return broken
}
