package journal_test

import (
	"bytes"
	"strings"
	"testing"

	"trueup/internal/journal"
)

const firstKey = "copies/agreements"

// A copy of a release without stripes is read until this release has saved one, if its
// weight is the one recorded in the head.
func TestR16_6_CopiesOfTheFirstFormat(t *testing.T) {
	t.Parallel()
	const two = savedLines + `[["one","two"]]`
	for name, c := range map[string]struct {
		firstSaved int64
		object     []byte
		prepare    func(*testing.T, *stand)
		reads      [][3]int64
		warned     string
	}{
		"is read":      {7, journal.FirstCopy(2, 7, two), nil, [][3]int64{{0, 2, 3}, {4, 0, 1}}, ""},
		"is gone":      {7, nil, nil, [][3]int64{{0, 0, 3}, {4, 0, 1}}, "not found"},
		"is not named": {0, journal.FirstCopy(2, 7, two), nil, [][3]int64{{0, 0, 3}, {4, 0, 1}}, ""},
		"is of another branch, which is shorter": {
			7, journal.FirstCopy(2, 8, savedLines+`[["one","lost"]]`), nil, [][3]int64{{0, 0, 3}, {4, 0, 1}}, "entries that the journal does not have",
		},
		"is of another branch, which is longer": {
			7, journal.FirstCopy(4, 7, two), nil, [][3]int64{{0, 0, 3}, {4, 0, 1}}, "entries that the journal does not have",
		},
		"was saved since the head was read": {5, journal.FirstCopy(2, 7, two), func(_ *testing.T, s *stand) {
			s.log.onHead = func() {
				s.log.onHead, s.log.rest.FirstSaved = nil, 7
			}
		}, [][3]int64{{0, 2, 3}, {4, 0, 1}}, ""},
		"is damaged": {
			7, bytes.Replace(journal.FirstCopy(2, 7, two), []byte("two"), []byte("too"), 1), nil, [][3]int64{{0, 0, 3}, {4, 0, 1}}, "checksum",
		},
		"is older than one of this release": {7, journal.FirstCopy(2, 7, two), func(t *testing.T, s *stand) { s.save(t) }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand("one", "two", "three")
			for i := range s.log.stripes[0] { // as that release appended them
				s.log.stripes[0][i].Prev, s.log.stripes[0][i].Tip = "", ""
			}
			s.log.addTo(4, "four", 1)
			s.log.rest.FirstSaved = c.firstSaved
			if c.object != nil {
				s.files.objects[firstKey] = c.object
			}
			if c.prepare != nil {
				c.prepare(t, s)
			}
			s.want(t, s.replica(), "one two three four", c.reads...)
			if got := s.warned.String(); !strings.Contains(got, c.warned) || c.warned == "" && got != "" {
				t.Errorf("warned %q, want %q", got, c.warned)
			}
		})
	}
}

// The checksum covers every bit of a copy of the first format too.
func TestEveryBitOfAFirstCopyCounts(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two", "three")
	s.log.rest.FirstSaved = 3
	good := journal.FirstCopy(3, 3, savedLines+`[["one","two","three"]]`)
	s.files.objects[firstKey] = good
	s.want(t, s.replica(), "one two three")
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		s.files.objects[firstKey] = bad
		s.want(t, s.replica(), "one two three", [3]int64{0, 0, 3})
	}
}
