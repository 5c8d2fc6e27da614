package licenses

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

func compareLicenses(a, b UserLicense) int {
	return cmp.Or(cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)), cmp.Compare(a.Subscription, b.Subscription))
}

// isUPN reports whether a key of a user is a user principal name. Ids have no sign.
func isUPN(key string) bool { return strings.Contains(key, "@") }

func noUser(key string) error {
	return errs.New(errs.NotFound, "user_not_found", "user", text.Shorten(key, 100))
}

// UserText is the description of a user. Package subscription validates it, in Resolve.
type UserText struct {
	UPN          string                `json:"userPrincipalName" doc:"The sign-in name: unique, without regard to case." example:"ann.peeters@example.org"`
	Name         string                `json:"displayName,omitempty" doc:"The name for readers; the user principal name if absent." example:"Ann Peeters"`
	ObjectID     string                `json:"objectId,omitempty" doc:"The id in the directory." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	Location     string                `json:"usageLocation,omitempty" doc:"An ISO 3166-1 alpha-2 code. Without one, no licence can be assigned." example:"BE"`
	Department   string                `json:"department,omitempty" doc:"The department." example:"Sales"`
	Type         subscription.UserType `json:"type,omitempty" doc:"member (the default) or guest."`
	Enabled      *bool                 `json:"enabled,omitempty" default:"true" doc:"Whether the user may sign in."`
	LastSignInAt string                `json:"lastSignInAt,omitempty" doc:"The last known sign-in: a time, or a day." example:"2026-11-21T09:30:00Z"`
	Excluded     bool                  `json:"excludedFromSuggestions,omitempty" doc:"Whether the licences of the user are left out of suggestions to take them back, for example during a leave." example:"false"`
	Until        string                `json:"excludedUntil,omitempty" doc:"The last day of the exclusion, in the organisation's time zone; without one it has no end." example:"2027-01-31"`
}

func (t UserText) draft() subscription.UserDraft {
	seen, _ := signIn(t.LastSignInAt) // violations: in Resolve
	return subscription.UserDraft{
		ObjectID: t.ObjectID, UPN: t.UPN, Name: t.Name, Location: t.Location, Department: t.Department, Type: t.Type,
		Disabled: t.Enabled != nil && !*t.Enabled, Seen: seen, Excluded: t.Excluded, ExcludedUntil: t.Until,
	}
}

// signIn parses the time of a sign-in, or its day; zero for none. It is not a time.Time in the body:
// encoding/json would quote a long text in its errors, many times.
func signIn(typed string) (time.Time, []errs.Violation) {
	if typed == "" {
		return time.Time{}, nil
	}
	if len(typed) <= len(time.RFC3339Nano) {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			// A zone can move a time out of the years that JSON can tell.
			if at, err := time.Parse(layout, typed); err == nil && at.UTC().Year() >= 1970 && at.UTC().Year() <= 9999 {
				return at.UTC().Truncate(time.Millisecond), nil
			}
		}
	}
	return time.Time{}, []errs.Violation{{Code: "time_invalid", Field: "lastSignInAt", Value: typed}}
}

// Assignment is a licence to assign.
type Assignment struct {
	Subscription string `json:"subscription" maxLength:"64" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	ServicesOff
}

// NewUser is a user to add, with licences.
type NewUser struct {
	UserText
	Licenses []Assignment `json:"licenses,omitempty" maxItems:"40" doc:"The licences to assign. The user is added with all of them, or not at all."`
}

type createUserInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewUser

	parsed subscription.User
}

// Resolve implements huma.Resolver.
func (in *createUserInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.parsed, broken = subscription.ParseUser(in.Body.draft())
	_, more := signIn(in.Body.LastSignInAt)
	return httpapi.Refusals(broken, more, repeatedSubscriptions("licenses", in.Body.Licenses))
}

