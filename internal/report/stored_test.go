package report_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/testkit/golden"
)

// everyField returns the data of the samples; no field is zero. A field that is added later is
// set only in samples of later versions, so leave it zero here.
func everyField() *report.Data {
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	product := position.Product{Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2021"}
	return &report.Data{
		At: at, Changed: true,
		Agreements: []agreement.Agreement{{
			ID: "a1", Type: agreement.TypeOther, Name: "Acrobat", GroupID: "g1", PairCount: 2, Validation: agreement.ValidationValid,
			Terms:     agreement.Terms{Publisher: "Adobe", ProductTitle: "Acrobat Pro", Licenses: 30, Start: "2026-01-01", End: "2026-12-31"},
			CreatedAt: at.Add(-time.Hour), CreatedBy: "jo", Version: 3,
		}},
		Groups: map[string]string{"g1": "Sales"},
		Held: []report.Held{{
			Entitlement: entitlement.Entitlement{
				Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Type: "License",
				Effective: 10, ActiveSA: 4, Unresolved: 1, Start: "2026-01-01", End: "2028-12-31", SAEnd: "2027-12-31",
			},
			Source: position.Source{Kind: position.KindPair, ID: "01-07001+01-07001", Text: "01-07001 + 01-07001"}, AgreementID: "a2", Validation: agreement.ValidationValid,
		}},
		Installed: []position.Line{{Product: product, Quantity: 12, SA: 1, Source: position.Source{Kind: position.KindInventory, ID: "pcs.csv", Text: "pcs.csv"}, Agreement: "a1"}},
		Titles:    []position.Line{{Product: product, Quantity: 13, SA: 2, Source: position.Source{Kind: position.KindInventory, ID: "pcs.csv", Text: "Microsoft Office Professional Plus 2021"}, Agreement: "a1"}},
		Runs:      []report.Run{{ID: "r1", Trigger: "schedule", State: "succeeded", Start: at, End: new(at.Add(time.Minute))}},
	}
}

// Objects and manifests of every version must stay readable.
func TestR16_6_StoredSnapshots(t *testing.T) {
	t.Parallel()
	written := everyField()
	parts, m, err := written.Snapshot("2026-11-21", "r42", 42, settings(i18n.English))
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{}
	for _, part := range parts {
		contents[part.Name] = part.Content
	}
	encoded, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read := map[int]report.Manifest{}
	golden.Versions(t, "snapshot-manifest", "json", report.SnapshotVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		stored, err := report.DecodeManifest(sample)
		if err != nil {
			t.Fatal(err)
		}
		if stored.Version != version || stored.Date != m.Date || stored.Point != m.Point || !stored.DataAt.Equal(m.DataAt) {
			t.Errorf("version %d: %+v", version, stored)
		}
		read[version] = stored
	})
	golden.Versions(t, "snapshot-data", "json.gz", report.SnapshotVersion, func() []byte { return contents[report.ObjectData] }, func(version int, sample []byte) {
		stored := read[version]
		d, err := stored.Data(sample)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written, d, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(report.Data{}, "Held")); diff != "" {
			t.Errorf("version %d (-written +read):\n%s", version, diff)
		}
	})
	golden.Versions(t, "snapshot-entitlements", "json.gz", report.SnapshotVersion, func() []byte { return contents[report.ObjectEntitlements] }, func(version int, sample []byte) {
		stored := read[version]
		held, err := stored.Held(sample)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written.Held, held, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %d (-written +read):\n%s", version, diff)
		}
	})
	for format, v := range report.StoredTypes {
		golden.Shape(t, format, report.SnapshotVersion, v)
	}
}

// A field that is added to an agreement, to its terms or to anything else in a report's data must
// be stored, even though everything compiles without. The exceptions are fields that lines of
// installations never have.
func TestR16_6_SnapshotsHaveEveryField(t *testing.T) {
	t.Parallel()
	var written report.Data
	golden.Fill(t, &written)
	written.Searched = nil // data of a snapshot are of all PCs
	parts, m, err := written.Snapshot("2026-11-21", "r42", 42, settings(i18n.English))
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{}
	for _, part := range parts {
		contents[part.Name] = part.Content
	}
	read, err := m.Data(contents[report.ObjectData])
	if err != nil {
		t.Fatal(err)
	}
	if read.Held, err = m.Held(contents[report.ObjectEntitlements]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&written, read, cmpopts.IgnoreFields(position.Line{}, "SAEnded", "NotVolume", "Metric", "Pack", "Subscription")); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	golden.Fill(t, &m.Point)
	encoded, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := report.DecodeManifest(encoded)
	if diff := cmp.Diff(m, manifest); diff != "" || err != nil {
		t.Errorf("manifest: %v (-written +read)\n%s", err, diff)
	}
}

func TestR16_6_StoredSupplements(t *testing.T) {
	t.Parallel()
	held := everyField().Held
	written := report.Supplement{Changed: []agreement.PairKey{"01-07001+01-07001"}, Held: held, Whole: held, General: held}
	part, err := written.Encode("2026-11-21", "r42", 42)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "snapshot-supplement", "json.gz", 1, func() []byte { return part.Content }, func(version int, sample []byte) {
		o := part.Object
		o.Bytes, o.SHA256 = int64(len(sample)), fmt.Sprintf("%x", sha256.Sum256(sample))
		read, err := o.Supplement(sample)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written, read); diff != "" {
			t.Errorf("version %d (-written +read):\n%s", version, diff)
		}
	})
	part.Content[len(part.Content)-1]++
	if _, err := part.Object.Supplement(part.Content); err == nil {
		t.Error("a damaged supplement was read")
	}
}
