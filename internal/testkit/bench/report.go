package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/manifest"
	"trueup/internal/objects"
	"trueup/internal/product/builtin"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// reportPage is the length of a page of a report.
const reportPage = 100

// reports measures publishing the result of a refresh of the largest organisation, reading a
// page of a day's report through the front against reading the object of that report from the
// same bucket, and a current report in the library, with an empty and with a full cache.
func (b *bench) reports(ctx context.Context) error {
	e, err := b.engine(ctx, "reports")
	if err != nil {
		return err
	}
	defer e.Stop()
	s, err := b.stack(ctx, e, "reports")
	if err != nil {
		return err
	}
	defer s.Stop(time.Second)
	files := s3bucket.New(s.S3(), stack.ReportsBucket)
	l := largest(b.size(100_000, 1000), b.size(20_000, 200), b.size(pairfile.MaxRows, 50))
	store := dynamo.Open(s.DynamoDB(), s.Table)
	if err := b.publishing(ctx, l, files, store); err != nil {
		return err
	}
	if err := b.dayThroughFront(ctx, s, l, store.Snapshots); err != nil {
		return err
	}
	return b.live(ctx, l, files, store)
}

// publishing measures the end of a refresh.
func (b *bench) publishing(ctx context.Context, l *licensedOrganisation, files objects.Bucket, store *dynamo.Table) error {
	p := &snapshot.Publisher{
		Files: files, Index: store.Snapshots, Agreements: l, Answers: l, Statements: l, Groups: l, Inventory: l, Refreshes: l, Catalog: l.titles,
		Adjustments: l, Subscriptions: store.Subscriptions, Devices: store.Devices, Zone: time.UTC, Expiring: 90, Words: report.WordsIn(i18n.English), Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	publish := func(ctx context.Context) error {
		l.runs++
		now := time.Now()
		return p.Publish(ctx, refresher.Run{
			ID: id.New(now, "bench"), Kind: refresher.KindFull, Trigger: refresher.TriggerNow, State: refresher.StateSucceeded,
			Token: l.runs, Date: l.date, RequestedAt: now, StartedAt: now,
		})
	}
	held, err := peak(ctx, publish) // the first one, which also feeds the catalog
	if err != nil {
		return err
	}
	middle, err := medians(ctx, b.size(3, 1), took(publish))
	if err != nil {
		return err
	}
	b.table.add(row{
		what: "publish the reports of " + l.size(), value: show(middle[0]), limits: []limit{{milliseconds(middle[0]), 10_000, " ms"}},
	})
	return b.fits(held, "refresh")
}

// dayThroughFront measures a page of a day's report through the front.
func (b *bench) dayThroughFront(ctx context.Context, s *stack.Stack, l *licensedOrganisation, index snapshot.Index) error {
	bucket := s.S3()
	get := func(ctx context.Context, key string) ([]byte, error) {
		out, err := bucket.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(stack.ReportsBucket), Key: &key})
		if err != nil {
			return nil, err
		}
		defer out.Body.Close()
		return io.ReadAll(out.Body)
	}
	published, err := index.Newest(ctx)
	if err != nil {
		return err
	}
	stored, err := get(ctx, published.Key())
	if err != nil {
		return err
	}
	m, err := published.Manifest(stored)
	if err != nil {
		return err
	}
	object := m.Object(report.ObjectInstallations)
	floor := func(ctx context.Context) error {
		if _, err := index.Day(ctx, l.date); err != nil { // looks up the latest object
			return err
		}
		body, err := get(ctx, object.Key)
		if err == nil && int64(len(body)) != object.Bytes {
			err = fmt.Errorf("%d bytes of %d", len(body), object.Bytes)
		}
		return err
	}
	token, err := s.Token("bench", access.GlobalAdmin)
	if err != nil {
		return err
	}
	page := func(ctx context.Context) error {
		return l.page(ctx, fmt.Sprintf("%s/reports/license-installations?limit=%d&date=%s", s.FrontURL, reportPage, l.date), token)
	}
	first, err := took(page)(ctx) // starts the function, which caches what it reads
	if err != nil {
		return err
	}
	b.say("the first page of a function that starts takes %v", first)
	if _, err := medians(ctx, b.size(20, 1), took(floor), took(page)); err != nil {
		return err
	}
	middle, err := medians(ctx, b.size(200, 1), took(floor), took(page))
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("read %d of %d rows of a day's report, against its object of %.1f MB and which one it is", reportPage, l.products(), megabytes(int(object.Bytes))),
		value: show(middle[1]), floor: show(middle[0]), limits: []limit{ratio(middle[1], middle[0], 2)},
	})
	return nil
}