type createdUser struct {
	Location string `header:"Location" doc:"The address of the user."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[User]
}

func (o *operations) userEdits() httpapi.Operations {
	return httpapi.Operations{
		"createUser": o.createUser, "updateUser": o.updateUser, "deleteUser": o.deleteUser, "deleteUsers": o.deleteUsers, "restoreUser": o.restoreUser,
	}
}

func (o *operations) createUser(api huma.API, op huma.Operation) {
	op.Summary = "Add a user"
	op.Description = "Adds a user with its licences, in one step: if a licence cannot be assigned, nothing is added. It needs the permission to assign licences, which the same roles have."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createUserInput) (*createdUser, error) {
		now, lang := o.Now(), in.Lang()
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[User]) (reply httpapi.Reply[User], err error) {
			u := in.parsed
			u.ID = id.New(now, o.NewID())
			c := licensing.Creation{
				User: u, Licenses: assignments(in.Body.Licenses), Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now),
				Event: o.EventAs(ctx, access.ManageUsers, now, licensing.UserCreated),
			}
			c.Entry = func(after subscription.User) (once.Entry, error) {
				reply, err = call.Reply(userOf(lang, after, subscriptions))
				return reply.Entry, err
			}
			d, first, err := o.licensing.Create(ctx, c)
			if err == nil && first == nil {
				err = refusal(d, subscriptions)
			}
			return reply.OrFirst(first, err)
		})
		if err != nil {
			return nil, err
		}
		u := created.Value
		return &createdUser{Location: "/users/" + u.ID, ETag: httpapi.ETag(lang, u.Version), Body: created}, nil
	})
}

type updateUserInput struct {
	httpapi.Reader
	UserID
	httpapi.Revision
	Body UserChange
}

// Resolve implements huma.Resolver.
func (in *updateUserInput) Resolve(huma.Context) []error {
	if in.Body.LastSignInAt == nil {
		return nil
	}
	_, broken := signIn(*in.Body.LastSignInAt)
	return httpapi.Refusals(broken)
}

// UserChange is a change of the description of a user. What is absent stays as it is.
type UserChange struct {
	UPN          *string                `json:"userPrincipalName,omitempty" doc:"The sign-in name: unique, without regard to case." example:"ann.peeters@example.org"`
	Name         *string                `json:"displayName,omitempty" doc:"The name for readers." example:"Ann Peeters"`
	ObjectID     *string                `json:"objectId,omitempty" doc:"The id in the directory; empty to remove it."`
	Location     *string                `json:"usageLocation,omitempty" doc:"An ISO 3166-1 alpha-2 code; empty to remove it. No licence is removed by a change: warnings say what is not allowed or not offered there." example:"BE"`
	Department   *string                `json:"department,omitempty" doc:"The department; empty to remove it." example:"Sales"`
	Type         *subscription.UserType `json:"type,omitempty" doc:"member or guest."`
	Enabled      *bool                  `json:"enabled,omitempty" doc:"Whether the user may sign in." example:"false"`
	LastSignInAt *string                `json:"lastSignInAt,omitempty" doc:"The last known sign-in: a time, or a day." example:"2026-11-21T09:30:00Z"`
	Excluded     *bool                  `json:"excludedFromSuggestions,omitempty" doc:"Whether the licences of the user are left out of suggestions to take them back. false removes excludedUntil, too." example:"true"`
	Until        *string                `json:"excludedUntil,omitempty" doc:"The last day of the exclusion, in the organisation's time zone; empty for one without an end." example:"2027-01-31"`
}

// draft returns the description of a user after the change.
func (c UserChange) draft(u subscription.User) subscription.UserDraft {
	d := subscription.UserDraft{ObjectID: u.ObjectID, UPN: u.UPN, Name: u.Name, Location: u.Location, Department: u.Department, Type: u.Type, Disabled: u.Disabled, Seen: u.Seen, Excluded: u.Excluded, ExcludedUntil: string(u.ExcludedUntil)}
	set(&d.UPN, c.UPN)
	set(&d.Name, c.Name)
	set(&d.ObjectID, c.ObjectID)
	set(&d.Location, c.Location)
	set(&d.Department, c.Department)
	set(&d.Type, c.Type)
	if c.Enabled != nil {
		d.Disabled = !*c.Enabled
	}
	if c.Excluded != nil {
		if d.Excluded = *c.Excluded; !d.Excluded {
			d.ExcludedUntil = ""
		}
	}
	set(&d.ExcludedUntil, c.Until)
	if c.LastSignInAt != nil {
		d.Seen, _ = signIn(*c.LastSignInAt)
	}
	return d
}

// set replaces a value if another is given.
func set[T any](value *T, given *T) {
	if given != nil {
		*value = *given
	}
}

func (o *operations) updateUser(api huma.API, op huma.Operation) {
	op.Summary = "Change a user"
	op.Description = "Changes the given fields of a user. No licence is removed by it."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	httpapi.Elsewhere(&op, map[string]string{"licenses": "licenses_elsewhere"})
	huma.Register(api, op, func(ctx context.Context, in *updateUserInput) (*httpapi.Versioned[User], error) {
		now := o.Now()
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		var after subscription.User
		err = httpapi.Revise(ctx, in.Revision, o.version(ctx, in.ID), func(read subscription.User) error {
			parsed, broken := subscription.ParseUser(in.Body.draft(read))
			if err := errs.Violated(broken); err != nil {
				return err
			}
			d, err := o.licensing.Edit(ctx, read, parsed, o.today(now), o.EventAs(ctx, access.ManageUsers, now, licensing.UserEdited))
			if err != nil {
				return err
			}
			after = d.After
			return refusal(d, subscriptions)
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), after.Version), userOf(in.Lang(), after, subscriptions)), nil
	})
}

// version returns a function that reads a user and its version, for Revise.
func (o *operations) version(ctx context.Context, key string) func() (subscription.User, int64, error) {
	return func() (subscription.User, int64, error) {
		u, err := o.user(ctx, key)
		return u, u.Version, err
	}
}

// AcknowledgedParameter is the acknowledgement of a DELETE, whose body could get lost.
type AcknowledgedParameter struct {
	Acknowledge Acknowledgement `query:"acknowledge" doc:"service-data: required. The service data of the user in the licensed services is deleted for good, except documents in SharePoint Online."`
}

func (a AcknowledgedParameter) acknowledged() bool { return a.Acknowledge == acknowledgeData }

type deleteUserInput struct {
	httpapi.Reader
	UserID
	httpapi.Revision
	AcknowledgedParameter
}

// DeletedUser is the response to the deletion of a user.
type DeletedUser struct {
	ID           string    `json:"id" doc:"The user's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Freed        []string  `json:"freed" doc:"The ids of the subscriptions whose licences are free again."`
	RestoreUntil time.Time `json:"restorableUntil" doc:"Until when the user can be restored." example:"2026-12-21T09:30:00Z"`
}

