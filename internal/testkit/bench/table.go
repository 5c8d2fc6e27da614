package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"time"
)

// row is one row of the table. It is over if one of its limits is exceeded; a row without limits
// is for information.
type row struct {
	what   string
	value  string
	floor  string // empty if there is none
	limits []limit
}

// limit is a measured value and its maximum.
type limit struct {
	got, most float64
	unit      string // "×", " ms", " MB"
}

func ratio(got, floor time.Duration, most float64) limit {
	return limit{float64(got) / float64(floor), most, "×"}
}

func (r row) over() bool {
	for _, l := range r.limits {
		if l.got > l.most {
			return true
		}
	}
	return false
}

// table contains the rows in the order of measurement.
type table struct{ rows []row }

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) over() (n int) {
	for _, r := range t.rows {
		if r.over() {
			n++
		}
	}
	return n
}

// markdown returns the table, aligned for reading as plain text too.
func (t *table) markdown() string {
	cells := [][]string{{"what", "measured", "floor", "ratio", "at most", ""}}
	for _, r := range t.rows {
		factor, bounds, verdict := "", []string{}, ""
		for _, l := range r.limits {
			if l.unit == "×" {
				factor = fmt.Sprintf("%.2f×", l.got)
			}
			bounds = append(bounds, fmt.Sprintf("%g%s", l.most, l.unit))
			verdict = "ok"
		}
		if r.over() {
			verdict = "**over**"
		}
		cells = append(cells, []string{r.what, r.value, r.floor, factor, strings.Join(bounds, " and "), verdict})
	}
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, line := range cells {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
		for i := range line {
			if n == 0 {
				fmt.Fprintf(&b, "|%s", strings.Repeat("-", widths[i]+2))
			}
		}
		if n == 0 {
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// section returns the section of a part for the document: its rows, and when and where they were measured.
func (t *table) section(part string, at time.Time) string {
	return fmt.Sprintf("%s%s\n\n%s\nMedians of %s, %s on %s/%s with %d cores.\n\n",
		sectionMark, part, t.markdown(), at.Format(time.DateOnly), strings.Replace(runtime.Version(), "go", "Go ", 1), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// The markers of the sections' place in the document, and of the start of one.
const (
	startMark   = "<!-- written by make bench -->\n"
	endMark     = "<!-- end of what make bench writes -->\n"
	sectionMark = "### "
)

// replace replaces the sections of the parts in text, and keeps those of other parts. Sections are in the
// order of names; those of other names are removed.
func replace(text string, names []string, measured map[string]string) (string, error) {
	before, rest, started := strings.Cut(text, startMark)
	inside, after, ended := strings.Cut(rest, endMark)
	if !started || !ended {
		return "", errors.New("no place for the tables: it is between two comments, see startMark and endMark")
	}
	sections := map[string]string{}
	for i, section := range strings.Split("\n"+inside, "\n"+sectionMark) {
		if name, _, found := strings.Cut(section, "\n"); found && i > 0 {
			sections[name] = sectionMark + strings.TrimRight(section, "\n") + "\n\n"
		}
	}
	maps.Copy(sections, measured)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(sections[name])
	}
	return before + startMark + "\n" + b.String() + endMark + after, nil
}

// show formats a duration with its significant digits.
func show(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", milliseconds(d))
	default:
		return fmt.Sprintf("%.2f ms", milliseconds(d))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// megabytes converts bytes to millions of bytes.
func megabytes(bytes int) float64 { return float64(bytes) / 1e6 }
