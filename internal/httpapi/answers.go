package httpapi

import (
	"net/http"

	"trueup/internal/i18n"
)

// Reader is the input of every operation whose response contains text in the reader's language.
type Reader struct {
	AcceptLanguage string `header:"Accept-Language" hidden:"true"`
}

// Lang returns the language of the response.
func (r Reader) Lang() i18n.Lang { return i18n.Language(r.AcceptLanguage) }

// Paging is the parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"The maximum number of items in a page."`
	Cursor string `query:"cursor" maxLength:"4096" doc:"The nextCursor of the previous page; absent for the first page."`
}

// Direction is the direction of a sort.
type Direction string

// The directions.
const (
	ascending  Direction = "asc"
	descending Direction = "desc"
)

var directions = []Direction{ascending, descending}

// Sorted is the parameter of a list that can be sorted.
type Sorted struct {
	Order Direction `query:"order" default:"asc" doc:"Ascending or descending."`
}

// Descending reports whether the order is descending.
func (s Sorted) Descending() bool { return s.Order == descending }

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items" doc:"The items of this page."`
	NextCursor string `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
}

// PageOf converts a page of a store. An empty page has an empty list, not null.
func PageOf[From, To any](items []From, next string, convert func(From) To) Page[To] {
	p := Page[To]{Items: make([]To, 0, len(items)), NextCursor: next}
	for _, item := range items {
		p.Items = append(p.Items, convert(item))
	}
	return p
}

// Condition is the parameter of a conditional read.
type Condition struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"The ETag of the caller's copy."`
}

// NoneMatch returns the tag of the caller's copy; empty if there is none.
func (c Condition) NoneMatch() string { return c.IfNoneMatch }

// Tagged is the response to a conditional read.
type Tagged[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"The tag of this version in this language, for If-None-Match."`
	Body   T
}

// Current returns body, or 304 if the caller has the current version.
func Current[T any](c Condition, tag string, body T) *Tagged[T] {
	out := &Tagged[T]{Status: http.StatusOK, ETag: tag, Body: body}
	if Matches(c.IfNoneMatch, tag) {
		out.Status = http.StatusNotModified
	}
	return out
}

// Versioned is a response with the tag that If-Match of the next change is compared with: of a resource,
// or of all resources that have one version together.
type Versioned[T any] struct {
	ETag string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body T
}

// VersionedOf returns body with the tag of its version, see ETag.
func VersionedOf[T any](tag string, body T) *Versioned[T] {
	return &Versioned[T]{ETag: tag, Body: body}
}

// Found is the result of a lookup.
type Found[T any] struct {
	Items []T `json:"items" doc:"The matches, best first: the exact name, names that start with the query, names with a word that starts with it, then all other names that contain it."`
}

// FoundOf returns a Found of converted items.
func FoundOf[From, To any](items []From, convert func(From) To) Found[To] {
	return Found[To]{PageOf(items, "", convert).Items}
}
