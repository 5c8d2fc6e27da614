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
	first := map[string]int{}
	for i, id := range ids {
		if j, seen := first[id]; seen {
			broken = append(broken, errs.Violation{
				Code: "id_repeated", Field: "ids/" + strconv.Itoa(i), Value: id, Args: errs.Pairs("first", strconv.Itoa(j+1)),
			})
			continue
		}
		first[id] = i
	}
	return broken
}
