package agreement

import (
	"trueup/internal/day"
)

// Status is the position of the current day in a term (R2.11). It is computed, never stored.
type Status string

// The statuses.
const (
	StatusNotStarted Status = "not-started"
	StatusActive     Status = "active"
	StatusExpiring   Status = "expiring" // ends soon
	StatusExpired    Status = "expired"
	StatusNoTerm     Status = "no-term" // neither start nor end is known
)

// Statuses is every status, in the order of the documentation.
var Statuses = []Status{StatusNotStarted, StatusActive, StatusExpiring, StatusExpired, StatusNoTerm}

// Status returns the status of a term. The last day is part of the term.
func (t Terms) Status(c day.Calendar) Status {
	switch {
	case t.Start == "" && t.End == "":
		return StatusNoTerm
	case t.Start > c.Today:
		return StatusNotStarted
	case t.End == "":
		return StatusActive
	case t.End < c.Today:
		return StatusExpired
	case t.End <= c.Soon:
		return StatusExpiring
	}
	return StatusActive
}

// Totals are the totals of a set of agreements. All counts of agreements that users see come from
// Add.
type Totals struct {
	Agreements int `json:"agreements" minimum:"0" doc:"The number of agreements."`
	Volume     int `json:"volume" minimum:"0" doc:"The number of agreements of type volume."`
	Other      int `json:"other" minimum:"0" doc:"The number of agreements of type other."`
	Pairs      int `json:"pairs" minimum:"0" doc:"The number of agreement pairs."`
	Licenses   int `json:"licenses" minimum:"0" doc:"The number of licences of agreements of type other."`
	NotStarted int `json:"notStarted" minimum:"0" doc:"Agreements whose term starts later."`
	Active     int `json:"active" minimum:"0" doc:"Agreements within their term."`
	Expiring   int `json:"expiring" minimum:"0" doc:"Agreements that end soon."`
	Expired    int `json:"expired" minimum:"0" doc:"Agreements that have ended."`
	NoTerm     int `json:"noTerm" minimum:"0" doc:"Agreements with neither start nor end."`
	Valid      int `json:"valid" minimum:"0" doc:"Volume agreements whose pairs are all valid."`
	Pending    int `json:"pending" minimum:"0" doc:"Volume agreements with pairs that are not checked yet."`
	Error      int `json:"error" minimum:"0" doc:"Volume agreements with pairs that could not be checked."`
	Invalid    int `json:"invalid" minimum:"0" doc:"Volume agreements with pairs that are not valid."`
}

// Add adds one agreement.
func (t *Totals) Add(a *Agreement, c day.Calendar) {
	t.Agreements++
	t.Pairs += a.PairCount
	t.Licenses += a.Licenses
	if a.Type == TypeVolume {
		t.Volume++
	} else {
		t.Other++
	}
	switch a.Status(c) {
	case StatusNotStarted:
		t.NotStarted++
	case StatusActive:
		t.Active++
	case StatusExpiring:
		t.Expiring++
	case StatusExpired:
		t.Expired++
	case StatusNoTerm:
		t.NoTerm++
	}
	switch a.Validation {
	case ValidationValid:
		t.Valid++
	case ValidationPending:
		t.Pending++
	case ValidationError:
		t.Error++
	case ValidationInvalid:
		t.Invalid++
	}
}
