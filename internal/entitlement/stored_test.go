package entitlement

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/testkit/golden"
)

// everyField has a value in every field.
var everyField = Entitlement{
	Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Type: "License",
	Effective: 10, ActiveSA: 4, Unresolved: 1, Start: "2026-01-01", End: "2028-12-31", SAEnd: "2027-12-31",
}

func TestR16_6_StoredStatements(t *testing.T) {
	t.Parallel()
	s := Statement{
		Kind: KindLicenseSummary, Date: "2026-11-21", Name: "summary.xlsx",
		Lines: []Line{{LicenseID: "01-07001", Entitlement: everyField}, {Entitlement: Entitlement{Family: "Visio"}}},
	}
	encoded, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "statement", "json", storedVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, err := Decode(sample)
		if diff := cmp.Diff(s, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
	})
	golden.Shape(t, "statement", storedVersion, stored{})
	later := strings.Replace(string(encoded), `{"v":1`, `{"v":2`, 1)
	if got, err := Decode([]byte(later)); !errors.Is(err, ErrStored) || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("a statement of a later release is read as %v, %v", got, err)
	}
}

func TestR16_6_StoredLists(t *testing.T) {
	t.Parallel()
	list := []Entitlement{everyField, {Family: "Visio"}}
	encoded := EncodeList(list)
	golden.Versions(t, "list", "json", listVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, err := DecodeList(sample)
		if diff := cmp.Diff(list, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if version == listVersion && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	golden.Shape(t, "list", listVersion, []storedEntitlement{})
	if got, err := DecodeList([]byte(`{"version":2,"list":[]}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("a list of a later release is read as %v, %v", got, err)
	}
	if _, err := DecodeList([]byte("{")); err == nil {
		t.Error("damage is read")
	}
}
