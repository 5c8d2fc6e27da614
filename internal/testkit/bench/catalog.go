package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"time"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/httpapi"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/inventories"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
)

// catalogs measures lookups while typing in the handler, without the network: of titles if one
// publisher has them all, and of publishers; and the time in which a process loads the saved
// copy. Reading the journal's head costs one further DynamoDB read.
func (b *bench) catalogs(ctx context.Context) error {
	for _, size := range []struct {
		titles int
		most   float64 // ms
	}{{b.size(20_000, 500), 1}, {b.size(200_000, 2000), 5}} {
		for _, shape := range []struct {
			publishers int
			what       string
			path       func(publisher string) string
		}{
			{1, fmt.Sprintf("look up one of %d titles of a publisher while typing, p99", size.titles), func(publisher string) string { return "/catalog/publishers/" + publisher + "/titles" }},
			{size.titles / 20, fmt.Sprintf("look up one of %d publishers with %d titles while typing, p99", size.titles/20, size.titles), func(string) string { return "/catalog/publishers" }},
		} {
			kept := &keptCatalog{}
			publisher, err := kept.fill(ctx, size.titles, shape.publishers)
			if err != nil {
				return err
			}
			all, err := b.lookups(ctx, catalog.New(kept, kept, nil), shape.path(publisher))
			if err != nil {
				return err
			}
			p99 := all[len(all)*99/100]
			b.table.add(row{
				what: shape.what, value: show(p99),
				limits: []limit{{milliseconds(p99), size.most, " ms"}},
			})
			if size.titles < b.size(200_000, 2000) {
				continue
			}
			load := func(ctx context.Context) error {
				_, err := catalog.New(kept, kept, nil).Publisher(ctx, publisher)
				return err
			}
			middle, err := medians(ctx, b.size(30, 1), took(load))
			if err != nil {
				return err
			}
			b.table.add(row{
				what:  fmt.Sprintf("load the saved copy of %d titles, publishers: %d, %.0f MB", size.titles, shape.publishers, megabytes(len(kept.copy))),
				value: show(middle[0]), limits: []limit{{milliseconds(middle[0]), 40, " ms"}},
			})
		}
	}
	return nil
}

// unused is a bucket that no lookup uses.
type unused struct{ objects.Bucket }

// lookups returns the durations of lookups, sorted.
func (b *bench) lookups(ctx context.Context, store *catalog.Store, path string) ([]time.Duration, error) {
	none := func(context.Context) error { return errors.New("bench: not part of a lookup") }
	handler := catalogapi.New(catalogapi.Deps{ // only the catalog is used
		Kernel:  httpapi.Kernel{Once: (*dynamo.Idempotency)(nil), Clock: time.Now, NewID: rand.Text, Log: slog.New(slog.DiscardHandler)},
		Catalog: store, Inventory: (*dynamo.Inventories)(nil), Counts: &inventories.Counts{}, Recount: none, Uploads: unused{},
	})
	caller := access.WithCall(ctx, access.Call{Principal: &access.Principal{Subject: "bench", Roles: []access.Role{access.GlobalAdmin}}})
	var all []time.Duration
	for round := range b.size(60, 1) + 1 {
		for _, typed := range typing {
			r, err := http.NewRequestWithContext(caller, http.MethodGet, path+"?limit=50&q="+url.QueryEscape(typed), nil)
			if err != nil {
				return nil, err
			}
			w := httptest.NewRecorder()
			begin := time.Now()
			handler.ServeHTTP(w, r)
			if took := time.Since(begin); round > 0 { // the first round is a warm-up
				all = append(all, took)
			}
			if w.Code != http.StatusOK {
				return nil, fmt.Errorf("look up %q: %s", typed, w.Body)
			}
		}
	}
	slices.Sort(all)
	return all, nil
}

