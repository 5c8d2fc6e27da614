package directories

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/directory"
	"trueup/internal/id"
	"trueup/internal/lease"
	"trueup/internal/licensing"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

const (
	// window is the number of rows that are applied together.
	window = 200
	// saveEvery is the number of rows after which the progress is saved.
	saveEvery = 10 * window
	// maxRenamed is the number of rows that are tried again at the end of a file because another user had
	// the user principal name.
	maxRenamed = 10_000
)

// known is a stored user, as far as a file is compared with it.
type known struct {
	id      string
	object  string // objectKey of its id in the directory
	created time.Time
	upn     string // as stored, for findings
	deleted bool
	listed  bool // in the file
}

// index finds stored users by what a file says of them.
type index struct {
	all      []known
	byObject map[string]int
	byUPN    map[string]int // of users that are not deleted, or else of deleted ones
	current  int            // number of users that are not deleted
}

func objectKey(objectID string) string { return strings.ToLower(objectID) }

// newIndex reads all users.
func (s *Service) newIndex(ctx context.Context) (*index, error) {
	x := &index{byObject: map[string]int{}, byUPN: map[string]int{}}
	for _, deleted := range []bool{false, true} {
		users, totals, err := s.Register.All(ctx, subscription.Query{Deleted: deleted, Sort: subscription.SortCreated, Now: s.now()})
		if err != nil {
			return nil, err
		}
		if !deleted {
			x.current = totals.Users
		}
		x.all = slices.Grow(x.all, totals.Users)
		for u := range users {
			x.add(known{id: u.ID, object: objectKey(u.ObjectID), created: u.CreatedAt, upn: u.UPN, deleted: deleted})
		}
	}
	return x, nil
}

// add adds a user. Earlier ones keep their ids in the directory and names.
func (x *index) add(u known) int {
	i := len(x.all)
	x.all = append(x.all, u)
	if _, taken := x.byObject[u.object]; !taken && u.object != "" {
		x.byObject[u.object] = i
	}
	if folded := subscription.FoldUPN(u.upn); folded != "" {
		if _, taken := x.byUPN[folded]; !taken {
			x.byUPN[folded] = i
		}
	}
	return i
}

// match returns the user that a row is about; false if there is none. A user whose id in the directory has
// another row of the file is not found by its user principal name: that one goes to another user.
func (x *index) match(objectID, upn string, listed map[string]bool) (int, bool) {
	object := objectKey(objectID)
	if i, found := x.byObject[object]; found && object != "" {
		return i, true
	}
	i, found := x.byUPN[subscription.FoldUPN(upn)]
	if !found || listed[x.all[i].object] && x.all[i].object != object {
		return 0, false
	}
	return i, true
}

// row is a row of a file of users, with the user that it is about.
type row struct {
	directory.UserRow

	id       string // of a stored user, or a new id
	position int    // in the file, from 1
}

// list is the work on the rows of a file of users.
type list struct {
	*job
	*index

	titles   map[string][]string // part numbers of product titles
	objects  map[string]bool     // ids in the directory that the file has
	rows     []row               // that are applied next
	position int                 // of the last row that was read
	saved    int                 // position of the last saved row
	renamed  []row               // rows whose name another user had
	held     int                 // position of the first of them
	gone     []int               // users that the file states to be deleted
	rejects  int                 // rejected rows that are about a known user
}

// users applies a file of users or of their activity.
func (j *job) users(ctx context.Context, content *scratch, lists []directory.Kind, objects map[string]bool) error {
	x, err := j.newIndex(ctx)
	if err != nil {
		return err
	}
	titles, err := j.PartNumbers(ctx)
	if err != nil {
		return err
	}
	l := &list{job: j, index: x, titles: titles, objects: objects, saved: j.Position}
	_, err = j.read(content, lists, directory.Sink{
		User:     func(u directory.UserRow) error { return l.user(ctx, u) },
		Activity: func(a directory.ActivityRow) error { return l.activity(ctx, a) },
		Rejected: func(i directory.Identity) error { l.rejected(i); return nil },
	})
	if err == nil {
		err = l.flush(ctx)
	}
	if err == nil {
		err = l.applyRenamed(ctx)
	}
	if err == nil && j.List == directory.Users {
		err = l.missing(ctx)
	}
	if errors.Is(err, lease.ErrInterrupted) {
		if err := j.save(ctx); err != nil {
			return err
		}
	}
	return err
}

