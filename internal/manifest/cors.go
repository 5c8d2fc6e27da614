package manifest

import "net/http"

// CORSRule says what the pages of the console may do with a bucket. A bucket without a rule is closed
// to pages.
type CORSRule struct {
	Methods []string
	Headers []string // headers that a page may send
	Expose  []string // headers of the answer that a page may read
	// Redirected is true if the API redirects pages to the bucket. A browser that follows a redirect
	// from one foreign origin to another sends "Origin: null", so the rule of a console that is not
	// served by the API has to allow every origin. The presigned address is the permission; S3 knows
	// no cookies that another page could use.
	Redirected bool
}

// CORS returns the rules of the buckets.
func CORS() map[Resource]CORSRule {
	return map[Resource]CORSRule{
		// Files are uploaded to a presigned URL, such as that of POST /imports.
		Uploads: {Methods: []string{http.MethodPut}, Headers: []string{"content-type", "x-amz-meta-*"}, Expose: []string{"ETag"}},
		// Reports and copies that are too large for an answer are downloaded from here, after a redirect (303).
		Reports: {
			Methods: []string{http.MethodGet, http.MethodHead}, Headers: []string{"cache-control", "if-none-match"},
			Expose: []string{"Content-Disposition", "ETag"}, Redirected: true,
		},
	}
}

// Origins returns the origins that a rule allows: the console's, or the API's if the API serves the
// console (console is empty).
func (c CORSRule) Origins(console, api string) []string {
	switch {
	case console == "":
		return []string{api}
	case c.Redirected:
		return []string{"*"}
	}
	return []string{console}
}
