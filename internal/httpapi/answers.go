package httpapi

import (
	"net/http"

	"trueup/internal/i18n"
)

// Reader is the input of every operation whose answer contains text in the reader's language.
type Reader struct {
	AcceptLanguage string `header:"Accept-Language" hidden:"true"`
}

// Lang returns the language of the answer.
func (r Reader) Lang() i18n.Lang { return i18n.Language(r.AcceptLanguage) }

// Paging is the parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items a page has at most."`
	Cursor string `query:"cursor" maxLength:"4096" doc:"nextCursor of the previous page; leave it out for the first."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items" doc:"The items of this page."`
	NextCursor string `json:"nextCursor,omitempty" doc:"Where the next page starts; missing on the last page."`
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
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"The ETag of the copy the caller has."`
}

// Tagged is an answer with an ETag.
type Tagged[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"Names this version, in this language, for If-None-Match."`
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

// Found is the result of a lookup.
type Found[T any] struct {
	Items []T `json:"items" doc:"What fits, best first: the exact name, names that start with the letters, then those with a word that is or starts with them, then those with them anywhere."`
}

// FoundOf returns a Found of converted items.
func FoundOf[From, To any](items []From, convert func(From) To) Found[To] {
	return Found[To]{PageOf(items, "", convert).Items}
}
