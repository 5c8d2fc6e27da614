package dynamo_test

import (
	"fmt"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/once"
)

func TestSPEC12_Events(t *testing.T) {
	t.Parallel()
	s := open(t)
	var all []string // newest first
	for i := range 9 {
		at := noon.Add(time.Duration(i) * 10 * time.Hour) // over four days
		made := id.New(at, "event")
		event := audit.Event{ID: made, At: at, By: fmt.Sprint("admin", i%2), ByName: fmt.Sprint("Admin ", i%2), Role: "global-admin", Action: "group.created", RequestID: "r", Source: audit.SourceAPI}
		_, err := s.Groups.CreateGroup(t.Context(), group.Group{ID: made, Name: made, CreatedAt: at, Version: 1}, once.Change{Event: event})
		must(t, err)
		all = append([]string{made}, all...)
	}
	list := func(q audit.Query) []string {
		t.Helper()
		if q.To.IsZero() {
			q.To = noon.Add(1000 * time.Hour)
		}
		if q.From.IsZero() {
			q.From = noon.Add(-1000 * time.Hour)
		}
		q.Limit = 2
		got := []string{}
		for {
			p, err := s.Audit.Events(t.Context(), q)
			must(t, err)
			if len(p.Items) > q.Limit {
				t.Fatalf("a page of %d", len(p.Items))
			}
			for _, e := range p.Items {
				got = append(got, e.ID)
			}
			if q.Cursor = p.Next; q.Cursor == "" {
				return got
			}
		}
	}
	equal(t, "all", list(audit.Query{}), all)
	equal(t, "by", list(audit.Query{By: "admin1"}), []string{all[1], all[3], all[5], all[7]})
	equal(t, "by a name", list(audit.Query{By: "Admin 1"}), []string{})
	equal(t, "by name", list(audit.Query{ByName: "Admin 1"}), []string{all[1], all[3], all[5], all[7]})
	equal(t, "by name of an id", list(audit.Query{ByName: "admin1"}), []string{})
	equal(t, "by id and name", list(audit.Query{By: "admin0", ByName: "Admin 0"}), []string{all[0], all[2], all[4], all[6], all[8]})
	equal(t, "by id and the name of another", list(audit.Query{By: "admin0", ByName: "Admin 1"}), []string{})
	equal(t, "subject", list(audit.Query{Subject: "group/" + all[4]}), all[4:5])
	equal(t, "action", list(audit.Query{Action: "group.deleted"}), []string{})
	equal(t, "from inclusive, to exclusive", list(audit.Query{From: noon.Add(20 * time.Hour), To: noon.Add(50 * time.Hour)}), all[4:7])

	q := audit.Query{From: noon, To: noon.Add(1000 * time.Hour), Limit: 100}
	p, err := s.Audit.Events(t.Context(), q)
	must(t, err)
	for p.Next != "" { // forty days are more than one call reads
		q.Cursor = p.Next
		more, err := s.Audit.Events(t.Context(), q)
		must(t, err)
		more.Items = append(p.Items, more.Items...)
		p = more
	}
	equal(t, "one event", p.Items[len(p.Items)-1], audit.Event{
		ID: all[8], At: noon, By: "admin0", ByName: "Admin 0", Role: "global-admin", Action: "group.created", Subject: "group/" + all[8],
		After: map[string]string{"name": all[8]}, RequestID: "r", Source: audit.SourceAPI,
	})
	for name, other := range map[string]audit.Query{
		"id": {By: "somebody else"}, "name": {ByName: "Somebody"}, "action": {Action: "x"}, "subject": {Subject: "x"},
	} {
		other.From, other.To, other.Limit = noon, noon.Add(1000*time.Hour), 2
		first, err := s.Audit.Events(t.Context(), audit.Query{From: other.From, To: other.To, Limit: 2})
		must(t, err)
		other.Cursor = first.Next
		_, err = s.Audit.Events(t.Context(), other)
		equal(t, "a cursor of another "+name, errs.CodeOf(err), "cursor_invalid")
	}
}
