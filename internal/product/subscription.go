package product

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"trueup/internal/text"
)

// Subscription is a subscription of Microsoft's list "Product names and service plan identifiers for
// licensing".
type Subscription struct {
	Name     string    // Product_Display_Name: Microsoft 365 E3
	ID       string    // String_Id: SPE_E3; may be empty
	Includes []string  // the software on a PC: ids of rows, sorted
	Listed   time.Time // when the list was put
}

// ListPublisher is the name of the publisher of every subscription of the list.
const ListPublisher = "Microsoft"

// onPC is the service plans that are software on a PC, by name and by id, and the row of that software.
// A plan for a government or for unattended use has another id, and the name of the usual plan with
// more behind it: OFFICESUBSCRIPTION_GOV.
var onPC = []struct{ name, id, row string }{
	{"OFFICESUBSCRIPTION", "43de0ff5-c92c-492b-9116-175376d08c38", "microsoft-365-apps-enterprise"},
	{"OFFICE_PROPLUS_DEVICE", "3c994f28-87d5-4273-b07a-eb6190852599", "microsoft-365-apps-enterprise"},
	{"OFFICE_BUSINESS", "094e7854-93fc-4d55-b2c0-3ab5369ebdc1", "microsoft-365-apps-business"},
	{"OFFICE_PRO_PLUS_SUBSCRIPTION_SMBIZ", "8ca59559-e2ca-470b-b7dd-afd8c0dee963", "microsoft-365-apps-business"},
	{"PROJECT_CLIENT_SUBSCRIPTION", "fafd7243-e5c1-4a3a-9e40-495efcb1d3c3", "microsoft-project-plan-3"},
	{"VISIO_CLIENT_SUBSCRIPTION", "663a804f-1c30-4ff0-9915-9db84f0d1cea", "microsoft-visio-plan-2"},
	{"WIN10_PRO_ENT_SUB", "21b439ba-a0ca-424f-a6cc-52f954a5b111", "microsoft-windows-enterprise"},
	{"WIN10_ENT_LOC", "e041597c-9c7f-4ed9-99b0-2663301576f7", "microsoft-windows-enterprise"},
	{"Virtualization Rights for Windows 10", "e7c91390-7625-45be-94e0-e16907e03118", "microsoft-windows-enterprise"},
	{"WINBIZ", "8e229017-d77b-43d5-9305-903395523b99", "microsoft-windows-business"},
}

// OnPC returns the id of the row of the software that a service plan puts on a PC, by the plan's name
// (Service_Plan_Name) or id (Service_Plan_Id). ok is false for an online service.
func OnPC(name, id string) (row string, ok bool) {
	name, id = text.Fold(name), text.Fold(id)
	for _, plan := range onPC {
		rest, found := strings.CutPrefix(name, text.Fold(plan.name))
		if id == plan.id || found && (rest == "" || rest[0] == '_' || rest[0] == ' ') {
			return plan.row, true
		}
	}
	return "", false
}

// With returns the dictionary with the subscriptions of Microsoft's list. The dictionary's own rows
// win: a name that they have keeps its meaning. If a row has one of the names of a subscription, the
// others become names of that row; else the subscription becomes a row, which is licensed by user and
// includes the software on a PC.
//
// Subscriptions with a common name are one row. It includes what every subscription
// of that name in the newest list includes. The order of the list does not matter.
func (d *Dictionary) With(list []Subscription) *Dictionary {
	if len(list) == 0 || d.publisher(ListPublisher) < 0 {
		return d
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Subscription) int {
		if c := b.Listed.Compare(a.Listed); c != 0 {
			return c
		}
		return slices.Compare([]string{a.Name, a.ID}, []string{b.Name, b.ID})
	})
	l := listing{base: d, rows: slices.Clone(d.Rows), added: map[string]paper{}}
	var others []*Subscription
	for i := range list {
		if known, ok := first(list[i].names(), l.inDictionary); ok {
			l.addNames(&list[i], known)
		} else {
			others = append(others, &list[i])
		}
	}
	for _, s := range others {
		l.add(s)
	}
	return l.dictionary(digestOf(list))
}

