package register

import (
	"testing"

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
