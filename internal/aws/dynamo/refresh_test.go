package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/entitlement"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
)

// refreshes returns the refreshes of a process that has just started.
func refreshes(s *dynamo.Table) *dynamo.Refreshes {
	return dynamo.NewRefreshes(s, register.New(s.Agreements, s.Journal, nil, nil))
}

// answers is a source that calls a function for each pair.
type answers func(agreement.Pair) entitlement.Answer

func (a answers) Ask(_ context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	list := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		list[i] = a(p)
		list[i].Pair = p.Key()
	}
	return list, nil
}

// licenses returns a source that answers with n licences of one product.
func licenses(n int) answers {
	return func(agreement.Pair) entitlement.Answer {
		return entitlement.Answer{State: entitlement.StateValid, Entitlements: []entitlement.Entitlement{
			{Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Effective: n, ActiveSA: 1, Start: "2024-01-01"},
		}}
	}
}

// workerOn returns a worker that publishes nothing.
func workerOn(store refresher.Store, source entitlement.Source, clock func() time.Time) *refresher.Worker {
	return &refresher.Worker{
		Requests: &refresher.Requests{Queue: store, Clock: clock, Log: slog.New(slog.DiscardHandler)},
		Store:    store, Source: func(context.Context, refresher.Run) (entitlement.Source, error) { return source, nil }, Zone: time.UTC,
		Publish: func(context.Context, refresher.Run) error { return nil }, Progress: func(context.Context, bool) {},
		Lease: time.Minute, AskTimeout: time.Minute,
	}
}

// refresh runs a refresh until it ends.
func refresh(t *testing.T, store refresher.Store, source entitlement.Source) refresher.Run {
	t.Helper()
	r := workerOn(store, source, time.Now)
	run, err := r.Request(t.Context(), refresher.Order{ID: id.New(time.Now(), t.Name()), Trigger: refresher.TriggerNow, By: "ann"})
	must(t, err)
	for next := run.ID; next != ""; {
		next, err = r.Handle(t.Context(), next)
		must(t, err)
	}
	run, err = store.Run(t.Context(), run.ID)
	must(t, err)
	return run
}

func TestR7_2_RefreshOfATable(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "agreements/a.csv", "", rows{"Office": {"1", "2", "3"}, "Windows": {"4"}})
	byHand := create(t, s, "Visio", agreement.Target{}, "5", "6")
	r := refreshes(s)
	fresh, err := r.Freshness(t.Context())
	must(t, err)
	equal(t, "stale", fresh.Stale(), true)

	run := refresh(t, r, licenses(10))
	equal(t, "run", fmt.Sprintln(run.State, run.Checked, run.Valid, run.Changed), "succeeded 6 6 6\n")
	fresh, err = refreshes(s).Freshness(t.Context())
	must(t, err)
	equal(t, "fresh", fmt.Sprint(fresh.Stale(), fresh.At.Equal(run.StartedAt)), "false true")

	stored, err := s.Agreements.Agreement(t.Context(), byHand.ID)
	must(t, err)
	equal(t, "R2.12 version", stored.Version, byHand.Version)
	page, err := find(s).List(t.Context(), agreement.Query{Validation: agreement.ValidationValid, Limit: 10})
	must(t, err)
	equal(t, "valid", len(page.Items), 3)
	var all []refresher.Answered
	must(t, refreshes(s).Answers(t.Context(), func(some []refresher.Answered) error { all = append(all, some...); return nil }))
	equal(t, "answers", len(all), 6)
	for _, a := range all {
		equal(t, "entitlements", a.Entitlements, licenses(10)(a.Pair).Entitlements)
	}

	held := refresh(t, r, licenses(1))
	equal(t, "held", fmt.Sprintln(held.State, held.Hold, held.Aside), "partial held 6\n")
}

