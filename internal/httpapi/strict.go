package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/text"
)

const (
	// maxDepth is the maximum nesting of a body.
	maxDepth = 16
	// maxValues is the maximum number of values in a body, twice as many as the largest valid
	// one: errors are listed value by value.
	maxValues = 500
)

// strictJSON is huma's JSON format, but it rejects a body that encoding/json would have to guess
// about (repeated fields, null for a value, text that is not UTF-8), and one that is nested too
// deep or has too many values.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		// huma decodes twice, first into an any: the body is checked then.
		if _, first := v.(*any); first {
			if defect := inspect(data); defect != nil {
				return defect
			}
		}
		err := json.Unmarshal(data, v)
		// A schema accepts 1.0 as an integer, but encoding/json does not.
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return &jsonDefect{Values: []errs.Violation{{Code: "type_integer", Field: strings.ReplaceAll(embedded().ReplaceAllString(mismatch.Field, ""), ".", "/")}}}
		}
		return err
	},
}

// embedded matches the name of an embedded struct in a field's path, which encoding/json adds
// and JSON does not have.
var embedded = text.Pattern(`\b[A-Z]\w*\.`)

// jsonDefect is an error in a body before its fields are validated: in the whole body, or in
// some of its values. It passes through huma as the text of an error, hence as JSON.
type jsonDefect struct {
	Code   string           `json:"code,omitempty"`
	Args   errs.Args        `json:"args,omitempty"`
	Values []errs.Violation `json:"values,omitempty"`
}

func (d *jsonDefect) Error() string {
	b, _ := json.Marshal(d) // strings only: cannot fail
	return string(b)
}

// inspect returns the defects of a body, or nil.
func inspect(data []byte) *jsonDefect {
	if !utf8.Valid(data) {
		return malformed(firstInvalid(data))
	}
	i := inspector{decoder: json.NewDecoder(bytes.NewReader(data))}
	i.decoder.UseNumber()
	err := i.value(nil)
	switch {
	case errors.Is(err, errDepth):
		return &jsonDefect{Code: "json_depth", Args: errs.Pairs("max", strconv.Itoa(maxDepth))}
	case errors.Is(err, errValues):
		return &jsonDefect{Code: "json_values", Args: errs.Pairs("max", strconv.Itoa(maxValues))}
	case err != nil:
		return malformed(int(i.decoder.InputOffset()))
	}
	if _, err := i.decoder.Token(); !errors.Is(err, io.EOF) {
		return &jsonDefect{Code: "json_trailing"}
	}
	if i.found != nil {
		return &jsonDefect{Values: i.found}
	}
	return nil
}

func malformed(offset int) *jsonDefect {
	return &jsonDefect{Code: "json_malformed", Args: errs.Pairs("offset", strconv.Itoa(offset))}
}

var (
	errDepth  = errors.New("too deep")
	errValues = errors.New("too many values")
)

type inspector struct {
	decoder *json.Decoder
	values  int // read so far
	found   []errs.Violation
}

func (i *inspector) add(code string, path []string) {
	i.found = append(i.found, errs.Violation{Code: code, Field: strings.Join(path, "/")})
}

// value reads the value at the path.
func (i *inspector) value(path []string) error {
	token, err := i.decoder.Token()
	if err != nil {
		return err
	}
	if i.values++; i.values > maxValues {
		return errValues
	}
	switch token := token.(type) {
	case nil:
		if len(path) > 0 { // a whole body of null is merely not an object
			i.add("json_null", path)
		}
	case json.Number:
		_, err := token.Float64()
		if err == nil && !strings.ContainsAny(token.String(), ".eE") {
			_, err = token.Int64()
		}
		if err != nil {
			i.add("number_range", path)
		}
	case json.Delim:
		if len(path) >= maxDepth {
			return errDepth
		}
		if token == '{' {
			return i.object(path)
		}
		return i.array(path)
	}
	return nil
}

func (i *inspector) array(path []string) error {
	for n := 0; i.decoder.More(); n++ {
		if err := i.value(append(slices.Clip(path), strconv.Itoa(n))); err != nil {
			return err
		}
	}
	_, err := i.decoder.Token()
	return err
}

func (i *inspector) object(path []string) error {
	seen := map[string]bool{}
	for i.decoder.More() {
		token, err := i.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		here := append(slices.Clip(path), pointerEscapes.Replace(name))
		if seen[name] {
			i.add("json_duplicate", here)
		}
		seen[name] = true
		if err := i.value(here); err != nil {
			return err
		}
	}
	_, err := i.decoder.Token()
	return err
}

// pointerEscapes escapes a name inside a JSON pointer (RFC 6901).
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func firstInvalid(data []byte) int {
	for n := 0; n < len(data); {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			return n
		}
		n += size
	}
	return len(data)
}
