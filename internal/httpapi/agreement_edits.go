package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/once"
)

// NewAgreement is a volume agreement to be added. What its texts may be is
// decided by package agreement; describeRules writes its limits into the document.
type NewAgreement struct {
	Type    agreement.Type    `json:"type" enum:"volume" doc:"volume is Microsoft Volume Licensing, made of agreement pairs."`
	Name    string            `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Office agreements"`
	Pairs   []NewPair         `json:"pairs" doc:"Its agreement pairs; each belongs to one agreement only."`
	Program agreement.Program `json:"program,omitempty" enum:"open-value,open,select-enterprise,unknown" doc:"The program of every pair; left out, it is suggested from the numbers."`
	Group   *GroupChoice      `json:"group,omitempty" doc:"The license group it goes to. Without it, it is in Unassigned agreements."`
}

// NewPair is an agreement pair as somebody typed it.
type NewPair struct {
	AuthorizationNumber string `json:"authorizationNumber" doc:"The authorization or agreement number." example:"01-07001"`
	LicenseNumber       string `json:"licenseNumber" doc:"The license, enrollment or customer number." example:"01-07001"`
}

// GroupChoice is a license group: one that exists, or one by name.
type GroupChoice struct {
	ID   *string `json:"id,omitempty" minLength:"1" maxLength:"64" doc:"The id of a license group that exists; unassigned is the built-in one." example:"unassigned"`
	Name *string `json:"name,omitempty" doc:"Or a license group by name; it is created when missing." example:"Sales"`
}

// target is the group that was chosen, or what is wrong with the choice.
func (g *GroupChoice) target() (agreement.Target, []errs.Violation) {
	switch {
	case g == nil:
		return agreement.Target{}, nil
	case (g.ID == nil) == (g.Name == nil):
		return agreement.Target{}, []errs.Violation{{Code: "group_choice", Field: "group"}}
	case g.ID != nil:
		return agreement.Target{GroupID: *g.ID}, nil
	}
	name, broken := agreement.ParseName(*g.Name, false)
	for i := range broken {
		broken[i].Field = "group/name"
	}
	return agreement.Target{NewName: name}, broken
}

// noSuchGroup says of an error that the chosen group is missing that the
// choice is wrong, and not the address of the request.
func noSuchGroup(err error, chosen agreement.Target) error {
	if errs.CodeOf(err) != "group_not_found" {
		return err
	}
	return errs.Violated([]errs.Violation{{Code: "group_not_found", Field: "group/id", Value: chosen.GroupID}})
}

// drafted are the pairs of a draft.
func drafted(pairs []NewPair) []agreement.Pair {
	typed := make([]agreement.Pair, len(pairs))
	for i, p := range pairs {
		typed[i] = agreement.Pair{Authorization: p.AuthorizationNumber, License: p.LicenseNumber}
	}
	return typed
}

// tooMany says that there are more pairs than one call takes.
func tooMany(pairs []NewPair) []errs.Violation {
	if len(pairs) <= agreement.MaxPairsByHand {
		return nil
	}
	return []errs.Violation{{Code: "pairs_too_many", Field: "pairs", Args: errs.Pairs("max", strconv.Itoa(agreement.MaxPairsByHand))}}
}

// limits are the settings that rules depend on, for a resolver.
func limits(ctx huma.Context) agreement.Limits {
	l, _ := ctx.Context().Value(limitsKey{}).(agreement.Limits)
	return l
}

// refusals are violations as huma's resolvers return them, with the names that
// the API has for the fields of a draft.
func refusals(broken ...[]errs.Violation) []error {
	var refused []error
	for _, v := range slices.Concat(broken...) {
		if strings.HasSuffix(v.Field, "/authorization") || strings.HasSuffix(v.Field, "/license") {
			v.Field += "Number"
		}
		refused = append(refused, (*violation)(&v))
	}
	return refused
}

type createAgreementInput struct {
	Reader
	Repeatable
	Body NewAgreement

	volume agreement.Volume
	target agreement.Target
}

// Resolve implements huma.Resolver.
func (in *createAgreementInput) Resolve(ctx huma.Context) []error {
	var broken, group []errs.Violation
	in.volume, broken = agreement.Parse(agreement.Draft{
		Name: in.Body.Name, Pairs: drafted(in.Body.Pairs), Program: in.Body.Program,
	}, limits(ctx))
	in.target, group = in.Body.Group.target()
	return refusals(broken, group, tooMany(in.Body.Pairs))
}

// createdAgreement is the answer to a creation.
type createdAgreement struct {
	Location string `header:"Location" doc:"Where to read the agreement."`
	ETag     string `header:"ETag" doc:"Names this version, for If-Match."`
	Body     stored[Agreement]
}

