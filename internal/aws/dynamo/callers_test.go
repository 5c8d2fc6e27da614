package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

const oneDay = 24 * time.Hour

// calling makes changes of callers, and counts the requests of a process.
type calling struct {
	t     *testing.T
	table string
	proxy *faultproxy.Proxy
	s     *dynamo.Table // of the process
	made  int
}

func newCalling(t *testing.T) *calling {
	t.Helper()
	c := &calling{t: t, table: storetest.Table(t), proxy: faultproxy.New(storetest.Endpoint(t), 1, nil)}
	t.Cleanup(c.proxy.Close)
	c.s = c.process()
	return c
}

// process starts another process.
func (c *calling) process() *dynamo.Table {
	return dynamo.Open(engine.NewClient(c.proxy.URL), c.table, dynamo.PageSize(2))
}

// change adds a license group.
func (c *calling) change(s *dynamo.Table, e audit.Event) group.Group {
	c.t.Helper()
	c.made++
	e.ID, e.Action = id.New(e.At, fmt.Sprint(c.made)), "group.created"
	g := group.Group{ID: fmt.Sprint("g", c.made), Name: fmt.Sprint("Group ", c.made), CreatedAt: e.At, Version: 1}
	_, err := s.Groups.CreateGroup(c.t.Context(), g, once.Change{Event: e})
	must(c.t, err)
	return g
}

// stored returns how many requests for a name do makes, which makes a change in one transaction.
func (c *calling) stored(do func()) int {
	before := c.proxy.Operations()["TransactWriteItems"]
	do()
	return c.proxy.Operations()["TransactWriteItems"] - before - 1
}

func (c *calling) names(ids ...string) map[string]string {
	c.t.Helper()
	names, err := c.s.Callers.Names(c.t.Context(), ids)
	must(c.t, err)
	return names
}

func by(subject, name string, at time.Time, source audit.Source) audit.Event {
	return audit.Event{At: at, By: subject, ByName: name, Source: source}
}

// A process stores the name of a caller with the first event, when it changes, and once a day. What has no
// name, and what trueup does by itself, stores none.
func TestCallers(t *testing.T) {
	t.Parallel()
	c := newCalling(t)
	long := strings.Repeat("é", 600) // 1,200 bytes
	for i, step := range []struct {
		event  audit.Event
		stored int
	}{
		{by("ann", "Ann", noon, audit.SourceAPI), 1},
		{by("ann", "Ann", noon.Add(time.Hour), audit.SourceConsole), 0},
		{by("ann", "Ann B", noon.Add(2*time.Hour), audit.SourceConsole), 1},
		{by("ann", "", noon.Add(3*time.Hour), audit.SourceAPI), 0},
		{by("ann", "Ann B", noon.Add(25*time.Hour), audit.SourceAPI), 0},
		{by("ann", "Ann B", noon.Add(26*time.Hour), audit.SourceAPI), 1},
		{by("ann", "Ann of a view", noon.Add(60*time.Hour), audit.SourceSchedule), 0},
		{by("AWS:role:session", "", noon, audit.SourceImport), 0},
		{by("bo", "Bo", noon, audit.SourceAPI), 1},
		{by(long, "Long", noon, audit.SourceAPI), 1},
	} {
		if n := c.stored(func() { c.change(c.s, step.event) }); n != step.stored {
			t.Errorf("step %d: %d names stored, want %d", i, n, step.stored)
		}
	}
	equal(t, "names", c.names("bo", "ann", "nobody", "AWS:role:session", "bo", long, long+"2"), map[string]string{"ann": "Ann B", "bo": "Bo", long: "Long"})
	other := c.process()
	equal(t, "names that another process stores", c.stored(func() { c.change(other, by("bo", "Bobo", noon, audit.SourceAPI)) }), 1)
	equal(t, "the last name", c.names("bo"), map[string]string{"bo": "Bobo"})
	equal(t, "no id", c.names(), map[string]string{})
}

// Every way in which a transaction is sent stores the names of its events: here one with an entry of a journal.
func TestCallersOfJournals(t *testing.T) {
	t.Parallel()
	c := newCalling(t)
	g := c.change(c.s, audit.Event{At: noon, By: "ann", Source: audit.SourceAPI})
	must(t, c.s.Groups.DeleteGroup(t.Context(), g, audit.Event{ID: id.New(noon, "deleted"), At: noon, By: "ann", ByName: "Ann", Action: "group.deleted", Source: audit.SourceAPI}))
	equal(t, "names", c.names("ann"), map[string]string{"ann": "Ann"})
}

