package apiscript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// matcher compares a response with the expected one, and sets variables.
type matcher struct{ vars map[string]any }

const (
	anything = "any"
	absent   = "absent"
)

// reference returns the name of the variable if s is only a variable.
func reference(s string) (name string, ok bool) {
	name, ok = strings.CutPrefix(s, "{{")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, "}}")
	return name, ok && !strings.Contains(name, "{{")
}

// learn compares a value with a variable, or sets the variable if it is unknown.
func (m matcher) learn(where, name string, got any) error {
	if name == anything {
		return nil
	}
	want, known := m.vars[name]
	if !known {
		m.vars[name] = got
		return nil
	}
	if spell(want) != spell(got) {
		return fmt.Errorf("%s is %s, want {{%s}}, which is %s", where, spell(got), name, spell(want))
	}
	return nil
}

// text compares text with a pattern that contains variables. Only the last variable may be
// unknown; it matches the rest of the text.
func (m matcher) text(where, pattern, got string, present bool) error {
	if name, ok := reference(pattern); ok && name == absent {
		if present {
			return fmt.Errorf("%s is %q, want none", where, got)
		}
		return nil
	}
	if !present {
		return fmt.Errorf("%s is missing, want %q", where, pattern)
	}
	rest, gotRest := pattern, got
	for {
		before, after, ok := strings.Cut(rest, "{{")
		if !strings.HasPrefix(gotRest, before) {
			return fmt.Errorf("%s is %q, want %q", where, got, pattern)
		}
		gotRest = gotRest[len(before):]
		if !ok {
			if gotRest != "" {
				return fmt.Errorf("%s is %q, want %q", where, got, pattern)
			}
			return nil
		}
		name, tail, _ := strings.Cut(after, "}}")
		value, known := m.vars[name]
		switch {
		case known && strings.HasPrefix(gotRest, spell(value)):
			gotRest, rest = gotRest[len(spell(value)):], tail
		case known:
			return fmt.Errorf("%s is %q, want %q with {{%s}} = %q", where, got, pattern, name, spell(value))
		default:
			end := len(gotRest)
			if next, _, more := strings.Cut(tail, "{{"); next != "" || more {
				if end = strings.Index(gotRest, next); end < 0 {
					return fmt.Errorf("%s is %q, want %q", where, got, pattern)
				}
			}
			if err := m.learn(where, name, gotRest[:end]); err != nil {
				return err
			}
			gotRest, rest = gotRest[end:], tail
		}
	}
}

// body compares a body with the expected JSON. An expectation that is not JSON is compared as
// text.
func (m matcher) body(want string, got []byte) error {
	var expected any
	if decode([]byte(want), &expected) != nil {
		return m.text("the body", want, strings.TrimSpace(string(got)), true)
	}
	var actual any
	if err := decode(got, &actual); err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return m.value("", expected, actual)
}

func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

func (m matcher) value(where string, want, got any) error {
	switch want := want.(type) {
	case string:
		if name, ok := reference(want); ok {
			return m.learn(place(where), name, got)
		}
		if s, ok := got.(string); ok {
			return m.text(place(where), want, s, true)
		}
	case map[string]any:
		if object, ok := got.(map[string]any); ok {
			return m.object(where, want, object)
		}
	case []any:
		if list, ok := got.([]any); ok {
			return m.list(where, want, list)
		}
	default:
		if spell(want) == spell(got) {
			return nil
		}
	}
	return fmt.Errorf("%s is %s, want %s", place(where), spell(got), spell(want))
}

func (m matcher) object(where string, want, got map[string]any) error {
	var wrong []error
	for name, expected := range want {
		here := where + "/" + name
		actual, present := got[name]
		if s, ok := expected.(string); ok && s == "{{"+absent+"}}" {
			if present {
				wrong = append(wrong, fmt.Errorf("%s is %s, want none", here, spell(actual)))
			}
			continue
		}
		if !present {
			wrong = append(wrong, fmt.Errorf("%s is missing, want %s", here, spell(expected)))
			continue
		}
		wrong = append(wrong, m.value(here, expected, actual))
	}
	return errors.Join(wrong...)
}

func (m matcher) list(where string, want, got []any) error {
	if n := len(want); n > 0 && want[n-1] == "..." {
		want = want[:n-1]
		got = got[:min(len(got), n-1)]
	}
	if len(want) != len(got) {
		return fmt.Errorf("%s has %d items, want %d", place(where), len(got), len(want))
	}
	var wrong []error
	for i := range want {
		wrong = append(wrong, m.value(fmt.Sprintf("%s/%d", where, i), want[i], got[i]))
	}
	return errors.Join(wrong...)
}

func place(where string) string {
	if where == "" {
		return "the body"
	}
	return where
}