func digestOf(list []Subscription) string {
	sum := sha256.New()
	for _, s := range list {
		fmt.Fprintf(sum, "%q %q %q %d\n", s.Name, s.ID, s.Includes, s.Listed.UnixMilli())
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// listing adds subscriptions to the rows of a dictionary.
type listing struct {
	base  *Dictionary
	rows  []Row            // of the dictionary, then new ones
	added map[string]paper // by the normal form of names that the dictionary does not have
}

// add adds a subscription of which the dictionary has no name.
func (l *listing) add(s *Subscription) {
	known, ok := first(s.names(), l.find)
	switch {
	case !ok && l.isTaken(s.Name):
		return
	case !ok:
		known.row = len(l.rows)
		l.rows = append(l.rows, s.row())
	case known.row >= len(l.base.Rows) && l.rows[known.row].Listed.Equal(s.Listed):
		row := &l.rows[known.row]
		row.Includes = slices.DeleteFunc(slices.Clone(row.Includes), func(id string) bool { return !slices.Contains(s.Includes, id) })
	}
	l.addNames(s, known)
}

// addNames gives a row the names of a subscription that are not known yet.
func (l *listing) addNames(s *Subscription, known paper) {
	row := &l.rows[known.row]
	for _, name := range s.names() {
		if _, ok := l.find(name); ok {
			continue
		}
		l.added[Stem(text.Fold(name))] = known
		if !strings.ContainsAny(name, "[]{}") { // they would be alternatives, see Row.Names
			row.Paper = append(slices.Clip(row.Paper), Paper{Name: text.Fold(name), Version: known.version})
		}
	}
}

// first returns the row of the first of the names that find knows.
func first(names []string, find func(name string) (paper, bool)) (known paper, ok bool) {
	for _, name := range names {
		if known, ok = find(name); ok {
			return known, true
		}
	}
	return paper{}, false
}

func (l *listing) inDictionary(name string) (known paper, ok bool) {
	// Not by its words: an id such as OFFICEBASIC would be taken for a row that it is not.
	m, ok := l.base.exactly(ListPublisher, name, "")
	if !ok {
		return paper{}, false
	}
	return paper{l.base.rows[m.Row.ID], m.Product.Version}, true
}

func (l *listing) find(name string) (known paper, ok bool) {
	if known, ok = l.inDictionary(name); !ok {
		known, ok = l.added[Stem(text.Fold(name))]
	}
	return known, ok
}

// isTaken reports whether a row that has no licences, such as a free program, has the name.
func (l *listing) isTaken(name string) bool {
	_, ok := l.base.own(Product{Publisher: ListPublisher, Family: name})
	return ok
}

func (l *listing) dictionary(digest string) *Dictionary {
	d := l.base
	with := &Dictionary{
		Data: Data{Publishers: d.Publishers, Rows: l.rows, Rules: d.Rules}, ID: d.ID + "+" + digest,
		publishers: d.publishers, rows: maps.Clone(d.rows), rules: d.rules, byWord: d.byWord, papers: slices.Clone(d.papers),
	}
	by := d.publisher(ListPublisher)
	all := &papers{rows: slices.Clone(d.papersOf(by).rows)}
	for i := len(d.Rows); i < len(l.rows); i++ {
		with.rows[l.rows[i].ID] = i
		all.rows = append(all.rows, i)
	}
	with.papers[by+1] = all
	return with
}

// row returns a new row. Its id has a space, which no id of the data files has.
func (s *Subscription) row() Row {
	name := text.Collapse(s.Name)
	return Row{
		ID: "listed " + Stem(text.Fold(name)), Publisher: ListPublisher, Family: name, Kind: KindProduct, Metric: MetricUser, Scheme: SchemeNone,
		Includes: s.Includes, Listed: s.Listed,
	}
}

// names returns the names of the subscription on paper: its name, also without the publisher, and its
// id. The list has some ids with spaces that Microsoft writes without them elsewhere:
// "Microsoft_365_ Business_ Premium_(no Teams)".
func (s *Subscription) names() (names []string) {
	add := func(name string) {
		if name = text.Collapse(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(s.Name)
	if rest, found := strings.CutPrefix(text.Fold(s.Name), text.Fold(ListPublisher)+" "); found && !isNumber(firstWord(rest)) {
		add(rest)
	}
	add(s.ID)
	joined := strings.ReplaceAll(text.Collapse(s.ID), "_ ", "_")
	add(joined)
	add(strings.ReplaceAll(joined, " ", "_"))
	return names
}
