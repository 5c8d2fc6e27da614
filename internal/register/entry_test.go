package register

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/journal"
)

// failing is a Source that is unavailable.
type failing struct{}

func (failing) Owned(context.Context, []PairRef) (map[PairRef]bool, error) {
	return nil, errors.New("no answer")
}

func (f failing) Walk() Walk { return f }

func (failing) Next(context.Context) ([]agreement.Agreement, []PairRef, bool, error) {
	return nil, nil, false, errors.New("no answer")
}

func (failing) AgreementsByID(context.Context, []string) (map[string]agreement.Agreement, error) {
	return nil, errors.New("no answer")
}

func TestEntriesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes []Change
		group   string
		body    string
	}{
		"nothing":         {},
		"changed":         {[]Change{{ID: "one", Version: 7}}, "", "a one =7\n"},
		"R2.4 pairs":      {[]Change{{ID: "one", Version: 2, Added: []agreement.PairKey{"A+B", "1+1"}, Removed: []agreement.PairKey{"C+D"}}}, "", "a one =2 +A+B +1+1 -C+D\n"},
		"several":         {[]Change{{ID: "one", Version: 1, Added: []agreement.PairKey{"A+B"}}, {ID: "two", Version: 1}}, "", "a one =1 +A+B\na two =1\n"},
		"R4.3 deleted":    {nil, "sales", "g sales\n"},
		"both in one":     {[]Change{{ID: "one", Version: 1}}, "sales", "a one =1\ng sales\n"},
		"the same twice":  {[]Change{{ID: "one", Version: 1}, {ID: "one", Version: 2}}, "", "a one =1\na one =2\n"},
		"removed, put in": {[]Change{{ID: "x", Version: 3, Removed: []agreement.PairKey{"A+B"}}, {ID: "x", Version: 4, Added: []agreement.PairKey{"A+B"}}}, "", "a x =3 -A+B\na x =4 +A+B\n"},
		"no version":      {[]Change{{ID: "x", Added: []agreement.PairKey{"A+B"}}}, "", "a x =0 +A+B\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := Body(c.changes, c.group)
			if diff := cmp.Diff(c.body, body); diff != "" {
				t.Error(diff)
			}
			changes, group, err := parse(body)
			if err != nil || group != c.group {
				t.Errorf("group %q, %v; want %q", group, err, c.group)
			}
			if diff := cmp.Diff(c.changes, changes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"another kind":        "x one\n",
		"an empty line":       "a one\n\n",
		"a pair without sign": "a one A+B\n",
		"a sign alone":        "a one +\n",
		"no id":               "a\n",
		"no version":          "a one =\n",
		"a negative version":  "a one =-1\n",
		"a version twice":     "a one =1 =2\n",
		"a version too late":  "a one +A+B =1\n",
		"an empty id":         "a  +A+B\n",
		"no group":            "g\n",
		"two groups":          "g one\ng two\n",
		"words after a group": "g one two\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if changes, group, err := parse(body); err == nil {
				t.Errorf("%q is accepted as %v and %q", body, changes, group)
			}
		})
	}
}

// Entries of releases that wrote no version can be read (R16.6).
func TestR16_6_EntriesWithoutVersionsAreRead(t *testing.T) {
	t.Parallel()
	changes, group, err := parse("a one\na two +A+B +1+1 -C+D\ng sales\n")
	want := []Change{{ID: "one"}, {ID: "two", Added: []agreement.PairKey{"A+B", "1+1"}, Removed: []agreement.PairKey{"C+D"}}}
	if diff := cmp.Diff(want, changes); diff != "" || group != "sales" || err != nil {
		t.Errorf("group %q, %v %s", group, err, diff)
	}
}

// The entry of the largest import fits an item of the table (R3.3): 5,000
// agreements with one pair of the longest numbers each.
func TestTheLargestImportIsOneEntry(t *testing.T) {
	t.Parallel()
	var changes []Change
	for i := range pairfile.MaxRows {
		number := fmt.Sprintf("%0*d", agreement.PairMaxCharsHighest/2, i)
		changes = append(changes, Change{
			ID: strings.Repeat("x", 26), Version: 1_000_000,
			Added: []agreement.PairKey{agreement.Pair{Authorization: number, License: number}.Key()},
		})
	}
	if n := len(Body(changes, "")); n > journal.MaxBody {
		t.Errorf("%d bytes, at most %d", n, journal.MaxBody)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a one +A+B -C+D\na two\ng sales\n")
	f.Add("g \na ")
	f.Fuzz(func(t *testing.T, body string) {
		changes, group, err := parse(body)
		if err != nil {
			return
		}
		again, groupAgain, err := parse(Body(changes, group))
		if err != nil || group != groupAgain {
			t.Fatalf("%q: group %q, then %q, %v", body, group, groupAgain, err)
		}
		if len(again) != len(changes) {
			t.Fatalf("%q: %v, then %v", body, changes, again)
		}
		for i := range changes {
			if diff := cmp.Diff(changes[i], again[i]); diff != "" {
				t.Fatalf("%q: %s", body, diff)
			}
		}
	})
}
