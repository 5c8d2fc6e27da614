package importer

import (
	"crypto/sha256"
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// outcome is the result of an import or of a dry run. Rows are counted only here (R3.8).
type outcome struct {
	plan     Plan
	findings []sheet.Finding // about rows and the store, without the file's own findings
	added    int
	stored   int // rows whose pair is already stored under the same agreement
	at       func(sheet.Column) int
}

// wanted lists the names and pairs to look up for the good rows of a file.
func wanted(imp Import, rows []pairfile.Row) Wanted {
	w := Wanted{Group: text.Fold(imp.Group)}
	seen := make(map[string]bool, len(rows))
	w.Pairs = make([]agreement.PairKey, len(rows))
	for i, row := range rows {
		if name := text.Fold(row.Name); !seen[name] {
			seen[name] = true
			w.Names = append(w.Names, name)
		}
		w.Pairs[i] = row.Pair.Key() // good rows do not repeat pairs
	}
	return w
}

// unnamed returns the authorization numbers of the rows without a name, in the form of PairKey and
// without duplicates.
func unnamed(rows []pairfile.Row) (numbers []string) {
	for _, row := range rows {
		if !row.Named {
			numbers = append(numbers, row.Pair.Key().Pair().Authorization)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// planner makes the plan of one import.
type planner struct {
	outcome
	known    Known
	created  map[string]int  // by folded name: index in the plan
	extended map[string]int  // by id of the agreement: index in the plan
	warned   map[string]bool // agreements in another license group, by id
}

// plan decides what to do with each good row of a file. at returns the position of a column in
// the file, and homes has the ids of the agreements that have an authorization number, for the rows
// without a name. They come last: they join what other rows make, wherever those stand.
func plan(imp Import, rows []pairfile.Row, at func(sheet.Column) int, k Known, homes map[string][]string) outcome {
	p := planner{
		outcome: outcome{at: at, plan: Plan{Stage: imp.Stage(), At: imp.At, By: "import/" + imp.ID, Group: k.Group, Known: k}},
		known:   k, created: map[string]int{}, extended: map[string]int{}, warned: map[string]bool{},
	}
	missing := k.Group.ID == ""
	if missing {
		p.plan.Group = group.Group{ID: identity(imp.Stage(), "group"), Name: text.Collapse(imp.Group)}
	}
	for _, row := range rows {
		if row.Named {
			p.named(row)
		}
	}
	p.unnamed(rows, homes)
	p.plan.NewGroup = missing && len(p.plan.Create) > 0
	if p.plan.NewGroup && k.Groups >= group.Max {
		p.refuse(pairfile.Row{}, sheet.ColumnNone, imp.Group, "group_limit", "group", imp.Group)
	}
	return p.outcome
}

// groupID returns the id of the license group of the new agreements; empty if it does not exist,
// because there are none.
func (o *outcome) groupID() string {
	if o.plan.Known.Group.ID == "" && !o.plan.NewGroup {
		return ""
	}
	return o.plan.Group.ID
}

// named plans a row with a name.
func (p *planner) named(row pairfile.Row) {
	existing, exists := p.known.Agreements[text.Fold(row.Name)]
	owner, owned := p.known.Owners[row.Pair.Key()]
	if exists {
		p.elsewhere(row, existing)
	}
	switch {
	case exists && existing.Type != agreement.TypeVolume:
		p.refuse(row, pairfile.ColumnName, row.Name, "name_is_other", "agreement", existing.Name)
	case owned && exists && owner.ID == existing.ID:
		p.isStored(row, existing)
	case owned:
		p.refuse(row, pairfile.ColumnAuthorization, row.Pair.String(), "pair_taken", "agreement", owner.Name)
	case exists:
		p.extend(existing, row.Pair)
	default:
		p.create(row.Name, row.Pair)
	}
}

// home is where rows without a name go: the agreement, or the name of one that the plan creates.
type home struct {
	agreement agreement.Agreement
	name      string
}

// unnamed plans the rows without a name (R3.4): a pair that is stored stays where it is, and the
// others join the one agreement that has a pair with their authorization number, or make one.
func (p *planner) unnamed(rows []pairfile.Row, homes map[string][]string) {
	made := p.madeBy() // before these rows make any
	chosen := map[string]home{}
	for _, row := range rows {
		if row.Named {
			continue
		}
		if owner, owned := p.known.Owners[row.Pair.Key()]; owned {
			p.elsewhere(row, owner)
			p.isStored(row, owner)
			continue
		}
		number := row.Pair.Key().Pair().Authorization
		to, known := chosen[number]
		if !known {
			to = p.homeOf(row, homes[number], made[number])
			chosen[number] = to
		}
		switch {
		case to.agreement.ID == "":
			p.create(to.name, row.Pair)
		case to.agreement.Type != agreement.TypeVolume:
			p.refuse(row, pairfile.ColumnAuthorization, row.Name, "name_is_other", "agreement", to.agreement.Name)
		default:
			p.elsewhere(row, to.agreement)
			p.extend(to.agreement, row.Pair)
		}
	}
}

// madeBy returns, by authorization number, the names of the agreements that the plan creates, and
// the agreements that it extends.
func (p *planner) madeBy() map[string][]home {
	made := map[string][]home{}
	add := func(pairs []agreement.Pair, h home) {
		for _, pair := range pairs {
			number := pair.Key().Pair().Authorization
			if of := made[number]; len(of) == 0 || of[len(of)-1] != h {
				made[number] = append(of, h)
			}
		}
	}
	for _, c := range p.plan.Create {
		add(c.Pairs, home{name: c.Name})
	}
	for _, e := range p.plan.Extend {
		add(e.Pairs, home{agreement: e.Agreement})
	}
	return made
}

// homeOf chooses where the rows without a name go that have the authorization number of a row.
func (p *planner) homeOf(row pairfile.Row, stored []string, made []home) home {
	all := made
	for _, id := range stored {
		a, exists := p.known.ByID[id]
		if exists && !slices.ContainsFunc(all, func(h home) bool { return h.agreement.ID == id }) {
			all = append(all, home{agreement: a})
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	number := agreement.Squeeze(row.Pair.Authorization)
	for _, h := range all { // of several, the one that is named by the number in any spelling
		if agreement.Squeeze(h.name+h.agreement.Name) == number {
			return h
		}
	}
	if existing, exists := p.known.Agreements[text.Fold(row.Name)]; exists {
		return home{agreement: existing}
	}
	return home{name: row.Name}
}

// elsewhere warns once of each agreement that is in another license group (R3.4).
func (p *planner) elsewhere(row pairfile.Row, existing agreement.Agreement) {
	if existing.GroupID == p.plan.Group.ID || p.warned[existing.ID] {
		return
	}
	p.warned[existing.ID] = true
	column, value := pairfile.ColumnName, row.Name
	if !row.Named {
		column, value = pairfile.ColumnAuthorization, row.Pair.String()
	}
	p.warn(row, column, value, "group_ignored", "agreement", existing.Name)
}

// isStored counts a row whose pair its agreement has already.
func (p *planner) isStored(row pairfile.Row, existing agreement.Agreement) {
	p.stored++
	p.warn(row, pairfile.ColumnAuthorization, row.Pair.String(), "pair_already_stored", "agreement", existing.Name)
}

// extend adds a pair to an agreement.
func (p *planner) extend(existing agreement.Agreement, pair agreement.Pair) {
	i, ok := p.extended[existing.ID]
	if !ok {
		i = len(p.plan.Extend)
		p.extended[existing.ID] = i
		p.plan.Extend = append(p.plan.Extend, Extension{Agreement: existing})
	}
	p.added++
	p.plan.Extend[i].Pairs = append(p.plan.Extend[i].Pairs, pair)
}

// create adds a pair to a new agreement.
func (p *planner) create(name string, pair agreement.Pair) {
	folded := text.Fold(name)
	i, ok := p.created[folded]
	if !ok {
		i = len(p.plan.Create)
		p.created[folded] = i
		p.plan.Create = append(p.plan.Create, Creation{ID: identity(p.plan.Stage, "agreement", folded), Name: text.Collapse(name)})
	}
	p.added++
	p.plan.Create[i].Pairs = append(p.plan.Create[i].Pairs, pair)
}

func (o *outcome) refuse(row pairfile.Row, column sheet.Column, value, code string, args ...string) {
	o.find(sheet.SeverityError, row, column, value, code, args)
}

func (o *outcome) warn(row pairfile.Row, column sheet.Column, value, code string, args ...string) {
	o.find(sheet.SeverityWarning, row, column, value, code, args)
}

func (o *outcome) find(severity sheet.Severity, row pairfile.Row, column sheet.Column, value, code string, args []string) {
	position := 0
	if row.Line > 0 && column != sheet.ColumnNone {
		position = o.at(column)
	}
	o.findings = append(o.findings, sheet.Finding{
		Severity: severity, Line: row.Line, Position: position, Column: column,
		Value: text.Shorten(value, text.QuoteMaxChars), Code: code, Args: errs.Pairs(args...),
	})
}

// merge returns the findings in the order of the file.
func merge(a, b []sheet.Finding) []sheet.Finding {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y sheet.Finding) int { return x.Line - y.Line })
	return all
}

// identity derives an id from a stage: the same for the same plan, and different for every other
// attempt.
func identity(stage Stage, parts ...string) string {
	sum := sha256.Sum256([]byte(string(stage) + "\x00" + strings.Join(parts, "\x00")))
	return id.Encode(sum[:10])
}

// leftovers lists what the earlier attempts of an import may have staged.
func leftovers(imp Import, w Wanted) Leftovers {
	l := Leftovers{Names: w.Names, Pairs: w.Pairs}
	for attempt := 1; attempt < imp.Attempt; attempt++ {
		l.Stages = append(l.Stages, imp.stage(attempt))
	}
	return l.withIDs()
}

// withIDs adds the ids of agreements that the stages may have created.
func (l Leftovers) withIDs() Leftovers {
	for _, stage := range l.Stages {
		for _, name := range l.Names {
			l.IDs = append(l.IDs, identity(stage, "agreement", name))
		}
	}
	return l
}
