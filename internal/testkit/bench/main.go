// Command bench measures what trueup promises about speed and size. It compares each promise
// with a floor that is measured in the same run: the same work without trueup, on the same
// machine, engine and data. A ratio holds on a fast machine and a slow one; a time alone does
// not.
//
// Floor and subject alternate, so that other load on the machine affects both, and medians are
// compared. `make bench` builds the subjects, runs the program and writes its tables to
// internal/docs/performance.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the program.
type bench struct {
	functions string // folder of <name>/bootstrap for this machine
	bare      string // binary of ./bare for this machine
	deployed  string // folder of <name>/bootstrap for Lambda
	scratch   string // folder for data, deleted at the end

	quick bool // sizes and rounds of a smoke test: shows that it runs, measures nothing
	table table
}

// size returns the size or number of rounds of this run.
func (b *bench) size(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// part measures some rows of the table.
type part struct {
	name    string
	measure func(*bench, context.Context) error
}

var parts = []part{
	{"check", (*bench).check},
	{"import", (*bench).imports},
	{"writers", (*bench).posts},
	{"reads", (*bench).reads},
	{"recognise", (*bench).recognition},
	{"inventory", (*bench).inventories},
	{"list", (*bench).lists},
	{"people", (*bench).peoples},
	{"licenses", (*bench).assignments},
	{"catalog", (*bench).catalogs},
	{"position", (*bench).positions},
	{"refresh", (*bench).refreshes},
	{"pending", (*bench).pending},
	{"behind", (*bench).behind},
	{"report", (*bench).reports},
	{"console", (*bench).consoles},
	{"lighthouse", (*bench).lighthouses},
	{"start", (*bench).starts},
	{"size", (*bench).sizes},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	var b bench
	flag.StringVar(&b.functions, "functions", "dist/local", "folder of the functions built for this machine")
	flag.StringVar(&b.bare, "bare", "dist/local/bin/bare", "binary of internal/testkit/bench/bare, built with the same flags")
	flag.StringVar(&b.deployed, "deployed", "dist", "folder of the functions built for Lambda")
	flag.BoolVar(&b.quick, "quick", false, "smoke test: run everything once and small; the numbers mean nothing")
	document := flag.String("table", "", "document whose sections of the parts to rewrite")
	strict := flag.Bool("strict", false, "fail when a row is over its bound")
	only := flag.String("only", "", "parts to run, with commas: check, import, writers, reads, recognise, inventory, list, people, licenses, catalog, position, refresh, pending, behind, report, console, lighthouse, start, size; empty for all")
	count := flag.String("count", "", "count this file of inventory and print what it took: what the program does in a process of its own")
	flag.Parse()
	if *count != "" {
		return countHere(ctx, *count, os.Stdout)
	}
	if *document != "" && b.quick {
		return errors.New("the numbers of -quick mean nothing: leave -table out")
	}

	if b.scratch, err = os.MkdirTemp("", "trueup-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	begin := time.Now()
	names, sections := []string{}, map[string]string{}
	for _, p := range parts {
		names = append(names, p.name)
		if *only != "" && !slices.Contains(strings.Split(*only, ","), p.name) {
			continue
		}
		b.say("%s", p.name)
		measured := len(b.table.rows)
		if err := p.measure(&b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows := table{b.table.rows[measured:]}
		for _, r := range rows.rows { // a run that is interrupted leaves them
			b.say("%s: %s, floor %s", r.what, r.value, cmp.Or(r.floor, "none"))
		}
		sections[p.name] = rows.section(p.name, begin)
	}
	fmt.Print(b.table.markdown())
	b.say("%d rows in %.0f s", len(b.table.rows), time.Since(begin).Seconds())
	if *document != "" {
		text, err := os.ReadFile(*document)
		if err != nil {
			return err
		}
		replaced, err := replace(string(text), names, sections)
		if err != nil {
			return fmt.Errorf("%s: %w", *document, err)
		}
		if err := os.WriteFile(*document, []byte(replaced), 0o644); err != nil {
			return err
		}
	}
	if over := b.table.over(); *strict && over > 0 {
		return fmt.Errorf("%d rows are over their bounds", over)
	}
	return nil
}

// say prints progress to standard error.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
