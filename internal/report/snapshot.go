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

	"trueup/internal/day"
)

// The objects of a snapshot. Each is JSON, compressed with gzip.
const (
	ObjectData         = "data"         // storedData
	ObjectEntitlements = "entitlements" // a list of storedHeld
	// The reports as the API answers, for who reads the bucket without trueup.
	ObjectPurchases     = "purchases"     // Purchases without a filter
	ObjectInstallations = "installations" // Installations without a filter
	ObjectOverview      = "overview"
)

// objectNames is every object, in the order of writing.
var objectNames = []string{ObjectData, ObjectEntitlements, ObjectPurchases, ObjectInstallations, ObjectOverview}

// Manifest says what belongs to the snapshot of a day. It is written after the
// objects that it names. The keys of all of them say whose they are and what is in
// them, so that nothing else is ever stored under these keys. Which manifest is
// the one of a day is not said here, but where the Published are kept.
type Manifest struct {
	Version  int // of the stored types: 1 to SnapshotVersion
	Date     day.Date
	Run      string // the refresh that wrote it
	Sequence int64  // of the run: a later one has a higher
	DataAt   time.Time
	Objects  []Object
	Point    Point // so that a trend reads manifests only
}

// Object is one object of a snapshot as it is stored.
type Object struct {
	Name   string
	Key    string
	Bytes  int64
	SHA256 string // in hexadecimal
}

// Published names the manifest of a snapshot.
type Published struct {
	Date     day.Date
	Run      string
	Sequence int64
	SHA256   string // of the manifest as it is stored, in hexadecimal
}

// Key is the key of the manifest.
func (p Published) Key() string {
	return fmt.Sprintf("%smanifest-%.16s.json", folder(p.Date, p.Sequence, p.Run), p.SHA256)
}

// Part is an object with its content.
type Part struct {
	Object
	Content []byte
}

// SnapshotPrefix is where all snapshots are, in a folder for each day.
const SnapshotPrefix = "snapshots/"

// LegacyManifestKey is where earlier versions put the manifest of a day, and
// replaced it by one that was Newer.
func LegacyManifestKey(date day.Date) string {
	return SnapshotPrefix + string(date) + "/manifest.json"
}

// LegacyLatestKey is where earlier versions put a copy of the newest manifest.
const LegacyLatestKey = SnapshotPrefix + "latest.json"

// folder is where the objects of one run's snapshot are. Runs sort by their
// sequence: those of earlier versions counted from 1 and have leading zeros, those
// of this one are milliseconds, of 13 digits.
func folder(date day.Date, sequence int64, run string) string {
	return fmt.Sprintf("%s%s/%012d-%s/", SnapshotPrefix, date, sequence, run)
}

// objectKey is the key of an object with that checksum of one run's snapshot.
func objectKey(date day.Date, sequence int64, run, name, sum string) string {
	return fmt.Sprintf("%s%s-%.16s.json.gz", folder(date, sequence, run), name, sum)
}

// Newer reports that the snapshot comes from a later attempt than the other.
func (m *Manifest) Newer(than *Manifest) bool { return m.Sequence > than.Sequence }

// Snapshot makes the snapshot of a day: its objects in the order in which they
// must be written, and the manifest that must be written after them. The same
// input gives the same bytes, so a run that is repeated writes the same.
func (d *Data) Snapshot(date day.Date, run string, sequence int64, s Settings) ([]Part, Manifest, error) {
	bought, installed := d.Purchases(Filter{}, Order{}, s), d.Installations(Filter{}, Order{}, s)
	overview := d.overview(bought, installed, s)
	m := Manifest{
		Version: SnapshotVersion, Date: date, Run: run, Sequence: sequence,
		DataAt: d.At.UTC(), Point: overview.Point(date),
	}
	values := map[string]any{ObjectData: newStoredData(d), ObjectEntitlements: each(d.Held, newStoredHeld), ObjectPurchases: bought, ObjectInstallations: installed, ObjectOverview: overview}
	var parts []Part
	for _, name := range objectNames {
		content, err := pack(values[name])
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

// Encode is the manifest as it is stored, and its name.
func (m *Manifest) Encode() (stored []byte, p Published, err error) {
	stored, err = json.MarshalIndent(newStoredManifest(m), "", "  ")
	return stored, Published{Date: m.Date, Run: m.Run, Sequence: m.Sequence, SHA256: checksum(stored)}, err
}

// Manifest reads the manifest of that name; an error when the stored bytes are not it.
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

// DecodeManifest reads what Encode wrote. Anything else is an error: a manifest
// of another version, one that lacks an object, or whose objects are elsewhere.
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
	if _, err := time.Parse(time.DateOnly, string(m.Date)); err != nil || m.Run == "" || strings.Contains(m.Run, "/") || m.Sequence < 1 {
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

// Object returns the object of that name, one of the Object constants; the zero
// Object when a manifest that was not decoded lacks it.
func (m *Manifest) Object(name string) Object {
	for _, o := range m.Objects {
		if o.Name == name {
			return o
		}
	}
	return Object{}
}

// Data reads ObjectData. The result has no Held.
func (m *Manifest) Data(content []byte) (*Data, error) {
	var stored storedData
	if err := m.Object(ObjectData).open(content, &stored); err != nil {
		return nil, err
	}
	return stored.data(), nil
}

// Held reads ObjectEntitlements.
func (m *Manifest) Held(content []byte) ([]Held, error) {
	var stored []storedHeld
	if err := m.Object(ObjectEntitlements).open(content, &stored); err != nil {
		return nil, err
	}
	return each(stored, storedHeld.held), nil
}

// Report reads one of the finished reports, as JSON.
func (m *Manifest) Report(name string, content []byte) (json.RawMessage, error) {
	var stored json.RawMessage
	err := m.Object(name).open(content, &stored)
	return stored, err
}

// open decodes the content of an object. It is an error when the content is not what
// the manifest says.
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

// pack writes a value as JSON, compressed for speed.
func pack(value any) ([]byte, error) {
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
