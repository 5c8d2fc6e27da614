package importer_test

import (
	"testing"

	"trueup/internal/importer"
)

// TestR3_7_DryRun: unknown values of dry-run also mean a dry run.
func TestR3_7_DryRun(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": false, "false": false, "False": false,
		"true": true, "True": true, " TRUE ": true, "yes": true, "1": true,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			imp := s.run(file("agreements/a.csv", "1,1,Office\n", importer.MetaDryRun, value))
			equal(t, "dry run", imp.DryRun, want)
			equal(t, "added", imp.Added, 1)
			equal(t, "nothing stored", len(s.seen()) == 0, want)
		})
	}
}

// TestR3_9_Folders: an empty folder is ignored, but an object with content is not silently lost
// because its name ends in a slash.
func TestR3_9_Folders(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	event := s.put(file("agreements/Sales/", ""))
	must(t, deliver(t.Context(), s.Importer, event))
	equal(t, "a folder is an import", s.recordExists(idOf(t, event)), false)

	imp := s.run(file("agreements/Sales/", "1,1,Office\n"))
	equal(t, "file", imp.File, "Sales/")
	equal(t, "import", imp.State, importer.StateRejected)
	equal(t, "reason", imp.Reason, "file_name_extension")
	equal(t, "store", s.seen(), []string{})
}

// TestR3_9_AbandoningIsAnAttempt: a stalled attempt cannot commit after its import was abandoned,
// because the import has a new attempt number.
func TestR3_9_AbandoningIsAnAttempt(t *testing.T) {
	t.Parallel()
	_, _, _, calls := withoutFaults(t, interrupted)
	s := prepared(t)
	event := s.put(interrupted)
	s.die(event, calls, false)
	asleep := s.record(idOf(t, event))
	s.clock.advance(lease + importer.AbandonAfter)
	must(t, s.Abandon(t.Context()))
	given := s.record(asleep.ID)
	equal(t, "state", given.State, importer.StateFailed)
	equal(t, "attempt", given.Attempt, asleep.Attempt+1)
	equal(t, "may be tried again", given.Retryable, true)
}
