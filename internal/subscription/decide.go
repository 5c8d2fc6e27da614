package subscription

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"trueup/internal/day"
	"trueup/internal/errs"
)

// Error classifies a violation in the words of Microsoft Graph (licenseAssignmentState).
type Error string

// The errors.
const (
	CountViolation                     Error = "CountViolation"
	MutuallyExclusiveViolation         Error = "MutuallyExclusiveViolation"
	DependencyViolation                Error = "DependencyViolation"
	ProhibitedInUsageLocationViolation Error = "ProhibitedInUsageLocationViolation"
	// UniquenessViolation is of a proxy address that two users have. It is never reported: trueup keeps no proxy
	// addresses. If it did, an item for each address would have to be in the transaction, or else it could only be a
	// warning: a refusal must be true at its moment.
	UniquenessViolation Error = "UniquenessViolation"
	OtherViolation      Error = "Other"
)

// Errors lists every error, in the order of the documentation.
var Errors = []Error{CountViolation, ProhibitedInUsageLocationViolation, MutuallyExclusiveViolation, DependencyViolation, UniquenessViolation, OtherViolation}

// The codes of violations.
const (
	NoLicenseFree     = "no_license_free"
	LocationMissing   = "usage_location_missing"
	LocationForbidden = "usage_location_prohibited"
	ServicesExclude   = "services_exclude"
	ServiceRequired   = "service_required"
	AllServicesOff    = "all_services_off"
	ServiceUnknown    = "service_unknown"
	SubscriptionGone  = "subscription_not_found"
	ForDevicesOnly    = "subscription_for_devices"
	SubscriptionEnded = "subscription_expired"
	TooManyLicenses   = "too_many_licenses"
	TooManyOff        = "too_many_services_off"
	WaitingListFull   = "waiting_list_full"

	// About the user as a whole.
	UserNotFound      = "user_not_found"
	UserDeleted       = "user_deleted"
	UserNameTaken     = "user_name_taken"
	UserNotRestorable = "user_not_restorable"
)

// ErrorOf returns the error of each code of a violation.
var ErrorOf = map[string]Error{
	NoLicenseFree: CountViolation, WaitingListFull: CountViolation, LocationMissing: ProhibitedInUsageLocationViolation, LocationForbidden: ProhibitedInUsageLocationViolation,
	ServicesExclude: MutuallyExclusiveViolation, ServiceRequired: DependencyViolation,
	AllServicesOff: OtherViolation, ServiceUnknown: OtherViolation, SubscriptionGone: OtherViolation, ForDevicesOnly: OtherViolation,
	SubscriptionEnded: OtherViolation, TooManyLicenses: OtherViolation, TooManyOff: OtherViolation,
	UserNotFound: OtherViolation, UserDeleted: OtherViolation, UserNameTaken: OtherViolation, UserNotRestorable: OtherViolation,
}

// Violation says why a user may not have, or not lose, a licence.
type Violation struct {
	Subscription string
	Code         string    // a key of ErrorOf
	Args         errs.Args // values in the message
}

// Error returns the class of the violation.
func (v Violation) Error() Error { return ErrorOf[v.Code] }

// Assignment is a licence to assign.
type Assignment struct {
	Subscription string
	Off          []string // ids of the services that are off afterwards; all others are on
	// KeepOff keeps what is off for a user who holds the licence, and Off is not used. A new licence has
	// all services on. It is for callers who state nothing about services: they must not undo what
	// another admin switched off.
	KeepOff bool
}

// off returns the ids of the services that are off afterwards, sorted.
func (a Assignment) off(held Grant, holds bool) []string {
	switch {
	case !a.KeepOff:
		return slices.Compact(slices.Sorted(slices.Values(a.Off)))
	case holds:
		return held.Off
	}
	return nil
}

