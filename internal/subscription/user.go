package subscription

import (
	"maps"
	"slices"
	"time"

	"trueup/internal/day"
	"trueup/internal/text"
)

// MaxGrants is the maximum number of licences of a user. They are stored with the user.
const MaxGrants = 40

// PlacesMax is the maximum length of a waiting list. Calls at the same moment can exceed it by some users.
const PlacesMax = 10_000

// OffMaxBytes is the maximum length in bytes of all ids of services that are switched off for a user,
// 3,000 ids of Microsoft. They are stored with the user, and before and after in an audit event.
const OffMaxBytes = 120_000

// offBytes returns the length of the ids of services that are switched off.
func offBytes(licenses map[string]Grant) (n int) {
	for _, g := range licenses {
		for _, id := range g.Off {
			n += len(id) + 3
		}
	}
	return n
}

// RestoreDays is the number of days of 24 hours in which a deleted user can be restored (R9.5).
const RestoreDays = 30

// UserType says whether a user belongs to the organisation.
type UserType string

// The types of users.
const (
	Member UserType = "member"
	Guest  UserType = "guest"
)

// UserTypes lists every type, in the order of the documentation.
var UserTypes = []UserType{Member, Guest}

// User is a person, with all licences, so that rules about one user see one item. Names and activity
// are personal data: they are in no log.
type User struct {
	ID string
	// ObjectID is the id in the directory that the user was read from; empty for a user that was
	// entered by hand.
	ObjectID   string
	UPN        string // user principal name; unique in folded form, see FoldUPN
	Name       string // display name; never empty
	Location   string // usage location, ISO 3166-1 alpha-2; empty if missing
	Department string
	Type       UserType
	Disabled   bool      // may not sign in
	Seen       time.Time // last sign-in; zero if unknown

	// Excluded leaves the user out of suggestions to take licences back, for example during a leave:
	// until the end of the day ExcludedUntil, or for good if it is empty.
	Excluded      bool
	ExcludedUntil day.Date

	Licenses map[string]Grant // by subscription
	// Waiting has the places of the user in waiting lists, by subscription: At is since when the user
	// waits, By who said so, and Off which services are off when the licence is assigned. Nobody waits for
	// a licence that is held, and a deleted user waits for none.
	Waiting map[string]Grant
	// Former is what a deleted user held at the deletion. It is nil for others.
	Former map[string]Grant

	CreatedAt time.Time
	DeletedAt time.Time // zero for a user that is not deleted
	Version   int64     // starts at 1 and grows with every change; the ETag
}

// Grant is one licence of a user.
type Grant struct {
	At   time.Time
	By   string   // subject of the person or program that assigned it
	Call string   // the call or job that assigned it, or changed Off last: a repetition reports the same outcome
	Off  []string // ids of services that are switched off, sorted
	Via  string   // Direct, for now
}

// Direct is the Via of a licence that was assigned to the user, and not to a group.
const Direct = "direct"

// FoldUPN returns the form in which user principal names are compared.
func FoldUPN(upn string) string { return text.Fold(upn) }

// Claims returns the folded user principal name that only this user may have; empty for a deleted user,
// whose name is free, and for none.
func (u *User) Claims() string {
	if u.Version == 0 || !u.DeletedAt.IsZero() {
		return ""
	}
	return FoldUPN(u.UPN)
}

// Restorable reports whether a deleted user can be restored at a moment.
func (u *User) Restorable(now time.Time) bool {
	return !u.DeletedAt.IsZero() && now.Before(u.RestorableUntil())
}

// RestorableUntil returns the moment from which a deleted user cannot be restored.
func (u *User) RestorableUntil() time.Time { return u.DeletedAt.Add(RestoreDays * 24 * time.Hour) }

// Services returns the ids of the services that are on for the user, sorted. subscriptions must have
// each subscription that the user holds; others count as without services.
func (u *User) Services(subscriptions map[string]Holding) []string {
	return slices.Sorted(maps.Keys(servicesOn(u.Licenses, u.Location, subscriptions)))
}

// servicesOn returns the services that are on, with one of the subscriptions that contain each.
func servicesOn(licenses map[string]Grant, location string, subscriptions map[string]Holding) map[string]string {
	on := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(licenses)) {
		s := subscriptions[id]
		for _, service := range s.Services {
			if _, known := on[service.ID]; !known && isOn(service, licenses[id].Off, location) {
				on[service.ID] = id
			}
		}
	}
	return on
}

func isOn(service Service, off []string, location string) bool {
	return !slices.Contains(off, service.ID) && isOffered(service.Countries, location)
}

// On returns the services of the subscription that are on for a user.
func (h *Holding) On(u User) (on []Service) {
	g, holds := u.Licenses[h.ID]
	if !holds {
		return nil
	}
	for _, service := range h.Services {
		if isOn(service, g.Off, u.Location) {
			on = append(on, service)
		}
	}
	return on
}

// WarningCode is a remark about a user that refuses nothing.
type WarningCode string

// The warnings.
const (
	WarnDisabled        WarningCode = "user_disabled"        // a licence of a user who cannot sign in
	WarnLocation        WarningCode = "location_not_allowed" // a held licence may not be used in the usage location
	WarnLocationMissing WarningCode = "location_missing"     // licences, but no usage location
	WarnNotOffered      WarningCode = "service_not_offered"  // a service is off because of the usage location
)

// Warning is a remark about a user, or about one licence.
type Warning struct {
	Code         WarningCode
	Subscription string // empty if it is about the user
	Service      string // empty if it is about the subscription
}

// Warnings returns what an admin should know about the licences of a user (L5: a later change of the
// usage location takes no licence back).
func (u *User) Warnings(subscriptions map[string]Holding) (found []Warning) {
	if len(u.Licenses) == 0 {
		return nil
	}
	if u.Disabled {
		found = append(found, Warning{Code: WarnDisabled})
	}
	if u.Location == "" {
		found = append(found, Warning{Code: WarnLocationMissing})
		return found
	}
	for _, id := range slices.Sorted(maps.Keys(u.Licenses)) {
		s, known := subscriptions[id]
		if !known {
			continue
		}
		if !isOffered(s.Countries, u.Location) {
			found = append(found, Warning{Code: WarnLocation, Subscription: id})
			continue
		}
		for _, service := range s.Services {
			if !slices.Contains(u.Licenses[id].Off, service.ID) && !isOffered(service.Countries, u.Location) {
				found = append(found, Warning{Code: WarnNotOffered, Subscription: id, Service: service.ID})
			}
		}
	}
	return found
}
