package refresher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
)

// ask returns one answer for each pair, in their order. failure is the reason when no pair has
// an answer.
func (a *attempt) ask(ctx context.Context, known []Known) (answers []entitlement.Answer, failure string) {
	pairs := make([]agreement.Pair, len(known))
	for i, k := range known {
		pairs[i] = k.Pair
	}
	timed, cancel := context.WithTimeout(ctx, a.AskTimeout)
	defer cancel()
	answers, err := a.source.Ask(timed, pairs)
	if err == nil && !meetsContract(answers, pairs) {
		err = &entitlement.Fault{Reason: entitlement.ReasonDamaged, Err: errors.New("refresher: the answers do not match the pairs")}
	}
	if err == nil {
		answers = withdrawn(known, a.withinLimits(ctx, answers))
		return answers, failureOf(answers)
	}
	failure = entitlement.ReasonFailed
	var fault *entitlement.Fault
	switch {
	case errors.As(err, &fault) && fault.Reason != "":
		failure = fault.Reason
	case timed.Err() != nil:
		failure = entitlement.ReasonTimeout
	}
	if ctx.Err() == nil {
		a.Log.WarnContext(ctx, "pairs not answered", "run", a.claimed.ID, "pairs", len(pairs), "reason", failure, "error", err)
	}
	answers = make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		answers[i] = entitlement.Answer{Pair: p.Key(), State: entitlement.StateError, Reason: failure}
	}
	return answers, failure
}

// withinLimits replaces each answer that exceeds the limits of a pair with an error. The answers
// for the other pairs remain valid.
func (a *attempt) withinLimits(ctx context.Context, answers []entitlement.Answer) []entitlement.Answer {
	answers = slices.Clone(answers)
	for i, answer := range answers {
		texts := 0
		for _, e := range answer.Entitlements {
			texts += len(e.Publisher) + len(e.Pool) + len(e.Family) + len(e.Version) + len(e.Type)
		}
		if len(answer.Entitlements) > MaxLines || texts > MaxTexts {
			a.Log.WarnContext(ctx, "pairs not answered", "run", a.claimed.ID, "pairs", 1, "reason", entitlement.ReasonTooMuch,
				"lines", len(answer.Entitlements), "bytes", texts)
			answers[i] = entitlement.Answer{Pair: answer.Pair, State: entitlement.StateError, Reason: entitlement.ReasonTooMuch}
		}
	}
	return answers
}

// withdrawn marks pairs as invalid whose statement is no longer in use: it was removed, was
// replaced by one without the pair, or its lines now belong to another pair. Keeping the old
// entitlements would count them forever, or twice. As with other answers, a large drop is held.
func withdrawn(known []Known, answers []entitlement.Answer) []entitlement.Answer {
	for i, answer := range answers {
		if answer.Reason == entitlement.ReasonNoStatement && known[i].Fingerprint != "" {
			answers[i].State, answers[i].Reason = entitlement.StateInvalid, entitlement.ReasonWithdrawn
		}
	}
	return answers
}

// failureOf returns a reason when all pairs failed, and empty otherwise. It prefers a reason of
// the source to a reason of a pair.
func failureOf(answers []entitlement.Answer) (reason string) {
	for _, answer := range answers {
		if answer.State != entitlement.StateError {
			return ""
		}
		if reason == "" || entitlement.OfPair(reason) {
			reason = answer.Reason
		}
	}
	return reason
}

// meetsContract reports whether the answers meet the contract of a source. One violation rejects
// the whole batch, because other answers may be wrong too.
func meetsContract(answers []entitlement.Answer, pairs []agreement.Pair) bool {
	if len(answers) != len(pairs) {
		return false
	}
	for i, answer := range answers {
		if answer.Pair != pairs[i].Key() {
			return false
		}
		switch answer.State {
		case entitlement.StateValid:
		case entitlement.StateInvalid, entitlement.StateError:
			if len(answer.Entitlements) > 0 || answer.Reason == "" {
				return false
			}
		default:
			return false
		}
		for _, e := range answer.Entitlements {
			if e.Effective < 0 || e.Effective > entitlement.MaxQuantity || e.ActiveSA < 0 || e.ActiveSA > entitlement.MaxQuantity {
				return false
			}
		}
	}
	return true
}

// check converts an answer to its stored form, with its Mark.
func check(run string, pass int, k Known, answer entitlement.Answer, at time.Time) Checked {
	c := Checked{
		Pair: answer.Pair, Tag: k.Tag, AgreementID: k.AgreementID, State: answer.State, Reason: answer.Reason, At: at,
		Mark: Mark{Run: run, Pass: pass, Counts: Counts{Checked: 1}},
	}
	counts := &c.Mark.Counts
	switch answer.State {
	case entitlement.StateError:
		counts.Failed = 1
		if entitlement.OfPair(answer.Reason) {
			counts.OfPair = 1
		}
		return c
	case entitlement.StateInvalid:
		counts.Invalid = 1
	case entitlement.StateValid:
		counts.Valid = 1
	}
	c.Entitlements, c.Fingerprint = answer.Entitlements, fingerprint(answer.Entitlements)
	for _, e := range answer.Entitlements {
		c.Effective += int64(e.Effective)
	}
	if k.Effective > 0 {
		counts.Before, counts.After = k.Effective, c.Effective
	}
	switch {
	case c.Effective < k.Effective:
		c.Aside, counts.Aside = true, 1
	case c.Fingerprint != k.Fingerprint:
		counts.Changed = 1
	}
	return c
}

// fingerprinted is the input of an entitlement's fingerprint. Fingerprints are stored, so the
// tags must never change: every pair would count as changed. The tags are the original field
// names of Entitlement.
type fingerprinted struct {
	Publisher  string   `json:"Publisher"`
	Pool       string   `json:"Pool"`
	Family     string   `json:"Family"`
	Version    string   `json:"Version"`
	Type       string   `json:"Type"`
	Effective  int      `json:"Effective"`
	ActiveSA   int      `json:"ActiveSA"`
	Unresolved int      `json:"Unresolved"`
	Start      day.Date `json:"Start"`
	End        day.Date `json:"End"`
	SAEnd      day.Date `json:"SAEnd"`
}

// fingerprint returns the same text for the same entitlements in any order, and empty for none.
func fingerprint(list []entitlement.Entitlement) string {
	if len(list) == 0 {
		return ""
	}
	lines := make([]string, len(list))
	for i, e := range list {
		line, err := json.Marshal(fingerprinted(e))
		if err != nil {
			panic("refresher: " + err.Error()) // cannot happen: only text and numbers
		}
		lines[i] = string(line)
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		_, _ = sum.Write([]byte(line + "\n")) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