// page reads a page of a report, and checks it.
func (l *licensedOrganisation) page(ctx context.Context, address, token string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Rows   []json.RawMessage
		Totals report.ProductTotals
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Rows) != reportPage || answer.Totals.Products != l.products() {
		return fmt.Errorf("%s: %s: %.500s (%w)", address, response.Status, body, err)
	}
	return nil
}

// live measures a current report in a new process, and in one that has created it before.
func (b *bench) live(ctx context.Context, l *licensedOrganisation, files objects.Bucket, store *dynamo.Table) error {
	var library *snapshot.Library
	now := time.Now()
	settings := report.Settings{Now: now, Calendar: day.Window(90).At(now, time.UTC), Products: builtin.Products(), Words: report.WordsIn(i18n.English)}
	read := func(ctx context.Context) error {
		v, _, err := library.Live(ctx)
		if err != nil {
			return err
		}
		if n := len(v.Installations(report.Filter{}, report.Order{}, settings).Rows); n != l.products() {
			return fmt.Errorf("%d products of %d", n, l.products())
		}
		return nil
	}
	fresh := func(ctx context.Context) (time.Duration, error) {
		library = &snapshot.Library{Files: files, Index: store.Snapshots, Agreements: l, Groups: l, Inventory: l, Refreshes: l, Catalog: l.titles, Adjustments: l, Zone: time.UTC, Subscriptions: store.Subscriptions, Devices: store.Devices}
		return took(read)(ctx)
	}
	held, err := peak(ctx, func(ctx context.Context) error {
		_, err := fresh(ctx)
		return err
	})
	if err != nil {
		return err
	}
	middle, err := medians(ctx, b.size(5, 1), fresh, took(read))
	if err != nil {
		return err
	}
	b.table.add(row{
		what: "report of now with nothing kept, of " + l.size(), value: show(middle[0]), limits: []limit{{milliseconds(middle[0]), 2000, " ms"}},
	})
	b.table.add(row{what: "the same once more", value: show(middle[1]), limits: []limit{{milliseconds(middle[1]), 50, " ms"}}})
	return b.fits(held, "reports")
}

// fits adds a row that compares the memory with the function's limit.
func (b *bench) fits(held int, function string) error {
	f, ok := manifest.Find(function)
	if !ok {
		return fmt.Errorf("no function %q", function)
	}
	b.table.add(row{
		what: "memory of that, at its peak", value: fmt.Sprintf("%.0f MB", megabytes(held)), limits: []limit{{megabytes(held), float64(f.Memory), " MB"}},
	})
	return nil
}

// licensedOrganisation is the data of a refresh and of reports, in memory.
type licensedOrganisation struct {
	refresher.Records // of an organisation that was never refreshed
	group.Store       // without license groups

	agreements []agreement.Agreement
	pairs      []refresher.Answered
	tallies    []inventory.Counted
	titles     *catalog.Store
	date       day.Date
	runs       int64
}

