package people

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/journal"
	"trueup/internal/subscription"
	"trueup/internal/testkit/golden"
)

// A copy of the current version is saved again unchanged. One of version 1 is not read: a process of that release
// can save one while it is replaced, without the places in waiting lists. The rows are read from the table then.
func TestR16_6_StoredCopies(t *testing.T) {
	t.Parallel()
	golden.Versions(t, "people-copy", "bin", copyVersion, func() []byte { return savedCopy(t) }, func(version int, sample []byte) {
		r := &Register{source: newModel(1)}
		if err := r.Restore(sample); (err == nil) != (version == copyVersion) {
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
	changes := []Change{{"created", 1}, {"changed", 12}}
	written := Body(changes)
	golden.Versions(t, "people-entry", "txt", 1, func() []byte { return []byte(written) }, func(version int, sample []byte) {
		got, err := parse(string(sample))
		if diff := cmp.Diff(changes, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-written +read)\n%s", version, err, diff)
		}
		if written != string(sample) {
			t.Errorf("the format changed without a new version:\n%s", cmp.Diff(string(sample), written))
		}
	})
}

// A field that is added to a user or to a licence must be in the copy, even though everything compiles
// without. Only Grant.Call is left out: see packGrants.
func TestR16_6_CopiesHaveEveryField(t *testing.T) {
	t.Parallel()
	var u subscription.User
	golden.Fill(t, &u)
	m := newModel(1)
	m.store[u.ID] = u
	r := &Register{source: m}
	apply, err := r.Prepare(t.Context(), journal.Head{}, []journal.Entry{{Seq: 1, Body: Body([]Change{{u.ID, u.Version}})}})
	if err != nil {
		t.Fatal(err)
	}
	apply()
	r = restored(t, r)
	slot, exists := r.table.find(u.ID)
	if !exists {
		t.Fatal("the copy has no user")
	}
	if diff := cmp.Diff(u, r.table.rows[slot].user(r.table.words.list), cmpopts.IgnoreFields(subscription.Grant{}, "Call")); diff != "" {
		t.Errorf("(-stored +read)\n%s", diff)
	}
}
