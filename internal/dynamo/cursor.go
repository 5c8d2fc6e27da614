package dynamo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"trueup/internal/errs"
)

// cursor is where a page ended. It holds nothing secret and grants nothing; the
// digest binds it to its query and catches damage.
type cursor struct {
	After  string `json:"a"`           // sort key of the last row shown
	Moment int64  `json:"m,omitempty"` // commits that the listing sees
}

const maxCursor = 4096

func (c cursor) encode(query ...string) string {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // a string and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(append(cursorDigest(body, query), body...))
}

// decodeCursor returns the cursor in text, errs.Invalid cursor_invalid when it
// is damaged or another query's. The empty text is the start of the list.
func decodeCursor(text string, query ...string) (c cursor, first bool, err error) {
	if text == "" {
		return cursor{}, true, nil
	}
	invalid := errs.New(errs.Invalid, "cursor_invalid")
	if len(text) > maxCursor || strings.ContainsAny(text, "\r\n") { // which base64 would skip
		return cursor{}, false, invalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < digestBytes {
		return cursor{}, false, invalid
	}
	digest, body := raw[:digestBytes], raw[digestBytes:]
	if string(cursorDigest(body, query)) != string(digest) || json.Unmarshal(body, &c) != nil {
		return cursor{}, false, invalid
	}
	if c.After == "" || len(c.After) >= maxSortKey { // whoever made the digest, DynamoDB would refuse it
		return cursor{}, false, invalid
	}
	return c, false, nil
}

const digestBytes = 12

func cursorDigest(body []byte, query []string) []byte {
	sum := sha256.Sum256([]byte("v1\x00" + strings.Join(query, "\x00") + "\x00" + string(body)))
	return sum[:digestBytes]
}
