package agreements

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/refresher"
)

// Pair is an agreement pair.
type Pair struct {
	ID                  agreement.PairKey `json:"id" doc:"The id of the pair, for deleting it: both numbers in capitals, without spaces and hyphens." example:"0107001+0107001"`
	AuthorizationNumber string            `json:"authorizationNumber" doc:"The authorization or agreement number, as typed." example:"01-07001"`
	LicenseNumber       string            `json:"licenseNumber" doc:"The license, enrollment or customer number, as typed." example:"01-07001"`
	Program             agreement.Program `json:"program" doc:"The volume licensing program."`

	Validation   agreement.Validation `json:"validation" doc:"The result of the Volume Licensing Service Center: pending if it was not asked yet, error if it could not answer."`
	Reason       *httpapi.Reason      `json:"reason,omitempty" doc:"Why it is not valid."`
	CheckedAt    time.Time            `json:"checkedAt,omitzero" doc:"When the pair was last checked; absent if never." example:"2026-11-22T01:30:00Z"`
	Held         bool                 `json:"held" doc:"Whether a later answer, which reduces licences, is pending approval." example:"false"`
	Entitlements []PairEntitlement    `json:"entitlements" doc:"The entitlements of the pair, from the last answer without an error."`
}

// PairEntitlement is a product that a pair entitles to.
type PairEntitlement struct {
	Publisher     string   `json:"publisher" doc:"The publisher of the product." example:"Microsoft"`
	ProductPool   string   `json:"productPool,omitempty" doc:"The product pool, if known." example:"Applications"`
	ProductFamily string   `json:"productFamily" doc:"The product family." example:"Office Professional Plus"`
	Version       string   `json:"version,omitempty" doc:"The version, if known." example:"2021"`
	LicenseType   string   `json:"licenseType,omitempty" doc:"The type of the licence, as spelled by the source." example:"License/Software Assurance Pack"`
	Effective     int      `json:"effective" minimum:"0" doc:"The effective quantity, including upgrades." example:"250"`
	ActiveSA      int      `json:"activeSA" minimum:"0" doc:"The active Software Assurance quantity." example:"250"`
	Unresolved    int      `json:"unresolved,omitempty" minimum:"0" doc:"The unresolved quantity of an old summary, which does not count." example:"2"`
	Start         day.Date `json:"start,omitempty" format:"date" doc:"The first day of the term, if known." example:"2024-01-01"`
	End           day.Date `json:"end,omitempty" format:"date" doc:"The last day of the term, if known." example:"2026-12-31"`
	SAEnd         day.Date `json:"saEnd,omitempty" format:"date" doc:"The last day of Software Assurance, if known." example:"2026-12-31"`
}

func pairOf(lang i18n.Lang, a refresher.Answered) Pair {
	p := a.Pair
	out := Pair{
		ID: p.Key(), AuthorizationNumber: p.Authorization, LicenseNumber: p.License, Program: p.Program,
		Validation: a.State, CheckedAt: a.At.UTC(), Held: a.Held, Entitlements: make([]PairEntitlement, len(a.Entitlements)),
	}
	if a.Reason != "" {
		out.Reason = &httpapi.Reason{Code: a.Reason, Message: i18n.Text(lang, a.Reason, nil)}
	}
	for i, e := range a.Entitlements {
		out.Entitlements[i] = PairEntitlement{
			Publisher: e.Publisher, ProductPool: e.Pool, ProductFamily: e.Family, Version: e.Version, LicenseType: e.Type,
			Effective: e.Effective, ActiveSA: e.ActiveSA, Unresolved: e.Unresolved, Start: e.Start, End: e.End, SAEnd: e.SAEnd,
		}
	}
	return out
}

type listAgreementPairsInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Paging
}

type listAgreementPairsOutput struct{ Body httpapi.Page[Pair] }

func (o *operations) pairOperations() httpapi.Operations {
	return httpapi.Operations{
		"listAgreementPairs":  o.listAgreementPairs,
		"addAgreementPairs":   o.addAgreementPairs,
		"deleteAgreementPair": o.deleteAgreementPair,
	}
}

