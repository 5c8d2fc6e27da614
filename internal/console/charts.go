package console

import (
	"fmt"
	"strings"
	"time"
)

// verdictFill is the colour of bars by verdict.
var verdictFill = map[string]string{"covered": "f-cov", "short": "f-short", "unlicensed": "f-unl", "unused": "f-spare", "undecided": "f-spare", "not-measured": "f-spare"}

// line returns the points of a line through values by day, in a picture of that size. Lines begin at 0, so that a
// small change does not look like a large one. One value is a level line.
func line(points []trendPoint, width, height int, value func(trendPoint) int) string {
	if len(points) == 1 {
		points = []trendPoint{points[0], points[0]}
	}
	top := max(1, highest(points, value))
	first, last := dayOf(points[0]), dayOf(points[len(points)-1])
	var b strings.Builder
	for i, p := range points {
		x := float64(width) * float64(i) / float64(len(points)-1)
		if last.After(first) { // days can be missing
			x = float64(width) * float64(dayOf(p).Sub(first)) / float64(last.Sub(first))
		}
		y := float64(height-4)*(1-float64(value(p))/float64(top)) + 2
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	return strings.TrimSpace(b.String())
}

// highest returns the largest of some values.
func highest(points []trendPoint, value func(trendPoint) int) (n int) {
	for _, p := range points {
		n = max(n, value(p))
	}
	return n
}

// dayOf returns the beginning of the day of a point in UTC.
func dayOf(p trendPoint) time.Time {
	t, _ := time.Parse(time.DateOnly, p.Date) // as the API writes it
	return t
}

func shortfallOf(p trendPoint) int { return p.Products.Shortfall }
func licensesOf(p trendPoint) int  { return p.Products.Licenses }
func installedOf(p trendPoint) int { return p.Products.Installed }

// statusFill is the colour of bars by status.
var statusFill = map[string]string{"active": "f-cov", "expiring": "f-short", "expired": "f-unl", "not-started": "f-spare", "no-term": "f-spare"}
