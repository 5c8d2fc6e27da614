package main

import (
	"context"
	"slices"
	"time"
)

// timed measures one run and returns its duration.
type timed func(context.Context) (time.Duration, error)

// took measures the duration of do.
func took(do func(context.Context) error) timed {
	return func(ctx context.Context) (time.Duration, error) {
		begin := time.Now()
		err := do(ctx)
		return time.Since(begin), err
	}
}

// medians measures each thing n times, alternating, and returns the median of each. Every round
// starts with the next thing, so that their order varies.
func medians(ctx context.Context, n int, things ...timed) ([]time.Duration, error) {
	all, err := rounds(ctx, n, things...)
	middle := make([]time.Duration, len(things))
	for i, durations := range all {
		middle[i] = median(durations)
	}
	return middle, err
}

// rounds is like medians, but returns all durations.
func rounds(ctx context.Context, n int, things ...timed) ([][]time.Duration, error) {
	all := make([][]time.Duration, len(things))
	for round := range n {
		for i := range things {
			at := (round + i) % len(things)
			d, err := things[at](ctx)
			if err != nil {
				return nil, err
			}
			all[at] = append(all[at], d)
		}
	}
	return all, nil
}

// percentile returns the smallest duration that percent of the durations do not exceed.
func percentile(durations []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[max(len(sorted)*percent+99, 100)/100-1]
}

// median returns the middle duration, or the mean of the middle two.
func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
