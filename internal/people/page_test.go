package people

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

// A list read page by page, while other users are created, deleted and change between any two pages,
// has each user that exists throughout exactly once, if the values of its sort key stay.
func TestListsAreStableWhileOthersComeAndGo(t *testing.T) {
	t.Parallel()
	for _, by := range subscription.Sorts {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("by %s, descending %v", by, descending), func(t *testing.T) {
				t.Parallel()
				m := newModel(11)
				r := &Register{source: m}
				m.create(1000)
				m.deliver(t, r, true)
				stays := map[string]bool{}
				for id, u := range m.store {
					stays[id] = u.ID[0] != 'a'
				}
				q := subscription.Query{Sort: by, Descending: descending, Limit: 70, Now: m.now}
				seen := map[string]int{}
				for pages := 0; ; pages++ {
					page := must(t, r, q)
					for _, u := range page.Items {
						seen[u.ID]++
					}
					if q.Cursor = page.Next; q.Cursor == "" {
						break
					}
					m.create(20)
					for id, u := range m.store {
						if stays[id] {
							u.Department, u.Licenses = "changed", map[string]subscription.Grant{"e3": m.grant()}
							u.Disabled = !u.Disabled
						} else {
							m.fill(&u)
							if m.rng.IntN(20) == 0 {
								u.DeletedAt = m.now
							}
						}
						if m.rng.IntN(4) == 0 {
							m.put(u)
						}
					}
					m.deliver(t, r, true)
					if pages%2 == 0 { // the next page comes from a process that has just started
						r = restored(t, r)
					}
				}
				for id, stays := range stays {
					if n := seen[id]; stays && n != 1 {
						t.Errorf("%s was there throughout and appeared %d times", id, n)
					}
				}
			})
		}
	}
}

// cursorOf returns a cursor of a query with the given content.
func cursorOf(q subscription.Query, at any) string { return cursor.Encode(at, asked(q)...) }

func TestCursorsBelongToTheirQuery(t *testing.T) {
	t.Parallel()
	m := newModel(3)
	r := &Register{source: m}
	m.create(100)
	m.deliver(t, r, true)
	q := subscription.Query{Text: "a", Sort: subscription.SortSeen, InConflict: []string{"e3", "e5"}, Now: m.now, Limit: 2}
	q.Cursor = must(t, r, q).Next
	if q.Cursor == "" {
		t.Fatal("there is one page")
	}
	for name, change := range map[string]func(*subscription.Query){
		"text":         func(q *subscription.Query) { q.Text = "b" },
		"subscription": func(q *subscription.Query) { q.Subscription = "e3" },
		"without":      func(q *subscription.Query) { q.Without = "e3" },
		"licensed":     func(q *subscription.Query) { q.Licensed = new(false) },
		"location":     func(q *subscription.Query) { q.Location = "BE" },
		"department":   func(q *subscription.Query) { q.Department = "Sales" },
		"enabled":      func(q *subscription.Query) { q.Enabled = new(true) },
		"type":         func(q *subscription.Query) { q.Type = subscription.Guest },
		"inactive":     func(q *subscription.Query) { q.InactiveDays = 30 },
		"conflict":     func(q *subscription.Query) { q.InConflict = nil },
		"deleted":      func(q *subscription.Query) { q.Deleted = true },
		"sort":         func(q *subscription.Query) { q.Sort = subscription.SortName },
		"direction":    func(q *subscription.Query) { q.Descending = true },
		"two texts":    func(q *subscription.Query) { q.Text, q.Subscription = "", "a" },
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
	for name, change := range map[string]func(*subscription.Query){
		"limit":                  func(q *subscription.Query) { q.Limit = 200 },
		"the moment":             func(q *subscription.Query) { q.Now = q.Now.AddDate(0, 0, 1) },
		"the conflicts that are": func(q *subscription.Query) { q.InConflict = []string{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			change(&q)
			must(t, r, q)
		})
	}
	byName := subscription.Query{Now: m.now, Limit: 7}
	byName.Cursor = must(t, r, byName).Next
	byName.Sort = subscription.SortName // the default
	must(t, r, byName)
}

// A forged cursor is rejected, or answered according to its content.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	m := newModel(4)
	r := &Register{source: m}
	m.create(100)
	m.deliver(t, r, true)
	q := subscription.Query{Sort: subscription.SortCreated, Now: m.now, Limit: 10}
	for name, c := range map[string]struct {
		at   any
		code string
	}{
		"no id":                  {position{Name: "a"}, "cursor_invalid"},
		"other fields":           {map[string]int{"x": 1}, "cursor_invalid"},
		"no object":              {[]int{1}, "cursor_invalid"},
		"wrong kind":             {map[string]any{"i": 7}, "cursor_invalid"},
		"a fraction":             {map[string]any{"i": "a", "c": 1.5}, "cursor_invalid"},
		"a name as long as fits": {position{ID: "a", Name: strings.Repeat("z", 2900)}, ""},
		"the end of time":        {position{ID: "a", Created: 1<<63 - 1}, ""},
		"before time":            {position{ID: "a", Created: -1 << 63}, ""},
		"of another sort":        {position{ID: "a", UPN: "a@example.org"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			q.Cursor = cursorOf(q, c.at)
			after, err := decode(q)
			if err == nil {
				r.table.page(q, after)
			}
			if errs.CodeOf(err) != c.code || c.code == "" && err != nil {
				t.Errorf("got %v, want code %q", err, c.code)
			}
		})
	}
}