// typing lists what users type: words letter by letter, the middle of words, several words, rare
// and missing words.
var typing = []string{
	"", "a", "e", "i", "q", "x", "z", "1", "9", "of", "off", "offi", "offic", "office", "office s", "office st", "sql", "ser", "serv", "server 2019",
	"c++", "(x64)", "soft", "rver", "ice", "er", "19", "1999", "9 s", "or pro", "nothing like it", "zzz", "tudio man", "résumé",
}

// sampleWords are the words of the catalog's names.
var sampleWords = []string{
	"Office", "Standard", "Professional", "Server", "Client", "Access", "License", "User", "Device", "Project", "Edition", "Enterprise", "Developer",
	"Tools", "Creative", "Cloud", "Reader", "Express", "Zone", "Quick", "Studio", "Manager", "Backup", "Agent", "Viewer", "Driver", "Runtime", "(x64)",
	"C++", "2016", "2019", "2022", "Suite", "Pro", "Lite", "Remote", "Network", "Security", "Endpoint", "Database", "Report", "Designer",
}

// keptCatalog is an in-memory journal and copy of the catalog.
type keptCatalog struct {
	objects.Bucket // for methods that a catalog does not call
	head           journal.Head
	entries        []journal.Entry
	copy           []byte
}

// fill adds titles, saves a copy, and returns the id of a publisher.
func (k *keptCatalog) fill(ctx context.Context, titles, publishers int) (string, error) {
	additions := make([]catalog.Addition, titles)
	word := func(n int) string { return sampleWords[n%len(sampleWords)] }
	for i := range additions {
		p := i % publishers
		additions[i] = catalog.Addition{
			Publisher: fmt.Sprintf("%s Software %d", word(p*7), p),
			Title:     fmt.Sprintf("%s %s %s %s %d", word(i*31+i/42), word(i*17+i/97), word(i*5+i/31), word(i+i/13), i),
		}
	}
	s := catalog.New(k, k, nil)
	if _, err := s.Feed(ctx, additions, func() audit.Event { return audit.Event{} }); err != nil {
		return "", err
	}
	if err := s.Replica.Save(ctx, 1, time.Now()); err != nil {
		return "", err
	}
	p, _, missing, err := s.Resolve(ctx, additions[0].Publisher, additions[0].Title)
	if missing != nil {
		err = fmt.Errorf("the catalog lacks %v", missing)
	}
	return p.ID, err
}

// Head implements journal.Log. The journal of subscriptions is empty.
func (k *keptCatalog) Head(_ context.Context, name journal.Name) (journal.Head, error) {
	if name != catalog.JournalName {
		return journal.Head{}, nil
	}
	return k.head, nil
}

// Entries implements journal.Log.
func (k *keptCatalog) Entries(_ context.Context, _ journal.Name, _ int, after, upTo int64) ([]journal.Entry, error) {
	return k.entries[after:upTo], nil
}

// Append implements journal.Log.
func (k *keptCatalog) Append(_ context.Context, _ journal.Name, _ journal.Head, body string, weight int, _ once.Entry, _ ...audit.Event) ([]byte, error) {
	k.head.Position[0].Seq++
	k.head.Weight += int64(weight)
	k.entries = append(k.entries, journal.Entry{Seq: k.head.Position[0].Seq, Body: body})
	return nil, nil
}

// Saved implements journal.Log.
func (k *keptCatalog) Saved(_ context.Context, _ journal.Name, head journal.Head, at time.Time) error {
	k.head.Saved, k.head.SavedAt = head.Weight, at
	return nil
}

// Open implements objects.Bucket.
func (k *keptCatalog) Open(context.Context, string, string, string) (objects.Object, error) {
	return objects.Object{Body: io.NopCloser(bytes.NewReader(k.copy)), Size: int64(len(k.copy))}, nil
}

// Put implements objects.Bucket.
func (k *keptCatalog) Put(_ context.Context, _, _ string, body []byte) error {
	k.copy = body
	return nil
}
