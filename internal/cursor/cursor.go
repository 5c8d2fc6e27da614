// Package cursor encodes the opaque cursor of a list. It holds no secrets and grants nothing. A
// digest binds it to its query and detects damage.
package cursor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"trueup/internal/errs"
)

// MaxChars is the maximum length of a cursor.
const MaxChars = 4096

const digestBytes = 12

// Encode returns the cursor for the end of a page. query is every parameter of the list; the
// cursor is valid for no other query.
func Encode(at any, query ...string) string {
	body, err := json.Marshal(at)
	if err != nil {
		panic(err) // positions of lists consist of strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(append(digest(body, query), body...))
}

// Decode fills at with the value that Encode received. It returns false if the cursor is empty,
// which is the start of the list. A cursor that is damaged or of another query is errs.Invalid
// cursor_invalid.
func Decode(cursor string, at any, query ...string) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	invalid := errs.New(errs.Invalid, "cursor_invalid")
	if len(cursor) > MaxChars || strings.ContainsAny(cursor, "\r\n") { // base64 would skip line breaks
		return false, invalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < digestBytes {
		return false, invalid
	}
	body := raw[digestBytes:]
	if string(digest(body, query)) != string(raw[:digestBytes]) || json.Unmarshal(body, at) != nil {
		return false, invalid
	}
	return true, nil
}

func digest(body []byte, query []string) []byte {
	sum := sha256.Sum256([]byte("v1\x00" + strings.Join(query, "\x00") + "\x00" + string(body)))
	return sum[:digestBytes]
}
