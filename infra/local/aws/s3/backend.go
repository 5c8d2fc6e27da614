package s3

import (
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/johannesboyne/gofakes3"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var (
	_ gofakes3.VersionedBackend = (*store)(nil)
	_ gofakes3.Backend          = (*store)(nil)
)

// ListBuckets implements gofakes3.Backend.
func (s *store) ListBuckets() (buckets []gofakes3.BucketInfo, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(createdBucket).ForEach(func(name, created []byte) error {
			info := gofakes3.BucketInfo{Name: string(name)}
			buckets = append(buckets, info)
			return buckets[len(buckets)-1].CreationDate.UnmarshalText(created)
		})
	})
	return buckets, err
}

// CreateBucket implements gofakes3.Backend.
func (s *store) CreateBucket(name string) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		_, err := tx.Bucket(objectsBucket).CreateBucket([]byte(name))
		if errors.Is(err, bolterrors.ErrBucketExists) {
			return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
		}
		if err != nil {
			return err
		}
		created, err := s.now().UTC().MarshalText()
		if err != nil {
			return err
		}
		return tx.Bucket(createdBucket).Put([]byte(name), created)
	})
}

// BucketExists implements gofakes3.Backend.
func (s *store) BucketExists(name string) (exists bool, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		exists = tx.Bucket(objectsBucket).Bucket([]byte(name)) != nil
		return nil
	})
	return exists, err
}

// DeleteBucket implements gofakes3.Backend.
func (s *store) DeleteBucket(name string) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(objectsBucket).Bucket([]byte(name))
		if b == nil {
			return gofakes3.BucketNotFound(name)
		}
		if k, _ := b.Cursor().First(); k != nil {
			return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
		}
		if err := tx.Bucket(createdBucket).Delete([]byte(name)); err != nil {
			return err
		}
		return tx.Bucket(objectsBucket).DeleteBucket([]byte(name))
	})
}

// ForceDeleteBucket implements gofakes3.Backend. S3 has no such operation.
func (s *store) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

// ListBucket implements gofakes3.Backend.
func (s *store) ListBucket(name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	list := gofakes3.NewObjectList()
	err := s.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(objectsBucket).Bucket([]byte(name))
		if b == nil {
			return gofakes3.BucketNotFound(name)
		}
		c := b.Cursor()
		k, data := c.Seek([]byte(page.Marker))
		if page.HasMarker && string(k) == page.Marker {
			k, data = c.Next()
		}
		var last, lastPrefix string // the last key examined, the last common prefix added
		var count int64
		for ; k != nil; k, data = c.Next() {
			var match gofakes3.PrefixMatch
			if !prefix.Match(string(k), &match) {
				continue
			}
			versions, err := decodeVersions(data)
			if err != nil {
				return err
			}
			if len(versions) == 0 || versions[0].Deleted {
				continue
			}
			if match.CommonPrefix && match.MatchedPart == lastPrefix {
				last = string(k) // the marker must be after all keys with the prefix
				continue
			}
			if count == page.MaxKeys && page.MaxKeys > 0 {
				list.IsTruncated = true
				list.NextMarker = last
				return nil
			}
			if match.CommonPrefix {
				lastPrefix = match.MatchedPart
				list.AddPrefix(match.MatchedPart)
			} else {
				v := versions[0]
				list.Add(&gofakes3.Content{
					Key: string(k), ETag: gofakes3.FormatETag(v.hash()), Size: v.Size,
					LastModified: gofakes3.NewContentTime(v.Modified),
				})
			}
			last = string(k)
			count++
		}
		return nil
	})
	return list, err
}

// find returns a version of a key; the latest if id is empty.
func (s *store) find(bucket, key string, id gofakes3.VersionID) (found version, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		versions, err := versionsOf(tx, bucket, key)
		switch {
		case err != nil:
			return err
		case len(versions) == 0:
			return gofakes3.KeyNotFound(key)
		case id == "":
			found = versions[0]
			return nil
		}
		i := slices.IndexFunc(versions, func(v version) bool { return v.ID == string(id) })
		if i < 0 {
			return gofakes3.ErrNoSuchVersion
		}
		found = versions[i]
		return nil
	})
	return found, err
}

// GetObject implements gofakes3.Backend.
func (s *store) GetObject(bucket, key string, rng *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return s.GetObjectVersion(bucket, key, "", rng)
}

// HeadObject implements gofakes3.Backend.
func (s *store) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	return s.HeadObjectVersion(bucket, key, "")
}

// GetObjectVersion implements gofakes3.VersionedBackend.
func (s *store) GetObjectVersion(bucket, key string, id gofakes3.VersionID, rng *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	v, err := s.find(bucket, key, id)
	if err != nil {
		return nil, err
	}
	return s.object(key, v, rng, true)
}

// HeadObjectVersion implements gofakes3.VersionedBackend.
func (s *store) HeadObjectVersion(bucket, key string, id gofakes3.VersionID) (*gofakes3.Object, error) {
	v, err := s.find(bucket, key, id)
	if err != nil {
		return nil, err
	}
	return s.object(key, v, nil, false)
}

