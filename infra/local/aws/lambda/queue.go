package lambda

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// queue makes the asynchronous calls. Each call is a file until it has ended.
type queue struct {
	host        *Host
	waiting     string // folder
	deadLetter  string // folder
	mu          sync.Mutex
	outstanding int
}

// call is one asynchronous call, or one message of a function's queue.
type call struct {
	ID        string          `json:"id"`
	Function  string          `json:"function"`
	Payload   json.RawMessage `json:"payload"`
	Received  time.Time       `json:"received"`
	Attempts  int             `json:"attempts"`          // failed attempts
	NotBefore time.Time       `json:"notBefore"`         // earliest time of the next attempt
	Message   bool            `json:"message,omitempty"` // Payload is the body of a message, as text
}

// DeadLetter is the record of an asynchronous call that failed on every attempt, in the format
// that Lambda sends to an on-failure destination.
type DeadLetter struct {
	Version         string          `json:"version"`
	Timestamp       string          `json:"timestamp"`
	RequestContext  RequestContext  `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponseContext ResponseContext `json:"responseContext"`
	ResponsePayload json.RawMessage `json:"responsePayload"`
}

// RequestContext identifies the call.
type RequestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"` // "RetriesExhausted"
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

// ResponseContext describes how the last attempt ended.
type ResponseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError"`
}

const stamp = "20060102T150405.000000000Z"

