package vlsc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
)

// pairJSON is an agreement pair of the contract.
type pairJSON struct {
	Authorization string `json:"authorization"`
	License       string `json:"license"`
}

// answersJSON is the contract's response. Pointers are nil for missing members.
type answersJSON struct {
	Answers []struct {
		pairJSON
		State        entitlement.State  `json:"state"`
		Reason       *string            `json:"reason"`
		Entitlements *[]entitlementJSON `json:"entitlements"`
	} `json:"answers"`
}

type entitlementJSON struct {
	Pool       string  `json:"pool"`
	Family     string  `json:"family"`
	Version    string  `json:"version"`
	Type       string  `json:"type"`
	Effective  *int    `json:"effective"`
	ActiveSA   *int    `json:"activeSa"`
	Unresolved int     `json:"unresolved"`
	Start      *string `json:"start"`
	End        *string `json:"end"`
}

// members are the member names of the contract. The decoder alone would accept any case, and the
// last of duplicates.
var members = map[string]bool{
	"answers": true, "authorization": true, "license": true, "state": true, "reason": true, "entitlements": true,
	"pool": true, "family": true, "version": true, "type": true, "effective": true, "activeSa": true, "unresolved": true, "start": true, "end": true,
}

// reasons maps the contract's reasons to codes, by state.
var reasons = map[entitlement.State]map[string]string{
	entitlement.StateInvalid: {"unknown": "vlsc_unknown", "unrelated": "vlsc_unrelated", "no_access": "vlsc_no_access"},
	entitlement.StateError:   {"later": "vlsc_later"},
}

func encodeQuestion(pairs []agreement.Pair) ([]byte, error) {
	question := struct {
		Pairs []pairJSON `json:"pairs"`
	}{make([]pairJSON, len(pairs))}
	for i, p := range pairs {
		question.Pairs[i] = pairJSON{p.Authorization, p.License}
	}
	return json.Marshal(question)
}

// decodeAnswers decodes the response to a question about distinct pairs, in their order. Any
// violation of the contract is an error. Errors quote nothing of the response except member
// names.
func decodeAnswers(body []byte, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the response is not UTF-8")
	}
	if err := checkMembers(body); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var in answersJSON
	if err := decoder.Decode(&in); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the response has data after the JSON value")
	}
	if len(in.Answers) != len(pairs) {
		return nil, fmt.Errorf("%d answers to %d pairs", len(in.Answers), len(pairs))
	}
	place := make(map[agreement.PairKey]int, len(pairs))
	for i, p := range pairs {
		place[p.Key()] = i
	}
	answers := make([]entitlement.Answer, len(pairs))
	for n, a := range in.Answers {
		key := agreement.Pair{Authorization: a.Authorization, License: a.License}.Key()
		i, asked := place[key]
		switch {
		case !asked, max(len(a.Authorization), len(a.License)) > agreement.PairMaxCharsHighest:
			return nil, fmt.Errorf("answers/%d: the pair is not in the request", n)
		case answers[i].Pair != "":
			return nil, fmt.Errorf("answers/%d: the pair has more than one answer", n)
		}
		answers[i] = entitlement.Answer{Pair: key, State: a.State}
		if a.State == entitlement.StateValid {
			if a.Reason != nil || a.Entitlements == nil || len(*a.Entitlements) > maxEntitlements {
				return nil, fmt.Errorf("answers/%d: a valid pair must have entitlements, at most %d, and no reason", n, maxEntitlements)
			}
			for m, e := range *a.Entitlements {
				line, err := e.entitlement()
				if err != nil {
					return nil, fmt.Errorf("answers/%d/entitlements/%d: %w", n, m, err)
				}
				answers[i].Entitlements = append(answers[i].Entitlements, line)
			}
			continue
		}
		if a.Reason != nil {
			answers[i].Reason = reasons[a.State][*a.Reason]
		}
		if answers[i].Reason == "" || a.Entitlements != nil {
			return nil, fmt.Errorf("answers/%d: a pair that is not valid must have a state and a reason of the contract, and no entitlements", n)
		}
	}
	return answers, nil
}

// entitlement checks and converts a line.
func (e entitlementJSON) entitlement() (entitlement.Entitlement, error) {
	if e.Family == "" || e.Effective == nil || e.ActiveSA == nil {
		return entitlement.Entitlement{}, errors.New("family, effective and activeSa are required")
	}
	for _, s := range []string{e.Pool, e.Family, e.Version, e.Type} {
		if utf8.RuneCountInString(s) > entitlement.TextMaxChars || strings.ContainsFunc(s, entitlement.IsInvisible) {
			return entitlement.Entitlement{}, errors.New("a text is too long or has invisible characters")
		}
	}
	for _, n := range []int{*e.Effective, *e.ActiveSA, e.Unresolved} {
		if n < 0 || n > entitlement.MaxQuantity {
			return entitlement.Entitlement{}, fmt.Errorf("a quantity must be from 0 to %d", entitlement.MaxQuantity)
		}
	}
	var start, end day.Date
	for of, date := range map[*day.Date]*string{&start: e.Start, &end: e.End} {
		if date == nil {
			continue
		}
		*of = day.Date(*date)
		if _, ok := of.Time(); !ok {
			return entitlement.Entitlement{}, errors.New("a date must be YYYY-MM-DD")
		}
	}
	if end != "" && end < start {
		return entitlement.Entitlement{}, errors.New("the term ends before it starts")
	}
	return entitlement.Entitlement{
		Publisher: agreement.VolumePublisher, Pool: e.Pool, Family: e.Family, Version: e.Version, Type: e.Type,
		Effective: *e.Effective, ActiveSA: *e.ActiveSA, Unresolved: e.Unresolved,
		Start: start, End: end,
	}, nil
}

// checkMembers rejects JSON with a member that the contract does not have, in exactly that case,
// or with a duplicate member.
func checkMembers(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var objects []map[string]bool // members seen in each open object; nil for an array
	name := false                 // the next token is a member name or the end of the object
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && len(objects) == 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch token {
		case nil:
			return errors.New("a member must not be null")
		case json.Delim('{'):
			objects = append(objects, map[string]bool{})
			name = true
			continue
		case json.Delim('['):
			objects = append(objects, nil)
		case json.Delim('}'), json.Delim(']'):
			objects = objects[:len(objects)-1]
		default:
			if text, ok := token.(string); ok && name {
				seen := objects[len(objects)-1]
				if !members[text] || seen[text] {
					return errors.New("a member is repeated, or is not in the contract")
				}
				seen[text] = true
				name = false
				continue
			}
		}
		name = len(objects) > 0 && objects[len(objects)-1] != nil
	}
}
