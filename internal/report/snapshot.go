package report

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/pack"
)

// The objects of a snapshot. Each is JSON, compressed with gzip.
const (
	ObjectData         = "data"         // storedData
	ObjectEntitlements = "entitlements" // a list of storedHeld
	// The reports as the API returns them, for readers of the bucket without trueup.
	ObjectPurchases     = "purchases"     // Purchases without a filter
	ObjectInstallations = "installations" // Installations without a filter
	ObjectOverview      = "overview"
)

// objectNames lists all objects, in the order of writing.
var objectNames = []string{ObjectData, ObjectEntitlements, ObjectPurchases, ObjectInstallations, ObjectOverview}

// Manifest lists the objects of a snapshot of a day. It is written after these objects. Their
// keys contain the day, run, sequence and checksum, so no other content is ever stored under
// them. Which manifest counts for a day is stored with the Published records.
type Manifest struct {
	Version  int // version of the stored types: 1 to SnapshotVersion
	Date     day.Date
	Run      string // id of the refresh that wrote it
	Sequence int64  // token of the run's attempt: a later attempt has a larger one
	DataAt   time.Time
	Objects  []Object
	Point    Point // so that a trend reads only manifests
}

// Object is one stored object of a snapshot.
type Object struct {
	Name   string
	Key    string
	Bytes  int64
	SHA256 string // in hexadecimal
}

// Published identifies the stored manifest of a snapshot.
type Published struct {
	Date     day.Date
	Run      string
	Sequence int64
	SHA256   string // of the stored manifest, in hexadecimal
	// Supplement is the Supplement of the newest snapshot; the zero Object for none.
	Supplement Object
	// Subscriptions is the numbers of the day's subscriptions, for a trend; nil if they were not stored, and
	// for the newest snapshot. A manifest does not have them: earlier releases refuse a manifest with a
	// field that they do not know.
	Subscriptions *SubscriptionReportTotals
}

// Supplement has the entitlements that changed after a full refresh. Together with the
// entitlements of that refresh it is complete.
type Supplement struct {
	Changed []agreement.PairKey // pairs that were added or removed: their earlier entitlements do not count
	Held    []Held              // current entitlements of these pairs
	// Whole and General replace the lines of statements. They are as entitlement.Attribution
	// has them, so Whole is before entitlement.Remainder.
	Whole, General []Held
}

// ObjectSupplement is the name of the object of a supplement.
const ObjectSupplement = "supplement"

// SupplementKey returns the key of a supplement of a run to the snapshot of a day.
func SupplementKey(date day.Date, sequence int64, run, sha256 string) string {
	return objectKey(date, sequence, run, ObjectSupplement, sha256)
}

// Encode returns the stored form of a supplement of a run to the snapshot of a day.
func (s *Supplement) Encode(date day.Date, run string, sequence int64) (Part, error) {
	content, err := compress(newStoredSupplement(s))
	if err != nil {
		return Part{}, fmt.Errorf("report: supplement: %w", err)
	}
	sum := checksum(content)
	return Part{Object{Name: ObjectSupplement, Key: SupplementKey(date, sequence, run, sum), Bytes: int64(len(content)), SHA256: sum}, content}, nil
}

// Supplement decodes a stored supplement.
func (o Object) Supplement(content []byte) (Supplement, error) {
	var stored storedSupplement
	if err := o.open(content, &stored); err != nil {
		return Supplement{}, err
	}
	if stored.Version < 1 || stored.Version > supplementVersion {
		return Supplement{}, fmt.Errorf("report: supplement of version %d, and this release reads versions 1 to %d", stored.Version, supplementVersion)
	}
	return stored.supplement(), nil
}

// Key returns the key of the manifest.
func (p Published) Key() string {
	return fmt.Sprintf("%smanifest-%.16s.json", folder(p.Date, p.Sequence, p.Run), p.SHA256)
}

// Part is an object with its content.
type Part struct {
	Object
	Content []byte
}

// SnapshotPrefix is the key prefix of all snapshots. Each day has a folder.
const SnapshotPrefix = "snapshots/"

// LegacyManifestKey is the key of a day's manifest in earlier versions, which replaced it by a
// Newer one.
func LegacyManifestKey(date day.Date) string {
	return SnapshotPrefix + string(date) + "/manifest.json"
}

// LegacyLatestKey is the key of the newest manifest's copy in earlier versions.
const LegacyLatestKey = SnapshotPrefix + "latest.json"

// folder returns the key prefix of one run's snapshot. Prefixes sort by sequence: sequences of
// earlier versions counted from 1 and have leading zeros, later ones are milliseconds with 13
// digits.
func folder(date day.Date, sequence int64, run string) string {
	return fmt.Sprintf("%s%s/%012d-%s/", SnapshotPrefix, date, sequence, run)
}

// objectKey returns the key of an object, with its checksum, in one run's snapshot.
func objectKey(date day.Date, sequence int64, run, name, sum string) string {
	return fmt.Sprintf("%s%s-%.16s.json.gz", folder(date, sequence, run), name, sum)
}

// Newer reports whether m is from a later attempt than the other manifest.
func (m *Manifest) Newer(than *Manifest) bool { return m.Sequence > than.Sequence }