// largest returns an organisation of that many agreements, half of them of type volume, titles
// in five versions each, and pairs with two entitlements each.
func largest(agreements, titles, pairs int) *licensedOrganisation {
	kept := &keptCatalog{}
	l := &licensedOrganisation{titles: catalog.New(kept, kept, nil), date: day.Of(time.Now())}
	installed := titled(titles).Installed
	tally := &inventory.Tally{Rules: "bench", Rows: titles, Devices: 100}
	for _, line := range installed {
		tally.Products = append(tally.Products, inventory.ProductCount{Product: line.Product, Devices: line.Quantity})
		tally.Titles = append(tally.Titles, inventory.Count{
			Title:   inventory.Title{Publisher: line.Product.Publisher, Name: line.Product.Name(), Version: line.Product.Version},
			Devices: line.Quantity, Decision: inventory.Decision{Kind: inventory.Product, Product: line.Product},
		})
	}
	l.tallies = []inventory.Counted{{Source: "bench", Key: kind.Inventory.Key("", "bench.csv"), At: time.Now(), Tally: tally}}
	volume := func(i int) string { return fmt.Sprintf("a%06d", 2*i%agreements) }
	for i := range agreements {
		a := agreement.Agreement{ID: fmt.Sprintf("a%06d", i), Name: fmt.Sprintf("Office agreements of branch %06d", i), GroupID: group.UnassignedID, Version: 1}
		if a.Type = agreement.TypeVolume; i%2 == 1 {
			a.Type = agreement.TypeOther
			product := installed[i%titles].Product
			a.Terms = agreement.Terms{Publisher: product.Publisher, ProductTitle: product.Name() + " " + product.Version, Licenses: 1 + i%51, End: "2099-12-31"}
		}
		l.agreements = append(l.agreements, a)
	}
	for i := range pairs {
		number := fmt.Sprintf("01-%05d", i)
		p := refresher.Answered{Pair: agreement.Pair{Authorization: number, License: number}, AgreementID: volume(i), State: agreement.ValidationValid}
		for n := range 2 {
			product := installed[(2*i+n)*7%titles].Product
			p.Entitlements = append(p.Entitlements, entitlement.Entitlement{
				Publisher: product.Publisher, Family: product.Name(), Version: product.Version, Effective: 1 + i%89, ActiveSA: i % 7,
			})
		}
		l.pairs = append(l.pairs, p)
	}
	return l
}

func (l *licensedOrganisation) products() int { return len(l.tallies[0].Tally.Products) }

func (l *licensedOrganisation) size() string {
	return fmt.Sprintf("%d agreements, %d pairs, %d titles", len(l.agreements), len(l.pairs), l.products())
}

// All implements snapshot.Agreements, as a register without changes.
func (l *licensedOrganisation) All(_ context.Context, since journal.Position) ([]agreement.Agreement, journal.Position, error) {
	at := journal.Position{{Seq: 1}}
	if since == at {
		return nil, at, nil
	}
	return append([]agreement.Agreement(nil), l.agreements...), at, nil
}

// Answers implements refresher.Answers.
func (l *licensedOrganisation) Answers(_ context.Context, yield func([]refresher.Answered) error) error {
	return yield(l.pairs)
}

// Current implements snapshot.Statements, without statements.
func (l *licensedOrganisation) Current(context.Context) ([]entitlement.Statement, error) {
	return nil, nil
}

// Adjustments implements snapshot.Adjustments, without adjustments.
func (l *licensedOrganisation) Adjustments(context.Context) (report.Adjustments, error) {
	return report.Adjustments{}, nil
}

// Tallies implements snapshot.Inventory.
func (l *licensedOrganisation) Tallies(context.Context) ([]inventory.Counted, error) {
	return l.tallies, nil
}

// Groups implements group.Store.
func (l *licensedOrganisation) Groups(context.Context) ([]group.Group, error) {
	return []group.Group{{ID: group.UnassignedID}}, nil
}

// Freshness implements refresher.Records.
func (l *licensedOrganisation) Freshness(context.Context) (refresher.Freshness, error) {
	return refresher.Freshness{}, nil
}

// Runs implements refresher.Records.
func (l *licensedOrganisation) Runs(context.Context, int, string) (refresher.Page, error) {
	return refresher.Page{}, nil
}
