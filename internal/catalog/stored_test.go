package catalog

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/product"
	"trueup/internal/testkit/golden"
)

// A copy names its starting catalog, which differs between releases. Apart from that, a restored
// copy is saved again as it was.
func TestR16_6_StoredCopies(t *testing.T) {
	t.Parallel()
	golden.Versions(t, "catalog-copy", "bin", 1, func() []byte { return many(100, true).Save() }, func(version int, sample []byte) {
		line, rest, _ := bytes.Cut(sample, []byte("\n"))
		fields := strings.Fields(string(line))
		fields[len(fields)-1] = startDigest()
		sample = append([]byte(strings.Join(fields, " ")+"\n"), rest...)
		c := &Catalog{}
		if err := c.Restore(sample); err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if diff := gocmp.Diff(everything(many(100, true)), everything(c)); diff != "" {
			t.Errorf("version %d (-saved +restored)\n%s", version, diff)
		}
		if string(c.Save()) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
}

// Entries of the catalog are never deleted, and processes of both releases write them during a
// deployment.
func TestR16_6_StoredEntries(t *testing.T) {
	t.Parallel()
	adobe, systems, flash, reader := idOf("Adobe"), idOf("Adobe Systems"), idOf("Flash"), idOf("Reader")
	want := []step{
		{additions: []Addition{
			{Publisher: "Adobe", Aliases: []string{"Adobe Inc.", "Adobe Systems"}},
			{Publisher: "Adobe", Title: "Acrobat Pro", Aliases: []string{"Acrobat Professional"}},
			{Publisher: "Société Générale", Title: "Résumé"},
		}},
		{other: systems, into: adobe},
		{publisher: adobe, other: flash, into: reader},
	}
	written, n := body(want[0].additions)
	if n != len(want[0].additions) {
		t.Fatalf("the entry has %d additions", n)
	}
	written += entryLine(lineMergePublishers, systems.String(), adobe.String()) + entryLine(lineMergeTitles, adobe.String(), flash.String(), reader.String())
	golden.Versions(t, "catalog-entry", "txt", entryVersion, func() []byte { return []byte(written) }, func(version int, sample []byte) {
		got, err := parseEntry(nil, string(sample))
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		// A line t follows the line p of its publisher, which is an addition by itself.
		want := slices.Clone(want)
		want[0].additions = slices.Insert(slices.Clone(want[0].additions), 2, Addition{Publisher: "Société Générale", Aliases: []string{}})
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(step{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %d (-want +got)\n%s", version, diff)
		}
		if version == entryVersion && written != string(sample) {
			t.Errorf("the format changed without a new version:\n%s", gocmp.Diff(string(sample), written))
		}
	})
}

// Entries of subscriptions are never deleted either.
func TestR16_6_StoredSubscriptions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 9, 30, 0, 5e6, time.UTC)
	want := []product.Subscription{
		{Name: "Microsoft 365 E3", ID: "SPE_E3", Includes: []string{"microsoft-365-apps-enterprise", "microsoft-windows-enterprise"}, Listed: at},
		{Name: "Teams Phone", ID: "MCOEV", Listed: at},
		{Name: "Société", Listed: at},
	}
	written := subscriptionsBody(want, at)
	golden.Versions(t, "catalog-subscriptions", "txt", subscriptionsVersion, func() []byte { return []byte(written) }, func(version int, sample []byte) {
		got, err := parseSubscriptions(string(sample))
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %d (-want +got)\n%s", version, diff)
		}
		if version == subscriptionsVersion && written != string(sample) {
			t.Errorf("the format changed without a new version:\n%s", gocmp.Diff(string(sample), written))
		}
	})
	for _, wrong := range []string{"", "subscriptions 2 1\na\tb\tc\n", "subscriptions 1\n", "subscriptions 1 1\na\tb\n", "subscriptions 1 1\n\tb\tc\n", "p\tMicrosoft\n"} {
		if got, err := parseSubscriptions(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, got)
		}
	}
}