// A name that is not stored fails no change, with one request, and is stored with the next event. A change
// that fails stores no name.
func TestCallersWithFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []faultproxy.Fault{
		{Kind: faultproxy.AccessDenied},
		{Kind: faultproxy.InternalError},
		{Kind: faultproxy.Throttling},
		{Kind: faultproxy.TransactionConflict},
		{Kind: faultproxy.CutReply},
		{Kind: faultproxy.Delay, Delay: time.Minute},
	} {
		fault.Rate, fault.Operations = 1, []string{"TransactWriteItems"}
		t.Run(string(fault.Kind), func(t *testing.T) {
			t.Parallel()
			c := newCalling(t)
			c.proxy.SetHooks(faultproxy.Hooks{After: func(int, string) { c.proxy.SetFaults(faultproxy.Faults{fault}) }}) // the change itself is made
			begin := time.Now()
			equal(t, "requests", c.stored(func() { c.change(c.s, by("ann", "Ann", noon, audit.SourceAPI)) }), 1)
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("the change took %v", took)
			}
			c.proxy.SetHooks(faultproxy.Hooks{})
			c.proxy.SetFaults(nil)
			equal(t, "requests of the next event", c.stored(func() { c.change(c.s, by("ann", "Ann", noon, audit.SourceAPI)) }), 1)
			equal(t, "names", c.names("ann"), map[string]string{"ann": "Ann"})
		})
	}
	t.Run("a change that fails", func(t *testing.T) {
		t.Parallel()
		c := newCalling(t)
		g := c.change(c.s, audit.Event{At: noon, By: "ann", Source: audit.SourceAPI})
		g.ID = "other"
		if _, err := c.s.Groups.CreateGroup(t.Context(), g, once.Change{Event: audit.Event{ID: id.New(noon, "taken"), At: noon, By: "ann", ByName: "Ann", Source: audit.SourceAPI}}); err == nil {
			t.Error("the name of a group is taken twice")
		}
		equal(t, "names", c.names("ann"), map[string]string{})
	})
}

// Names are kept as long as events of the callers: also with the newest event that did not store the name.
func TestSPEC12_ForgetsOldCallers(t *testing.T) {
	t.Parallel()
	c := newCalling(t)
	for n := range 7 {
		at := noon.Add(time.Duration(n) * oneDay)
		c.change(c.s, by(fmt.Sprint("caller ", n), "Name", at, audit.SourceAPI))
		c.change(c.s, by(fmt.Sprint("caller ", n), "Name", at.Add(23*time.Hour), audit.SourceAPI))
	}
	forgotten, err := c.s.Callers.Forget(t.Context(), noon.Add(5*oneDay))
	must(t, err)
	equal(t, "forgotten", forgotten, 3)
	equal(t, "kept", len(c.names("caller 0", "caller 1", "caller 2", "caller 3", "caller 4", "caller 5", "caller 6")), 4)
	equal(t, "names", c.names("caller 2", "caller 3"), map[string]string{"caller 3": "Name"})
	forgotten, err = c.s.Callers.Forget(t.Context(), noon.Add(5*oneDay))
	must(t, err)
	equal(t, "forgotten again", forgotten, 0)
	c.change(c.s, by("caller 0", "Name", noon.Add(9*oneDay), audit.SourceAPI))
	equal(t, "a caller who is back", c.names("caller 0"), map[string]string{"caller 0": "Name"})
}

// TestCallersOfSignIns: SetName stores a name in any case, and counts as an event that had it.
func TestCallersOfSignIns(t *testing.T) {
	t.Parallel()
	c := newCalling(t)
	set := func(s *dynamo.Table, name string, at time.Time) {
		t.Helper()
		must(t, s.Callers.SetName(t.Context(), "ann", name, at))
		equal(t, "names", c.names("ann"), map[string]string{"ann": name})
	}
	set(c.s, "Ann", noon)
	equal(t, "names stored with the next event", c.stored(func() { c.change(c.s, by("ann", "Ann", noon.Add(time.Hour), audit.SourceConsole)) }), 0)
	set(c.process(), "Ann B", noon.Add(time.Hour))
	set(c.s, "Ann", noon.Add(2*time.Hour)) // this process stored it before the other one changed it
	set(c.s, "Ann", noon.Add(2*time.Hour)) // repeated
	deleted, err := c.s.Callers.Forget(t.Context(), noon.Add(2*time.Hour+2*oneDay))
	must(t, err)
	equal(t, "deleted while it may be in an event", deleted, 0)
	deleted, err = c.s.Callers.Forget(t.Context(), noon.Add(3*time.Hour+2*oneDay))
	must(t, err)
	equal(t, "deleted", deleted, 1)
	equal(t, "names", c.names("ann"), map[string]string{})

	c.proxy.SetFaults(faultproxy.Faults{{Kind: faultproxy.AccessDenied, Rate: 1, Operations: []string{"TransactWriteItems"}}})
	if err := c.s.Callers.SetName(t.Context(), "ann", "Ann", noon); err == nil {
		t.Error("a fault is no error")
	}
	c.proxy.SetFaults(nil)
	equal(t, "names stored after a fault", c.stored(func() { c.change(c.s, by("ann", "Ann", noon.Add(-time.Hour), audit.SourceConsole)) }), 0)
}
