package subscription

import (
	"cmp"
	"slices"
)

func compareViolations(a, b Violation) int {
	return cmp.Or(
		cmp.Compare(a.Subscription, b.Subscription),
		cmp.Compare(slices.Index(Errors, a.Error()), slices.Index(Errors, b.Error())),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Args["service"], b.Args["service"]),
		cmp.Compare(a.Args["other"], b.Args["other"]),
	)
}