// FuzzCursor reads pages with cursors of any content.
func FuzzCursor(f *testing.F) {
	m := newModel(4)
	r := &Register{source: m}
	m.create(50)
	m.deliver(f, r, true)
	for _, by := range subscription.Sorts {
		q := subscription.Query{Sort: by, Now: m.now, Limit: 10}
		f.Add(must(f, r, q).Next, string(by), false)
	}
	f.Add("", "", true)
	f.Add("AAAA", "createdAt", true)
	f.Fuzz(func(t *testing.T, text, by string, descending bool) {
		q := subscription.Query{Sort: subscription.Sort(by), Descending: descending, Now: m.now, Limit: 10, Cursor: text}
		after, err := decode(q)
		switch {
		case err == nil:
			r.table.page(q, after)
		case errs.CodeOf(err) != "cursor_invalid" || errs.KindOf(err) != errs.Invalid:
			t.Fatalf("%q: %v; want cursor_invalid", text, err)
		}
	})
}

func TestDamagedCursors(t *testing.T) {
	t.Parallel()
	m := newModel(4)
	r := &Register{source: m}
	m.create(300)
	m.deliver(t, r, true)
	rng := rand.New(rand.NewPCG(8, 9))
	q := subscription.Query{Sort: subscription.SortUPN, Now: m.now, Limit: 10}
	good := must(t, r, q).Next
	for range 10_000 {
		bad := []byte(good)
		switch i := rng.IntN(len(bad)); rng.IntN(4) {
		case 0:
			bad[i] = byte(rng.Uint32())
		case 1:
			bad = slices.Delete(bad, i, i+1)
		case 2:
			bad = slices.Insert(bad, i, "ABCabc019-_"[rng.IntN(11)])
		case 3:
			bad = bad[:i+1]
		}
		q.Cursor = string(bad)
		if _, err := decode(q); q.Cursor != good && errs.CodeOf(err) != "cursor_invalid" {
			t.Fatalf("%q: %v; want cursor_invalid", q.Cursor, err)
		}
	}
}

// Folded, long names can be three times as long, and JSON escapes some characters. The next page can
// still be requested.
func TestCursorsOfLongNamesAreShortEnough(t *testing.T) {
	t.Parallel()
	for name, letter := range map[string]string{"composed of two": "\u0958", "of three": "\U0001d160", "escaped": "&"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModel(5)
			r := &Register{source: m}
			for i := range 3 {
				u := subscription.User{ID: fmt.Sprintf("%026d", i), Name: strings.Repeat(letter, subscription.NameMaxChars-i), Type: subscription.Member}
				u.UPN = strings.Repeat(letter, subscription.UPNMaxChars-len("@example.org")-i) + "@example.org"
				m.put(u)
			}
			m.deliver(t, r, true)
			for _, by := range subscription.Sorts {
				q := subscription.Query{Sort: by, Now: m.now, Limit: 1}
				seen := map[string]bool{}
				for range 3 {
					page := must(t, r, q)
					if len(page.Items) != 1 || seen[page.Items[0].ID] {
						t.Fatalf("by %s: %d users", by, len(page.Items))
					}
					seen[page.Items[0].ID] = true
					if q.Cursor = page.Next; len(q.Cursor) > cursor.MaxChars {
						t.Fatalf("by %s: a cursor of %d characters", by, len(q.Cursor))
					}
				}
			}
		})
	}
}

// Users are sorted and found without regard to case and accents, and a page of no users is a page.
func TestR9_7_NamesWithAccents(t *testing.T) {
	t.Parallel()
	m := newModel(1)
	r := &Register{source: m}
	for _, name := range []string{"Zoë", "emma", "Élodie", "Ïris", "Anna"} {
		m.put(subscription.User{ID: name, Name: name, UPN: strings.ToLower(name) + "@example.org", Department: "Comptabilité"})
	}
	m.deliver(t, r, true)
	names := func(q subscription.Query) (names []string) {
		q.Limit = 9
		page := must(t, r, q)
		if page.Items == nil || page.Totals.Users != len(page.Items) {
			t.Errorf("%+v", page)
		}
		for _, u := range page.Items {
			names = append(names, u.Name)
		}
		return names
	}
	for name, c := range map[string]struct {
		query subscription.Query
		want  string
	}{
		"all":                 {subscription.Query{}, "Anna Élodie emma Ïris Zoë"},
		"last first":          {subscription.Query{Descending: true}, "Zoë Ïris emma Élodie Anna"},
		"without accents":     {subscription.Query{Text: "elo"}, "Élodie"},
		"with another accent": {subscription.Query{Text: "ÌRIS"}, "Ïris"},
		"name sign":           {subscription.Query{Text: "e@EXAMPLE"}, "Élodie Zoë"},
		"department":          {subscription.Query{Text: "PTABILITE"}, "Anna Élodie emma Ïris Zoë"},
		"of a department":     {subscription.Query{Department: "comptabilite"}, "Anna Élodie emma Ïris Zoë"},
		"part of it":          {subscription.Query{Department: "compta"}, ""},
		"across two fields":   {subscription.Query{Text: "anna\x00anna"}, ""},
		"nobody":              {subscription.Query{Text: "bob"}, ""},
	} {
		if got := strings.Join(names(c.query), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
