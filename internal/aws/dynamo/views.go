package dynamo

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/delivery"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/text"
	"trueup/internal/view"
)

// Views stores saved views and the records of their files. One item for each person lists the person's views, so
// that a name is unique and the number is limited in the transaction of each change. It is safe for concurrent
// use.
type Views struct {
	db *engine
	heldLease
}

var (
	_ view.Store     = (*Views)(nil)
	_ delivery.Store = (*Views)(nil)
)

func newViews(db *engine) *Views {
	return &Views{db, heldLease{db, keyed(viewLeasePK, viewLeaseSK), delivery.ErrLost}}
}

// View implements view.Store.
func (s *Views) View(ctx context.Context, id string) (view.View, error) {
	var it item
	var err error
	if isKeyText(id) {
		it, err = s.db.get(ctx, pk(viewPrefix+id), viewSK)
	}
	if err != nil {
		return view.View{}, err
	}
	if it == nil {
		return view.View{}, errs.New(errs.NotFound, "view_not_found")
	}
	i, err := decode[viewItem](it)
	return i.view(), err
}

// Own implements view.Store.
func (s *Views) Own(ctx context.Context, subject string) ([]view.View, view.Seen, error) {
	own, err := s.own(ctx, subject)
	if err != nil {
		return nil, view.Seen{}, err
	}
	ids := make([]string, len(own.Views))
	for n, o := range own.Views {
		ids[n] = o.ID
	}
	views, err := s.views(ctx, ids)
	slices.SortFunc(views, func(a, b view.View) int {
		return cmp.Or(cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return views, own.seen(), err
}

// Seen implements delivery.Store.
func (s *Views) Seen(ctx context.Context, subject string) (view.Seen, error) {
	own, err := s.own(ctx, subject)
	return own.seen(), err
}

func (i ownViewsItem) seen() view.Seen {
	return view.Seen{At: fromMillis(i.SeenAt), Roles: i.SeenRoles}
}

// own returns the item of a person; with version 0 if there is none.
func (s *Views) own(ctx context.Context, subject string) (ownViewsItem, error) {
	p, sort := ownViewsKey(subject)
	it, err := s.db.get(ctx, p, sort)
	if err != nil || it == nil {
		return ownViewsItem{itemKey: keyed(p, sort)}, err
	}
	return decode[ownViewsItem](it)
}

// views returns the views with these ids that exist, in the order of the ids.
func (s *Views) views(ctx context.Context, ids []string) ([]view.View, error) {
	keys := make([]item, len(ids))
	for n, id := range ids {
		keys[n] = key(viewKey(id))
	}
	found := map[string]view.View{}
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[viewItem](it)
		found[i.ID] = i.view()
		return err
	})
	views := []view.View{}
	for _, id := range ids {
		if v, ok := found[id]; ok {
			views = append(views, v)
		}
	}
	return views, err
}

// Shared implements view.Store.
func (s *Views) Shared(ctx context.Context, limit int, after string) (view.Page[view.View], error) {
	return s.listed(ctx, sharedViewsPK, "shared-views", limit, after, func(v view.View) bool { return v.Shared })
}

// Scheduled implements view.Store.
func (s *Views) Scheduled(ctx context.Context, limit int, after string) (view.Page[view.View], error) {
	return s.listed(ctx, scheduledViewsPK, "scheduled-views", limit, after, func(v view.View) bool { return v.Schedule != nil })
}

// listed returns a page of the views that have a place in a list, in the order of the list. A view that has
// changed since its place was read is left out if it does not belong to the list any more.
func (s *Views) listed(ctx context.Context, list pk, name string, limit int, after string, belongs func(view.View) bool) (page view.Page[view.View], err error) {
	c, first, err := decodeCursor(after, name)
	if err != nil {
		return page, err
	}
	in := &dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit) + 1),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(list))},
	}
	if !first {
		in.KeyConditionExpression = aws.String("pk = :p AND sk > :s")
		in.ExpressionAttributeValues[":s"] = str(c.After)
	}
	var ids []string
	last, more := "", false
	err = s.db.query(ctx, in, func(it item) (bool, error) {
		if len(ids) == limit {
			more = true
			return false, nil
		}
		ids, last = append(ids, attr(it, "id")), attr(it, "sk")
		return true, nil
	})
	if err != nil {
		return page, err
	}
	page.Items, err = s.views(ctx, slices.Compact(ids))
	page.Items = slices.DeleteFunc(page.Items, func(v view.View) bool { return !belongs(v) })
	if more {
		page.Next = cursor{After: last}.encode(name)
	}
	return page, err
}