// user adds a row of a list of users.
func (l *list) user(ctx context.Context, u directory.UserRow) error {
	l.position++
	i, found := l.match(u.User.ObjectID, u.User.UPN, l.objects)
	isDone := l.position <= l.Position
	switch {
	case found && l.all[i].deleted:
		if !isDone && !u.Deleted {
			l.skip(u.Line, u.User.UPN, "directory_user_deleted_here")
		} else if !isDone {
			l.Skipped++
		}
		return l.advance(ctx)
	case u.Deleted && !found:
		if !isDone {
			l.Skipped++ // deleted, and not here
		}
		return l.advance(ctx)
	case u.Deleted:
		l.all[i].listed = true
		l.gone = append(l.gone, i)
		if !isDone {
			l.Skipped++
			if !l.settings.Delete {
				l.Differ++
				l.find(sheet.SeverityWarning, u.Line, u.User.UPN, "directory_user_deleted")
			}
		}
		return l.advance(ctx)
	}
	r := row{UserRow: u, position: l.position}
	if found {
		l.all[i].listed = true
		r.id = l.all[i].id
	} else {
		r.id = l.newUserID(u)
		l.add(known{id: r.id, object: objectKey(u.User.ObjectID), created: l.Object.At, upn: u.User.UPN, listed: true})
	}
	if isDone {
		return nil
	}
	l.rows = append(l.rows, r)
	return l.advance(ctx)
}

// newUserID returns the id of a user whom the file creates: always the same, so that a repetition
// creates nobody twice.
func (l *list) newUserID(u directory.UserRow) string {
	return id.New(l.Object.At, "user\x00"+l.ID+"\x00"+subscription.FoldUPN(u.User.UPN))
}

// skip counts a row that is left out, with a warning that says why.
func (l *list) skip(line int, upn, code string, args ...string) {
	l.Skipped++
	l.find(sheet.SeverityWarning, line, upn, code, args...)
}

// activity adds a row of a usage report.
func (l *list) activity(ctx context.Context, a directory.ActivityRow) error {
	l.position++
	if l.position <= l.Position {
		return nil
	}
	i, found := l.match("", a.UPN, nil)
	switch {
	case a.Deleted || found && l.all[i].deleted:
		l.Skipped++
	case !found:
		l.Skipped++
		l.find(sheet.SeverityHint, a.Line, a.UPN, "directory_user_unknown")
	case a.Seen.IsZero(): // no activity in the period of the report, which does not say when there was
		l.Unchanged++
	default:
		seen := directory.UserRow{Line: a.Line, User: subscription.User{UPN: l.all[i].upn, Seen: a.Seen}, Stated: directory.StatedSeen}
		l.rows = append(l.rows, row{UserRow: seen, id: l.all[i].id, position: l.position})
	}
	return l.advance(ctx)
}

// rejected notes a user whose row has errors: it is not missing.
func (l *list) rejected(i directory.Identity) {
	if at, found := l.match(i.ObjectID, i.UPN, l.objects); found {
		l.all[at].listed = true
		l.rejects++
	}
}

