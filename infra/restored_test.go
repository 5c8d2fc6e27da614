//go:build cdk

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/manifest"
)

// R16.2: with a restored table, the template differs only in that all users of the table
// refer to the restored one. The stack keeps its own table.
func TestR16_2_StackOnARestoredTable(t *testing.T) {
	const name = "trueup-restored_1.a"
	chosen := byDefault
	chosen.Table = name
	plain := func(source []byte) string {
		var raw any
		if err := json.Unmarshal(source, &raw); err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(written(raw), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	own := parseTemplate(t, defaultTemplate()).table().ID
	before := plain(defaultTemplate())
	want := strings.NewReplacer(
		"${"+own+"}", name,
		"${"+own+".Arn}", "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"+name,
	).Replace(before)
	if strings.Count(want, name) < 2*len(manifest.Functions) { // a setting and a right of each function
		t.Fatalf("the table is named %d times only", strings.Count(want, name))
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(plain(synthesise(chosen)), "\n")); diff != "" {
		t.Errorf("-the stack's own, renamed +restored\n%s", diff)
	}
}