type deleteUserOutput struct{ Body DeletedUser }

func (o *operations) deleteUser(api huma.API, op huma.Operation) {
	op.Summary = "Delete a user"
	op.Description = "Deletes a user and frees all its licences at the same moment. For 30 days the user can be restored, with its licences only if some are free then."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteUserInput) (*deleteUserOutput, error) {
		now := o.Now()
		var out *deleteUserOutput
		err := httpapi.Revise(ctx, in.Revision, o.version(ctx, in.ID), func(read subscription.User) error {
			results, err := o.licensing.Delete(ctx, licensing.Deletion{
				UserIDs: []string{read.ID}, Version: read.Version, Acknowledged: in.acknowledged(), Call: o.call(ctx, now, httpapi.Repeatable{}, op.OperationID), Today: o.today(now), Event: o.events(ctx, access.DeleteUser, now),
			})
			if err != nil {
				return err
			}
			d := results[0].Decision
			if d.Outcome != subscription.Deleted {
				return noUser(in.ID)
			}
			freed := d.Removed
			if freed == nil {
				freed = []string{}
			}
			out = &deleteUserOutput{DeletedUser{read.ID, freed, d.After.RestorableUntil().UTC()}}
			return nil
		})
		return out, err
	})
}

// events returns a function that makes an audit event with a new id at each call.
func (o *operations) events(ctx context.Context, permission access.Permission, now time.Time) func(string) audit.Event {
	return func(action string) audit.Event { return o.EventAs(ctx, permission, now, action) }
}

