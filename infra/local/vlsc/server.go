// Package vlsc is the reference server of the entitlement service: for the local stack, for
// tests, and for developers of a gateway. The contract is internal/docs/vlsc.json. The
// server accepts any pair and generates its entitlements, the same at every call.
//
// Faults can be switched on from Go or over HTTP:
//
//	curl -X PUT -d '{"mode":"truncated","every":3}' http://127.0.0.1:PORT/admin/faults
//
// Every caller can read its credentials and switch on faults, so it must be reachable only
// from this machine.
package vlsc

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Paths of the server. BasePath is the path of the server address in the contract.
const (
	TokenPath        = "/token"
	BasePath         = "/v1"
	EntitlementsPath = BasePath + "/entitlements"
	FaultsPath       = "/admin/faults"
)

// Limits of the contract.
const (
	maxPairs   = 100
	maxRequest = 64 << 10
)

// Server serves the contract, a token endpoint and the faults.
type Server struct {
	clientID, secret string
	life             time.Duration // validity of a token
	now              func() time.Time
	mux              *http.ServeMux

	mu      sync.Mutex
	tokens  map[string]time.Time // expiry by token
	faults  Faults
	sent    int       // requests since the faults were set
	window  time.Time // start of the current second of the quota
	inside  int       // requests in that second
	serving int
	stats   Stats
}

// Stats counts the requests to the server.
type Stats struct {
	Tokens    int `json:"tokens"`    // issued tokens
	Questions int `json:"questions"` // valid requests for entitlements
	Pairs     int `json:"pairs"`
	Most      int `json:"most"` // maximum of concurrent requests
}

// New returns a server for one client. Its tokens are valid for life.
func New(clientID, secret string, life time.Duration, now func() time.Time) *Server {
	s := &Server{clientID: clientID, secret: secret, life: life, now: now, mux: http.NewServeMux(), tokens: map[string]time.Time{}}
	s.mux.HandleFunc("POST "+TokenPath, s.token)
	s.mux.HandleFunc("POST "+EntitlementsPath, s.entitlements)
	s.mux.HandleFunc("GET "+FaultsPath, s.readFaults)
	s.mux.HandleFunc("PUT "+FaultsPath, s.writeFaults)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Stats returns the counts since the server was created.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Revoke invalidates all issued tokens.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// token implements the client credentials grant (RFC 6749, section 4.4).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	refuse := func(status int, code string) {
		w.Header().Set("Cache-Control", "no-store")
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Basic")
		}
		writeJSON(w, status, "application/json", map[string]string{"error": code})
	}
	if err := r.ParseForm(); err != nil {
		refuse(http.StatusBadRequest, "invalid_request")
		return
	}
	id, secret, ok := r.BasicAuth()
	if ok {
		// Both values are form-encoded before Basic encoding (RFC 6749, section 2.3.1).
		var errID, errSecret error
		id, errID = url.QueryUnescape(id)
		secret, errSecret = url.QueryUnescape(secret)
		ok = errID == nil && errSecret == nil
	} else {
		id, secret, ok = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), true
	}
	same := subtle.ConstantTimeCompare([]byte(id+"\x00"+secret), []byte(s.clientID+"\x00"+s.secret)) == 1
	switch {
	case !ok || !same:
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	case r.PostForm.Get("grant_type") != "client_credentials":
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	token := rand.Text()
	now := s.now()
	s.mu.Lock()
	for old, expires := range s.tokens {
		if !now.Before(expires) {
			delete(s.tokens, old)
		}
	}
	s.tokens[token] = now.Add(s.life)
	s.stats.Tokens++
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(s.life.Seconds()), "scope": "entitlements.read",
	})
}

// admits reports whether a request has a valid token.
func (s *Server) admits(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	expires, known := s.tokens[token]
	return ok && known && now.Before(expires)
}

// Pair is an agreement pair in the contract.
type Pair struct {
	Authorization string `json:"authorization"`
	License       string `json:"license"`
}

// Answer is the answer for a pair in the contract.
type Answer struct {
	Pair
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Entitlements is absent unless the pair is valid; then it is never null.
	Entitlements []Entitlement `json:"entitlements,omitzero"`
}

func (s *Server) entitlements(w http.ResponseWriter, r *http.Request) {
	if !s.admits(r) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		problem(w, http.StatusUnauthorized, "The token is missing, unknown or expired.")
		return
	}
	pairs, status, detail := question(http.MaxBytesReader(w, r.Body, maxRequest))
	if detail != "" {
		problem(w, status, detail)
		return
	}
	fault := s.enter(len(pairs))
	defer s.leave()
	if fault.wait(r) {
		return
	}
	answers := make([]Answer, len(pairs))
	for i, p := range pairs {
		answers[i] = answerFor(p)
	}
	fault.answer(w, answers)
}

var number = regexp.MustCompile(`^[0-9A-Za-z -]{1,32}$`)

// question decodes and checks a request. If it is invalid, detail says why, and status is
// the HTTP status.
func question(body io.Reader) (pairs []Pair, status int, detail string) {
	var in struct {
		Pairs []Pair `json:"pairs"`
	}
	data, err := io.ReadAll(body)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&in)
		if _, end := decoder.Token(); err == nil && !errors.Is(end, io.EOF) {
			err = errors.New("the request has data after the JSON value")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, "The request is too large."
	case err != nil:
		return nil, http.StatusBadRequest, "The request is not as the contract says."
	case len(in.Pairs) == 0 || len(in.Pairs) > maxPairs:
		return nil, http.StatusBadRequest, "A request is about 1 to 100 pairs, not " + strconv.Itoa(len(in.Pairs)) + "."
	}
	seen := map[string]bool{}
	for _, p := range in.Pairs {
		if !number.MatchString(p.Authorization) || !number.MatchString(p.License) {
			return nil, http.StatusBadRequest, "A number has 1 to 32 letters, digits, spaces and hyphens."
		}
		if seen[p.key()] {
			return nil, http.StatusBadRequest, "A pair is there twice."
		}
		seen[p.key()] = true
	}
	return in.Pairs, 0, ""
}

func problem(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, "application/problem+json", map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has disconnected
}
