package httpapi

import (
	"context"
	"testing"
	"testing/synctest"

	"trueup/internal/errs"
)

func TestR2_12_IfMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header string
		want   bool // whether version 3 may be changed
	}{
		{"", true},
		{"*", true},
		{`"3-en"`, true},
		{`"3-nl"`, true},
		{`"3.17-en"`, true},
		{`"3"`, true},
		{`"2-en", "3-en"`, true},
		{`"2-en","x" ,"3.0-fr"`, true},
		{`W/"3-en"`, false},
		{`"2-en"`, false},
		{`"33-en"`, false},
		{`"-3"`, false},
		{`"03-en"`, false},
		{`""`, false},
		{`"3 -en"`, false},
		{`3-en`, false},
	} {
		if got := (Revision{IfMatch: test.header}).Allows(3); got != test.want {
			t.Errorf("If-Match: %s allows version 3: %v", test.header, got)
		}
	}
}

// TestRevise: without a precondition a change is retried after concurrent changes, a bounded
// number of times; with one it is never retried.
func TestRevise(t *testing.T) {
	t.Parallel()
	stale := errs.New(errs.Stale, "version_stale")
	for _, test := range []struct {
		name   string
		header string
		lost   int // writes that lose against a concurrent change
		want   string
		writes int
	}{
		{"nobody else", "", 0, "", 1},
		{"others", "", 3, "", 4},
		{"others, with the star", "*", 3, "", 4},
		{"others without end", "", revising.Attempts + 1, "try_again", revising.Attempts},
		{"others, with a version", `"1-en"`, 3, "version_stale", 1},
		{"another version", `"2-en"`, 0, "version_stale", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				writes := 0
				err := Revise(t.Context(), Revision{test.header}, func() (int, int64, error) { return 7, 1, nil }, func(v int) error {
					writes++
					if v != 7 {
						t.Errorf("wrote %d", v)
					}
					if writes <= test.lost {
						return stale
					}
					return nil
				})
				if errs.CodeOf(err) != test.want || writes != test.writes {
					t.Errorf("%v after %d writes", err, writes)
				}
			})
		})
	}
	t.Run("the caller is gone", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		err := Revise(ctx, Revision{}, func() (int, int64, error) { return 0, 1, nil }, func(int) error {
			cancel()
			return stale
		})
		if err == nil || ctx.Err() == nil {
			t.Errorf("%v", err)
		}
	})
}
