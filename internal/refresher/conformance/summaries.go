package conformance

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"trueup/internal/agreement"
	"trueup/internal/refresher"
)

func (b *bench) validation(what, agreementID string, want agreement.Validation) {
	b.Helper()
	got, err := b.world.Validation(b.Context(), agreementID)
	b.must(err)
	b.equal(what, got, want)
}

func summaries(b *bench) {
	b.add("a1", 1, 2)
	b.add("a2", 3)
	run := b.start()
	summarize := func(ids ...string) {
		b.Helper()
		b.must(b.Summarize(b.Context(), run, ids))
	}
	b.validation("new", "a1", agreement.ValidationPending)
	b.answer(run, valid(run, b.known(1), 1))
	summarize("a1", "a2", "nobody")
	b.validation("one of two", "a1", agreement.ValidationPending)
	b.answer(run, valid(run, b.known(2), 1))
	summarize("a1")
	b.validation("both", "a1", agreement.ValidationValid)
	b.add("a1", 4)
	b.validation("one more", "a1", agreement.ValidationPending)
	b.answer(run, invalid(run, b.known(4)), failed(run, b.known(2)))
	summarize("a1")
	b.validation("one that does not exist", "a1", agreement.ValidationInvalid)
	b.remove("a1", 4)
	b.validation("without it", "a1", agreement.ValidationError)
	b.remove("a1", 2)
	b.validation("without the one that failed", "a1", agreement.ValidationValid)
	b.add("a1", 4)
	b.remove("a1", 4)
	b.validation("one for a moment", "a1", agreement.ValidationValid)
	b.validation("not asked about", "a2", agreement.ValidationPending)
}

// summariesWhileEdited answers and summarizes concurrently while other goroutines edit the same
// agreements.
func summariesWhileEdited(b *bench) {
	const agreements, each = 3, 4
	for a := range agreements {
		for p := range each {
			b.add(fmt.Sprint("a", a), a*100+p)
		}
	}
	run := b.start()
	var all sync.WaitGroup
	for worker := range 3 {
		all.Go(func() {
			source := rand.New(rand.NewPCG(uint64(worker), 2))
			for range 12 {
				var batch []refresher.Checked
				ids := map[string]bool{}
				for _, k := range b.list("", refresher.BatchSize) {
					switch source.IntN(4) {
					case 0:
						batch = append(batch, invalid(run, refresher.Known{Pair: k.Pair, Tag: k.Tag, AgreementID: k.AgreementID}))
					case 1:
						batch = append(batch, failed(run, k))
					case 2:
						continue
					default:
						batch = append(batch, valid(run, refresher.Known{Pair: k.Pair, Tag: k.Tag, AgreementID: k.AgreementID}, 1))
					}
					ids[k.AgreementID] = true
				}
				if _, err := b.Answer(b.Context(), run, batch); err != nil {
					b.Error(err)
				}
				for id := range ids {
					if err := b.Summarize(b.Context(), run, []string{id}); err != nil {
						b.Error(err)
					}
				}
			}
		})
	}
	for a := range agreements {
		all.Go(func() {
			id := fmt.Sprint("a", a)
			for round := range 12 {
				n := a*100 + round%each
				if round%2 == 0 {
					n = a*100 + 50 + round
				}
				var err error
				if round%3 == 0 {
					err = b.world.Add(b.Context(), id, Groups[0], numbered(a*100+50+round))
				} else {
					err = b.world.Remove(b.Context(), id, numbered(n))
				}
				_ = err // the pair may be missing, or edited concurrently
			}
		})
	}
	all.Wait()
	worst := map[string]agreement.Validation{}
	for _, k := range b.list("", refresher.BatchSize) {
		worst[k.AgreementID] = worst[k.AgreementID].Worst(k.State)
	}
	for id, want := range worst {
		b.validation(id, id, want)
	}
}
