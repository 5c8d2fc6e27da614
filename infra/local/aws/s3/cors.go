package s3

import (
	"net/http"
	"slices"
	"strings"
)

// Rule is the CORS rule of a bucket: the origins whose pages may use it, and their requests.
type Rule struct {
	Origins []string // exact, or "*"
	Methods []string
	Headers []string // headers that a page may send, in lower case; one * stands for any characters
	Expose  []string // headers of the answer that a page may read
}

// allows reports whether a page may make a request.
func (c Rule) allows(origin, method string, headers []string) bool {
	return (slices.Contains(c.Origins, "*") || slices.Contains(c.Origins, origin)) && slices.Contains(c.Methods, method) &&
		!slices.ContainsFunc(headers, func(name string) bool { return !slices.ContainsFunc(c.Headers, matches(name)) })
}

// matches returns a function that reports whether a pattern matches a header's name.
func matches(name string) func(pattern string) bool {
	return func(pattern string) bool {
		start, end, wildcard := strings.Cut(pattern, "*")
		if !wildcard {
			return name == pattern
		}
		return len(name) >= len(start)+len(end) && strings.HasPrefix(name, start) && strings.HasSuffix(name, end)
	}
}

// set sets the headers that let a page of an origin read an answer.
func (c Rule) set(h http.Header, origin string) {
	if slices.Contains(c.Origins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ", "))
	if len(c.Expose) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.Expose, ", "))
	}
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
}

// preflight answers a browser that asks whether a page may make a request. Like S3, it refuses when
// the bucket has no rule or its rule does not match.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	origin, method := r.Header.Get("Origin"), r.Header.Get("Access-Control-Request-Method")
	if origin == "" || method == "" {
		writeError(w, r, malformed("BadRequest", "Insufficient information. Origin request header needed."))
		return
	}
	rule, ok := s.options.CORS[bucketOf(r)]
	if !ok {
		writeError(w, r, refuse("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."))
		return
	}
	var headers []string
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			headers = append(headers, name)
		}
	}
	if !rule.allows(origin, method, headers) {
		writeError(w, r, refuse("AccessForbidden", "CORSResponse: This CORS request is not allowed. The origin, the method or a header is not in the rule of the bucket."))
		return
	}
	rule.set(w.Header(), origin)
	if len(headers) > 0 {
		w.Header().Set("Access-Control-Allow-Headers", strings.Join(headers, ", "))
	}
	w.Header().Set("Access-Control-Max-Age", "3600")
}

// bucketOf returns the bucket of a request in path style.
func bucketOf(r *http.Request) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket
}

// cors is an answer with the CORS headers of the bucket's rule, and no others: gofakes3 lets every
// page read every answer.
type cors struct {
	http.ResponseWriter
	rule   *Rule // nil if no rule matches the request
	origin string
	wrote  bool
}

func (w *cors) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		h := w.Header()
		for name := range h {
			if strings.HasPrefix(name, "Access-Control-") {
				h.Del(name)
			}
		}
		if w.rule != nil {
			w.rule.set(h, w.origin)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *cors) Write(b []byte) (int, error) {
	w.end()
	return w.ResponseWriter.Write(b)
}

// end ends an answer without a body.
func (w *cors) end() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
}

// Unwrap is for http.ResponseController.
func (w *cors) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// cross returns w with the CORS headers that the answer to r has. Like S3, it answers a request from
// another origin; only the browser keeps the answer from the page.
func (s *Server) cross(w http.ResponseWriter, r *http.Request) *cors {
	out := &cors{ResponseWriter: w, origin: r.Header.Get("Origin")}
	if rule, ok := s.options.CORS[bucketOf(r)]; ok && out.origin != "" && rule.allows(out.origin, r.Method, nil) {
		out.rule = &rule
	}
	return out
}
