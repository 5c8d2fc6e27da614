package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/httpapi/agreements"
	"trueup/internal/id"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/refresher"
)

// The load of a working day: each client makes a request every second, and a write begins every
// 200 ms.
const (
	clients    = 50
	askEvery   = time.Second
	writeEvery = 200 * time.Millisecond
)

// reads measures reads of all kinds by many clients, beside writers, against the same reads one at a
// time and without writers.
func (b *bench) reads(ctx context.Context) error {
	e, err := b.engine(ctx, "reads")
	if err != nil {
		return err
	}
	defer e.Stop()
	s, err := b.stack(ctx, e, "reads")
	if err != nil {
		return err
	}
	defer s.Stop(time.Second)
	d, err := b.workingDay(ctx, s)
	if err != nil {
		return err
	}
	if _, err := d.load(ctx, b.size(10, 2)); err != nil { // starts the processes
		return err
	}
	rounds := b.size(40, 1)
	alone := make([]time.Duration, 0, rounds*len(d.paths))
	for n := range rounds * len(d.paths) {
		took, err := took(func(ctx context.Context) error { return d.get(ctx, n) })(ctx)
		if err != nil {
			return err
		}
		alone = append(alone, took)
	}
	d.refused = nil
	before := d.made
	seconds := b.size(60, 3)
	all, err := d.load(ctx, seconds)
	if err != nil {
		return err
	}
	got, least := percentile(all, 99), percentile(alone, 99)
	b.table.add(row{
		what:  fmt.Sprintf("99th percentile of %d reads of %d routes by %d clients in %d s, beside %d writes, against one at a time", len(all), len(d.paths), clients, seconds, d.made-before),
		value: show(got), floor: show(least), limits: []limit{ratio(got, least, 10)},
	})
	got, least = median(all), median(alone)
	b.table.add(row{what: "median of these", value: show(got), floor: show(least), limits: []limit{ratio(got, least, 10)}})
	b.table.add(row{
		what: "refused of these reads and writes", value: fmt.Sprint(len(d.refused)), limits: []limit{{float64(len(d.refused)), 0, ""}},
	})
	for _, why := range d.refused[:min(len(d.refused), 5)] {
		b.say("%s", why)
	}
	return nil
}

// workingDay is an organisation with clients that read and write.
type workingDay struct {
	*organisation
	paths  []string
	client *http.Client
	hot    string // id of an agreement that is edited all the time

	mu      sync.Mutex
	made    int      // writes
	refused []string // answers that are not 200 or 201
	group   string   // the license group that was created last; empty after its next write
}

