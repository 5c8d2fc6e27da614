package register

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/cursor"
	"trueup/internal/day"
	"trueup/internal/errs"
)

// A list read page by page, while 500 other agreements are added and deleted between any
// two pages, shows each agreement that exists throughout once, and none added after the
// first page.
func TestListsAreStableWhileOthersComeAndGo(t *testing.T) {
	t.Parallel()
	for _, by := range sorts[1:] {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("R2.10 by %s, descending %v", by, descending), func(t *testing.T) {
				t.Parallel()
				m := newModel(11)
				r := &Register{source: m}
				m.create(1000)
				m.sync(t, r)
				passing := m.agreements()[:500]
				q := agreement.Query{Sort: by, Descending: descending, Calendar: calendar, Limit: 70}
				var seen []string
				first := m.head.Position
				for {
					page := must(t, r, q, &m.head.Position)
					for _, a := range page.Items {
						if !m.born[a.ID].by(&first) {
							t.Fatalf("%s appeared, which was added after the first page", a.ID)
						}
						seen = append(seen, a.ID)
					}
					want := 0
					for id := range m.store {
						if m.born[id].by(&first) {
							want++
						}
					}
					if page.Totals.Agreements != want {
						t.Fatalf("%d agreements in the totals, want %d", page.Totals.Agreements, want)
					}
					if q.Cursor = page.Next; q.Cursor == "" {
						break
					}
					m.create(500)
					var deleted []Change
					for _, a := range passing[:min(40, len(passing))] {
						delete(m.store, a.ID)
						deleted = append(deleted, Change{ID: a.ID, Version: a.Version + 1})
					}
					passing = passing[len(deleted):]
					m.enter("", deleted...)
					m.sync(t, r)
					if len(seen)%140 == 0 { // every other page comes from a process that has just started
						r = restored(t, r)
					}
				}
				for id := range m.store {
					if n := count(seen, id); m.born[id].by(&first) && n != 1 {
						t.Errorf("%s was there throughout and appeared %d times", id, n)
					}
				}
				if slices.Sort(seen); len(slices.Compact(slices.Clone(seen))) != len(seen) {
					t.Error("an agreement appeared twice")
				}
			})
		}
	}
}

// cursorOf returns a cursor of a query with the given content.
func cursorOf(q agreement.Query, at any) string { return cursor.Encode(at, asked(q)...) }

func count(all []string, s string) (n int) {
	for _, have := range all {
		if have == s {
			n++
		}
	}
	return n
}

func TestCursorsBelongToTheirQuery(t *testing.T) {
	t.Parallel()
	m := newModel(3)
	r := &Register{source: m}
	m.create(100)
	m.sync(t, r)
	q := agreement.Query{Text: "f", Sort: agreement.SortEnd, Calendar: calendar, Limit: 2}
	q.Cursor = must(t, r, q, &m.head.Position).Next
	if q.Cursor == "" {
		t.Fatal("there is one page")
	}
	for name, change := range map[string]func(*agreement.Query){
		"group":       func(q *agreement.Query) { q.GroupID = "g1" },
		"type":        func(q *agreement.Query) { q.Type = agreement.TypeOther },
		"publisher":   func(q *agreement.Query) { q.Publisher = "Adobe" },
		"status":      func(q *agreement.Query) { q.Status = agreement.StatusActive },
		"validation":  func(q *agreement.Query) { q.Validation = agreement.ValidationValid },
		"ends before": func(q *agreement.Query) { q.EndsBefore = "2026-01-01" },
		"text":        func(q *agreement.Query) { q.Text = "ff" },
		"sort":        func(q *agreement.Query) { q.Sort = agreement.SortName },
		"direction":   func(q *agreement.Query) { q.Descending = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			change(&q)
			if _, err := decode(q); errs.CodeOf(err) != "cursor_invalid" {
				t.Errorf("got %v, want cursor_invalid", err)
			}
		})
	}
	for name, change := range map[string]func(*agreement.Query){
		"limit":    func(q *agreement.Query) { q.Limit = 200 },
		"calendar": func(q *agreement.Query) { q.Calendar = day.Window(30).At(noon.AddDate(0, 0, 1), time.UTC) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			change(&q)
			must(t, r, q, &m.head.Position)
		})
	}
}

func TestTheDefaultSortIsTheName(t *testing.T) {
	t.Parallel()
	m := newModel(5)
	r := &Register{source: m}
	m.create(20)
	m.sync(t, r)
	q := agreement.Query{Calendar: calendar, Limit: 7}
	q.Cursor = must(t, r, q, &m.head.Position).Next
	q.Sort = agreement.SortName
	must(t, r, q, &m.head.Position)
}

