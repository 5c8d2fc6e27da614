package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"trueup/internal/errs"
	"trueup/internal/licensing"
	"trueup/internal/objects"
	"trueup/internal/pack"
	"trueup/internal/subscription"
)

// version is the version of the input and the results that trueup writes.
const version = 1

// partUsers is the number of users whose results are an object. A job that is interrupted repeats at most so
// many.
const partUsers = 1000

type storedInput struct {
	Version  int             `json:"version"`
	Licenses []storedLicense `json:"licenses,omitempty"`
	Remove   []string        `json:"remove,omitempty"`
	Replace  bool            `json:"replace,omitempty"`
	Users    []string        `json:"users"`
	Given    map[int]string  `json:"given,omitempty"`
}

type storedLicense struct {
	Subscription string   `json:"subscription"`
	Off          []string `json:"off,omitempty"`
	KeepOff      bool     `json:"keepOff,omitempty"`
}

// storedPart is the results of some users.
type storedPart struct {
	Version int            `json:"version"`
	Results []storedResult `json:"results"`
}

// storedResult is what happened to one user.
type storedResult struct {
	ID         string               `json:"id"`
	Given      string               `json:"given,omitempty"` // if it is not the id
	UPN        string               `json:"upn,omitempty"`
	Location   string               `json:"location,omitempty"` // if a warning is about it
	Outcome    subscription.Outcome `json:"outcome"`
	Added      []string             `json:"added,omitempty"`
	Changed    []string             `json:"changed,omitempty"`
	Removed    []string             `json:"removed,omitempty"`
	Wanted     []string             `json:"wanted,omitempty"`
	Left       []string             `json:"left,omitempty"` // places in waiting lists
	Violations []storedViolation    `json:"violations,omitempty"`
	Warnings   []storedWarning      `json:"warnings,omitempty"`
}

type storedViolation struct {
	Subscription string    `json:"subscription,omitempty"`
	Code         string    `json:"code"`
	Args         errs.Args `json:"args,omitempty"`
}

type storedWarning struct {
	Code         subscription.WarningCode `json:"code"`
	Subscription string                   `json:"subscription,omitempty"`
	Service      string                   `json:"service,omitempty"`
}

func encodeInput(in Input) ([]byte, error) {
	stored := storedInput{Version: version, Remove: in.Remove, Replace: in.Replace, Users: in.UserIDs, Given: in.Given}
	for _, a := range in.Licenses {
		stored.Licenses = append(stored.Licenses, storedLicense(a))
	}
	return json.Marshal(stored)
}

// decodeInput decodes an input of every version up to version.
func decodeInput(data []byte) (Input, error) {
	var stored storedInput
	if err := decode(data, &stored); err != nil {
		return Input{}, err
	}
	in := Input{Remove: stored.Remove, Replace: stored.Replace, UserIDs: stored.Users, Given: stored.Given}
	for _, l := range stored.Licenses {
		in.Licenses = append(in.Licenses, subscription.Assignment(l))
	}
	return in, nil
}

// Part is the results of some users, and how the caller named each of them. Of Decision.After they have only
// the user principal name, and the location if a warning is about it.
type Part struct {
	Given   []string
	Results []licensing.Result
}

func encodePart(p Part) ([]byte, error) {
	stored := storedPart{Version: version, Results: make([]storedResult, len(p.Results))}
	for i, r := range p.Results {
		d := r.Decision
		one := storedResult{ID: r.UserID, UPN: d.After.UPN, Outcome: d.Outcome, Added: d.Added, Changed: d.Changed, Removed: d.Removed, Wanted: d.Wanted, Left: d.Left}
		if p.Given[i] != r.UserID {
			one.Given = p.Given[i]
		}
		for _, v := range d.Violations {
			one.Violations = append(one.Violations, storedViolation(v))
		}
		for _, w := range d.Warnings {
			one.Warnings, one.Location = append(one.Warnings, storedWarning(w)), d.After.Location
		}
		stored.Results[i] = one
	}
	return json.Marshal(stored)
}