func openQueue(h *Host) (*queue, error) {
	q := &queue{
		host:       h,
		waiting:    filepath.Join(h.options.Dir, "pending"),
		deadLetter: filepath.Join(h.options.Dir, "dead-letters"),
	}
	for _, dir := range []string{q.waiting, q.deadLetter} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	var calls []*call
	err := readAll(q.waiting, func(name string, data []byte) error {
		var c call
		if err := json.Unmarshal(data, &c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if h.functions[c.Function] == nil {
			return fmt.Errorf("%s: the function %s does not exist any more; delete the file to drop the call", name, c.Function)
		}
		calls = append(calls, &c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, c := range calls {
		q.start(c)
	}
	return q, nil
}

// readAll reads the records of a folder, oldest first.
func readAll(dir string, read func(name string, data []byte) error) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) { // the call has ended since
			continue
		}
		if err == nil {
			err = read(name, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes a record atomically, so that readers never see half of it.
func write(name string, record any) error {
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

func (c *call) file(dir string) string {
	return filepath.Join(dir, c.Received.UTC().Format(stamp)+"-"+c.ID+".json")
}

func (q *queue) add(function string, payload []byte) (string, error) {
	return q.keep(&call{Function: function, Payload: payload})
}

func (q *queue) send(function string, body []byte) (string, error) {
	text, err := json.Marshal(string(body))
	if err != nil {
		return "", err
	}
	return q.keep(&call{Function: function, Payload: text, Message: true})
}

// keep stores a call and starts it.
func (q *queue) keep(c *call) (string, error) {
	if !q.host.enter() {
		return "", ErrClosed
	}
	defer q.host.running.Done()
	now := q.host.options.Now()
	c.ID, c.Received, c.NotBefore = newID(), now, now
	if err := write(c.file(q.waiting), c); err != nil {
		return "", fmt.Errorf("lambda: %w", err)
	}
	q.start(c)
	return c.ID, nil
}

func (q *queue) start(c *call) {
	q.mu.Lock()
	q.outstanding++
	q.mu.Unlock()
	q.host.running.Go(func() {
		defer func() {
			q.mu.Lock()
			q.outstanding--
			q.mu.Unlock()
		}()
		if err := q.make(c); err != nil && !errors.Is(err, ErrClosed) {
			fmt.Fprintf(q.host.options.Console, "%s: asynchronous call %s is kept for the next start: %v\n", c.Function, c.ID, err)
		}
	})
}

// make attempts a call until it succeeds or has failed on every attempt.
func (q *queue) make(c *call) error {
	f := q.host.functions[c.Function]
	for {
		wait := time.NewTimer(c.NotBefore.Sub(q.host.options.Now()))
		select {
		case <-wait.C:
		case <-q.host.closing:
			wait.Stop()
			return ErrClosed
		}
		result, begun, err := q.attempt(c, f)
		if err != nil {
			return err
		}
		if result.FunctionError == "" {
			return os.Remove(c.file(q.waiting))
		}
		c.Attempts++
		if c.Attempts >= c.attempts(f) {
			return q.bury(c, f, result)
		}
		delay := q.delay(c, f)
		c.NotBefore = begun.Add(delay)
		if err := write(c.file(q.waiting), c); err != nil {
			return err
		}
		fmt.Fprintf(q.host.options.Console, "%s: attempt %d failed, next in %v: %s\n", c.Function, c.Attempts, delay, result.Payload)
	}
}

// attempts returns the number of attempts of a call.
func (c *call) attempts(f *function) int {
	if c.Message && f.Queue != nil {
		return f.Queue.Deliveries
	}
	return 1 + f.Retries
}

// delay returns the delay after the latest attempt of a call.
func (q *queue) delay(c *call, f *function) time.Duration {
	delays := q.host.options.RetryDelays
	if c.Message && f.Queue != nil && q.host.hidden == nil {
		return f.Queue.Hidden
	}
	return delays[min(c.Attempts, len(delays))-1]
}

// throttled is the result of a delivery for which the account had no execution.
var throttled = Result{FunctionError: "Unhandled", Payload: []byte(`{"errorType":"TooManyRequestsException","errorMessage":"Rate Exceeded."}`)}

// attempt makes a call once. It returns the time from which the delay of the next attempt counts:
// a message is hidden from its delivery on, and Lambda waits after a call has failed.
func (q *queue) attempt(c *call, f *function) (r Result, begun time.Time, err error) {
	if !c.Message {
		r, err = q.host.invokeLater(f, c.ID, c.Payload, 0)
		return r, q.host.options.Now(), err
	}
	if f.deliveries != nil {
		select {
		case f.deliveries <- struct{}{}:
			defer func() { <-f.deliveries }()
		case <-q.host.closing:
			return Result{}, time.Time{}, ErrClosed
		}
	}
	payload, err := c.delivery(f, q.host.options.Now())
	if err != nil {
		return Result{}, time.Time{}, err
	}
	var hidden time.Duration
	if f.Queue != nil {
		hidden = f.Queue.Hidden
	}
	begun = q.host.options.Now()
	r, err = q.host.invokeLater(f, newID(), payload, hidden)
	if errors.Is(err, ErrThrottled) {
		return throttled, begun, nil
	}
	return r, begun, err
}

// delivery returns the event with which the event source of SQS delivers a message.
func (c *call) delivery(f *function, now time.Time) ([]byte, error) {
	var body string
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return nil, fmt.Errorf("lambda: message %s: %w", c.ID, err)
	}
	digest := md5.Sum([]byte(body))
	return json.Marshal(map[string]any{"Records": []any{map[string]any{
		"messageId": c.ID, "receiptHandle": newID(), "body": body, "md5OfBody": hex.EncodeToString(digest[:]),
		"attributes": map[string]string{
			"ApproximateReceiveCount": strconv.Itoa(c.Attempts + 1), "SentTimestamp": strconv.FormatInt(c.Received.UnixMilli(), 10),
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(now.UnixMilli(), 10), "SenderId": account,
		},
		"messageAttributes": map[string]any{}, "eventSource": "aws:sqs",
		"eventSourceARN": "arn:aws:sqs:" + region + ":" + account + ":" + f.Name, "awsRegion": region,
	}}})
}

func (q *queue) bury(c *call, f *function, last Result) error {
	if c.Message {
		return q.buryMessage(c, f)
	}
	err := write(c.file(q.deadLetter), DeadLetter{
		Version:   "1.0",
		Timestamp: q.host.options.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: RequestContext{
			RequestID: c.ID, FunctionARN: f.arn() + ":$LATEST", Condition: "RetriesExhausted", ApproximateInvokeCount: c.Attempts,
		},
		RequestPayload:  c.Payload,
		ResponseContext: ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: last.FunctionError},
		ResponsePayload: last.Payload,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(q.host.options.Console, "%s: failed on every attempt (%d), see %s\n", c.Function, c.Attempts, c.file(q.deadLetter))
	return os.Remove(c.file(q.waiting))
}

// buryMessage moves a message to the dead letters as it is, as SQS does.
func (q *queue) buryMessage(c *call, f *function) error {
	var body string
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return fmt.Errorf("lambda: message %s: %w", c.ID, err)
	}
	name := c.file(q.deadLetter)
	if err := os.WriteFile(name+".tmp", []byte(body), 0o600); err != nil {
		return err
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return err
	}
	fmt.Fprintf(q.host.options.Console, "%s: a message failed on every delivery (%d), see %s\n", f.Name, c.Attempts, name)
	return os.Remove(c.file(q.waiting))
}

func (q *queue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.outstanding
}

func (q *queue) deadLetters() (letters []DeadLetter, _ error) {
	err := readAll(q.deadLetter, func(name string, data []byte) error {
		var d DeadLetter
		if err := json.Unmarshal(data, &d); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if d.RequestContext.RequestID == "" { // a message
			d = DeadLetter{RequestPayload: data}
		}
		letters = append(letters, d)
		return nil
	})
	return letters, err
}
