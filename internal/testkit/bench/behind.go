package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/reports"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// statementFile is a statement that names none of the pairs: its first refresh marks every pair
// invalid, and so changes every agreement.
const statementFile = "events/statements/license-summary.csv"

// asks are the requests of users while the first refresh runs.
var asks = []string{"/reports/license-purchases?limit=50", "/agreements?limit=50", "/reports/license-installations?limit=50", "/groups"}

// behind measures the first refresh of the largest organisation, with one pair per agreement,
// and meanwhile the answers to users and to new processes: every process that lists agreements
// must read as many changes as there are agreements.
func (b *bench) behind(ctx context.Context) error {
	e, err := b.engine(ctx, "behind")
	if err != nil {
		return err
	}
	defer e.Stop()
	s, err := b.stack(ctx, e, "behind")
	if err != nil {
		return err
	}
	defer s.Stop(time.Second)
	o, err := newOrganisation(s, nil)
	if err != nil {
		return err
	}
	n := b.size(100_000, 1000)
	if err := o.volume(ctx, n); err != nil {
		return err
	}
	if err := o.saveCopy(ctx); err != nil {
		return err
	}
	size := fmt.Sprintf("%d agreements and as many pairs", n)
	if err := b.coldStart(ctx, o, n, "with its copy", size); err != nil {
		return err
	}
	began := time.Now()
	done, ended := context.WithCancel(ctx)
	defer ended()
	failed := make(chan error, 1)
	go func() {
		defer ended()
		failed <- o.firstRefresh(ctx)
	}()
	var slowest time.Duration
	var refused, asked int
	for i := 0; done.Err() == nil; i++ {
		at := time.Now()
		if err := o.request(ctx, asks[i%len(asks)]); err != nil {
			refused++
			b.say("during the refresh: %v", err)
		}
		asked++
		slowest = max(slowest, time.Since(at))
		select {
		case <-done.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	took := time.Since(began)
	if err := <-failed; err != nil {
		return err
	}
	b.table.add(row{
		what: "first refresh of " + size, value: show(took), // may take several invocations
	})
	b.table.add(row{
		what:  fmt.Sprintf("%d reports and lists during it: refused, and the slowest", asked),
		value: fmt.Sprintf("%d, %s", refused, show(slowest)), limits: []limit{{float64(refused), 0, ""}, {slowest.Seconds(), 20, " s"}},
	})
	return b.coldStart(ctx, o, n, "after it", size)
}

// coldStart measures the first list of a new process, and its memory.
func (b *bench) coldStart(ctx context.Context, o *organisation, agreements int, when, size string) error {
	files := s3bucket.New(o.stack.S3(), stack.ReportsBucket)
	list := func(ctx context.Context) error {
		page, err := register.New(o.store.Agreements, o.store.Journal, files, nil).List(ctx, agreement.Query{Limit: pageSize})
		if err == nil && page.Totals.Agreements != agreements {
			err = fmt.Errorf("%d agreements are listed, not %d", page.Totals.Agreements, agreements)
		}
		return err
	}
	held, err := peak(ctx, list)
	if err != nil {
		return err
	}
	middle, err := medians(ctx, b.size(5, 1), took(list))
	if err != nil {
		return err
	}
	b.table.add(row{
		what: fmt.Sprintf("first list of a new process %s, %s", when, size), value: show(middle[0]), limits: []limit{{milliseconds(middle[0]), 2000, " ms"}},
	})
	return b.fits(held, "agreements")
}

// volume stores agreements of type volume with one pair each, as imports store them.
func (o *organisation) volume(ctx context.Context, n int) error {
	const some = 2000
	for from := 0; from < n; from += some {
		var items []item
		var changes []register.Change
		for i := from; i < min(n, from+some); i++ {
			id, numbers := fmt.Sprintf("behind%08d", i), fmt.Sprintf("%07d", i)
			key := agreement.Pair{Authorization: numbers, License: numbers}.Key()
			items = append(items, item{
				schema.PK: str("AGREEMENT#" + id), schema.SK: str("AGREEMENT"), "id": str(id), "name": str("Agreement " + numbers), "type": str(string(agreement.TypeVolume)),
				"group": str(group.UnassignedID), "pairs": number(1), "added": &types.AttributeValueMemberM{}, "created": number(1), "created_by": str("bench"), "version": number(1),
			}, item{
				schema.PK: str("PAIR#" + string(key)), schema.SK: str("PAIR"), "o_pk": str("AGREEMENT#" + id + "#0"), "o_sk": str(string(key)), "agreement": str(id),
				"authorization": str(numbers), "license": str(numbers), "program": str(string(agreement.ProgramOpenValue)), "created": number(1), "life": str("bench"),
			})
			changes = append(changes, register.Change{ID: id, Version: 1, Added: []agreement.PairKey{key}})
		}
		if err := write(ctx, o.client, o.stack.Table, items, 2); err != nil {
			return err
		}
		head, err := o.store.Journal.Head(ctx, register.JournalName)
		if err != nil {
			return err
		}
		if _, err := o.store.Journal.Append(ctx, register.JournalName, head, register.Body(changes, ""), len(changes), once.Entry{}); err != nil {
			return err
		}
	}
	return nil
}

// firstRefresh uploads a statement and waits until the refresh that follows has ended.
func (o *organisation) firstRefresh(ctx context.Context) error {
	content, err := os.ReadFile(statementFile)
	if err != nil {
		return err
	}
	_, err = o.stack.S3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: aws.String("entitlements/bench.csv"), Body: bytes.NewReader(content),
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		var page httpapi.Page[reports.Refresh]
		body, err := o.fetch(ctx, o.stack, "/refreshes?limit=1")
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		if len(page.Items) == 1 {
			switch run := page.Items[0]; run.State {
			case refresher.StateFailed:
				return fmt.Errorf("the refresh failed: %+v", run)
			case refresher.StateSucceeded, refresher.StatePartial:
				return nil
			case refresher.StateQueued, refresher.StateRunning:
			}
		}
		time.Sleep(time.Second)
	}
	return errors.New("the refresh did not end")
}
