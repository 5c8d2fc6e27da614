package directory

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/directory/columns"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// guestMark is in the user principal name of every guest of a Microsoft directory.
const guestMark = "#EXT#"

// userTypes are the types of users in the languages of the columns, in the form of text.Letters.
var userTypes = map[string]subscription.UserType{
	"member": subscription.Member, "lid": subscription.Member, "membre": subscription.Member, "mitglied": subscription.Member, "miembro": subscription.Member, "membro": subscription.Member,
	"guest": subscription.Guest, "gast": subscription.Guest, "invite": subscription.Guest, "invitado": subscription.Guest, "convidado": subscription.Guest,
}

// user reads the record as a user.
func (r *reading) user() error {
	c := &r.record
	r.what = firstOf(c.get(columns.ObjectID), c.get(columns.Name))
	for _, f := range []columns.Field{columns.Licenses, columns.Seen} {
		if isTypeName(c.get(f)) {
			return r.stop(c.line, "directory_type_names")
		}
	}
	if isConcealed(c.get(columns.UPN)) {
		return r.stop(c.line, "directory_concealed")
	}
	u := UserRow{Line: c.line}
	u.Deleted = r.isDeleted()
	u.Draft = subscription.UserDraft{
		ObjectID: c.get(columns.ObjectID), UPN: c.get(columns.UPN), Name: c.get(columns.Name),
		Location: countryOf(c.get(columns.Location)), Department: c.get(columns.Department), Seen: r.latest(columns.Seen),
	}
	if u.Deleted { // Graph puts the object id before the name of a deleted user, so that the name is free
		hex := strings.ReplaceAll(u.Draft.ObjectID, "-", "")
		if len(hex) == 32 && len(u.Draft.UPN) > 32 && strings.EqualFold(u.Draft.UPN[:32], hex) {
			u.Draft.UPN = u.Draft.UPN[32:]
		}
	}
	r.userType(&u)
	r.userEnabled(&u)
	u.Stated.set(StatedObjectID, c.cells[columns.ObjectID].given)
	u.Stated.set(StatedLocation, c.cells[columns.Location].given)
	u.Stated.set(StatedDepartment, c.cells[columns.Department].given)
	u.Stated.set(StatedName, u.Draft.Name != "")
	u.Stated.set(StatedSeen, !u.Draft.Seen.IsZero())
	u.Licenses = r.licenses()
	user, violations := subscription.ParseUser(u.Draft)
	r.violated(violations)
	u.User = user
	if r.wrong == 0 {
		r.repeatedUser(&u)
	}
	if !r.done() {
		return r.rejected(Identity{ObjectID: text.Quote(u.Draft.ObjectID), UPN: text.Quote(u.Draft.UPN)})
	}
	if r.sink.User == nil {
		return nil
	}
	return r.sink.User(u)
}

// firstOf returns the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (r *reading) isDeleted() bool {
	deletedAt := r.record.cells[columns.DeletedAt]
	if deletedAt.text == "" {
		return false
	}
	t, ok := r.momentOf(deletedAt.text)
	return !ok || !t.IsZero() // any text in the column says so
}

func (r *reading) userType(u *UserRow) {
	typed := r.record.get(columns.Type)
	switch known, ok := userTypes[text.Letters(text.Shorten(typed, 32))]; {
	case ok:
		u.Draft.Type = known
		u.Stated |= StatedType
	case typed != "":
		u.Draft.Type = subscription.UserType(typed) // the domain says that there is no such type
	case strings.Contains(strings.ToUpper(u.Draft.UPN), guestMark):
		u.Draft.Type = subscription.Guest
		u.Stated |= StatedType
	}
}

func (r *reading) userEnabled(u *UserRow) {
	if enabled, given := r.bool(columns.Enabled); given {
		u.Draft.Disabled = !enabled
		u.Stated |= StatedEnabled
	}
	if blocked, given := r.bool(columns.Blocked); given {
		u.Draft.Disabled = blocked
		u.Stated |= StatedEnabled
	}
}

