package reports

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"trueup/internal/snapshot"
)

// recently is the maximum age of the data of a report of now.
const recently = 5 * time.Second

// Recent is the parameter of a report of now.
type Recent struct {
	CacheControl string `header:"Cache-Control" doc:"How old the data of a report of now may be. The default is 5 seconds. no-cache or max-age=0 asks for the current data, and max-age with a smaller number of seconds for data of that age. Other directives, and a report of a day, are not affected." example:"no-cache"`
}

// current asks for the current data.
var current = Recent{CacheControl: "no-cache"}

// most returns the maximum age of the data.
func (r Recent) most() time.Duration {
	most := recently
	for directive := range strings.SplitSeq(r.CacheControl, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			// A number that is too large for its type is no limit, and neither is any other text.
			if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 32); err == nil {
				most = min(most, time.Duration(n)*time.Second)
			}
		}
	}
	return most
}

// Aged is the part of a response that says how old its data are.
type Aged struct {
	Age string `header:"Age" doc:"How many seconds ago the data were read, at most 5; absent if they were read for this response."`
}

// ageOf returns the value of the Age header: whole seconds, rounded up, or empty for data that were
// read for the response (RFC 9111).
func ageOf(age time.Duration) string {
	if age <= 0 {
		return ""
	}
	return strconv.Itoa(int((age + time.Second - 1) / time.Second))
}

// forgetting serves requests, and forgets the recent data after each one that may change what
// reports show.
func forgetting(h http.Handler, data *snapshot.Library) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			defer data.Forget()
		}
		h.ServeHTTP(w, r)
	})
}
