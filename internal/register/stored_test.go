package register

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/testkit/golden"
)

// A copy of the current version is saved again unchanged. TestR16_6_TheCopyOfVersion1
// checks version 1.
func TestR16_6_StoredCopies(t *testing.T) {
	t.Parallel()
	golden.Versions(t, "register-copy", "bin", copyVersion, func() []byte { return savedCopy(t) }, func(version int, sample []byte) {
		r := &Register{source: newModel(1)}
		if err := r.Restore(sample); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		if version == copyVersion && string(r.Save()) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
}

// An entry stays in the journal until a copy includes it, and processes of both releases write
// entries during a deployment.
func TestR16_6_StoredEntries(t *testing.T) {
	t.Parallel()
	changes := []Change{
		{ID: "created", Version: 1, Added: []agreement.PairKey{"01-07001+01-07001", "A+B"}},
		{ID: "changed", Version: 7},
		{ID: "both", Version: 12, Added: []agreement.PairKey{"C+D"}, Removed: []agreement.PairKey{"E+F", "G+H"}},
	}
	written := Body(changes, "sales")
	golden.Versions(t, "register-entry", "txt", entryVersion, func() []byte { return []byte(written) }, func(version int, sample []byte) {
		var missing cmp.Option
		if version == 1 {
			missing = cmpopts.IgnoreFields(Change{}, "Version")
		}
		got, group, err := parse(string(sample))
		if diff := cmp.Diff(changes, got, missing); diff != "" || group != "sales" || err != nil {
			t.Errorf("version %d: group %q, %v (-written +read)\n%s", version, group, err, diff)
		}
		if version == entryVersion && written != string(sample) {
			t.Errorf("the format changed without a new version:\n%s", cmp.Diff(string(sample), written))
		}
	})
}

// A field that is added to an agreement or to its terms must be in the copy, even though
// everything compiles without. No field is an exception.
func TestR16_6_CopiesHaveEveryField(t *testing.T) {
	t.Parallel()
	var a agreement.Agreement
	golden.Fill(t, &a)
	for _, a.Type = range agreement.Types {
		m := newModel(1)
		m.store[a.ID] = a
		r := &Register{source: m}
		apply, err := r.Prepare(t.Context(), journal.Head{}, []journal.Entry{{Seq: 1, Body: Body([]Change{{ID: a.ID, Version: a.Version}}, "")}})
		if err != nil {
			t.Fatal(err)
		}
		apply()
		r = restored(t, r)
		slot, exists := r.table.find(a.ID)
		if !exists {
			t.Fatal("the copy has no agreement")
		}
		if diff := cmp.Diff(a, r.table.rows[slot].Agreement); diff != "" {
			t.Errorf("%s (-stored +read)\n%s", a.Type, diff)
		}
	}
}