// advance applies the rows that are waiting, if they are enough.
func (l *list) advance(ctx context.Context) error {
	if len(l.rows) < window && l.position-l.saved < saveEvery {
		return nil
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	if l.position <= l.Position {
		return nil
	}
	if l.isEnding(ctx) {
		return lease.ErrInterrupted
	}
	if l.position-l.saved < saveEvery {
		return nil
	}
	l.saved = l.position
	return l.save(ctx)
}

// flush applies the rows that are waiting.
func (l *list) flush(ctx context.Context) error {
	rows := l.rows
	l.rows = nil
	if len(rows) > 0 {
		taken, err := l.apply(ctx, rows)
		if err != nil {
			return err
		}
		for _, r := range taken {
			if len(l.renamed) == maxRenamed {
				l.nameTaken(r)
				continue
			}
			if l.held == 0 {
				l.held = r.position
			}
			l.renamed = append(l.renamed, r)
		}
	}
	// Rows that are tried again are not done, nor are those after the first of them: a repetition finds
	// those unchanged.
	if l.held == 0 && l.position > l.Position {
		l.done(l.position)
	}
	return nil
}

// applyRenamed applies the rows again whose name another user had: that user may have another one by now.
func (l *list) applyRenamed(ctx context.Context) error {
	for rows := range slices.Chunk(l.renamed, window) {
		for i := range rows { // somebody may have created the user since
			if err := l.lookUp(ctx, &rows[i]); err != nil {
				return err
			}
		}
		taken, err := l.apply(ctx, rows)
		if err != nil {
			return err
		}
		for _, r := range taken {
			l.nameTaken(r)
		}
		if l.isEnding(ctx) {
			return lease.ErrInterrupted
		}
	}
	l.done(l.position)
	return nil
}

// lookUp finds the user of a row that would create one, in the table.
func (l *list) lookUp(ctx context.Context, r *row) error {
	if r.id != l.newUserID(r.UserRow) {
		return nil
	}
	users, err := l.People.ByUPN(ctx, []string{r.User.UPN})
	if err != nil || users[0].Version == 0 || l.objects[objectKey(users[0].ObjectID)] {
		return err
	}
	r.id = users[0].ID
	return nil
}

func (l *list) nameTaken(r row) {
	l.Rejected++
	l.find(sheet.SeverityError, r.Line, r.User.UPN, subscription.UserNameTaken)
}

// apply stores rows, and returns those whose name another user has.
func (l *list) apply(ctx context.Context, rows []row) (taken []row, err error) {
	ids := make([]string, len(rows))
	byID := make(map[string]*row, len(rows))
	for i := range rows {
		ids[i] = rows[i].id
		byID[ids[i]] = &rows[i]
	}
	engine := l.licenses()
	results, err := engine.Describe(ctx, licensing.Descriptions{
		UserIDs: ids, Call: l.call(), Today: l.today(), Event: l.event,
		Over: func(u subscription.User) subscription.User {
			r := byID[u.ID]
			if u.Version == 0 {
				return r.User
			}
			if l.List == directory.Activity {
				r.User.UPN = u.UPN // which may have changed since it was looked up
			}
			return r.Over(u)
		},
	})
	if err != nil {
		return nil, err
	}
	var stated []licensing.Result
	for i, result := range results {
		r := rows[i]
		switch result.Outcome {
		case subscription.Created:
			l.Created++
		case subscription.Edited:
			l.Changed++
		case subscription.Unchanged:
			l.Unchanged++
		default:
			if code := result.Violations[0].Code; code == subscription.UserNameTaken {
				taken = append(taken, r)
			} else { // deleted meanwhile
				l.skip(r.Line, r.User.UPN, "directory_user_deleted_here")
			}
			continue
		}
		if r.Licenses != nil {
			stated = append(stated, result)
		}
	}
	return taken, l.adopt(ctx, engine, stated, byID)
}

// adopt compares the licences that rows state with those that the users hold, and changes them if the
// settings say so.
func (l *list) adopt(ctx context.Context, engine *licensing.Licensing, users []licensing.Result, byID map[string]*row) error {
	if len(users) == 0 {
		return nil
	}
	all, err := l.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(all))
	for _, h := range all {
		names[h.ID] = h.Name
	}
	today := day.In(l.now(), l.Zone)
	x := directory.NewIndex(all, l.titles, today)
	if l.settings.Adopt {
		ids := make([]string, 0, len(users))
		for _, u := range users {
			if a := x.Adopt(byID[u.UserID].Licenses, u.After, l.settings.Replace); len(a.Want.Add)+len(a.Want.Remove) > 0 {
				ids = append(ids, u.UserID)
			}
		}
		changed, err := engine.Change(ctx, licensing.Request{
			UserIDs: ids, Call: l.call(), Today: l.today(), Event: l.event,
			Acknowledged: true, // Settings.Replace was; without it nothing is removed
			Each: func(u subscription.User, free map[string]subscription.Holding) subscription.Want {
				return x.With(free).Adopt(byID[u.ID].Licenses, u, l.settings.Replace).Want
			},
		})
		if err != nil {
			return err
		}
		users = slices.Clone(users)
		for _, c := range changed {
			l.changed(c, *byID[c.UserID], names)
			i := slices.IndexFunc(users, func(u licensing.Result) bool { return u.UserID == c.UserID })
			if users[i].After = c.After; c.Outcome == subscription.Refused {
				users = slices.Delete(users, i, i+1) // its violations say why it differs
			}
		}
	}
	for _, u := range users {
		l.differences(x.Adopt(byID[u.UserID].Licenses, u.After, false), *byID[u.UserID], names)
	}
	return nil
}

// changed counts the result of a change of licences, and reports why there was none.
func (l *list) changed(c licensing.Result, r row, names map[string]string) {
	switch c.Outcome { //nolint:exhaustive // the others are not about licences
	case subscription.Assigned:
		l.Assigned++
	case subscription.Removed:
		l.Removed++
	case subscription.Refused:
		l.Refused++
		for _, v := range c.Violations {
			l.find(sheet.SeverityWarning, r.Line, names[v.Subscription], v.Code, pairs(v.Args)...)
		}
	}
}

// differences reports licences that differ from those that a row states.
func (l *list) differences(a directory.Adoption, r row, names map[string]string) {
	if !a.Differs() {
		return
	}
	l.Differ++
	differ := func(code string, ids []string) {
		if len(ids) == 0 {
			return
		}
		list := make([]string, len(ids))
		for i, id := range ids {
			list[i] = names[id]
		}
		slices.Sort(list)
		l.find(sheet.SeverityHint, r.Line, r.User.UPN, code, "subscriptions", strings.Join(list, ", "))
	}
	differ("directory_license_missing", a.Missing)
	differ("directory_license_extra", a.Extra)
	differ("directory_license_services", a.Services)
	for _, ref := range a.Unknown {
		l.find(sheet.SeverityHint, r.Line, r.User.UPN, "directory_license_unknown", "license", firstOf(ref.Title, ref.PartNumber, ref.SKU))
	}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
