package agreements

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/refresher"
)

// NewAgreement is an agreement to add. Package agreement checks its values; describeRules
// adds the limits to the OpenAPI document.
type NewAgreement struct {
	Type    agreement.Type    `json:"type" doc:"volume: Microsoft Volume Licensing, with agreement pairs; other: any publisher and any kind of purchase."`
	Name    string            `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Office agreements"`
	Pairs   []NewPair         `json:"pairs,omitempty" doc:"The agreement pairs; a pair belongs to one agreement only. Required for type volume, and only allowed for it."`
	Program agreement.Program `json:"program,omitempty" doc:"The program of every pair. By default it is derived from the numbers. Only for type volume."`
	TermsDraft
	Group *GroupChoice `json:"group,omitempty" doc:"The license group of the agreement. The default is Unassigned agreements."`
}

// TermsDraft is the terms of an agreement of type other, as typed.
type TermsDraft struct {
	Publisher    *string `json:"publisher,omitempty" doc:"The publisher, by one of its names in the catalog. Only for type other, and required there." example:"Adobe"`
	ProductTitle *string `json:"productTitle,omitempty" doc:"The product title, by one of its names under the publisher in the catalog. Only for type other, and required there." example:"Photoshop"`
	Licenses     *int64  `json:"licenses,omitempty" doc:"The number of licences. Only for type other, and required there." example:"25"`
	Start        *string `json:"start,omitempty" doc:"The first day of the term; empty for none. Only for type other." example:"2026-01-01"`
	End          *string `json:"end,omitempty" doc:"The last day of the term; empty for none. Only for type other." example:"2026-12-31"`
	Details      *string `json:"details,omitempty" doc:"Free text, such as contacts and registration keys; empty for none. Only a separate operation returns it. Only for type other." example:"Contact: licences@example.org"`
}

// drafted returns the terms as a draft; the caller adds the name.
func (t TermsDraft) drafted() agreement.OtherDraft {
	return agreement.OtherDraft{
		Publisher: t.Publisher, ProductTitle: t.ProductTitle, Licenses: t.Licenses, Start: t.Start, End: t.End, Details: t.Details,
	}
}

// NewPair is an agreement pair as typed.
type NewPair struct {
	AuthorizationNumber string `json:"authorizationNumber" doc:"The authorization or agreement number." example:"01-07001"`
	LicenseNumber       string `json:"licenseNumber" doc:"The license, enrollment or customer number." example:"01-07001"`
}

// GroupChoice is a license group, by id or by name.
type GroupChoice struct {
	ID   *string `json:"id,omitempty" minLength:"1" maxLength:"64" doc:"The id of an existing license group; unassigned is the built-in one." example:"unassigned"`
	Name *string `json:"name,omitempty" doc:"Alternatively, the name of a license group; it is created if it does not exist." example:"Sales"`
}

// target returns the chosen group, or the violations of the choice.
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

// noSuchGroup turns the error that the chosen group is missing into a violation of the body.
func noSuchGroup(err error, chosen agreement.Target) error {
	return httpapi.Unknown(err, "group_not_found", "group/id", chosen.GroupID)
}

// drafted returns pairs as typed, for a draft.
func drafted(pairs []NewPair) []agreement.Pair {
	typed := make([]agreement.Pair, len(pairs))
	for i, p := range pairs {
		typed[i] = agreement.Pair{Authorization: p.AuthorizationNumber, License: p.LicenseNumber}
	}
	return typed
}

// tooMany returns a violation if there are more pairs than one call takes.
func tooMany(pairs []NewPair) []errs.Violation {
	if len(pairs) <= agreement.MaxPairsByHand {
		return nil
	}
	return []errs.Violation{{Code: "pairs_too_many", Field: "pairs", Args: errs.Pairs("max", strconv.Itoa(agreement.MaxPairsByHand))}}
}

type createAgreementInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewAgreement

	parsed agreement.New // without what the store and the caller add
}

