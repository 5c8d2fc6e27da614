package sheet

import (
	"slices"

	"trueup/internal/text"
)

// messageNames are the names of the last column of an annotated copy. No other names are: an
// admin's own column called Error must be kept.
var messageNames = []string{"errorsandwarnings", "foutenenwaarschuwingen", "erreursetavertissements"}

// IsMessages reports whether a cell of a header names the messages of an annotated copy.
func IsMessages(cell string) bool {
	return len(cell) >= len(messageNames[0]) && slices.Contains(messageNames, text.Letters(cell))
}