// workingDay fills the stack: agreements of both types, groups, an inventory and audit events.
func (b *bench) workingDay(ctx context.Context, s *stack.Stack) (*workingDay, error) {
	o, err := newOrganisation(s, nil)
	if err != nil {
		return nil, err
	}
	// A queued refresh that no function starts satisfies all writes, see poster.
	waiting := refresher.Run{ID: id.New(time.Now(), "bench"), Kind: refresher.KindFull, Trigger: refresher.TriggerImport, RequestedAt: time.Now(), State: refresher.StateQueued}
	if _, _, err := dynamo.NewRefreshes(o.store, nil).Request(ctx, waiting, once.Change{}); err != nil {
		return nil, err
	}
	imports := b.size(50, 5)
	if err := o.fill(ctx, imports, b.size(10_000, 50)); err != nil {
		return nil, err
	}
	titles := b.size(2000, 20)
	if err := withInventory(ctx, o, titles); err != nil {
		return nil, err
	}
	d := &workingDay{organisation: o, hot: o.ids[0], client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	d.paths = []string{
		"/overview", "/reports/license-purchases?limit=50", "/reports/license-installations?limit=50", "/agreements?limit=50",
		"/agreements?limit=50&q=branch&sort=end", "/agreements/" + d.hot, "/agreements/" + d.hot + "/pairs", "/groups", "/groups/unassigned",
		"/catalog/publishers?q=pub", "/inventory", "/inventory/titles?limit=50", "/audit?limit=50", "/refreshes",
	}
	return d, nil
}

// withInventory uploads an inventory of that many titles, and waits until it counts.
func withInventory(ctx context.Context, o *organisation, titles int) error {
	var csv strings.Builder
	csv.WriteString("ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceCount,Platform\n")
	for i := range titles {
		fmt.Fprintf(&csv, "%016x,Product %02d of branch %d,Publisher %02d,%d,%d.0,%d,Windows\n", i, i%40, i, i%40, i%5, i%5, 1+i%89)
	}
	_, err := o.stack.S3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: aws.String(kind.Inventory.Key("", "bench.csv")), Body: strings.NewReader(csv.String()),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		body, err := o.fetch(ctx, o.stack, "/inventory/titles?limit=1")
		if err != nil {
			return err
		}
		var page struct{ Items []json.RawMessage }
		if err := json.Unmarshal(body, &page); err != nil || len(page.Items) > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// load makes all clients read, and writers write, for some seconds. It returns how long each read
// took since it was due, so that a client that is late does not hide it.
func (d *workingDay) load(ctx context.Context, seconds int) (all []time.Duration, err error) {
	var readers, writers sync.WaitGroup
	begin := time.Now()
	until := func(due time.Time) bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Until(due)):
			return true
		}
	}
	for client := range clients {
		readers.Go(func() {
			for n := range seconds {
				due := begin.Add(time.Duration(n)*askEvery + time.Duration(client)*askEvery/clients)
				if !until(due) {
					return
				}
				err := d.get(ctx, n+client)
				took := time.Since(due)
				d.mu.Lock()
				all = append(all, took)
				if err != nil {
					d.refused = append(d.refused, err.Error())
				}
				d.mu.Unlock()
			}
		})
	}
	for n := range int(time.Duration(seconds) * time.Second / writeEvery) {
		if !until(begin.Add(time.Duration(n) * writeEvery)) {
			break
		}
		writers.Go(func() { d.write(ctx) })
	}
	readers.Wait()
	writers.Wait()
	return all, ctx.Err()
}

// get reads the n-th path.
func (d *workingDay) get(ctx context.Context, n int) error {
	_, err := d.send(ctx, http.MethodGet, d.paths[n%len(d.paths)], nil)
	return err
}

// write makes the next write: a new agreement, two edits of the same agreement, a new group, and an
// edit of that group. Every tenth group is deleted instead, which takes 64 writes of the table.
func (d *workingDay) write(ctx context.Context) {
	d.mu.Lock()
	d.made++
	n, group := d.made, d.group
	d.mu.Unlock()
	number := fmt.Sprintf("%07d", n)
	var answer []byte
	var err error
	switch n % 5 {
	case 0:
		_, err = d.send(ctx, http.MethodPost, "/agreements", agreements.NewAgreement{
			Type: agreement.TypeVolume, Name: "Bought " + number, Pairs: []agreements.NewPair{{AuthorizationNumber: number, LicenseNumber: number}},
		})
	case 1, 3:
		_, err = d.send(ctx, http.MethodPatch, "/agreements/"+d.hot, map[string]any{"name": "Edited " + number})
	case 2:
		answer, err = d.send(ctx, http.MethodPost, "/groups", map[string]any{"name": "Group " + number})
		var created struct{ ID string }
		if err == nil {
			err = json.Unmarshal(answer, &created)
		}
		d.mu.Lock()
		d.group = created.ID
		d.mu.Unlock()
	case 4:
		switch {
		case group == "": // the group before is late
		case n%50 == 4:
			_, err = d.send(ctx, http.MethodDelete, "/groups/"+group, nil)
		default:
			_, err = d.send(ctx, http.MethodPatch, "/groups/"+group, map[string]any{"name": "Renamed " + number})
		}
		d.mu.Lock()
		d.group = ""
		d.mu.Unlock()
	}
	if err != nil {
		d.mu.Lock()
		d.refused = append(d.refused, err.Error())
		d.mu.Unlock()
	}
}

// send sends a request, and returns the body of an answer of 200 or 201; another answer is an error.
func (d *workingDay) send(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, d.stack.FrontURL+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+d.tokens[d.stack])
	r.Header.Set("Content-Type", "application/json")
	response, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, answer)
	}
	return answer, err
}
