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
	By        string    // who put it: the API's subject if it was announced, else Principal
	// Principal is the principal of S3's event. For an announced file that has not arrived it is
	// the one that acts when the address of its upload is used. It is empty if that is unknown: in
	// a listing of the bucket, and in records of earlier releases.
	Principal string
}

// Principal returns the principal of files that are uploaded with addresses that a function
// presigned: "AWS:" and the unique id of its role. It is empty if the role is not known. In S3's
// events a colon and the name of the role's session follow.
func Principal(role string) string {
	if role == "" {
		return ""
	}
	return "AWS:" + role
}

// actsAs reports whether a principal of an event is another one, or a session of it.
func actsAs(event, other string) bool { return event == other || strings.HasPrefix(event, other+":") }

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
	// Announced reports whether it was announced through the API.
	Announced() bool
	// Waiting reports whether the record was announced and its file has not arrived.
	Waiting() bool
}

// Announced reports whether the record was announced through the API.
func (h Head) Announced() bool { return h.Via == audit.SourceAPI }

// announces reports whether an announced object is the one that arrived. An object without a size
// or a principal is from a release that did not store it.
func (o Object) announces(arrived Object) bool {
	return o.Key == arrived.Key && (o.Size == 0 || o.Size == arrived.Size) &&
		(o.Principal == "" || arrived.Principal == "" || actsAs(arrived.Principal, o.Principal))
}

// Find returns the first record of an object among the records with the ids; false if there is
// none. get returns errs.NotFound for an id without a record. A record that waits for a file with
// the object's key, size and principal counts as the object's. Everyone who reads the record knows
// its id, but only its presigned address lets a file have the principal.
//
// by is who put the object. If the address is used again, with other content, that is another
// object without a record, and the announcer put it too.
func Find[R Record](ctx context.Context, o Object, ids []string, get func(ctx context.Context, id string) (R, error)) (found R, by string, ok bool, err error) {
	by = o.By
	for _, candidate := range ids {
		if len(candidate) != id.Length {
			continue // metadata of an upload can be any text
		}
		r, err := get(ctx, candidate)
		switch {
		case errs.KindOf(err) == errs.NotFound:
		case err != nil:
			return found, by, false, err
		case r.Arrived().Same(o):
			return r, r.Arrived().By, true, nil
		case r.Waiting() && r.Arrived().announces(o):
			return r, r.Arrived().By, true, nil
		case r.Announced() && r.Arrived().Key == o.Key && o.Principal != "" && r.Arrived().Principal == o.Principal:
			by = r.Arrived().By
		}
	}
	return found, by, false, nil
}
