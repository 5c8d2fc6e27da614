package dynamo_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/once"
)

// announce announces an import under the idempotency key "me/k", which expires after an hour.
func announce(t *testing.T, s *dynamo.Table, id, body string, at time.Time) (string, error) {
	t.Helper()
	imp := importer.Import{Head: intake.Head{ID: id, At: at}, State: importer.StateReceived}
	first, err := s.Imports.Announce(t.Context(), imp, once.Change{
		Event: audit.Event{ID: id, At: at},
		Entry: once.Entry{Key: "me/k", BodyHash: body, Response: []byte("answer " + id), Expires: at.Add(time.Hour)},
	})
	return string(first), err
}

// announced returns the ids of all imports.
func announced(t *testing.T, s *dynamo.Table) (ids []string) {
	t.Helper()
	p, err := s.Imports.Imports(t.Context(), 100, "")
	must(t, err)
	for _, imp := range p.Items {
		ids = append(ids, imp.ID)
	}
	return ids
}

func TestR13_IdempotencyKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	first, err := announce(t, s, "1", "x", noon)
	must(t, err)
	equal(t, "first answer", first, "")
	again, err := announce(t, s, "2", "x", noon.Add(time.Hour))
	must(t, err)
	equal(t, "answer to the repetition", again, "answer 1")
	_, err = announce(t, s, "3", "y", noon)
	equal(t, "another body", errs.CodeOf(err), "idempotency_key_reused")
	equal(t, "imports", announced(t, s), []string{"1"})

	late, err := announce(t, s, "4", "y", noon.Add(time.Hour+time.Second)) // DynamoDB has not deleted it yet
	must(t, err)
	equal(t, "answer when the key is forgotten", late, "")
	equal(t, "imports", announced(t, s), []string{"4", "1"})
}

func TestR13_IdempotencyKeyUsedAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	var answers [8]string
	var g errgroup.Group
	for i := range answers {
		g.Go(func() (err error) {
			answers[i], err = announce(t, s, fmt.Sprint(i), "x", noon)
			return err
		})
	}
	must(t, g.Wait())
	stored := announced(t, s)
	equal(t, "imports", len(stored), 1)
	for i, answer := range answers {
		want := "answer " + stored[0]
		if fmt.Sprint(i) == stored[0] {
			want = ""
		}
		equal(t, fmt.Sprintf("answer to call %d", i), answer, want)
	}
}