// decodePart decodes results of every version up to version.
func decodePart(data []byte) (Part, error) {
	var stored storedPart
	if err := decode(data, &stored); err != nil {
		return Part{}, err
	}
	p := Part{Given: make([]string, len(stored.Results)), Results: make([]licensing.Result, len(stored.Results))}
	for i, one := range stored.Results {
		d := subscription.Decision{Outcome: one.Outcome, Added: one.Added, Changed: one.Changed, Removed: one.Removed, Wanted: one.Wanted, Left: one.Left}
		d.After = subscription.User{ID: one.ID, UPN: one.UPN, Location: one.Location}
		for _, v := range one.Violations {
			d.Violations = append(d.Violations, subscription.Violation(v))
		}
		for _, w := range one.Warnings {
			d.Warnings = append(d.Warnings, subscription.Warning(w))
		}
		p.Given[i], p.Results[i] = one.ID, licensing.Result{UserID: one.ID, Decision: d}
		if one.Given != "" {
			p.Given[i] = one.Given
		}
	}
	return p, nil
}

func decode(data []byte, to any) error {
	if _, err := pack.Version(data, "version", version); err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func inputKey(id string) string { return Prefix + id + ".input.json" }

func partKey(id string, from int, worker string) string {
	return fmt.Sprintf("%s%s.%06d.%s.results.json", Prefix, id, from, worker)
}

// WriteInput stores the input of a job. It must be stored before the record.
func WriteInput(ctx context.Context, files objects.Bucket, id string, in Input) error {
	data, err := encodeInput(in)
	if err != nil {
		return err
	}
	return put(ctx, files, inputKey(id), data)
}

// readInput returns the input of a job, or an error that is objects.ErrNotFound.
func readInput(ctx context.Context, files objects.Bucket, id string) (Input, error) {
	data, err := get(ctx, files, inputKey(id))
	if err != nil {
		return Input{}, err
	}
	in, err := decodeInput(data)
	if err != nil {
		return in, fmt.Errorf("read %s: %w", inputKey(id), err)
	}
	return in, nil
}

// writePart stores the results of the users from the position of a record on.
func writePart(ctx context.Context, files objects.Bucket, r Record, p Part) error {
	data, err := encodePart(p)
	if err != nil {
		return err
	}
	return put(ctx, files, partKey(r.ID, r.Position, r.Worker), data)
}

// parts returns the stored results of a job from a position on. The first part begins at it. The error of
// results that do not exist is expired.
func parts(ctx context.Context, files objects.Bucket, r Record, from int) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		begin := 0
		for _, stored := range r.Parts {
			end := begin + stored.Users
			if end > from {
				p, err := readPart(ctx, files, partKey(r.ID, begin, stored.Worker))
				if err == nil && len(p.Results) != stored.Users {
					err = fmt.Errorf("jobs: %d results in a part of %d users", len(p.Results), stored.Users)
				}
				if err != nil {
					yield(Part{}, expired(err))
					return
				}
				skip := max(from-begin, 0)
				if !yield(Part{p.Given[skip:], p.Results[skip:]}, nil) {
					return
				}
			}
			begin = end
		}
	}
}

func readPart(ctx context.Context, files objects.Bucket, key string) (Part, error) {
	data, err := get(ctx, files, key)
	if err != nil {
		return Part{}, err
	}
	p, err := decodePart(data)
	if err != nil {
		return p, fmt.Errorf("read %s: %w", key, err)
	}
	return p, nil
}

func put(ctx context.Context, files objects.Bucket, key string, data []byte) error {
	if err := files.Put(ctx, key, "application/json", data); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

func get(ctx context.Context, files objects.Bucket, key string) ([]byte, error) {
	object, err := files.Open(ctx, key, "", "")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }() // fully read, or already failed
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return data, nil
}