// Snapshot returns the snapshot of a day: its objects in the order in which they must be written,
// and the manifest to write after them. The same input gives the same bytes, so a repeated run
// writes the same.
func (d *Data) Snapshot(date day.Date, run string, sequence int64, s Settings) ([]Part, Manifest, error) {
	bought, installed := d.Purchases(Filter{}, Order{}, s), d.Installations(Filter{}, Order{}, s)
	overview := d.OverviewOf(bought, installed, s)
	m := Manifest{
		Version: SnapshotVersion, Date: date, Run: run, Sequence: sequence,
		DataAt: d.At.UTC(), Point: overview.Point(date),
	}
	values := map[string]any{ObjectData: newStoredData(d), ObjectEntitlements: pack.Each(d.Held, newStoredHeld), ObjectPurchases: bought, ObjectInstallations: installed, ObjectOverview: overview}
	var parts []Part
	for _, name := range objectNames {
		content, err := compress(values[name])
		if err != nil {
			return nil, Manifest{}, fmt.Errorf("report: snapshot of %s: %w", name, err)
		}
		sum := checksum(content)
		object := Object{Name: name, Key: objectKey(date, sequence, run, name, sum), Bytes: int64(len(content)), SHA256: sum}
		m.Objects = append(m.Objects, object)
		parts = append(parts, Part{object, content})
	}
	return parts, m, nil
}

// Encode returns the manifest in its stored form and its identification.
func (m *Manifest) Encode() (stored []byte, p Published, err error) {
	stored, err = json.MarshalIndent(newStoredManifest(m), "", "  ")
	return stored, Published{Date: m.Date, Run: m.Run, Sequence: m.Sequence, SHA256: checksum(stored)}, err
}

// Manifest decodes the stored manifest. It returns an error if the bytes are not those published.
func (p Published) Manifest(stored []byte) (Manifest, error) {
	if checksum(stored) != p.SHA256 {
		return Manifest{}, fmt.Errorf("report: %s is not what was published: %d bytes", p.Key(), len(stored))
	}
	m, err := DecodeManifest(stored)
	if err == nil && (m.Date != p.Date || m.Run != p.Run || m.Sequence != p.Sequence) {
		err = fmt.Errorf("report: %s is the manifest of %s by run %q, %d", p.Key(), m.Date, m.Run, m.Sequence)
	}
	return m, err
}

// DecodeManifest decodes the output of Encode. Anything else is an error: a newer version, a
// missing object, or an object with another key.
func DecodeManifest(stored []byte) (Manifest, error) {
	var read storedManifest
	decoder := json.NewDecoder(bytes.NewReader(stored))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return Manifest{}, fmt.Errorf("report: manifest: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Manifest{}, errors.New("report: manifest: more than one value")
	}
	m := read.manifest()
	if m.Version < 1 || m.Version > SnapshotVersion {
		return Manifest{}, fmt.Errorf("report: manifest of version %d, and this release reads versions 1 to %d", m.Version, SnapshotVersion)
	}
	if _, ok := m.Date.Time(); !ok || m.Run == "" || strings.Contains(m.Run, "/") || m.Sequence < 1 {
		return Manifest{}, fmt.Errorf("report: manifest of %q by run %q, %d", m.Date, m.Run, m.Sequence)
	}
	if len(m.Objects) != len(objectNames) {
		return Manifest{}, fmt.Errorf("report: manifest names %d objects, not %d", len(m.Objects), len(objectNames))
	}
	for i, o := range m.Objects {
		if sum, err := hex.DecodeString(o.SHA256); err != nil || len(sum) != sha256.Size {
			return Manifest{}, fmt.Errorf("report: manifest has the checksum %q for %s", o.SHA256, o.Name)
		}
		if o.Name != objectNames[i] || o.Key != objectKey(m.Date, m.Sequence, m.Run, o.Name, o.SHA256) || o.Bytes < 1 {
			return Manifest{}, fmt.Errorf("report: manifest names the object %q at %q", o.Name, o.Key)
		}
	}
	return m, nil
}

// Object returns the object with that name, one of the Object constants. It returns the zero
// Object if the manifest was not decoded and lacks it.
func (m *Manifest) Object(name string) Object {
	for _, o := range m.Objects {
		if o.Name == name {
			return o
		}
	}
	return Object{}
}

// Data decodes ObjectData. The result has no Held.
func (m *Manifest) Data(content []byte) (*Data, error) {
	var stored storedData
	if err := m.Object(ObjectData).open(content, &stored); err != nil {
		return nil, err
	}
	return stored.data(), nil
}

// Held decodes ObjectEntitlements.
func (m *Manifest) Held(content []byte) ([]Held, error) {
	var stored []storedHeld
	if err := m.Object(ObjectEntitlements).open(content, &stored); err != nil {
		return nil, err
	}
	return pack.Each(stored, storedHeld.held), nil
}

// Report decodes one of the stored reports, as JSON.
func (m *Manifest) Report(name string, content []byte) (json.RawMessage, error) {
	var stored json.RawMessage
	err := m.Object(name).open(content, &stored)
	return stored, err
}

// open decodes the content of an object. It returns an error if the content does not match the
// manifest.
func (o Object) open(content []byte, into any) error {
	if int64(len(content)) != o.Bytes || checksum(content) != o.SHA256 {
		return fmt.Errorf("report: %s is not what its manifest says: %d bytes of %d", o.Key, len(content), o.Bytes)
	}
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("report: %s: %w", o.Key, err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		return fmt.Errorf("report: %s: %w", o.Key, err)
	}
	return nil
}

// compress encodes a value as JSON and compresses it with the fastest level.
func compress(value any) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(value); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
