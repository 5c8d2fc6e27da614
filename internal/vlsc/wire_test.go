package vlsc

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
)

// answersSchema returns the contract's schema of a response.
func answersSchema(t testing.TB) *openapi3.Schema {
	t.Helper()
	data, err := os.ReadFile("../docs/vlsc.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	return document.Components.Schemas["Answers"].Value
}

func allowed(schema *openapi3.Schema, body string) bool {
	var value any
	return json.Unmarshal([]byte(body), &value) == nil && schema.VisitJSON(value, openapi3.EnableJSONSchema2020()) == nil
}

var asked = []agreement.Pair{{Authorization: "A-1", License: "L-1"}, {Authorization: "A2", License: "L2"}}

const (
	firstAnswer  = `{"authorization":"A1","license":"L1","state":"valid","entitlements":[{"family":"Office","version":"2021","effective":5,"activeSa":3,"start":"2024-01-01","end":"2026-12-31"}]}`
	secondAnswer = `{"authorization":"a2","license":"l-2","state":"invalid","reason":"unknown"}`
	goodAnswer   = `{"answers":[` + secondAnswer + `,` + firstAnswer + `]}`
)

// TestDecodeAnswers changes a valid response in one place at a time. The contract's schema must
// reject what a schema can express.
func TestDecodeAnswers(t *testing.T) {
	t.Parallel()
	schema := answersSchema(t)
	answers, err := decodeAnswers([]byte(goodAnswer), asked)
	if err != nil || len(answers) != 2 || answers[0].Entitlements[0].Effective != 5 || answers[1].Reason != "vlsc_unknown" || !allowed(schema, goodAnswer) {
		t.Fatalf("%+v, %v", answers, err)
	}
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		old, new string
		schema   bool // whether the contract's schema accepts it
	}{
		"a fraction":                      {`"effective":5`, `"effective":5.5`, false},
		"a negative quantity":             {`"effective":5`, `"effective":-5`, false},
		"an absurd quantity":              {`"activeSa":3`, `"activeSa":10000001`, false},
		"more than a number holds":        {`"activeSa":3`, `"activeSa":99999999999999999999`, false},
		"a quantity as text":              {`"effective":5`, `"effective":"5"`, false},
		"no quantity":                     {`"effective":5,`, ``, false},
		"a quantity that is null":         {`"effective":5`, `"effective":null`, false},
		"a text that is null":             {`"version":"2021"`, `"version":null`, false},
		"no family":                       {`"family":"Office",`, ``, false},
		"an empty family":                 {`"Office"`, `""`, false},
		"a long text":                     {`"2021"`, `"` + long + `"`, false},
		"a text with a line break":        {`"2021"`, `"20\n21"`, true},
		"a text that turns":               {`"2021"`, `"20\u202e21"`, true},
		"a date that is none":             {`"2024-01-01"`, `"2024-02-30"`, true},
		"an empty date":                   {`"2024-01-01"`, `""`, false},
		"an end before the start":         {`"2026-12-31"`, `"2023-12-31"`, true},
		"another state":                   {`"state":"valid"`, `"state":"fine"`, false},
		"a state in capitals":             {`"state":"valid"`, `"state":"Valid"`, false},
		"another reason":                  {`"unknown"`, `"because"`, false},
		"a reason of another state":       {`"unknown"`, `"later"`, false},
		"no reason":                       {`,"reason":"unknown"`, ``, false},
		"a reason for a valid pair":       {`"state":"valid",`, `"state":"valid","reason":"unknown",`, false},
		"entitlements of an invalid pair": {`"unknown"}`, `"unknown","entitlements":[]}`, false},
		"no entitlements":                 {`"state":"valid","entitlements":[`, `"state":"valid","x":[`, false},
		"entitlements that are null":      {secondAnswer, `{"authorization":"A2","license":"L2","state":"valid","entitlements":null}`, false},
		"a member in capitals":            {`"effective":5`, `"Effective":5`, false},
		"a member twice":                  {`"effective":5`, `"effective":4,"effective":5`, true},
		"another member":                  {`{"answers"`, `{"more":1,"answers"`, false},
		"a list":                          {`{"answers":`, `[`, false},
		"something behind":                {`]}]}`, `]}]}{}`, false},
		"one pair too few":                {secondAnswer + `,`, ``, true},
		"one pair twice":                  {secondAnswer, firstAnswer, true},
		"a pair nobody asked about":       {`"A1"`, `"A3"`, true},
		"another license number":          {`"L1"`, `"L3"`, true},
		"a number that is too long":       {`"A1"`, `"A` + strings.Repeat("-", 32) + `1"`, false},
		"a number with other signs":       {`"A1"`, `"A/1"`, false},
		"not UTF-8":                       {`2021`, "20\xff1", true},
	} {
		body := strings.Replace(goodAnswer, test.old, test.new, 1)
		if body == goodAnswer {
			t.Fatalf("%s: nothing is changed", name)
		}
		if answers, err := decodeAnswers([]byte(body), asked); err == nil || answers != nil {
			t.Errorf("%s: %+v, %v", name, answers, err)
		}
		if got := allowed(schema, body); got != test.schema {
			t.Errorf("%s: the schema says %v", name, got)
		}
	}
	many := `{"family":"Office","effective":1,"activeSa":0}`
	for n, want := range map[int]bool{maxEntitlements: true, maxEntitlements + 1: false} {
		body := strings.Replace(goodAnswer, `"entitlements":[`, `"entitlements":[`+strings.Repeat(many+`,`, n-1), 1)
		if _, err := decodeAnswers([]byte(body), asked); (err == nil) != want || allowed(schema, body) != want {
			t.Errorf("%d entitlements: %v", n, err)
		}
	}
	for i := range len(goodAnswer) {
		if _, err := decodeAnswers([]byte(goodAnswer[:i]), asked); err == nil {
			t.Errorf("cut at %d: accepted", i)
		}
	}
}

func FuzzDecodeAnswers(f *testing.F) {
	f.Add([]byte(goodAnswer))
	f.Add([]byte(`{"answers":[{"authorization":"A1","license":"L1","state":"error","reason":"later"},` + secondAnswer + `]}`))
	f.Add([]byte(`{"answers":[]}`))
	f.Add([]byte(strings.Repeat("[", 10_000)))
	schema := answersSchema(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		answers, err := decodeAnswers(body, asked)
		if err != nil {
			return
		}
		if !allowed(schema, string(body)) {
			t.Errorf("accepted although the contract does not allow it: %s", body)
		}
		for i, a := range answers {
			if a.Pair != asked[i].Key() || (a.Reason == "") != (a.State == entitlement.StateValid) {
				t.Errorf("%+v", a)
			}
			for _, e := range a.Entitlements {
				if min(e.Effective, e.ActiveSA, e.Unresolved) < 0 || max(e.Effective, e.ActiveSA, e.Unresolved) > entitlement.MaxQuantity || e.Family == "" {
					t.Errorf("%+v", e)
				}
			}
		}
	})
}