// repeatedUser rejects a user that came before. A deleted user may have the name of another one.
func (r *reading) repeatedUser(u *UserRow) {
	line, repeated := r.repeats('o', u.User.ObjectID)
	if !u.Deleted && !repeated {
		line, repeated = r.repeats('u', u.User.UPN)
	}
	if repeated {
		r.reject(columns.UPN, u.User.UPN, "directory_user_repeated", "line", strconv.Itoa(line))
	}
}

// unlicensed are the words for a user without licences, in the form of text.Letters.
var unlicensed = []string{
	"unlicensed", "nolicense", "nolicenses", "none", "zonderlicentie", "geenlicentie", "geenlicenties", "nietgelicentieerd", "ongelicentieerd", "sanslicence", "sanslicences", "aucunelicence", "nonlicencie",
	"nichtlizenziert", "ohnelizenz", "keinelizenz", "keinelizenzen", "nolizenziert", "sinlicencia", "sinlicencias", "naolicenciado", "semlicenca", "semlicencas",
}

// licenses reads the licences of a user: a list of an object, or names with plus signs between them, as
// the admin centre writes them. An empty cell says nothing: the admin centre writes a word for none.
func (r *reading) licenses() []LicenseRef {
	if r.record.licenses != nil {
		return r.record.licenses
	}
	value := r.record.get(columns.Licenses)
	if value == "" {
		return nil
	}
	if len(value) <= columns.MaxName && slices.Contains(unlicensed, text.Letters(value)) {
		return []LicenseRef{}
	}
	return licensesIn(value)
}

// partNumberForm is the form of a part number such as SPE_E3 or contoso:SPE_E3.
var partNumberForm = text.Pattern(`^(?:[\w-]+:)?[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*$`)

// licensesIn splits the names of licences. Names may have commas, so a comma separates only ids and part
// numbers.
func licensesIn(value string) (refs []LicenseRef) {
	pieces := strings.FieldsFunc(value, func(c rune) bool { return c == '+' || c == ';' || c == '|' || c == '\n' })
	var names []string
	for _, piece := range pieces {
		parts := strings.Split(piece, ",")
		plain := !slices.ContainsFunc(parts, func(p string) bool {
			p = strings.TrimSpace(p)
			return p != "" && !guidForm().MatchString(p) && !partNumberForm().MatchString(p)
		})
		if !plain {
			parts = []string{piece}
		}
		names = append(names, parts...)
	}
	for _, name := range names {
		name = text.Collapse(name)
		var ref LicenseRef
		switch {
		case name == "":
			continue
		case guidForm().MatchString(name):
			ref.SKU = strings.ToLower(name)
		case partNumberForm().MatchString(name):
			ref.PartNumber, ref.Title = name[strings.IndexByte(name, ':')+1:], name
		default:
			ref.Title = name
		}
		if !slices.ContainsFunc(refs, func(other LicenseRef) bool {
			return other.SKU == ref.SKU && text.Fold(other.PartNumber) == text.Fold(ref.PartNumber) && text.Fold(other.Title) == text.Fold(ref.Title)
		}) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// activity reads the record as the last activity of a user.
func (r *reading) activity() error {
	c := &r.record
	if isConcealed(c.get(columns.UPN)) {
		return r.stop(c.line, "directory_concealed")
	}
	if date, ok := r.dateOf(c.get(columns.Refreshed)); ok && date > r.Refreshed && !isFuture(date, r.options.Now) {
		r.Refreshed = date
	}
	a := ActivityRow{Line: c.line, Seen: r.latest(columns.Seen)}
	a.Deleted, _ = r.bool(columns.Deleted)
	user, violations := subscription.ParseUser(subscription.UserDraft{UPN: c.get(columns.UPN)})
	r.violated(violations)
	a.UPN = user.UPN
	if !r.done() {
		return r.rejected(Identity{UPN: text.Quote(c.get(columns.UPN))})
	}
	if r.sink.Activity == nil {
		return nil
	}
	return r.sink.Activity(a)
}