// Restoring is how a deleted user is restored.
type Restoring struct {
	Licenses bool   `json:"licenses,omitempty" doc:"Whether to assign the former licences again, as far as some are free and allowed." example:"true"`
	UPN      string `json:"userPrincipalName,omitempty" doc:"Another user principal name, if the former one is in use." example:"ann.peeters2@example.org"`
}

type restoreUserInput struct {
	httpapi.Reader
	httpapi.Repeatable
	UserID
	Body Restoring

	upn string
}

// Resolve implements huma.Resolver.
func (in *restoreUserInput) Resolve(huma.Context) []error {
	if in.Body.UPN == "" {
		return nil
	}
	parsed, broken := subscription.ParseUser(subscription.UserDraft{UPN: in.Body.UPN})
	in.upn = parsed.UPN
	return httpapi.Refusals(broken)
}

// RestoredUser is a user that was restored.
type RestoredUser struct {
	User       User               `json:"user" doc:"The user."`
	Violations []LicenseViolation `json:"violations" doc:"Why former licences were not assigned; empty if all were, or none was asked for."`
}

type restoredUser struct {
	ETag string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body httpapi.Reply[RestoredUser]
}

// deleted returns the id of the user to restore that an id or a user principal name means. A deleted user
// has released its name, so the store does not find it by that. It returns errs.NotFound user_not_found.
func (o *operations) deleted(ctx context.Context, key string, now time.Time) (string, error) {
	if !isUPN(key) {
		return key, nil
	}
	all, _, err := o.Register.All(ctx, subscription.Query{Deleted: true, Text: key, Sort: subscription.SortName, Now: now})
	if err != nil {
		return "", err
	}
	var last subscription.User
	for u := range all {
		if subscription.FoldUPN(u.UPN) == subscription.FoldUPN(key) && u.DeletedAt.After(last.DeletedAt) {
			last = u
		}
	}
	if last.ID != "" {
		return last.ID, nil
	}
	u, err := o.user(ctx, key)
	return u.ID, err
}

func (o *operations) restoreUser(api huma.API, op huma.Operation) {
	op.Summary = "Restore a deleted user"
	op.Description = "Restores a user within 30 days of its deletion. With licenses, each former licence is assigned that may be assigned now; violations say why the others are not. Of several deleted users with one user principal name, that name means the one that was deleted last."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *restoreUserInput) (*restoredUser, error) {
		now, lang := o.Now(), in.Lang()
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		restored, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.ID, in.Body, func(call httpapi.Call[RestoredUser]) (reply httpapi.Reply[RestoredUser], err error) {
			deleted, err := o.deleted(ctx, in.ID, now)
			if err != nil {
				return reply, err
			}
			r := licensing.Restoration{
				UserID: deleted, UPN: in.upn, Licenses: in.Body.Licenses, Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now),
				Event: o.EventAs(ctx, access.DeleteUser, now, licensing.UserRestored),
			}
			r.Entry = func(d subscription.Decision) (once.Entry, error) {
				reply, err = call.Reply(RestoredUser{userOf(lang, d.After, subscriptions), violationsOf(lang, d.Violations, subscriptions)})
				return reply.Entry, err
			}
			d, first, err := o.licensing.Restore(ctx, r)
			if err == nil && first == nil && d.Outcome == subscription.Refused {
				err = refusal(d, subscriptions)
			}
			return reply.OrFirst(first, err)
		})
		if err != nil {
			return nil, err
		}
		return &restoredUser{ETag: httpapi.ETag(lang, restored.Value.User.Version), Body: restored}, nil
	})
}
