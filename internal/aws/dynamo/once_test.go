package dynamo_test

import (
	"testing"
	"time"

	"trueup/internal/errs"
	"trueup/internal/once"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	entry := once.Entry{Key: "someone/k", BodyHash: "b", Response: []byte("answer"), Expires: noon.Add(time.Hour)}
	first := func(e once.Entry, now time.Time) string {
		t.Helper()
		got, err := s.Idempotency.First(t.Context(), e, now)
		if err != nil {
			return errs.CodeOf(err)
		}
		return string(got)
	}
	remember := func(e once.Entry, now time.Time) string {
		t.Helper()
		got, err := s.Idempotency.Remember(t.Context(), e, now)
		if err != nil {
			return errs.CodeOf(err)
		}
		return string(got)
	}
	second, other := entry, entry
	second.Response, other.BodyHash = []byte("second answer"), "other"

	equal(t, "nothing yet", first(entry, noon), "")
	equal(t, "remembered", remember(entry, noon), "")
	equal(t, "the first answer", first(second, noon), "answer")
	equal(t, "somebody was first", remember(second, noon), "answer")
	equal(t, "another body", first(other, noon), "idempotency_key_reused")
	equal(t, "another body, remembered", remember(other, noon), "idempotency_key_reused")
	late := noon.Add(2 * time.Hour)
	equal(t, "expired", first(other, late), "")
	other.Expires = late.Add(time.Hour)
	equal(t, "an expired key is free", remember(other, late), "")
	equal(t, "its answer", first(other, late), "answer")
	equal(t, "no key remembers nothing", remember(once.Entry{}, noon)+first(once.Entry{}, noon), "")
}
