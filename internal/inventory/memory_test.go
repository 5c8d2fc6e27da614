package inventory_test

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"trueup/internal/inventory"
	"trueup/internal/position"
)

// fleet generates the rows of AppInvRawData of so many devices, without a header, ordered by
// device or by title.
type fleet struct {
	devices, titles int
	byTitle         bool
	pcs             int // of each user; 0 for one user of all

	at   int
	rest string
}

func (f *fleet) Read(p []byte) (int, error) {
	if f.rest == "" {
		if f.at == f.devices*f.titles {
			return 0, io.EOF
		}
		var b strings.Builder
		for range min(100, f.devices*f.titles-f.at) {
			device, title := f.at/f.titles, f.at%f.titles
			if f.byTitle {
				device, title = f.at%f.devices, f.at/f.devices
			}
			line := row(fmt.Sprintf("3f2504e0-4f89-41d3-9a0c-%012x", device), fmt.Sprintf("A product with number %d for people", title*7), `"Maker, Inc."`)
			if f.pcs > 0 {
				line = strings.Replace(line, ",u1,", fmt.Sprintf(",3f2504e0-4f89-41d3-9a0d-%012x,", device/f.pcs), 1)
			}
			b.WriteString(line)
			f.at++
		}
		f.rest = b.String()
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// eachTitle makes a product of each title of fleet.
func eachTitle(t testing.TB) *inventory.Rules {
	rules, err := inventory.NewRules([]inventory.Rule{
		{ID: "each", Kind: inventory.Product, Name: "a product with number {number} for people", Product: position.Product{Publisher: "Maker", Family: "Product {number}"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestReadHoldsLittleR6_2 reads 200 MB and measures the memory in use. The dictionary of products
// takes about 20 MB of it, and blocks that are read ahead 2 MB.
func TestReadHoldsLittleR6_2(t *testing.T) {
	const most = 44 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // garbage does not count as in use, and a busy machine collects it late
	for _, byTitle := range []bool{false, true} {
		runtime.GC()
		peak, stop, stopped := uint64(0), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}()
		const devices, titles = 20_000, 75
		file := io.MultiReader(strings.NewReader(header), &fleet{devices: devices, titles: titles, byTitle: byTitle, pcs: 2})
		tally, err := inventory.Read(t.Context(), file, inventory.Options{Scratch: t.TempDir(), Rules: eachTitle(t), PCs: new(inventory.PCs)})
		close(stop)
		<-stopped
		if err != nil || tally.Devices != devices || len(tally.Titles) != titles || tally.Titles[0].Devices != devices || tally.Rows != devices*titles || tally.BadRows != 0 {
			t.Fatalf("by title %v: %+v, %v", byTitle, tally, err)
		}
		if byUser := tally.Products[0].ByUser; len(byUser) != 1 || byUser[0] != (position.UserPCs{PCs: 2, Users: devices / 2}) {
			t.Errorf("by title %v: %v", byTitle, byUser)
		}
		if peak > most {
			t.Errorf("by title %v: %d MB were held", byTitle, peak>>20)
		}
	}
}

// BenchmarkReadUsers counts the PCs of users with two each, of a hundred products.
func BenchmarkReadUsers(b *testing.B) {
	file, err := io.ReadAll(io.MultiReader(strings.NewReader(header), &fleet{devices: 1000, titles: 100, pcs: 2}))
	if err != nil {
		b.Fatal(err)
	}
	rules := eachTitle(b)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := inventory.Read(b.Context(), strings.NewReader(string(file)), inventory.Options{Scratch: b.TempDir(), Rules: rules}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, byTitle := range []bool{false, true} {
		b.Run(fmt.Sprintf("by title %v", byTitle), func(b *testing.B) {
			file, err := io.ReadAll(io.MultiReader(strings.NewReader(header), &fleet{devices: 1000, titles: 100, byTitle: byTitle}))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := inventory.Read(b.Context(), strings.NewReader(string(file)), inventory.Options{Scratch: b.TempDir()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