// Create implements view.Store.
func (s *Views) Create(ctx context.Context, v view.View, seen view.Seen, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		own, err := s.own(ctx, v.Owner.Subject)
		if err != nil {
			return err
		}
		e.remember(c.Entry)
		if err := nameFree(own, v); err != nil {
			return err
		}
		if len(own.Views) >= view.MaxOwn {
			return errs.New(errs.Conflict, "view_limit", "max", strconv.Itoa(view.MaxOwn))
		}
		own.Views = append(own.Views, ownView{v.ID, text.Fold(v.Name)})
		own.SeenAt, own.SeenRoles = millis(seen.At), seen.Roles
		s.putOwn(e, own)
		e.add(s.db.put(newViewItem(v), "attribute_not_exists(pk)", nil), nil)
		s.place(e, view.View{}, v)
		e.audit(c.Event)
		return nil
	})
}

// Change implements view.Store.
func (s *Views) Change(ctx context.Context, before, after view.View, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		if was, is := text.Fold(before.Name), text.Fold(after.Name); was != is {
			own, err := s.own(ctx, after.Owner.Subject)
			if err != nil {
				return err
			}
			if err := nameFree(own, after); err != nil {
				return err
			}
			for n := range own.Views {
				if own.Views[n].ID == after.ID {
					own.Views[n].Name = is
				}
			}
			s.putOwn(e, own)
		}
		s.replace(e, before, after)
		e.audit(c.Event)
		return nil
	})
}

// Delete implements view.Store.
func (s *Views) Delete(ctx context.Context, v view.View, event audit.Event) error {
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		own, err := s.own(ctx, v.Owner.Subject)
		if err != nil {
			return err
		}
		own.Views = slices.DeleteFunc(own.Views, func(o ownView) bool { return o.ID == v.ID })
		s.putOwn(e, own)
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(viewKey(v.ID)), ConditionExpression: aws.String("version = :v"),
			ExpressionAttributeValues: item{":v": num(v.Version)},
		}}, func(item) error { return errs.New(errs.Stale, "version_stale") })
		s.place(e, v, view.View{})
		e.audit(event)
		return nil
	})
	return err
}

// See implements view.Store.
func (s *Views) See(ctx context.Context, subject string, seen view.Seen) error {
	roles := make([]types.AttributeValue, len(seen.Roles))
	for n, role := range seen.Roles {
		roles[n] = str(string(role))
	}
	return ignoreCondition(s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(ownViewsKey(subject)), UpdateExpression: aws.String("SET seen_at = :at, seen_roles = :roles ADD version :one"),
		ConditionExpression: aws.String("attribute_exists(pk) AND seen_at <= :at"),
		ExpressionAttributeValues: item{
			":one": num(1), // an edit that has read the earlier roles must not write them back
			":at":  num(millis(seen.At)), ":roles": &types.AttributeValueMemberL{Value: roles},
		},
	}))
}

// nameFree returns the error of a name that another view of the person has.
func nameFree(own ownViewsItem, v view.View) error {
	folded := text.Fold(v.Name)
	if !slices.ContainsFunc(own.Views, func(o ownView) bool { return o.Name == folded && o.ID != v.ID }) {
		return nil
	}
	return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "view_name_taken", Field: "name", Value: v.Name}}}
}

// putOwn adds the action that stores the item of a person. If it has changed since it was read, the edit is built
// again.
func (s *Views) putOwn(e *edit, own ownViewsItem) {
	own.Version++
	condition, values := versioned(own.Version)
	e.add(s.db.put(own, condition, values), nil)
}

// replace adds the actions that store a new version of a view.
func (s *Views) replace(e *edit, before, after view.View) {
	condition, values := versioned(after.Version)
	e.add(s.db.put(newViewItem(after), condition, values), func(item) error { return errs.New(errs.Stale, "version_stale") })
	s.place(e, before, after)
}

// place adds the actions that move a view in the lists that it belongs to. The zero view has no place.
func (s *Views) place(e *edit, before, after view.View) {
	for _, placeOf := range []func(view.View) (viewPlaceItem, bool){sharedPlace, scheduledPlace} {
		was, had := placeOf(before)
		is, has := placeOf(after)
		if had && (!has || was != is) {
			e.add(&action{Delete: &types.Delete{TableName: &s.db.table, Key: key(pk(was.PK), sk(was.SK))}}, nil)
		}
		if has && (!had || was != is) {
			e.add(s.db.put(is, "", nil), nil)
		}
	}
}