// Resolve implements huma.Resolver.
func (in *createAgreementInput) Resolve(ctx huma.Context) []error {
	body := in.Body
	in.parsed.Type = body.Type
	var broken, misplaced, group []errs.Violation
	switch body.Type {
	case agreement.TypeVolume:
		var volume agreement.Volume
		volume, broken = agreement.Parse(agreement.Draft{Name: body.Name, Pairs: drafted(body.Pairs), Program: body.Program}, limits(ctx))
		in.parsed.Name, in.parsed.Pairs = volume.Name, volume.Pairs
		misplaced = body.drafted().OfVolume()
	case agreement.TypeOther:
		draft := body.drafted()
		draft.Name = body.Name
		var other agreement.Other
		other, broken = agreement.ParseOther(draft)
		in.parsed.Name, in.parsed.Terms, in.parsed.Details = other.Name, other.Terms, other.Details
		misplaced = ofOther(body)
	default: // the schema reports the type; the other fields are checked too
		_, broken = agreement.ParseName(body.Name, false)
		misplaced = body.drafted().CheckGiven()
		if body.Pairs != nil {
			_, wrong := agreement.ParsePairs(agreement.Draft{Pairs: drafted(body.Pairs), Program: body.Program}, limits(ctx))
			misplaced = append(misplaced, wrong...)
		}
	}
	in.parsed.Group, group = body.Group.target()
	return httpapi.Refusals(broken, misplaced, tooMany(body.Pairs), group)
}

// ofOther returns violations for fields that an agreement of type other does not have.
func ofOther(body NewAgreement) (misplaced []errs.Violation) {
	if body.Pairs != nil {
		misplaced = append(misplaced, errs.Violation{Code: "pairs_of_other", Field: "pairs"})
	}
	if body.Program != "" {
		misplaced = append(misplaced, errs.Violation{Code: "pairs_of_other", Field: "program"})
	}
	return misplaced
}

// spelled returns the terms with publisher and title as the catalog spells them. If either
// is not in the catalog, it returns errs.Invalid (R2.6).
func (o *operations) spelled(ctx context.Context, t agreement.Terms) (agreement.Terms, error) {
	publisher, title, missing, err := o.Catalog.Resolve(ctx, t.Publisher, t.ProductTitle)
	if err != nil || missing != nil {
		return agreement.Terms{}, cmp.Or(err, errs.Violated(missing))
	}
	t.Publisher, t.ProductTitle = publisher.Name, title.Name
	return t, nil
}

// mayAddOther returns errs.Conflict inventory_required while agreements of type other
// cannot be added (R2.8).
func (o *operations) mayAddOther(ctx context.Context) error {
	if !o.InventoryRequired {
		return nil
	}
	summary, err := o.Inventory.Summary(ctx)
	if err == nil && !summary.Known() {
		return errs.New(errs.Conflict, "inventory_required")
	}
	return err
}