func (o *operations) listAgreementPairs(api huma.API, op huma.Operation) {
	op.Summary = "List the pairs of an agreement"
	op.Description = "Lists the agreement pairs of one agreement, sorted by number, each with the result of the last refresh. " +
		"A page can be shorter than its limit while pairs are being removed."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *listAgreementPairsInput) (*listAgreementPairsOutput, error) {
		found, err := o.Agreements.Pairs(ctx, in.ID, in.Limit, in.Cursor)
		if err != nil {
			return nil, err
		}
		keys := make([]agreement.PairKey, len(found.Items))
		for i, p := range found.Items {
			keys[i] = p.Key()
		}
		answered, err := o.Answers.AnswersTo(ctx, in.ID, keys)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return &listAgreementPairsOutput{httpapi.PageOf(answered, found.Next, func(a refresher.Answered) Pair { return pairOf(lang, a) })}, nil
	})
}

// NewPairs is a list of pairs to add to an agreement.
type NewPairs struct {
	Pairs   []NewPair         `json:"pairs" doc:"The agreement pairs; a pair belongs to one agreement only."`
	Program agreement.Program `json:"program,omitempty" doc:"The program of every pair. By default it is derived from the numbers."`
}

type addAgreementPairsInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Revision
	httpapi.Repeatable
	Body NewPairs

	pairs []agreement.Pair
}

// Resolve implements huma.Resolver.
func (in *addAgreementPairsInput) Resolve(ctx huma.Context) []error {
	var broken []errs.Violation
	in.pairs, broken = agreement.ParsePairs(agreement.Draft{Pairs: drafted(in.Body.Pairs), Program: in.Body.Program}, limits(ctx))
	return httpapi.Refusals(broken, tooMany(in.Body.Pairs))
}

func (o *operations) addAgreementPairs(api huma.API, op huma.Operation) {
	op.Summary = "Add pairs to an agreement"
	op.Description = "Adds agreement pairs to a volume agreement, either all of them or none, and returns the agreement."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	o.limited(&op)
	huma.Register(api, op, func(ctx context.Context, in *addAgreementPairsInput) (*httpapi.Versioned[httpapi.Reply[Agreement]], error) {
		now, lang := o.Now(), in.Lang()
		added, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.ID, in.Body, func(call httpapi.Call[Agreement]) (reply httpapi.Reply[Agreement], err error) {
			var repeated bool
			err = o.revise(ctx, in.ID, in.Revision, func(read agreement.Agreement) error {
				if read.Type != agreement.TypeVolume {
					return errs.New(errs.Conflict, "pairs_of_other")
				}
				reply, repeated, err = httpapi.Apply(ctx, call, o.Event(ctx, now, "pairs.added"), o.Agreements.AddPairs(read, in.pairs),
					func(a agreement.Agreement) Agreement { return agreementOf(lang, o.today(), a) })
				return err
			})
			if err == nil && !repeated {
				o.Refreshes.PairsChanged(ctx, refresher.TriggerImport)
			}
			return reply, err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(added.Value.tag(lang), added), nil
	})
}

type deleteAgreementPairInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Revision
	Pair string `path:"pair" maxLength:"256" doc:"The id of the pair, or both its numbers as typed, joined by a plus." example:"0107001+0107001"`
}

// key returns the key of the pair in the path. It matches no pair if the path names none.
func (in *deleteAgreementPairInput) key() agreement.PairKey {
	authorization, license, _ := strings.Cut(in.Pair, "+")
	return agreement.Pair{Authorization: authorization, License: license}.Key()
}

func (o *operations) deleteAgreementPair(api huma.API, op huma.Operation) {
	op.Summary = "Remove a pair from an agreement"
	op.Description = "Removes one agreement pair and returns the agreement. The last pair cannot be removed: delete the agreement instead."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteAgreementPairInput) (*httpapi.Versioned[Agreement], error) {
		var after agreement.Agreement
		err := o.revise(ctx, in.ID, in.Revision, func(read agreement.Agreement) (err error) {
			after, err = o.Agreements.RemovePairs(ctx, read, []agreement.PairKey{in.key()}, o.Event(ctx, o.Now(), "pairs.removed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		o.Refreshes.PairsChanged(ctx, refresher.TriggerDeletion)
		return o.revised(ctx, in.Lang(), after), nil
	})
}