// A forged cursor is rejected, or answered according to its content.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	m := newModel(4)
	r := &Register{source: m}
	m.create(100)
	m.sync(t, r)
	now := m.head.Position
	other, later := now, now
	other[0].Seq, later[3].Seq = now[0].Seq+1, now[3].Seq+1
	q := agreement.Query{Sort: agreement.SortCreated, Calendar: calendar, Limit: 10}
	for name, c := range map[string]struct {
		at   any
		code string
	}{
		"moment before the journal":       {map[string]any{"m": -1, "i": "a"}, "cursor_invalid"},
		"moment to come":                  {position{Moment: moment{other}, ID: "a"}, "cursor_invalid"},
		"moment to come of a stripe":      {position{Moment: moment{later}, ID: "a"}, "cursor_invalid"},
		"moment of no journal":            {map[string]any{"m": "gA", "i": "a"}, "cursor_invalid"},
		"moment that is a fraction":       {map[string]any{"m": 1.5, "i": "a"}, "cursor_invalid"},
		"moment of another kind":          {map[string]any{"m": []int{1}, "i": "a"}, "cursor_invalid"},
		"moment of a release of 1 stripe": {map[string]any{"m": now[0].Seq, "i": "a"}, ""},
		"later moment of such a release":  {map[string]any{"m": now[0].Seq + 1, "i": "a"}, "cursor_invalid"},
		"no id":                           {position{Moment: moment{now}, Name: "a"}, "cursor_invalid"},
		"other fields":                    {map[string]int{"x": 1}, "cursor_invalid"},
		"no object":                       {[]int{1}, "cursor_invalid"},
		"wrong kind":                      {map[string]any{"m": now[0].Seq, "i": 7}, "cursor_invalid"},
		"a name as long as fits":          {position{Moment: moment{now}, ID: "a", Name: strings.Repeat("z", 2900)}, ""},
		"the end of time":                 {position{Moment: moment{now}, ID: "a", Created: 1<<63 - 1}, ""},
		"before time":                     {position{ID: "a", Created: -1 << 63}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			q.Cursor = cursorOf(q, c.at)
			from, err := decode(q)
			if err == nil {
				_, err = r.page(q, from, &now)
			}
			if errs.CodeOf(err) != c.code || c.code == "" && err != nil {
				t.Errorf("got %v, want code %q", err, c.code)
			}
		})
	}
}

func TestDamagedCursors(t *testing.T) {
	t.Parallel()
	m := newModel(4)
	r := &Register{source: m}
	m.create(300)
	m.sync(t, r)
	rng := rand.New(rand.NewPCG(8, 9))
	q := agreement.Query{Sort: agreement.SortPublisher, Calendar: calendar, Limit: 10}
	good := must(t, r, q, &m.head.Position).Next
	want := must(t, r, agreement.Query{Sort: q.Sort, Calendar: calendar, Limit: 10, Cursor: good}, &m.head.Position)
	for range 10_000 {
		bad := []byte(good)
		for range 1 + rng.IntN(3) {
			switch i := rng.IntN(len(bad)); rng.IntN(4) {
			case 0:
				bad[i] = byte(rng.Uint32())
			case 1:
				if bad = slices.Delete(bad, i, i+1); len(bad) == 0 {
					bad = []byte("A")
				}
			case 2:
				bad = slices.Insert(bad, i, "ABCabc019-_"[rng.IntN(11)])
			case 3:
				bad = bad[:i+1]
			}
		}
		q.Cursor = string(bad)
		from, err := decode(q)
		switch {
		case err == nil && q.Cursor == good: // mutated back
			if page := must(t, r, q, &m.head.Position); page.Items[0].ID != want.Items[0].ID {
				t.Fatal("another page")
			}
		case errs.CodeOf(err) != "cursor_invalid" || errs.KindOf(err) != errs.Invalid:
			t.Fatalf("%q: %v, %v; want cursor_invalid", q.Cursor, from, err)
		}
	}
}

// The longest name and publisher that the rules allow, in the letters that take the most
// space, still make a cursor that is accepted.
func TestTheLongestCursor(t *testing.T) {
	t.Parallel()
	store := memory{}
	var changes []Change
	for i := range 3 {
		a := agreement.Agreement{
			ID: fmt.Sprint("20260601T0000000000-abcdefghij", i), Type: agreement.TypeOther, Name: strings.Repeat("ᾂ", agreement.NameMaxChars-1) + fmt.Sprint(i),
			Terms: agreement.Terms{Publisher: strings.Repeat("&", 256)},
		}
		store[a.ID] = a
		changes = append(changes, Change{ID: a.ID, Version: 1})
	}
	m := newModel(0)
	m.head.Position[1].Seq = 1
	r := &Register{source: store}
	enter(t, r, m.head, Body(changes, ""))
	q := agreement.Query{Sort: agreement.SortPublisher, Limit: 1}
	q.Cursor = must(t, r, q, &m.head.Position).Next
	if page := must(t, r, q, &m.head.Position); len(page.Items) != 1 || page.Items[0].ID[len(page.Items[0].ID)-1] != '1' {
		t.Errorf("the second page is %v", page.Items)
	}
}

// Folded, long names can be three times as long, and a cursor has two of them. The next
// page can still be requested.
func TestCursorsOfLongNamesAreShortEnough(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ name, publisher string }{
		"letters that are composed of two": {"\u0958", "\u0958"},
		"signs of three":                   {"\U0001d160", "\U0001d160"},
		"what JSON escapes":                {"\U0001d160", "&"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModel(5)
			r := &Register{source: m}
			var added []Change
			for i := range 3 {
				a := agreement.Agreement{ID: fmt.Sprintf("%026d", i), Type: agreement.TypeOther, Name: strings.Repeat(of.name, agreement.TitleMaxChars-i), Version: 1}
				a.Terms = agreement.Terms{Publisher: strings.Repeat(of.publisher, agreement.TitleMaxChars), ProductTitle: "Title", Licenses: 1}
				m.store[a.ID] = a
				added = append(added, Change{ID: a.ID, Version: 1})
			}
			m.enter("", added...)
			m.sync(t, r)
			q := agreement.Query{Sort: agreement.SortPublisher, Calendar: calendar, Limit: 1}
			for _, want := range []int{2, 1, 0} { // the shortest name first
				page := must(t, r, q, &m.head.Position)
				if len(page.Items) != 1 || page.Items[0].ID != fmt.Sprintf("%026d", want) {
					t.Fatalf("%d agreements, want the one %d", len(page.Items), want)
				}
				if q.Cursor = page.Next; len(q.Cursor) > cursor.MaxChars {
					t.Fatalf("a cursor of %d characters", len(q.Cursor))
				}
			}
		})
	}
}
