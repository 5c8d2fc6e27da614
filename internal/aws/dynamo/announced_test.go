package dynamo_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// createIn adds an agreement to a group.
func createIn(t *testing.T, s *dynamo.Table, groupID, number string) error {
	t.Helper()
	_, _, err := s.Agreements.Create(agreement.New{
		Type: agreement.TypeVolume, ID: "id" + number, Name: "Agreement " + number, Pairs: numbered(number),
		Group: agreement.Target{GroupID: groupID}, By: "me", At: noon,
	}).Apply(t.Context(), once.Change{Event: edited("agreement.created")})
	return err
}

// A process that announces the deletion of a group and dies delays others for a moment.
// The group stays and can be deleted later. An announcement after the deletion does not
// replace its tombstones.
func TestR4_3_AnnouncedDeletion(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := dynamo.Open(storetest.Client(t), storetest.Table(t))
	create(t, s, "First", agreement.Target{NewName: "Sales"}, "1")
	sales := groupNamed(t, s, "Sales")
	must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
	must(t, createIn(t, s, sales.ID, "2"))
	must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
	must(t, s.Groups.DeleteGroup(ctx, sales, edited("group.deleted")))
	must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
	if err := dynamo.Within(ctx, s, sales.ID); !errors.Is(err, journal.ErrMoved) {
		t.Errorf("a transaction that was built before the deletion: %v", err)
	}
	if err := createIn(t, s, sales.ID, "3"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a creation in the group that was deleted: %v", err)
	}
}

// A deletion that is rejected after it was announced leaves no announcement.
func TestR4_3_RefusedDeletionHoldsNothingUp(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	direct := dynamo.Open(storetest.Client(t), table)
	create(t, direct, "First", agreement.Target{NewName: "Sales"}, "1")
	sales := groupNamed(t, direct, "Sales")
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	var once sync.Once
	proxy.SetHooks(faultproxy.Hooks{Before: func(_ int, operation string) {
		if operation == "TransactWriteItems" {
			once.Do(func() {
				_, err := direct.Groups.RenameGroup(t.Context(), sales, "Sold", edited("group.renamed"))
				must(t, err)
			})
		}
	}})
	if err := dynamo.Open(engine.NewClient(proxy.URL), table).Groups.DeleteGroup(t.Context(), sales, edited("group.deleted")); errs.KindOf(err) != errs.Stale {
		t.Errorf("the deletion of a group that was renamed: %v", err)
	}
	for n, announced := range dynamo.Announced(t.Context(), t, direct, sales.ID) {
		if announced {
			t.Errorf("tombstone %d has an announcement", n)
		}
	}
}

// A move between two groups whose deletions were announced by processes that died succeeds
// and removes both announcements.
func TestR4_3_MoveBetweenAnnouncedGroups(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := dynamo.Open(storetest.Client(t), storetest.Table(t), dynamo.RetryTimeout(30*time.Second))
	a := create(t, s, "First", agreement.Target{NewName: "Sales"}, "1")
	create(t, s, "Second", agreement.Target{NewName: "Other"}, "2")
	sales, other := groupNamed(t, s, "Sales"), groupNamed(t, s, "Other")
	must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
	must(t, dynamo.AnnounceDeletion(ctx, s, other.ID, noon))
	_, err := s.Agreements.Update(ctx, a, agreement.Edit{Group: &agreement.Target{GroupID: other.ID}, At: noon}, edited("agreement.updated"))
	must(t, err)
	for _, g := range []group.Group{sales, other} {
		for n, announced := range dynamo.Announced(ctx, t, s, g.ID) {
			if announced {
				t.Errorf("tombstone %d of %s still has the announcement", n, g.Name)
			}
		}
	}
}

// Concurrent deletions of groups are announced once each, even if their transactions are
// built several times. None is rejected.
func TestR4_3_ManyDeletionsAtOnce(t *testing.T) {
	t.Parallel()
	const n = 12
	ctx, table := t.Context(), storetest.Table(t)
	direct := dynamo.Open(storetest.Client(t), table)
	var groups []group.Group
	for i := range n {
		create(t, direct, fmt.Sprint("A", i), agreement.Target{NewName: fmt.Sprint("G", i)}, fmt.Sprint(100+i))
		groups = append(groups, groupNamed(t, direct, fmt.Sprint("G", i)))
	}
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	var all sync.WaitGroup
	for _, g := range groups {
		all.Go(func() {
			if err := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(30*time.Second)).Groups.DeleteGroup(ctx, g, edited("group.deleted")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if announcements := proxy.Operations()["PutItem"]; announcements != n*32 {
		t.Errorf("%d announcements were written for %d groups, want %d", announcements, n, n*32)
	}
}

// A transaction does not wait forever if deletions are announced one after another.
func TestR4_3_AnnouncedAgainAndAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := dynamo.Open(storetest.Client(t), storetest.Table(t))
	create(t, s, "First", agreement.Target{NewName: "Sales"}, "1")
	sales := groupNamed(t, s, "Sales")
	must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
	done, ended := make(chan error, 1), false
	began := time.Now()
	go func() { done <- createIn(t, s, sales.ID, "7") }()
	for !ended && time.Since(began) < 40*time.Second {
		select {
		case err := <-done:
			ended = true
			if err != nil && errs.KindOf(err) != errs.Unavailable {
				t.Error(err)
			}
		case <-time.After(time.Second):
			must(t, dynamo.AnnounceDeletion(ctx, s, sales.ID, noon))
		}
	}
	if !ended {
		t.Error("a creation waits for as long as deletions are announced")
		<-done
	}
}
