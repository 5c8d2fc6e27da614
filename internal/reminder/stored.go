package reminder

import (
	"encoding/json"
	"fmt"

	"trueup/internal/day"
)

// TermsKey is the key of the terms of volume agreements in the reports bucket. They are computed once a day from all
// entitlements, which takes too long for a request.
const TermsKey = Prefix + "terms.json"

// Prefix is the prefix of the keys of this package in the reports bucket.
const Prefix = "reminders/"

// termsVersion is the version of the stored terms. Those of a newer version are an error.
const termsVersion = 1

type storedTerms struct {
	Version int          `json:"version"`
	Day     day.Date     `json:"day"` // on which they were computed
	Terms   []storedTerm `json:"terms"`
}

type storedTerm struct {
	Agreement string   `json:"agreement"`
	End       day.Date `json:"end"`
	Products  int      `json:"products"`
}

// EncodeTerms returns the terms that were computed on a day as they are stored.
func EncodeTerms(on day.Date, terms []Term) ([]byte, error) {
	stored := storedTerms{Version: termsVersion, Day: on, Terms: make([]storedTerm, len(terms))}
	for i, t := range terms {
		stored.Terms[i] = storedTerm(t)
	}
	return json.Marshal(stored)
}

// DecodeTerms returns terms that EncodeTerms has encoded.
func DecodeTerms(body []byte) ([]Term, error) {
	var stored storedTerms
	if err := json.Unmarshal(body, &stored); err != nil {
		return nil, fmt.Errorf("reminder: terms: %w", err)
	}
	if stored.Version > termsVersion {
		return nil, fmt.Errorf("reminder: terms of version %d, which a newer release wrote", stored.Version)
	}
	terms := make([]Term, len(stored.Terms))
	for i, t := range stored.Terms {
		terms[i] = Term(t)
	}
	return terms, nil
}