// Want is a change of the licences of one user. Each subscription occurs once, in Add or in Remove.
type Want struct {
	// Add assigns licences. For a licence that the user holds, it replaces which services are off, unless
	// the assignment keeps them.
	Add    []Assignment
	Remove []string
	// Replace also removes every licence that is not in Add.
	Replace bool
	// Wait gives a user a place in the waiting list who is refused only because no licence is free. It
	// needs exactly one licence in Add and nothing to remove: several licences are all or nothing, and a
	// place is for one.
	Wait bool
}

// Removes reports whether a user who holds a licence of a subscription loses it.
func (w Want) Removes(id string) bool {
	return slices.Contains(w.Remove, id) || w.Replace && !slices.ContainsFunc(w.Add, func(a Assignment) bool { return a.Subscription == id })
}

// Outcome is the result of a change for one user.
type Outcome string

// The outcomes.
const (
	Assigned  Outcome = "assigned"  // at least one licence was assigned, or services of one changed; others may be removed
	Removed   Outcome = "removed"   // licences, or places in waiting lists, were only removed
	Unchanged Outcome = "unchanged" // the user has what is wanted
	Refused   Outcome = "refused"   // nothing changed
	Waiting   Outcome = "waiting"   // no licence is free, and the user has a place in the waiting list

	Created  Outcome = "created"  // a user, with the licences in Added
	Edited   Outcome = "edited"   // the description of a user
	Deleted  Outcome = "deleted"  // a user, with the licences in Removed
	Restored Outcome = "restored" // a user, with the licences in Added
)

// Outcomes lists every outcome, in the order of the documentation.
var Outcomes = []Outcome{Assigned, Unchanged, Removed, Refused, Waiting, Created, Edited, Deleted, Restored}

// Call identifies what changes licences.
type Call struct {
	ID string // of the call or job; a repetition of the call has the same one
	By string // subject of the caller
	At time.Time
}

// Decision is the judgement of Decide. Exactly one user is concerned.
type Decision struct {
	Outcome    Outcome
	After      User        // with Version increased if something changes; else as before
	Violations []Violation // if Outcome is Refused: all of them
	Warnings   []Warning   // about After
	// Added, Removed and Changed are the subscriptions with a licence more, with one less, and with
	// other services off, sorted. They are empty if nothing changes.
	Added, Removed, Changed []string
	// Left are the subscriptions, sorted, in whose waiting lists the user loses the place without getting
	// a licence.
	Left []string
	// Wanted are the subscriptions, sorted, of which a user would get a licence who is refused or waits
	// only because too few are free. It is empty for all others.
	Wanted []string
}

// Decide judges a change of the licences of a user on a day: all of it, or nothing (L6). free has the
// seats of each subscription, of which earlier users of the same call may have taken some.
//
// That no licence is free refuses only a user whom nothing else refuses: Violations has either
// NoLicenseFree or other codes.
//
// A user that has what is wanted is unchanged, even if nothing is free (L7). A licence that the call
// itself assigned before counts as assigned now: the call is a repetition.
//
// Who gets a licence loses the place in its waiting list. So does who is to lose a licence that is not held
// yet: it must not be assigned later.
//
// Services are judged as they are afterwards (L4). What was wrong before and is not caused by the
// change refuses nothing: otherwise a stricter description would block every other change.
func Decide(user User, want Want, free map[string]Holding, call Call, today day.Date) Decision {
	d := decider{user: user, free: free, today: today, after: maps.Clone(user.Licenses), waiting: maps.Clone(user.Waiting)}
	if d.after == nil {
		d.after = map[string]Grant{}
	}
	repeated := false
	for _, a := range want.Add {
		held, holds := user.Licenses[a.Subscription]
		off := a.off(held, holds)
		if place, waits := user.Waiting[a.Subscription]; waits {
			off = a.off(place, true)
			if a.KeepOff {
				off = d.existing(a.Subscription, off)
			}
		}
		if holds && slices.Equal(held.Off, off) {
			repeated = repeated || held.Call == call.ID
			continue
		}
		d.add(a.Subscription, off, held, holds, call)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(user.Licenses)), maps.Keys(user.Waiting))))) {
		if !want.Removes(id) {
			continue
		}
		if _, holds := user.Licenses[id]; holds {
			delete(d.after, id)
			d.Removed = append(d.Removed, id)
		}
		if _, waits := d.waiting[id]; waits {
			delete(d.waiting, id)
			d.Left = append(d.Left, id)
		}
	}
	for _, id := range d.Added {
		delete(d.waiting, id)
	}
	if len(d.after) > MaxGrants && len(d.Added) > 0 {
		d.refuse(d.Added[0], TooManyLicenses, "max", strconv.Itoa(MaxGrants))
	}
	if changed := slices.Concat(d.Added, d.Changed); offBytes(d.after)+offBytes(d.waiting) > OffMaxBytes && len(changed) > 0 {
		d.refuse(changed[0], TooManyOff, "max", strconv.Itoa(OffMaxBytes))
	}
	d.services()
	d.seats()
	if want.Wait && len(d.Wanted) == 1 {
		return d.place()
	}
	return d.decision(repeated)
}

