// Package intake describes files that arrive in the uploads bucket, of every kind.
//
// A file is an Object: one version of one key. S3 may deliver its event more than once, late and
// out of order, and a program may list it after a restore; Same, Compare and ID match them. Open
// opens it, within the limit of its kind. A kind of file is a row of the table in package kind and
// a receiver (package trigger). If each of its files has a record, the record starts with a Head.
package intake

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/id"
)

// Object is one version of an object in the uploads bucket.
type Object struct {
	Bucket    string
	Key       string // decoded
	Version   string // S3's version id; empty or "null" in a bucket without versions
	ETag      string
	Sequencer string    // from S3's event; orders the events of one key
	Size      int64     // bytes
	At        time.Time // when it was put, in UTC and whole milliseconds
	By        string    // who put it: the API's subject if it was announced, else the principal of S3's event
}

// IsFolder reports whether the object is a folder that the S3 console created.
func (o Object) IsFolder() bool { return strings.HasSuffix(o.Key, "/") && o.Size == 0 }

// Same reports whether both are the same version of the same key. The time and the
// sequencer differ between an event and a listing of the bucket.
func (o Object) Same(other Object) bool {
	return o.Key == other.Key && o.Identity() == other.Identity()
}

// Identity returns a text that differs between the versions of a key.
func (o Object) Identity() string {
	if o.Version == "" || o.Version == "null" {
		return o.ETag + "/" + o.Sequencer
	}
	return o.Version
}

// ID returns the id of the object's record. It sorts by the time of the object, and is
// the same for every delivery. scope separates kinds of files.
func (o Object) ID(scope ...string) string {
	return id.Of(o.At, append(scope, o.Key, o.Identity())...)
}

// Listed returns the object as a listing of the bucket has it, which knows only the
// second in which it was put. A file that was read again after a restore to a point in
// time (R16.2) has a record with this object's id.
func (o Object) Listed(modified time.Time) Object {
	o.At = modified.Truncate(time.Second)
	return o
}

// Order returns a text that orders the versions of one key by the time at which they were put,
// whenever their events arrive. It is stored, so its form never changes: milliseconds in 15 digits,
// #, the sequencer.
func (o Object) Order() string { return fmt.Sprintf("%015d#%s", max(o.At.UnixMilli(), 0), o.Sequencer) }

// Compare orders objects by Order. The other fields give objects of different keys and the same
// Order a fixed order.
func (o Object) Compare(other Object) int {
	return cmp.Or(
		strings.Compare(o.Order(), other.Order()),
		strings.Compare(o.Key, other.Key), strings.Compare(o.Version, other.Version), strings.Compare(o.ETag, other.ETag),
	)
}

// Head is the common part of the records of files, for kinds that have one record for each version
// of a file: agreements and statements. Two kinds have no such record and need neither Head nor
// Find. A file of inventory counts for a source, so the record is about the source, and holds the
// objects that were read last; a file of the catalog leaves entries in the catalog, and receiving it
// again changes nothing.
type Head struct {
	ID      string // sorts by time
	Object  Object
	Via     audit.Source // how it arrived: through the API or as a file in the bucket
	At      time.Time    // when it was announced or, without an announcement, arrived
	Version int64        // counts the writes of the record; the ETag
}

// Arrived returns the object that the record is about.
func (h Head) Arrived() Object { return h.Object }

// Record is the record of a file, which embeds Head.
type Record interface {
	Arrived() Object
	// Waiting reports whether the record was announced and its file has not arrived.
	Waiting() bool
}

// announces reports whether an announced object is the one that arrived. An object without a size
// is from a release that did not store it.
func (o Object) announces(arrived Object) bool {
	return o.Key == arrived.Key && (o.Size == 0 || o.Size == arrived.Size)
}

// Find returns the first record of an object among the records with the ids; false if there is
// none. get returns errs.NotFound for an id without a record. A record that waits for a file with
// the object's key and size counts as the object's: everyone who reads the record knows its id, but
// a file of another size is not the announced one. Who put the file is not compared.
func Find[R Record](ctx context.Context, o Object, ids []string, get func(ctx context.Context, id string) (R, error)) (found R, ok bool, err error) {
	for _, candidate := range ids {
		if len(candidate) != id.Length {
			continue // metadata of an upload can be any text
		}
		r, err := get(ctx, candidate)
		switch {
		case errs.KindOf(err) == errs.NotFound:
		case err != nil:
			return found, false, err
		case r.Arrived().Same(o), r.Waiting() && r.Arrived().announces(o):
			return r, true, nil
		}
	}
	return found, false, nil
}
