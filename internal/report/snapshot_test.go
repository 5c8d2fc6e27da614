package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/i18n"
	"trueup/internal/report"
)

// TestSnapshot checks R8.5: a snapshot returns the data as written, and the same reports with any
// filter.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	parts, m, err := d.Snapshot("2026-11-21", "r42", 42, s)
	if err != nil {
		t.Fatal(err)
	}
	stored, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := report.DecodeManifest(stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, read); diff != "" {
		t.Errorf("-written +read:\n%s", diff)
	}
	if want := "snapshots/2026-11-21/000000000042-r42/data-" + m.Objects[0].SHA256[:16] + ".json.gz"; m.Objects[0].Key != want || report.LegacyManifestKey(m.Date) != "snapshots/2026-11-21/manifest.json" {
		t.Errorf("keys %q", m.Objects[0].Key)
	}
	content := map[string][]byte{}
	for _, part := range parts {
		content[part.Name] = part.Content
	}

	again, err := read.Data(content[report.ObjectData])
	if err != nil {
		t.Fatal(err)
	}
	if again.Held, err = read.Held(content[report.ObjectEntitlements]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("data (-written +read):\n%s", diff)
	}
	var bought report.Purchases
	open(t, read, report.ObjectPurchases, content, &bought)
	if diff := cmp.Diff(d.Purchases(report.Filter{}, report.Order{}, s), bought); diff != "" {
		t.Errorf("purchases (-live +snapshot):\n%s", diff)
	}
	var installed report.Installations
	open(t, read, report.ObjectInstallations, content, &installed)
	if diff := cmp.Diff(d.Installations(report.Filter{}, report.Order{}, s), installed); diff != "" {
		t.Errorf("installations (-live +snapshot):\n%s", diff)
	}
	var overview report.Overview
	open(t, read, report.ObjectOverview, content, &overview)
	if diff := cmp.Diff(d.Overview(s), overview); diff != "" {
		t.Errorf("overview (-live +snapshot):\n%s", diff)
	}
	f := report.Filter{Groups: []string{"g1"}}
	if diff := cmp.Diff(d.Installations(f, report.Order{}, s), again.Installations(f, report.Order{}, s)); diff != "" {
		t.Errorf("a group's installations (-live +snapshot):\n%s", diff)
	}

	repeated, _, err := d.Snapshot("2026-11-21", "r42", 42, s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parts, repeated); diff != "" {
		t.Error("the same run writes something else the second time")
	}
}

// TestR16_2_SequencesOfAClock checks that a sequence in milliseconds is newer than every sequence
// counted from 1, also in the order of keys, and that its manifest can be decoded.
func TestR16_2_SequencesOfAClock(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	var last report.Manifest
	for _, sequence := range []int64{1, 42, 999_999, 1_795_000_000_000, 1_795_000_000_001, 9_999_999_999_999} {
		_, m, err := d.Snapshot("2026-11-21", "r1", sequence, s)
		if err != nil {
			t.Fatal(err)
		}
		stored, _, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report.DecodeManifest(stored); err != nil {
			t.Error(err)
		}
		if last.Version != 0 && (!m.Newer(&last) || m.Objects[0].Key <= last.Objects[0].Key) {
			t.Errorf("%s does not sort after %s", m.Objects[0].Key, last.Objects[0].Key)
		}
		last = m
	}
}

func open(t *testing.T, m report.Manifest, name string, content map[string][]byte, into any) {
	t.Helper()
	stored, err := m.Report(name, content[name])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(stored, into); err != nil {
		t.Fatal(err)
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	older, newer := report.Manifest{Sequence: 9, Run: "z"}, report.Manifest{Sequence: 10, Run: "a"}
	if !newer.Newer(&older) || older.Newer(&newer) || newer.Newer(&newer) {
		t.Error("R8.5: an older run replaces a newer one, or a run itself")
	}
}

// TestDamagedObject checks that content which does not match the manifest is rejected.
func TestDamagedObject(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	parts, m, err := d.Snapshot("2026-11-21", "r1", 1, s)
	if err != nil {
		t.Fatal(err)
	}
	part := parts[1]
	flipped := bytes.Clone(part.Content)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"nothing": nil, "cut": part.Content[:len(part.Content)-1], "longer": append(bytes.Clone(part.Content), 0),
		"one bit": flipped, "another object": parts[2].Content,
	} {
		if held, err := m.Held(content); err == nil || len(held) > 0 {
			t.Errorf("%s was taken: %v", name, err)
		}
	}
}

func TestDecodeManifestRefuses(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	_, m, err := d.Snapshot("2026-11-21", "r1", 1, s)
	if err != nil {
		t.Fatal(err)
	}
	stored, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(stored)
	for name, change := range map[string][2]string{
		"nothing":                  {good, ""},
		"half":                     {good[len(good)/2:], ""},
		"more":                     {good, good + "{}"},
		"another version":          {`"version": 1`, `"version": 99`},
		"a field that is not ours": {`"version": 1`, `"version": 1, "extra": 1`},
		"no day":                   {`"date": "2026-11-21",`, `"date": "2026-11-31",`},
		"another day's objects":    {`"date": "2026-11-21",`, `"date": "2026-11-20",`},
		"another run's objects":    {`"run": "r1"`, `"run": "r2"`},
		"a folder as run":          {`r1`, `r/1`},
		"no sequence":              {`"sequence": 1`, `"sequence": 0`},
		"an object less":           {`"name": "data"`, `"name": "date"`},
		"an empty object":          {`"bytes": `, `"bytes": -`},
		"a checksum cut":           {m.Objects[0].SHA256, m.Objects[0].SHA256[:62]},
		"no checksum":              {m.Objects[0].SHA256, strings.Repeat("x", 64)},
	} {
		changed := strings.ReplaceAll(good, change[0], change[1])
		if changed == good {
			t.Errorf("%s changes nothing", name)
		}
		if m, err := report.DecodeManifest([]byte(changed)); err == nil {
			t.Errorf("%s was taken: %+v", name, m)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	d, s := organisation(), settings(i18n.English)
	_, m, err := d.Snapshot("2026-11-21", "r1", 1, s)
	if err != nil {
		f.Fatal(err)
	}
	stored, _, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Fuzz(func(t *testing.T, stored []byte) {
		m, err := report.DecodeManifest(stored)
		if err != nil {
			return
		}
		again, _, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if read, err := report.DecodeManifest(again); err != nil || !cmp.Equal(m, read) {
			t.Errorf("%+v is read back as %+v, %v", m, read, err)
		}
	})
}
