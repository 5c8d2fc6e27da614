package audit_test

import (
	"testing"
	"time"

	"trueup/internal/audit"
)

func TestSPEC12_EventsOfASubscriptionAndACall(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	type values = map[string]string
	for name, test := range map[string]struct {
		event                  audit.Event
		bySubscription, byCall bool
	}{
		"a purchase":                  {audit.Event{Subject: "subscription/e3", After: values{"quantity": "5"}}, true, false},
		"a purchase of another one":   {audit.Event{Subject: "subscription/e33"}, false, false},
		"an assignment":               {audit.Event{Subject: "user/a", Before: values{"licenses": "e1"}, After: values{"licenses": "e1, e3", "call": "c"}}, true, true},
		"a removal":                   {audit.Event{Subject: "user/a", Before: values{"licenses": "e3"}, After: values{"licenses": "", "call": "c2"}}, true, false},
		"of a user who keeps it":      {audit.Event{Subject: "user/a", Before: values{"licenses": "e3"}, After: values{"licenses": "e3, e33", "call": "c"}}, false, true},
		"other services":              {audit.Event{Subject: "user/a", Before: values{"licenses": "e3", "servicesOff/e3": ""}, After: values{"licenses": "e3", "servicesOff/e3": "mail"}}, true, false},
		"services of another one":     {audit.Event{Subject: "user/a", Before: values{"servicesOff/e33": ""}, After: values{"servicesOff/e33": "mail"}}, false, false},
		"a place in the waiting list": {audit.Event{Subject: "user/a", Before: values{"waiting": ""}, After: values{"waiting": "e3"}}, true, false},
		"a device group got it":       {audit.Event{Subject: "device-group/a", After: values{"subscription": "e3"}}, true, false},
		"a device group lost it":      {audit.Event{Subject: "device-group/a", Before: values{"subscription": "e3"}}, true, false},
		"an agreement":                {audit.Event{Subject: "agreement/a", After: values{"licenses": "500"}}, false, false},
		"a deletion that a file made": {audit.Event{Subject: "user/a", After: values{"call": "c"}}, false, true},
	} {
		test.event.At = at
		q := audit.Query{From: at, To: at.Add(1), Subscription: "e3"}
		if got := q.Selects(test.event); got != test.bySubscription {
			t.Errorf("%s by subscription: %v", name, got)
		}
		q = audit.Query{From: at, To: at.Add(1), Call: "c"}
		if got := q.Selects(test.event); got != test.byCall {
			t.Errorf("%s by call: %v", name, got)
		}
	}
}
