package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// store keeps each object body in a file, and everything else in one bolt database. It is
// a backend of gofakes3. The library's own backends do not keep versions across restarts,
// and events name the version of their object.
//
// Every bucket is versioned. The event of a new version is written in the same transaction
// as the version, so that neither exists without the other. It stays in the outbox until
// the notifier has accepted it.
type store struct {
	db     *bolt.DB
	blobs  string // folder of bodies, one file per version
	parts  string // folder of the parts of uploads in progress; emptied at the start
	now    func() time.Time
	notify Notifier

	mu      sync.Mutex // guards uploads
	uploads map[gofakes3.UploadID]*upload
}

// version is one version of one object, or a delete marker.
type version struct {
	ID        string            `json:"id"`
	Size      int64             `json:"size"`
	ETag      string            `json:"etag"` // MD5 in hexadecimal, also for multipart uploads
	Modified  time.Time         `json:"modified"`
	Metadata  map[string]string `json:"metadata,omitempty"` // response headers, with canonical names
	Deleted   bool              `json:"deleted,omitempty"`
	Sequencer uint64            `json:"sequencer"`
	Principal string            `json:"principal,omitempty"` // who put it
}

// Buckets of the database: objects has a nested bucket per S3 bucket, from key to versions,
// newest first; created has the creation times of S3 buckets; outbox has undelivered events.
var (
	objectsBucket = []byte("objects")
	createdBucket = []byte("created")
	outboxBucket  = []byte("outbox")
)

func openStore(dir string, now func() time.Time, notify Notifier) (*store, error) {
	s := &store{
		blobs:   filepath.Join(dir, "objects"),
		parts:   filepath.Join(dir, "parts"),
		now:     now,
		notify:  notify,
		uploads: map[gofakes3.UploadID]*upload{},
	}
	if err := os.RemoveAll(s.parts); err != nil {
		return nil, err
	}
	for _, d := range []string{s.blobs, s.parts} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	db, err := bolt.Open(filepath.Join(dir, "index.db"), 0o600, &bolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s is in use by another run; stop that one or choose another folder (DATA=…)", dir)
	}
	if err != nil {
		return nil, err
	}
	s.db = db
	db.MaxBatchDelay = 2 * time.Millisecond // a commit waits for the disk
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{objectsBucket, createdBucket, outboxBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// versionsOf returns the versions of a key, newest first; none if the key does not exist.
func versionsOf(tx *bolt.Tx, bucket, key string) ([]version, error) {
	b := tx.Bucket(objectsBucket).Bucket([]byte(bucket))
	if b == nil {
		return nil, gofakes3.BucketNotFound(bucket)
	}
	return decodeVersions(b.Get([]byte(key)))
}

func decodeVersions(data []byte) (versions []version, err error) {
	if data == nil {
		return nil, nil
	}
	err = json.Unmarshal(data, &versions)
	return versions, err
}

func setVersions(tx *bolt.Tx, bucket, key string, versions []version) error {
	b := tx.Bucket(objectsBucket).Bucket([]byte(bucket))
	if len(versions) == 0 {
		return b.Delete([]byte(key))
	}
	data, err := json.Marshal(versions)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), data)
}

// add adds v as the latest version of a key, and sends the event unless its name is empty.
func (s *store) add(bucket, key string, v version, event string, conditions *gofakes3.PutConditions) (version, error) {
	var outgoing []byte
	var sequence uint64
	err := s.db.Batch(func(tx *bolt.Tx) error { // together with others that wait; it may be called again
		versions, err := versionsOf(tx, bucket, key)
		if err != nil {
			return err
		}
		if conditions != nil {
			if err := gofakes3.CheckPutConditions(conditions, condition(versions)); err != nil {
				return err
			}
		}
		// The sequencer increases with every version, even after all data was deleted.
		outbox := tx.Bucket(outboxBucket)
		v.Modified = s.now().UTC()
		sequence = max(outbox.Sequence()+1, uint64(v.Modified.UnixNano()))
		if err := outbox.SetSequence(sequence); err != nil {
			return err
		}
		v.Sequencer = sequence
		if err := setVersions(tx, bucket, key, slices.Insert(versions, 0, v)); err != nil {
			return err
		}
		if event == "" {
			return nil
		}
		if outgoing, err = json.Marshal(newEvent(event, bucket, key, v)); err != nil {
			return err
		}
		return outbox.Put(binary.BigEndian.AppendUint64(nil, sequence), outgoing)
	})
	if err != nil || event == "" {
		return v, err
	}
	return v, s.deliver(sequence, outgoing)
}

