package vlsc

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Faults configures the faults of the server. The zero value means no faults.
type Faults struct {
	// Mode is the fault of an answer: a key of Modes; empty for none.
	Mode string `json:"mode"`
	// Every makes only every n-th request fail; 0 and 1 mean all.
	Every int `json:"every"`
	// Times is the number of requests that fail before Mode is cleared; 0 means no limit.
	Times int `json:"times"`
	// LatencyMS is the delay of each answer in milliseconds.
	LatencyMS int `json:"latencyMs"`
	// Quota is the number of requests per second that are answered before 429; 0 means no limit.
	Quota int `json:"quota"`
	// RetryAfter is the value of Retry-After of 429 and 503 in seconds; 0 omits the header.
	RetryAfter int `json:"retryAfter"`
}

// Modes maps each mode to its description.
var Modes = map[string]string{
	"error":       "answers 500",
	"unavailable": "answers 503",
	"forbidden":   "answers 403",
	"html":        "answers a web page with status 200",
	"hang":        "never answers",
	"reset":       "breaks the connection in the middle of an answer",
	"truncated":   "ends the JSON in the middle, as if it were complete",
	"schema":      "answers JSON of another shape",
	"type":        "writes a quantity as text",
	"unknown":     "adds a member that the contract does not have",
	"twice":       "writes a member twice",
	"longer":      "answers ten times as many pairs",
	"fewer":       "leaves out half of the pairs",
	"empty":       "answers no pairs",
	"duplicate":   "answers one pair twice and another not at all",
	"foreign":     "answers a pair that was not asked about",
	"negative":    "says a quantity below zero",
	"absurd":      "says more licenses than there can be",
	"huge":        "answers more than 8 MiB",
	"later":       "says of every fourth pair that it cannot say",
	"none":        "says of every pair that it entitles to nothing",
	"half":        "says half of every quantity",
}

// SetFaults replaces the faults. The zero Faults switches all faults off.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.sent, s.inside, s.window = f, 0, 0, time.Time{}
}

func (s *Server) readFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	answer := map[string]any{"faults": s.faults, "stats": s.stats, "modes": Modes}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, "application/json", answer)
}

func (s *Server) writeFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil || f.Every < 0 || f.Times < 0 || f.LatencyMS < 0 || f.Quota < 0 || f.RetryAfter < 0 {
		problem(w, http.StatusBadRequest, "Send JSON with mode, every, times, latencyMs, quota and retryAfter. Numbers must be 0 or more.")
		return
	}
	if _, known := Modes[f.Mode]; f.Mode != "" && !known {
		problem(w, http.StatusBadRequest, "This mode does not exist. Use one of: "+strings.Join(slices.Sorted(maps.Keys(Modes)), ", "))
		return
	}
	s.SetFaults(f)
	w.WriteHeader(http.StatusNoContent)
}

// fault is the fault of one request.
type fault struct {
	mode       string
	latency    time.Duration
	overQuota  bool
	retryAfter int
}

// enter counts a request and returns its fault.
func (s *Server) enter(pairs int) fault {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Questions++
	s.stats.Pairs += pairs
	s.serving++
	s.stats.Most = max(s.stats.Most, s.serving)
	f := fault{latency: time.Duration(s.faults.LatencyMS) * time.Millisecond, retryAfter: s.faults.RetryAfter}
	if s.faults.Quota > 0 {
		if now.Sub(s.window) >= time.Second {
			s.window, s.inside = now, 0
		}
		s.inside++
		f.overQuota = s.inside > s.faults.Quota
	}
	s.sent++
	if s.sent%max(s.faults.Every, 1) == 0 {
		f.mode = s.faults.Mode
	}
	if f.mode != "" && s.faults.Times > 0 {
		if s.faults.Times--; s.faults.Times == 0 {
			s.faults.Mode = ""
		}
	}
	return f
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving--
}

// wait waits for the latency. It returns true if the client disconnected.
func (f fault) wait(r *http.Request) (gone bool) {
	if f.mode == "hang" {
		<-r.Context().Done()
		return true
	}
	timer := time.NewTimer(f.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-r.Context().Done():
		return true
	}
}

// answer writes the answers with the fault.
func (f fault) answer(w http.ResponseWriter, answers []Answer) {
	if f.retryAfter > 0 && (f.overQuota || f.mode == "unavailable") {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if f.overQuota {
		problem(w, http.StatusTooManyRequests, "Too many requests.")
		return
	}
	switch f.mode {
	case "error":
		problem(w, http.StatusInternalServerError, "The gateway failed.")
		return
	case "unavailable":
		problem(w, http.StatusServiceUnavailable, "The gateway is temporarily unavailable.")
		return
	case "forbidden":
		problem(w, http.StatusForbidden, "The client is not allowed to look up entitlements.")
		return
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!DOCTYPE html><title>Sign in</title>"))
		return
	}
	body, err := json.Marshal(map[string]any{"answers": distort(f.mode, answers)})
	if err != nil {
		problem(w, http.StatusInternalServerError, "The gateway failed.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch f.mode {
	case "reset":
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // a failure does not matter: the connection is reset
		panic(http.ErrAbortHandler)
	case "truncated":
		body = body[:len(body)/2]
	case "schema":
		body = []byte(`{"results":[{"id":1,"ok":true}]}`)
	case "type":
		body = []byte(strings.Replace(string(body), `"effective":`, `"effective":"1","was":`, 1))
	case "unknown":
		body = []byte(strings.Replace(string(body), `"state":`, `"score":1,"state":`, 1))
	case "twice":
		body = []byte(strings.Replace(string(body), `"state":`, `"state":"valid","state":`, 1))
	case "huge":
		body = append(body, strings.Repeat(" ", 9<<20)...)
	}
	w.Write(body)
}

// distort applies the faults that change answers but keep the JSON structure of the contract.
func distort(mode string, answers []Answer) []Answer {
	first := func(change func(*Entitlement)) []Answer {
		answers[0] = Answer{Pair: answers[0].Pair, State: "valid", Entitlements: []Entitlement{{Family: "Office Standard", Effective: 1}}}
		change(&answers[0].Entitlements[0])
		return answers
	}
	switch mode {
	case "longer":
		longer := slices.Clone(answers)
		for i := range 9 * len(answers) {
			p := Pair{Authorization: "X" + strconv.Itoa(i), License: strconv.Itoa(i)}
			longer = append(longer, Answer{Pair: p, State: "valid", Entitlements: []Entitlement{}})
		}
		return longer
	case "fewer":
		return answers[:len(answers)/2]
	case "empty":
		return []Answer{}
	case "duplicate":
		answers[len(answers)-1] = answers[0]
		if len(answers) == 1 {
			answers = append(answers, answers[0])
		}
	case "foreign":
		answers[0].Authorization += "9"
	case "type":
		return first(func(*Entitlement) {})
	case "negative":
		return first(func(e *Entitlement) { e.Effective = -1 })
	case "absurd":
		return first(func(e *Entitlement) { e.Effective = 2_000_000_000 })
	case "later":
		for i := 0; i < len(answers); i += 4 {
			answers[i] = Answer{Pair: answers[i].Pair, State: "error", Reason: "later"}
		}
	case "none", "half":
		for i, a := range answers {
			if a.State != "valid" {
				continue
			}
			answers[i].Entitlements = []Entitlement{}
			for _, e := range a.Entitlements {
				if e.Effective, e.ActiveSA = e.Effective/2, e.ActiveSA/2; mode == "half" {
					answers[i].Entitlements = append(answers[i].Entitlements, e)
				}
			}
		}
	}
	return answers
}
