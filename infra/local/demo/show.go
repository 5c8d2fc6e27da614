package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// installations has the fields of the License installation report that the demo uses.
type installations struct {
	DataAt time.Time
	Stale  bool
	Notice string
	Rows   []installation

	NextCursor string
}

type installation struct {
	ID, Publisher, Product, Verdict        string
	Licenses, MovedIn, MovedOut, Installed int
	Surplus, Shortfall, Difference         int
}

// show loads the organisation, prints the report, and compares it with the expected one.
func show(ctx context.Context, c client, out io.Writer) error {
	begin := time.Now()
	fleet := machines(products())
	inventory, rows, err := inventoryFile(fleet)
	if err != nil {
		return err
	}
	agreements, statements := agreementFiles(), statementFiles()
	lists := directoryFiles(fleet)
	all := slices.Concat(agreements, statements, []file{catalogFile(), inventory})
	foreign, err := c.strangers(ctx, slices.Concat(all, lists))
	if err != nil {
		return err
	}
	if foreign != "" {
		return fmt.Errorf("the system at %s has %s, which would change the demo's numbers: "+
			"stop it; make demo then starts another one with separate data", c.api, foreign)
	}

	fmt.Fprintf(out, "Kingfisher Shipping: %d PCs with %d rows of installed programs, %d files of agreements, %d statements.\n",
		pcs, rows, len(agreements), len(statements))
	if err := c.decide(ctx, acrobat, acrobatDecision); err != nil {
		return err
	}
	for _, f := range all {
		if err := c.put(ctx, f); err != nil {
			return fmt.Errorf("put %s: %w", f.key, err)
		}
	}
	if err := c.ended(ctx, "/imports", "succeeded", agreements); err != nil {
		return err
	}
	for _, o := range others() {
		if err := c.add(ctx, o); err != nil {
			return err
		}
	}
	if err := c.ended(ctx, "/statements", "accepted", statements); err != nil {
		return err
	}
	if err := c.people(ctx, lists, out); err != nil {
		return err
	}
	r, err := c.refresh(ctx) // last, because it stores the reports of the day
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Refresh %s: %s, %d pairs checked, %d valid, %d invalid, %d without an answer.\n\n", r.ID, r.State, r.Checked, r.Valid, r.Invalid, r.Failed)
	if err := c.saveViews(ctx); err != nil {
		return err
	}
	first, err := c.earlier(ctx, out)
	if err != nil {
		return fmt.Errorf("making up the reports of earlier days: %w", err)
	}

	var report installations
	if err := c.get(ctx, "/reports/license-installations?limit=200", &report); err != nil {
		return err
	}
	printReport(out, report)
	wrong := compare(expectedReport(fleet), report)
	fmt.Fprintf(out, `
See more, in another terminal:

  TOKEN=$(curl -s '%[1]s/dev/token?role=global-admin&sub=me')
  get() { curl -sS -H "Authorization: Bearer $TOKEN" "%[1]s$1" "${@:2}"; echo; }
  get /overview
  get '/reports/license-installations?verdict=short'
  get /reports/license-installations/%[2]s/explanation
  get /reports/license-installations.xlsx -o position.xlsx
  get /reports/license-purchases.html -o purchases.html
  get /conflicts
  get '/users?department=Finance&licensed=true'
  get '/reports/trend?from=%[3]s'
  get '/reports/comparison?from=%[3]s'

`, c.api, report.example(), first)
	if wrong != nil {
		return fmt.Errorf("the report differs from the demo's data:\n%w", errors.Join(wrong...))
	}
	fmt.Fprintf(out, "All %d products match the demo's own calculation. It took %.0f s.\n", len(report.Rows), time.Since(begin).Seconds())
	return nil
}

// example returns the id of a product with an instructive explanation: a short one that
// licences of other versions partly cover; empty if there is none.
func (r installations) example() string {
	for _, row := range r.Rows {
		if row.MovedIn > 0 && row.Shortfall > 0 {
			return row.ID
		}
	}
	return ""
}

func printReport(out io.Writer, r installations) {
	fmt.Fprintf(out, "License installation report, licence data of %s\n\n", r.DataAt.Local().Format("2006-01-02 15:04"))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "licences\tmoved\tPCs\tdifference\tverdict\t  \tproduct")
	sum := map[string]int{}
	for _, row := range r.Rows {
		moved := ""
		if n := row.MovedIn - row.MovedOut; n != 0 {
			moved = fmt.Sprintf("%+d", n)
		}
		fmt.Fprintf(table, "%d\t%s\t%d\t%+d\t%s\t  \t%s\n", row.Licenses, moved, row.Installed, row.Difference, row.Verdict, named(row.Publisher, row.Product))
		sum[row.Verdict]++
	}
	table.Flush() //nolint:errcheck // to a terminal or a buffer
	var parts []string
	for _, verdict := range sortedKeys(sum) {
		parts = append(parts, fmt.Sprintf("%d %s", sum[verdict], verdict))
	}
	fmt.Fprintf(out, "\n%d products: %s\n%s\n", len(r.Rows), strings.Join(parts, ", "), r.Notice)
}

// named returns a product with its publisher, which is not repeated if the name begins with it.
func named(publisher, product string) string {
	if strings.HasPrefix(product, publisher) {
		return product
	}
	return publisher + " " + product
}

// compare returns the differences between the expected and the actual report.
func compare(want []expected, r installations) (wrong []error) {
	got := map[string]expected{}
	for _, row := range r.Rows {
		got[row.Publisher+"\x00"+row.Product] = expected{
			Publisher: row.Publisher, Product: row.Product, Licenses: row.Licenses, Installed: row.Installed,
			MovedIn: row.MovedIn, MovedOut: row.MovedOut, Surplus: row.Surplus, Shortfall: row.Shortfall, Verdict: row.Verdict,
		}
	}
	for _, w := range want {
		key := w.Publisher + "\x00" + w.Product
		if g, ok := got[key]; !ok {
			wrong = append(wrong, fmt.Errorf("%s %s is missing", w.Publisher, w.Product))
		} else if g != w {
			wrong = append(wrong, fmt.Errorf("%s %s: %+v, want %+v", w.Publisher, w.Product, g, w))
		}
		delete(got, key)
	}
	for _, g := range got {
		wrong = append(wrong, fmt.Errorf("%s %s is unexpected", g.Publisher, g.Product))
	}
	if r.Stale || r.NextCursor != "" {
		wrong = append(wrong, fmt.Errorf("stale %v, another page %v", r.Stale, r.NextCursor != ""))
	}
	return wrong
}