// existing returns the services that a subscription has, of those that are off in a place of its waiting list: a service that was
// removed while the user waited must not refuse the licence for ever.
func (d *decider) existing(id string, off []string) []string {
	h, known := d.free[id]
	if !known {
		return off
	}
	return slices.DeleteFunc(slices.Clone(off), func(service string) bool {
		_, has := h.Service(service)
		return !has
	})
}

type decider struct {
	Decision

	user  User
	free  map[string]Holding
	today day.Date
	after map[string]Grant
	// waiting has the places afterwards.
	waiting map[string]Grant
}

// place gives a place in a waiting list to a user who is refused only because no licence is free. Who has
// one keeps it, with other services off if the call says so.
func (d *decider) place() Decision {
	id := d.Wanted[0]
	place, waits := d.user.Waiting[id]
	off := d.after[id].Off
	out := Decision{Outcome: Waiting, After: d.user, Wanted: d.Wanted}
	switch {
	case waits && slices.Equal(place.Off, off):
		return out
	case waits:
		place.Off = off
	case len(d.user.Licenses)+len(d.user.Waiting) >= MaxGrants:
		d.Violations, d.Wanted = nil, nil
		d.refuse(id, TooManyLicenses, "max", strconv.Itoa(MaxGrants))
		return d.decision(false)
	default:
		place = d.after[id]
	}
	out.After.Waiting = maps.Clone(d.user.Waiting)
	if out.After.Waiting == nil {
		out.After.Waiting = map[string]Grant{}
	}
	out.After.Waiting[id] = place
	out.After.Version++
	return out
}

func (d *decider) refuse(subscription, code string, args ...string) {
	d.Violations = append(d.Violations, Violation{subscription, code, errs.Pairs(args...)})
}

// add judges one licence, or other services of a licence that the user holds.
func (d *decider) add(id string, off []string, held Grant, holds bool, call Call) {
	s, known := d.free[id]
	if !known {
		d.refuse(id, SubscriptionGone)
		return
	}
	before := len(d.Violations)
	if s.Kind != ForUsers {
		d.refuse(id, ForDevicesOnly)
		return
	}
	for _, service := range off {
		if _, has := s.Service(service); !has {
			d.refuse(id, ServiceUnknown, "service", service)
		}
	}
	if len(d.Violations) == before {
		d.leavesServices(s.Subscription, off)
	}
	if holds {
		held.Off, held.Call = off, call.ID // so that a repetition of the call reports it again
		d.after[id] = held
		d.Changed = append(d.Changed, id)
		return
	}
	if s.Seats.Status(d.today) == Expired {
		d.refuse(id, SubscriptionEnded, "date", string(s.Seats.End(d.today)))
	}
	switch {
	case d.user.Location == "":
		d.refuse(id, LocationMissing)
	case !isOffered(s.Countries, d.user.Location):
		d.refuse(id, LocationForbidden, "location", d.user.Location)
	}
	d.after[id] = Grant{At: call.At, By: call.By, Call: call.ID, Off: off, Via: Direct}
	d.Added = append(d.Added, id)
}

