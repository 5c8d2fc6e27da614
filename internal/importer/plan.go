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

// plan decides what to do with each good row of a file. at returns the position of a column in
// the file.
func plan(imp Import, rows []pairfile.Row, at func(sheet.Column) int, k Known) outcome {
	o := outcome{at: at, plan: Plan{Stage: imp.Stage(), At: imp.At, By: "import/" + imp.ID, Group: k.Group, Known: k}}
	if k.Group.ID == "" {
		o.plan.NewGroup = true
		o.plan.Group = group.Group{ID: identity(imp.Stage(), "group"), Name: text.Collapse(imp.Group)}
		if k.Groups >= group.Max {
			o.refuse(pairfile.Row{}, sheet.ColumnNone, imp.Group, "group_limit", "group", imp.Group)
			return o
		}
	}
	created, extended := map[string]int{}, map[string]int{} // by folded name: index in the plan
	elsewhere := map[string]bool{}
	for _, row := range rows {
		name := text.Fold(row.Name)
		existing, exists := k.Agreements[name]
		owner, owned := k.Owners[row.Pair.Key()]
		if exists && existing.GroupID != o.plan.Group.ID && !elsewhere[name] {
			elsewhere[name] = true
			o.warn(row, pairfile.ColumnName, row.Name, "group_ignored", "agreement", existing.Name)
		}
		switch {
		case exists && existing.Type != agreement.TypeVolume:
			o.refuse(row, pairfile.ColumnName, row.Name, "name_is_other", "agreement", existing.Name)
		case owned && exists && owner.ID == existing.ID:
			o.stored++
			o.warn(row, sheet.ColumnNone, row.Pair.String(), "pair_already_stored", "agreement", existing.Name)
		case owned:
			o.refuse(row, sheet.ColumnNone, row.Pair.String(), "pair_taken", "agreement", owner.Name)
		case exists:
			i, ok := extended[name]
			if !ok {
				i = len(o.plan.Extend)
				extended[name] = i
				o.plan.Extend = append(o.plan.Extend, Extension{Agreement: existing})
			}
			o.added++
			o.plan.Extend[i].Pairs = append(o.plan.Extend[i].Pairs, row.Pair)
		default:
			i, ok := created[name]
			if !ok {
				i = len(o.plan.Create)
				created[name] = i
				o.plan.Create = append(o.plan.Create, Creation{ID: identity(imp.Stage(), "agreement", name), Name: text.Collapse(row.Name)})
			}
			o.added++
			o.plan.Create[i].Pairs = append(o.plan.Create[i].Pairs, row.Pair)
		}
	}
	return o
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