// TestR7_2_PairThatMoved: a list of pairs that is read in parts can have a pair twice, with
// the agreement that it was removed from and the one that it was added to.
func TestR7_2_PairThatMoved(t *testing.T) {
	t.Parallel()
	s := open(t)
	from, to := create(t, s, "Office", agreement.Target{}, "1"), create(t, s, "Visio", agreement.Target{}, "2")
	first, second := numbered("1")[0].Key(), numbered("2")[0].Key()
	owners, err := dynamo.Known(t.Context(), s, []register.PairRef{
		{AgreementID: to.ID, Pair: first}, {AgreementID: from.ID, Pair: first}, {AgreementID: to.ID, Pair: second},
	})
	must(t, err)
	equal(t, "owners", fmt.Sprint(owners), fmt.Sprint([]string{from.ID, to.ID}))
}

// The release before writes the run that follows without a condition and always with version 1.
func TestARunThatFollowsIsReplacedOnlyIfItIsTheOneThatWasRead(t *testing.T) {
	t.Parallel()
	r := refreshes(open(t))
	queued := func(name string, version int64) refresher.Run {
		now := time.Now()
		return refresher.Run{ID: id.New(now, name), Kind: refresher.KindFull, Trigger: refresher.TriggerSchedule, State: refresher.StateQueued, RequestedAt: now, Version: version}
	}
	first, _, err := r.Request(t.Context(), queued("open", 1), once.Change{})
	must(t, err)
	read, stored, merged := queued("read", 1), queued("stored meanwhile", 1), queued("merged", 2)
	must(t, dynamo.Follow(t.Context(), r, first, stored))

	stale := first
	stale.Next = &read
	if err := dynamo.Follow(t.Context(), r, stale, merged); !errors.Is(err, refresher.ErrLost) {
		t.Errorf("a run that was not read is replaced: error %v", err)
	}
	got, err := r.Run(t.Context(), first.ID)
	must(t, err)
	equal(t, "after the stale request", got.Next.ID, stored.ID)

	must(t, dynamo.Follow(t.Context(), r, got, merged))
	got, err = r.Run(t.Context(), first.ID)
	must(t, err)
	equal(t, "after the request that read it", got.Next.ID, merged.ID)
}

// TestR7_3_DueReadsFewRuns: what the schedule reads does not grow with the number of runs. After a run of the
// previous release, which does not store which runs ended last, they are found in the list.
func TestR7_3_DueReadsFewRuns(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	reads := &counting{}
	options := client.Options()
	options.HTTPClient = reads
	s := dynamo.Open(dynamodb.New(options), table)
	apply(t, s, "agreements/a.csv", "", rows{"Office": {"1"}})
	r := refreshes(s)
	due := func(when, id string) (items int) {
		t.Helper()
		before := reads.items
		got, err := workerOn(r, licenses(10), time.Now).Due(t.Context())
		must(t, err)
		equal(t, when, got, id)
		return reads.items - before
	}
	latest := func(when string, want refresher.Run) {
		t.Helper()
		last, settled, err := r.Latest(t.Context())
		must(t, err)
		equal(t, when+", the last and the settled one", []string{last.ID, settled.ID}, []string{want.ID, want.ID})
	}
	run := refresh(t, r, licenses(10))
	one := due("after one run", "")
	for range 8 {
		time.Sleep(2 * time.Millisecond) // another id
		run = refresh(t, r, licenses(10))
	}
	latest("after nine runs", run)
	if nine := due("after nine runs", ""); nine != one {
		t.Errorf("%d items read after one run, %d after nine", one, nine)
	}

	// As the previous release leaves it: another token, and the ids of earlier runs.
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "REFRESH"}, "sk": &types.AttributeValueMemberS{Value: "REFRESH"}},
		UpdateExpression:          aws.String("SET #t = #t + :one, ended_run = :earlier, settled_run = :earlier"),
		ExpressionAttributeNames:  map[string]string{"#t": "token"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}, ":earlier": &types.AttributeValueMemberS{Value: "earlier"}},
	})
	must(t, err)
	latest("after the previous release", run)
	if listed := due("after the previous release", ""); listed <= one {
		t.Errorf("%d items are the list of runs", listed)
	}
	run = refresh(t, r, licenses(10))
	latest("known again", run)
	if again := due("known again", ""); again != one {
		t.Errorf("%d items read after one run, %d when they are known again", one, again)
	}
}