// seats refuses a user for whom too few licences are free. It is the last rule, for a user whom no other
// one refuses: nobody should buy licences for users who cannot have them.
func (d *decider) seats() {
	if len(d.Violations) > 0 {
		return
	}
	for _, id := range d.Added {
		if d.free[id].Seats.Available < 1 {
			d.refuse(id, NoLicenseFree)
		}
	}
	if len(d.Violations) > 0 {
		d.Wanted = d.Added
	}
}

// leavesServices refuses a licence without any service that is on (L3).
func (d *decider) leavesServices(s Subscription, off []string) {
	if len(s.Services) == 0 {
		return
	}
	if len(off) == len(s.Services) {
		d.refuse(s.ID, AllServicesOff)
		return
	}
	if d.user.Location == "" || !isOffered(s.Countries, d.user.Location) {
		return // refused for that reason, or held before
	}
	if !slices.ContainsFunc(s.Services, func(v Service) bool { return isOn(v, off, d.user.Location) }) {
		d.refuse(s.ID, LocationForbidden, "location", d.user.Location)
	}
}

// services judges the services that are on afterwards.
func (d *decider) services() {
	was := d.flaws(d.user.Licenses)
	for flaw, subscription := range d.flaws(d.after) {
		if _, old := was[flaw]; old {
			continue
		}
		d.refuse(subscription, flaw.code, "service", flaw.service, "other", flaw.other)
	}
}

// flaw is a service that is on together with another one that it excludes, or without one that it
// requires.
type flaw struct{ code, service, other string }

// flaws returns the flaws of a set of licences, with the subscription to report each for: one that
// is added or changed, or else one that contains the service.
func (d *decider) flaws(licenses map[string]Grant) map[flaw]string {
	found := map[flaw]string{}
	on := servicesOn(licenses, d.user.Location, d.free)
	report := func(f flaw) {
		found[f] = on[f.service]
		for _, id := range slices.Concat(d.Added, d.Changed) {
			s := d.free[id]
			if _, has := s.Service(f.service); has {
				found[f] = id
				return
			}
			if _, has := s.Service(f.other); has && f.code == ServicesExclude {
				found[f] = id
			}
		}
	}
	for id := range licenses {
		for _, service := range d.free[id].Services {
			if _, is := on[service.ID]; !is {
				continue
			}
			for _, other := range service.Excludes {
				if _, both := on[other]; both && other != service.ID {
					// An exclusion is mutual: one of the two is enough to report it.
					a, b := min(service.ID, other), max(service.ID, other)
					report(flaw{ServicesExclude, a, b})
				}
			}
			for _, other := range service.Requires {
				if _, has := on[other]; !has {
					report(flaw{ServiceRequired, service.ID, other})
				}
			}
		}
	}
	return found
}

func (d *decider) decision(repeated bool) Decision {
	out := d.Decision
	for _, list := range []*[]string{&out.Added, &out.Removed, &out.Changed, &out.Left} {
		slices.Sort(*list)
	}
	slices.SortFunc(out.Violations, compareViolations)
	switch {
	case len(out.Violations) > 0:
		return Decision{Outcome: Refused, After: d.user, Violations: out.Violations, Wanted: slices.Sorted(slices.Values(out.Wanted))}
	case len(out.Added)+len(out.Changed)+len(out.Removed)+len(out.Left) > 0:
		out.Outcome = Removed
		if len(out.Added)+len(out.Changed) > 0 {
			out.Outcome = Assigned
		}
		out.After = d.user
		out.After.Licenses = d.after
		if out.After.Waiting = d.waiting; len(d.waiting) == 0 {
			out.After.Waiting = nil
		}
		out.After.Version++
	default:
		out.Outcome, out.After = Unchanged, d.user
		if repeated {
			out.Outcome = Assigned
		}
	}
	out.Warnings = out.After.Warnings(d.free)
	return out
}