// deliver passes an event to the notifier and then removes it from the outbox.
func (s *store) deliver(sequence uint64, event []byte) error {
	var e Event
	if err := json.Unmarshal(event, &e); err != nil {
		return err
	}
	bucket, key, err := e.Object()
	if err != nil {
		return err
	}
	if err := s.notify(bucket, key, event); err != nil {
		return fmt.Errorf("s3: event of %s/%s: %w", bucket, key, err)
	}
	return s.db.Batch(func(tx *bolt.Tx) error {
		return tx.Bucket(outboxBucket).Delete(binary.BigEndian.AppendUint64(nil, sequence))
	})
}

// redeliver delivers the events that the last run left in the outbox, in any order.
func (s *store) redeliver() error {
	events := map[uint64][]byte{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(outboxBucket).ForEach(func(k, v []byte) error {
			events[binary.BigEndian.Uint64(k)] = slices.Clone(v)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for sequence, event := range events {
		if err := s.deliver(sequence, event); err != nil {
			return err
		}
	}
	return nil
}

func condition(versions []version) *gofakes3.ConditionalObjectInfo {
	if len(versions) == 0 || versions[0].Deleted {
		return &gofakes3.ConditionalObjectInfo{}
	}
	return &gofakes3.ConditionalObjectInfo{Exists: true, Hash: versions[0].hash()}
}

func (v version) hash() []byte {
	sum, _ := hex.DecodeString(v.ETag) // write made it, so it is valid
	return sum
}

// write stores a body in a file and returns the version to add. A negative size means
// that the size is unknown.
func (s *store) write(metadata map[string]string, body io.Reader, size int64) (version, error) {
	v := version{ID: rand.Text(), Metadata: kept(metadata), Principal: metadata[principalHeader]}
	f, err := os.Create(s.blob(v.ID))
	if err != nil {
		return version{}, err
	}
	sum := md5.New()
	v.Size, err = io.Copy(io.MultiWriter(f, sum), body)
	err = errors.Join(err, f.Close())
	if err == nil && size >= 0 && v.Size != size {
		err = gofakes3.ErrIncompleteBody
	}
	if err != nil {
		s.drop(v.ID)
		return version{}, unjoin(err)
	}
	v.ETag = hex.EncodeToString(sum.Sum(nil))
	return v, nil
}

// unjoin returns the S3 error that err wraps, because gofakes3 does not unwrap errors.
func unjoin(err error) error {
	var s3err gofakes3.Error
	if errors.As(err, &s3err) {
		return s3err
	}
	return err
}

func (s *store) blob(id string) string { return filepath.Join(s.blobs, id) }

func (s *store) drop(id string) { os.Remove(s.blob(id)) } // a leftover file only takes space

// kept returns the headers of a put that a get returns.
func kept(headers map[string]string) map[string]string {
	metadata := map[string]string{}
	for name, value := range headers {
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"),
			name == "Content-Type", name == "Content-Disposition", name == "Content-Encoding", name == "Last-Modified":
			metadata[name] = value
		}
	}
	return metadata
}

// object opens a version. For a delete marker, the object has no contents.
func (s *store) object(key string, v version, rng *gofakes3.ObjectRangeRequest, withBody bool) (*gofakes3.Object, error) {
	o := &gofakes3.Object{
		Name: key, Metadata: v.Metadata, Size: v.Size, Hash: v.hash(),
		VersionID: gofakes3.VersionID(v.ID), IsDeleteMarker: v.Deleted,
		Contents: io.NopCloser(strings.NewReader("")),
	}
	if v.Deleted || !withBody {
		return o, nil
	}
	r, err := rng.Range(v.Size)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.blob(v.ID))
	if err != nil {
		return nil, err
	}
	o.Contents = f
	if r != nil {
		o.Range = r
		o.Contents = section{io.NewSectionReader(f, r.Start, r.Length), f}
	}
	return o, nil
}

type section struct {
	io.Reader
	io.Closer
}

func (s *store) Close() error { return s.db.Close() }
