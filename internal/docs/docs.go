// Package docs has the pages that the functions serve themselves.
package docs

import _ "embed" // the pages

// OpenAPI is the document of the HTTP API. A test of package httpapi makes it from
// the code and demands that this is the same: making it at run time would link
// the operations of every function into the one that serves it.
//
//go:embed openapi.json
var OpenAPI []byte
