package directories_test

import (
	"fmt"
	"testing"

	"trueup/internal/directories"
)

// BenchmarkUsers applies a list of users: all new, and then all known.
func BenchmarkUsers(b *testing.B) {
	const users = 2000
	content := list(0, users, "")
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		b.StartTimer()
		for _, want := range []directories.Counts{{Rows: users, Created: users}, {Rows: users, Unchanged: users}} {
			o := w.upload("users/list.csv", content)
			began := b.Elapsed()
			if err := w.Receive(b.Context(), o); err != nil {
				b.Fatal(err)
			}
			if got := w.record(o).Counts; got != want {
				b.Fatal(fmt.Sprint(got))
			}
			what := "new-users/s"
			if want.Created == 0 {
				what = "known-users/s"
			}
			b.ReportMetric(users/(b.Elapsed()-began).Seconds(), what)
		}
	}
}
