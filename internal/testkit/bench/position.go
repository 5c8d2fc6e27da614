package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
	"trueup/internal/report"
)

// positions measures the computation at the end of a refresh: the position and every report of
// an organisation, as a day's snapshot and as files.
func (b *bench) positions(ctx context.Context) error {
	titles := b.size(20_000, 200)
	data := titled(titles)
	now := time.Now()
	s := report.Settings{Now: now, Calendar: day.Window(90).At(now, time.UTC), Products: builtin.Products(), Words: report.WordsIn(i18n.English)}
	var products int
	reports := func(context.Context) error {
		_, manifest, err := data.Snapshot(day.Of(now), "bench", 1, s)
		if err != nil {
			return err
		}
		products = manifest.Point.Products.Products
		bought := data.Purchases(report.Filter{}, report.Order{}, s)
		installed := data.Installations(report.Filter{}, report.Order{}, s)
		for _, table := range []report.Table{bought.Table(s.Words), installed.Table(s.Words)} {
			for _, write := range []func(io.Writer) error{table.CSV, table.XLSX, table.HTML} {
				if err := write(io.Discard); err != nil {
					return err
				}
			}
		}
		return nil
	}
	held, err := peak(ctx, reports)
	if err != nil {
		return err
	}
	if products != titles {
		return fmt.Errorf("%d products of %d titles", products, titles)
	}
	middle, err := medians(ctx, b.size(5, 1), took(reports))
	if err != nil {
		return err
	}
	b.table.add(row{
		what: fmt.Sprintf("position, snapshot and report files of %d titles", titles), value: show(middle[0]),
		limits: []limit{{milliseconds(middle[0]), 2000, " ms"}},
	})
	b.table.add(row{
		what: "memory of that, at its peak", value: fmt.Sprintf("%.0f MB", megabytes(held)),
		limits: []limit{{megabytes(held), 256, " MB"}},
	})
	return nil
}

// titled returns an organisation with that many titles, in five versions each. Half of them have
// entitlements, in a fifth as many volume agreements and as many agreements of type other.
func titled(titles int) *report.Data {
	d := &report.Data{At: time.Now(), Groups: map[string]string{"g": "Branches"}}
	for i := range titles {
		product := position.Product{
			Publisher: fmt.Sprintf("Publisher %03d", i/5%500), Family: fmt.Sprintf("Product family %05d", i/5),
			Edition: "Professional", Version: fmt.Sprint(2016 + i%5),
		}
		title := product.Name() + " " + product.Version
		d.Installed = append(d.Installed, position.Line{
			Product: product, Quantity: 1 + i%97,
			Source: position.Source{Kind: position.KindInventory, ID: title, Text: title},
		})
		id := fmt.Sprintf("a%05d", i/5)
		switch i % 5 {
		case 0:
			d.Agreements = append(d.Agreements, agreement.Agreement{
				ID: id, Type: agreement.TypeVolume, Name: "Agreement " + id, GroupID: "g", PairCount: 1, Validation: agreement.ValidationValid,
			})
		case 1:
			d.Agreements = append(d.Agreements, agreement.Agreement{
				ID: "o" + id, Type: agreement.TypeOther, Name: "Other " + id, GroupID: "g",
				Terms: agreement.Terms{Publisher: product.Publisher, ProductTitle: title, Licenses: 1 + i%51},
			})
		}
		if i%5 >= 3 || i%10 == 0 {
			d.Held = append(d.Held, report.Held{
				AgreementID: id, Source: position.Source{Kind: position.KindPair, ID: id, Text: id + " + " + id}, Validation: agreement.ValidationValid,
				Entitlement: entitlement.Entitlement{
					Publisher: product.Publisher, Family: product.Name(), Version: product.Version, Effective: 1 + i%89, ActiveSA: i % 7,
				},
			})
		}
	}
	return d
}

// peak returns the maximum memory of the program while it calls do, including the memory of the
// runtime and garbage.
func peak(ctx context.Context, do func(context.Context) error) (int, error) {
	debug.FreeOSMemory() // from the earlier parts
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	done, highest := make(chan struct{}), make(chan int)
	go func() {
		most := 0
		for tick := time.NewTicker(time.Millisecond); ; {
			metrics.Read(samples)
			most = max(most, int(samples[0].Value.Uint64()-samples[1].Value.Uint64()))
			select {
			case <-tick.C:
			case <-done:
				tick.Stop()
				highest <- most
				return
			}
		}
	}()
	err := do(ctx)
	close(done)
	return <-highest, err
}
