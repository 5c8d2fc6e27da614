// Package docs embeds the pages that the functions serve.
package docs

import _ "embed" // the pages

// OpenAPI is the OpenAPI document of the HTTP API. A test of package httpapi generates it from
// the code and compares. Generating it at run time would link the operations of every function
// into the one that serves it.
//
//go:embed openapi.json
var OpenAPI []byte