// principalHeader has the principal of a request, which gofakes3 passes on with the metadata. It is
// not kept.
const principalHeader = "X-Amz-Local-Principal"

// PutObject implements gofakes3.Backend. Like S3, and unlike the library's own backends,
// it does not copy metadata from the previous version.
func (s *store) PutObject(bucket, key string, metadata map[string]string, body io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	v, err := s.put(bucket, key, metadata, body, size, eventPut, conditions)
	return gofakes3.PutObjectResult{VersionID: gofakes3.VersionID(v.ID)}, err
}

func (s *store) put(bucket, key string, metadata map[string]string, body io.Reader, size int64, event string, conditions *gofakes3.PutConditions) (version, error) {
	v, err := s.write(metadata, body, size)
	if err != nil {
		return version{}, err
	}
	added, err := s.add(bucket, key, v, event, conditions)
	if err != nil && added.Sequencer == 0 { // the version was not added
		s.drop(v.ID)
	}
	return added, err
}

// CopyObject implements gofakes3.Backend. It copies body and metadata of the source.
func (s *store) CopyObject(fromBucket, fromKey, bucket, key string, request map[string]string) (gofakes3.CopyObjectResult, error) {
	source, err := s.find(fromBucket, fromKey, "")
	if err != nil {
		return gofakes3.CopyObjectResult{}, err
	}
	o, err := s.object(fromKey, source, nil, true)
	if err != nil {
		return gofakes3.CopyObjectResult{}, err
	}
	defer o.Contents.Close()
	if o.IsDeleteMarker {
		return gofakes3.CopyObjectResult{}, gofakes3.KeyNotFound(fromKey)
	}
	metadata := maps.Clone(source.Metadata)
	metadata[principalHeader] = request[principalHeader]
	v, err := s.put(bucket, key, metadata, o.Contents, source.Size, eventCopy, nil)
	return gofakes3.CopyObjectResult{
		ETag: gofakes3.FormatETag(v.hash()), LastModified: gofakes3.NewContentTime(v.Modified),
	}, err
}

// DeleteObject implements gofakes3.Backend. It adds a delete marker.
func (s *store) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	v, err := s.add(bucket, key, version{ID: rand.Text(), Deleted: true}, "", nil)
	return gofakes3.ObjectDeleteResult{IsDeleteMarker: true, VersionID: gofakes3.VersionID(v.ID)}, err
}

// DeleteObjectVersion implements gofakes3.VersionedBackend. It deletes a version permanently.
func (s *store) DeleteObjectVersion(bucket, key string, id gofakes3.VersionID) (result gofakes3.ObjectDeleteResult, err error) {
	err = s.db.Update(func(tx *bolt.Tx) error {
		versions, err := versionsOf(tx, bucket, key)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(versions, func(v version) bool { return v.ID == string(id) })
		if i < 0 {
			return nil // not an error in S3
		}
		result = gofakes3.ObjectDeleteResult{VersionID: id, IsDeleteMarker: versions[i].Deleted}
		return setVersions(tx, bucket, key, slices.Delete(versions, i, i+1))
	})
	if err == nil && result.VersionID != "" {
		s.drop(string(id))
	}
	return result, err
}

// DeleteMulti implements gofakes3.Backend.
func (s *store) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	ids := make([]gofakes3.ObjectID, len(keys))
	for i, key := range keys {
		ids[i].Key = key
	}
	return s.DeleteMultiVersions(bucket, ids...)
}

// DeleteMultiVersions implements gofakes3.VersionedBackend.
func (s *store) DeleteMultiVersions(bucket string, ids ...gofakes3.ObjectID) (result gofakes3.MultiDeleteResult, _ error) {
	for _, id := range ids {
		var err error
		if id.VersionID == "" {
			_, err = s.DeleteObject(bucket, id.Key)
		} else {
			_, err = s.DeleteObjectVersion(bucket, id.Key, gofakes3.VersionID(id.VersionID))
		}
		if err != nil {
			failed := gofakes3.ErrorResultFromError(err)
			failed.Key = id.Key
			result.Error = append(result.Error, failed)
			continue
		}
		result.Deleted = append(result.Deleted, id)
	}
	return result, nil
}

// VersioningConfiguration implements gofakes3.VersionedBackend.
func (s *store) VersioningConfiguration(bucket string) (gofakes3.VersioningConfiguration, error) {
	return gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}, nil
}

// SetVersioningConfiguration implements gofakes3.VersionedBackend. Versioning is always on.
func (s *store) SetVersioningConfiguration(_ string, c gofakes3.VersioningConfiguration) error {
	if c.Enabled() && !c.MFADelete.Enabled() {
		return nil
	}
	return gofakes3.ErrNotImplemented
}

// ListBucketVersions implements gofakes3.VersionedBackend. No caller needs it.
func (s *store) ListBucketVersions(string, *gofakes3.Prefix, *gofakes3.ListBucketVersionsPage) (*gofakes3.ListBucketVersionsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}
