package dynamo

import (
	pagecursor "trueup/internal/cursor"
	"trueup/internal/errs"
)

// cursor is where a page ended.
type cursor struct {
	After  string `json:"a"`           // sort key of the last row shown
	Moment int64  `json:"m,omitempty"` // commits that the listing sees
}

func (c cursor) encode(query ...string) string { return pagecursor.Encode(c, query...) }

// decodeCursor returns the cursor in text. It returns errs.Invalid cursor_invalid if the
// cursor is damaged or of another query. An empty text is the start of the list.
func decodeCursor(text string, query ...string) (c cursor, first bool, err error) {
	given, err := pagecursor.Decode(text, &c, query...)
	if err != nil || !given {
		return cursor{}, !given && err == nil, err
	}
	if c.After == "" || len(c.After) >= maxSortKey { // DynamoDB rejects it
		return cursor{}, false, errs.New(errs.Invalid, "cursor_invalid")
	}
	return c, false, nil
}
