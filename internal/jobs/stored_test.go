package jobs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/licensing"
	"trueup/internal/subscription"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredInput(t *testing.T) {
	t.Parallel()
	in := Input{
		Licenses: []subscription.Assignment{{Subscription: "s1", KeepOff: true}, {Subscription: "s2", Off: []string{"TEAMS1"}}}, Remove: []string{"s3"}, Replace: true,
		UserIDs: []string{"u1", "u2", "nobody@example.org"}, Given: map[int]string{1: "an@example.org"},
	}
	encoded, err := encodeInput(in)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "input", "json", version, func() []byte { return encoded }, func(v int, sample []byte) {
		got, err := decodeInput(sample)
		if diff := cmp.Diff(in, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", v, err, diff)
		}
		if v == version && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	golden.Shape(t, "input", version, storedInput{})
	if diff := cmp.Diff([]string{"an@example.org", "nobody@example.org"}, in.given(1, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := decodeInput([]byte(`{"version":2,"users":[]}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("an input of a later release is read as %v, %v", got, err)
	}
}

func TestR16_6_StoredResults(t *testing.T) {
	t.Parallel()
	p := Part{
		Given: []string{"an@example.org", "u2", "nobody"},
		Results: []licensing.Result{
			{UserID: "u1", Decision: subscription.Decision{
				Outcome: subscription.Assigned, After: subscription.User{ID: "u1", UPN: "an@example.org", Location: "BE"}, Added: []string{"s1"}, Changed: []string{"s2"}, Removed: []string{"s3"},
				Warnings: []subscription.Warning{{Code: "service_not_offered", Subscription: "s1", Service: "TEAMS1"}},
			}},
			{UserID: "u2", Decision: subscription.Decision{
				Outcome: subscription.Refused, After: subscription.User{ID: "u2", UPN: "bo@example.org"}, Wanted: []string{"s1"},
				Violations: []subscription.Violation{{Subscription: "s1", Code: subscription.NoLicenseFree, Args: errs.Pairs("max", "3")}},
			}},
			{UserID: "nobody", Decision: subscription.Decision{Outcome: subscription.Refused, After: subscription.User{ID: "nobody"}, Violations: []subscription.Violation{{Code: subscription.UserNotFound}}}},
		},
	}
	encoded, err := encodePart(p)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "results", "json", version, func() []byte { return encoded }, func(v int, sample []byte) {
		got, err := decodePart(sample)
		if diff := cmp.Diff(p, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", v, err, diff)
		}
		if v == version && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	golden.Shape(t, "results", version, storedPart{})
}

// Records name objects under these keys.
func TestR16_6_NamesOfObjects(t *testing.T) {
	t.Parallel()
	want := []string{"license-jobs/j1.input.json", "license-jobs/j1.002000.w1.results.json"}
	if diff := cmp.Diff(want, []string{inputKey("j1"), partKey("j1", 2000, "w1")}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
