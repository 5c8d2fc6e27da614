// Package cursor is how the opaque cursor of a list is written. It holds
// nothing secret and grants nothing; a digest binds it to its query and
// catches damage.
package cursor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"trueup/internal/errs"
)

// MaxChars is how long a cursor is at most.
const MaxChars = 4096

const digestBytes = 12

// Encode returns the cursor that says where a page ended. query is everything
// the list was asked for; the cursor is good for no other query.
func Encode(at any, query ...string) string {
	body, err := json.Marshal(at)
	if err != nil {
		panic(err) // the positions of lists are strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(append(digest(body, query), body...))
}

// Decode fills at with what Encode was given; false when there is no cursor,
// which is the start of the list. A cursor that is damaged or another query's
// is errs.Invalid cursor_invalid.
func Decode(cursor string, at any, query ...string) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	invalid := errs.New(errs.Invalid, "cursor_invalid")
	if len(cursor) > MaxChars || strings.ContainsAny(cursor, "\r\n") { // which base64 would skip
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