func (o *operations) createAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Add an agreement"
	op.Description = "Adds one volume agreement with all of its pairs, in an existing license group or in a new one. All of it is stored, or nothing. " +
		"What is taken already is a conflict that lists every name and pair and says which agreement has it."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	receiving(&op, maxBody)
	huma.Register(api, op, func(ctx context.Context, in *createAgreementInput) (*createdAgreement, error) {
		now, lang := o.now(), in.lang()
		created, err := o.once(ctx, in.Repeatable, now, op.OperationID, in.Body, func(entry once.Entry) (answer []byte, err error) {
			event := o.event(ctx, now, "agreement.created")
			_, first, err := o.Agreements.Create(ctx, agreement.New{
				Type: agreement.TypeVolume, ID: importer.NewID(now, o.NewID()), Name: in.volume.Name, Pairs: in.volume.Pairs, Group: in.target, By: event.By, At: now,
			}, event, func(a agreement.Agreement) (once.Entry, error) {
				answer, err = encode(agreementOf(lang, a))
				entry.Response = answer
				return entry, err
			})
			if err != nil || first != nil {
				return first, noSuchGroup(err, in.target)
			}
			return answer, nil
		})
		if err != nil {
			return nil, err
		}
		out := &createdAgreement{Body: stored[Agreement]{created}}
		a, err := out.Body.read()
		out.Location, out.ETag = "/agreements/"+a.ID, etag(lang, a.Version)
		return out, err
	})
}

// AgreementChange is what changes of an agreement; what is left out stays as it is.
type AgreementChange struct {
	Name  *string      `json:"name,omitempty" doc:"The new name." example:"Office agreements"`
	Group *GroupChoice `json:"group,omitempty" doc:"The license group it moves to."`
}

type updateAgreementInput struct {
	Reader
	AgreementID
	Revision
	Body AgreementChange

	edit agreement.Edit
}

// Resolve implements huma.Resolver.
func (in *updateAgreementInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	if in.Body.Name == nil && in.Body.Group == nil {
		broken = append(broken, errs.Violation{Code: "change_required", Field: wholeBody})
	}
	if in.Body.Name != nil {
		name, wrong := agreement.ParseName(*in.Body.Name, false)
		in.edit.Name, broken = &name, append(broken, wrong...)
	}
	if in.Body.Group != nil {
		target, wrong := in.Body.Group.target()
		in.edit.Group, broken = &target, append(broken, wrong...)
	}
	return refusals(broken)
}

func (o *operations) updateAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Change an agreement"
	op.Description = "Renames an agreement, moves it to another license group, or both at once."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	receiving(&op, maxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateAgreementInput) (*tagged[Agreement], error) {
		action := "agreement.updated"
		if in.edit.Name == nil {
			action = "agreement.moved"
		}
		after, err := o.change(ctx, in.ID, in.Revision, in.edit, action)
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return &tagged[Agreement]{Status: http.StatusOK, ETag: etag(lang, after.Version), Body: agreementOf(lang, after)}, nil
	})
}

// change renames or moves one agreement. What is so already is not written.
func (o *operations) change(ctx context.Context, id string, r Revision, e agreement.Edit, action string) (after agreement.Agreement, err error) {
	e.At = o.now()
	err = o.revise(ctx, id, r, func(read agreement.Agreement) error {
		after = read
		renamed := e.Name != nil && *e.Name != read.Name
		moved := e.Group != nil && (e.Group.NewName != "" || e.Group.GroupID != read.GroupID)
		if !renamed && !moved {
			return nil
		}
		after, err = o.Agreements.Update(ctx, read, e, o.event(ctx, e.At, action))
		if e.Group != nil {
			err = noSuchGroup(err, *e.Group)
		}
		return err
	})
	return after, err
}

// revise is revise of an agreement.
func (o *operations) revise(ctx context.Context, id string, r Revision, write func(agreement.Agreement) error) error {
	return revise(ctx, r, func() (agreement.Agreement, int64, error) {
		a, err := o.Agreements.Agreement(ctx, id)
		return a, a.Version, err
	}, write)
}

// DeletedAgreement says that an agreement is gone, and what that means.
type DeletedAgreement struct {
	ID     string `json:"id" doc:"The agreement's id." example:"k3v8t2q9x7w4m5n6"`
	Stale  bool   `json:"stale" doc:"Whether licence data still counts the agreement, until the next refresh." example:"true"`
	Notice string `json:"notice" doc:"What the deletion means, in the reader's language."`
}

type deleteAgreementInput struct {
	Reader
	AgreementID
	Revision
}

type deleteAgreementOutput struct{ Body DeletedAgreement }

func (o *operations) deleteAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Delete an agreement"
	op.Description = "Deletes an agreement with its pairs; its name and pairs are free from then on. Licence data counts it until the next refresh. " +
		"The real agreement with the publisher is not touched."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteAgreementInput) (*deleteAgreementOutput, error) {
		if err := o.remove(ctx, in.ID, in.Revision); err != nil {
			return nil, err
		}
		return &deleteAgreementOutput{DeletedAgreement{ID: in.ID, Stale: true, Notice: i18n.Text(in.lang(), i18n.AgreementDeleted, nil)}}, nil
	})
}

// remove deletes one agreement.
func (o *operations) remove(ctx context.Context, id string, r Revision) error {
	return o.revise(ctx, id, r, func(read agreement.Agreement) error {
		return o.Agreements.Delete(ctx, read, o.event(ctx, o.now(), "agreement.deleted"))
	})
}
