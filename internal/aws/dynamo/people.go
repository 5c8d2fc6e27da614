package dynamo

import (
	"context"
	"errors"
	"strings"

	"trueup/internal/people"
	"trueup/internal/retry"
	"trueup/internal/subscription"
)

// People stores users with their licences. Package people lists users from the ones that changed.
// People is safe for concurrent use.
type People struct {
	db            *engine
	journals      *journals
	subscriptions *Subscriptions
}

var (
	_ subscription.People = (*People)(nil)
	_ people.Source       = (*People)(nil)
)

// Users implements subscription.People.
func (s *People) Users(ctx context.Context, ids []string) ([]subscription.User, error) {
	found, err := s.UsersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	return inOrder(ids, found), nil
}

// UsersAndSubscriptions implements subscription.People.
func (s *People) UsersAndSubscriptions(ctx context.Context, ids []string, need subscription.Need) ([]subscription.User, []subscription.Holding, error) {
	known, found, seats := s.subscriptions.lastDescriptions(), map[string]subscription.User{}, newSeatsRead(need)
	err := s.db.getAll(ctx, append(seats.keys(known), userKeys(ids)...), "", nil, func(it item) error {
		if isUser(it) {
			return addUser(found, it)
		}
		return seats.add(it)
	})
	if err != nil {
		return nil, nil, err
	}
	if seats.tip == known.tip {
		return inOrder(ids, found), seats.of(known), nil
	}
	all, err := s.subscriptions.with(ctx, need) // there are other ones now
	return inOrder(ids, found), all, err
}

// inOrder returns users in the order of ids.
func inOrder(ids []string, found map[string]subscription.User) []subscription.User {
	users := make([]subscription.User, len(ids))
	for i, id := range ids {
		users[i] = found[id]
	}
	return users
}

// UsersByID returns the users that are stored, strongly consistent. Deleted users are among them.
func (s *People) UsersByID(ctx context.Context, ids []string) (map[string]subscription.User, error) {
	found := make(map[string]subscription.User, len(ids))
	err := s.db.getAll(ctx, userKeys(ids), "", nil, func(it item) error { return addUser(found, it) })
	return found, err
}

// userKeys returns the keys of users, each once: a batch must not ask for one key twice.
func userKeys(ids []string) []item {
	keys := make([]item, 0, len(ids))
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		if isKeyText(id) && !asked[id] {
			asked[id] = true
			keys = append(keys, key(userKey(id)))
		}
	}
	return keys
}

func isUser(it item) bool { return strings.HasPrefix(attr(it, "pk"), userPrefix) }

func addUser(found map[string]subscription.User, it item) error {
	i, err := decode[userItem](it)
	found[i.ID] = i.user()
	return err
}

// ByUPN implements subscription.People.
func (s *People) ByUPN(ctx context.Context, names []string) ([]subscription.User, error) {
	users := make([]subscription.User, len(names))
	left := map[string][]int{} // indexes by folded name
	for i, name := range names {
		if folded := subscription.FoldUPN(name); isKeyText(folded) {
			left[folded] = append(left[folded], i)
		}
	}
	// A user can lose a name between the two reads. Then the name is looked up again.
	policy := rebuilding
	policy.Timeout = s.db.retryTimeout
	err := retry.Do(ctx, policy, func() error {
		found, err := s.named(ctx, left)
		if err != nil {
			return err
		}
		for folded, user := range found {
			for _, i := range left[folded] {
				users[i] = user
			}
			delete(left, folded)
		}
		if len(left) > 0 {
			return retry.Again(errors.New("dynamo: a user principal name changed while it was looked up"))
		}
		return nil
	})
	return users, err
}

// named returns the users that have folded names, with Version 0 for an unused name. It leaves
// out names that changed between its reads.
func (s *People) named(ctx context.Context, names map[string][]int) (map[string]subscription.User, error) {
	var keys, ids []string
	owners := map[string]string{} // by partition key
	var places []item
	for folded := range names {
		keys = append(keys, folded)
		places = append(places, key(upnKey(folded)))
	}
	err := s.db.getAll(ctx, places, "", nil, func(it item) error {
		i, err := decode[upnItem](it)
		owners[i.PK] = i.ID
		ids = append(ids, i.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	users, err := s.UsersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]subscription.User, len(keys))
	for _, folded := range keys {
		p, _ := upnKey(folded)
		owner, taken := owners[string(p)]
		user := users[owner]
		switch {
		case !taken:
			found[folded] = subscription.User{}
		case user.Claims() == folded:
			found[folded] = user
		}
	}
	return found, nil
}

// Walk implements people.Source.
func (s *People) Walk() people.Walk {
	return &userWalk{segments{db: s.db, filter: "begins_with(pk, :user)", values: item{":user": str(userPrefix)}}}
}

// userWalk implements people.Walk.
type userWalk struct{ segments segments }

// Next implements people.Walk.
func (w *userWalk) Next(ctx context.Context) (users []subscription.User, last bool, err error) {
	pages, err := w.segments.read(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, it := range pages.items() {
		i, err := decode[userItem](it)
		if err != nil {
			return nil, false, err
		}
		users = append(users, i.user())
	}
	return users, w.segments.advance(pages), nil
}