// createdAgreement is the response to a creation.
type createdAgreement struct {
	Location string `header:"Location" doc:"The address of the agreement."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[Agreement]
}

func (o *operations) editOperations() httpapi.Operations {
	return httpapi.Operations{
		"createAgreement": o.createAgreement,
		"updateAgreement": o.updateAgreement,
		"deleteAgreement": o.deleteAgreement,
	}
}

func (o *operations) createAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Add an agreement"
	op.Description = "Adds one agreement, of type volume with all of its pairs or of type other, to an existing license group or to a new one. " +
		"Either all of it is stored or nothing. Names and pairs that are in use are a conflict; the response lists each of them with its agreement. " +
		"An agreement of type other has a publisher and a product title from the catalog. It can be added once the inventory contains a PC and a software title."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	o.limited(&op)
	huma.Register(api, op, func(ctx context.Context, in *createAgreementInput) (*createdAgreement, error) {
		now, lang := o.Now(), in.Lang()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[Agreement]) (reply httpapi.Reply[Agreement], err error) {
			event := o.Event(ctx, now, "agreement.created")
			n := in.parsed
			n.ID, n.By, n.At = id.New(now, o.NewID()), event.By, now
			if n.Type == agreement.TypeOther {
				if err := o.mayAddOther(ctx); err != nil {
					return reply, err
				}
				if n.Terms, err = o.spelled(ctx, n.Terms); err != nil {
					return reply, err
				}
			}
			reply, repeated, err := httpapi.Apply(ctx, call, event, o.Agreements.Create(n), func(a agreement.Agreement) Agreement {
				return o.hinted(ctx, lang, a)
			})
			if err == nil && !repeated && n.Type == agreement.TypeVolume {
				o.Refreshes.PairsChanged(ctx, refresher.TriggerImport)
			}
			return reply, noSuchGroup(err, n.Group)
		})
		if err != nil {
			return nil, err
		}
		a := created.Value
		return &createdAgreement{Location: "/agreements/" + a.ID, ETag: a.tag(lang), Body: created}, nil
	})
}

// AgreementChange is a change of an agreement; absent fields stay unchanged.
type AgreementChange struct {
	Name *string `json:"name,omitempty" doc:"The new name." example:"Office agreements"`
	TermsDraft
	Group *GroupChoice `json:"group,omitempty" doc:"The license group that it moves to."`
}

// change is a change of one agreement, parsed as far as possible without reading it.
type change struct {
	agreement.Edit
	terms  agreement.OtherDraft
	broken []errs.Violation // of the name and the group; the terms need the agreement
}

// action names the change in the audit event.
func (c change) action() string {
	if c.Group != nil && c.Name == nil && c.terms == (agreement.OtherDraft{}) {
		return "agreement.moved"
	}
	return "agreement.updated"
}

type updateAgreementInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Revision
	Body AgreementChange

	change change
}

// Resolve implements huma.Resolver.
func (in *updateAgreementInput) Resolve(huma.Context) []error {
	c := &in.change
	c.terms = in.Body.drafted()
	if in.Body == (AgreementChange{}) {
		return httpapi.Refusals([]errs.Violation{{Code: "change_required", Field: httpapi.WholeBody}})
	}
	if in.Body.Name != nil {
		name, wrong := agreement.ParseName(*in.Body.Name, false)
		c.Name, c.broken = &name, append(c.broken, wrong...)
	}
	if in.Body.Group != nil {
		target, wrong := in.Body.Group.target()
		c.Group, c.broken = &target, append(c.broken, wrong...)
	}
	return nil // change refuses, with the violations that only the agreement tells, such as an end before the stored start
}

func (o *operations) updateAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Change an agreement"
	op.Description = "Renames an agreement, moves it to another license group, changes the fields of an agreement of type other, or several of these at once. " +
		"Fields that are absent do not change."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateAgreementInput) (*httpapi.Versioned[Agreement], error) {
		after, err := o.change(ctx, in.ID, in.Revision, in.change)
		if err != nil {
			return nil, err
		}
		return o.revised(ctx, in.Lang(), after), nil
	})
}

// revised returns the response with an agreement after a change.
func (o *operations) revised(ctx context.Context, lang i18n.Lang, after agreement.Agreement) *httpapi.Versioned[Agreement] {
	body := o.hinted(ctx, lang, after)
	return httpapi.VersionedOf(body.tag(lang), body)
}

// change changes one agreement. It writes nothing if nothing differs.
func (o *operations) change(ctx context.Context, id string, r httpapi.Revision, c change) (after agreement.Agreement, err error) {
	e := c.Edit
	e.At = o.Now()
	err = o.revise(ctx, id, r, func(read agreement.Agreement) error {
		after = read
		if e.Terms, e.Details, err = o.terms(ctx, read, c.terms, c.broken); err != nil {
			return err
		}
		renamed := e.Name != nil && *e.Name != read.Name
		moved := e.Group != nil && (e.Group.NewName != "" || e.Group.GroupID != read.GroupID)
		if !renamed && !moved && e.Terms == nil && e.Details == nil {
			return nil
		}
		after, err = o.Agreements.Update(ctx, read, e, o.Event(ctx, e.At, c.action()))
		if e.Group != nil {
			err = noSuchGroup(err, *e.Group)
		}
		return err
	})
	if wrong := sorted(c.broken, c.terms.CheckGiven()); wrong != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Violated(wrong)
	}
	return after, err
}

// sorted returns violations in the order of their fields, as responses to other invalid bodies have them.
func sorted(broken ...[]errs.Violation) []errs.Violation {
	all := slices.Concat(broken...)
	slices.SortStableFunc(all, func(a, b errs.Violation) int { return strings.Compare(a.Field, b.Field) })
	return all
}

// terms returns the terms and the details that a draft changes; nil if unchanged. A refusal has the violations
// of other fields, too.
func (o *operations) terms(ctx context.Context, read agreement.Agreement, d agreement.OtherDraft, others []errs.Violation) (*agreement.Terms, *string, error) {
	edited, details, broken := d.Edit(read)
	switch {
	case broken != nil && others == nil && read.Type == agreement.TypeVolume:
		return nil, nil, &errs.Error{Kind: errs.Conflict, Code: "terms_of_volume", Violations: broken}
	case broken != nil || others != nil:
		return nil, nil, errs.Violated(sorted(others, broken))
	case edited == nil:
		return nil, details, nil
	}
	if edited.Publisher != read.Publisher || edited.ProductTitle != read.ProductTitle {
		spelled, err := o.spelled(ctx, *edited)
		if err != nil {
			return nil, nil, err
		}
		*edited = spelled
	}
	if *edited == read.Terms {
		return nil, details, nil
	}
	return edited, details, nil
}

// revise is httpapi.Revise for an agreement.
func (o *operations) revise(ctx context.Context, id string, r httpapi.Revision, write func(agreement.Agreement) error) error {
	return httpapi.Revise(ctx, r, func() (agreement.Agreement, int64, error) {
		a, err := o.Agreements.Agreement(ctx, id)
		return a, a.Version, err
	}, write)
}

// DeletedAgreement reports that an agreement was deleted, and what that means.
type DeletedAgreement struct {
	ID     string `json:"id" doc:"The agreement's id." example:"k3v8t2q9x7w4m5n6"`
	Stale  bool   `json:"stale" doc:"Whether the licence data includes the agreement until the next refresh." example:"true"`
	Notice string `json:"notice" doc:"What the deletion means, in the reader's language."`
}

type deleteAgreementInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Revision
}

type deleteAgreementOutput struct{ Body DeletedAgreement }

func (o *operations) deleteAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Delete an agreement"
	op.Description = "Deletes an agreement with its pairs; its name and pairs can then be used again. The licence data includes a deleted agreement of type volume until the next refresh. " +
		"The real agreement with the publisher is not affected."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteAgreementInput) (*deleteAgreementOutput, error) {
		removed, err := o.remove(ctx, in.ID, in.Revision)
		if err != nil {
			return nil, err
		}
		out := DeletedAgreement{ID: in.ID, Notice: i18n.Text(in.Lang(), i18n.OtherDeleted, nil)}
		if removed == agreement.TypeVolume {
			out.Stale, out.Notice = true, i18n.Text(in.Lang(), i18n.AgreementDeleted, nil)
			o.Refreshes.PairsChanged(ctx, refresher.TriggerDeletion)
		}
		return &deleteAgreementOutput{out}, nil
	})
}

// remove deletes an agreement and returns its type: the licence data includes only type volume.
func (o *operations) remove(ctx context.Context, id string, r httpapi.Revision) (of agreement.Type, err error) {
	err = o.revise(ctx, id, r, func(read agreement.Agreement) error {
		of = read.Type
		return o.Agreements.Delete(ctx, read, o.Event(ctx, o.Now(), "agreement.deleted"))
	})
	return of, err
}
