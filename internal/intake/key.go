package intake

import (
	"strings"
	"unicode/utf8"

	"trueup/internal/text"
)

const (
	// MaxKeyBytes is S3's limit for an object key, in bytes.
	MaxKeyBytes = 1024
	// MaxStepChars is the maximum length of one segment of the key of an announced file, in
	// characters.
	MaxStepChars = 128
)

// IsStep reports whether a text is valid as one segment of the key of an announced file: the name
// of the file or of its folder. Characters that cannot be seen, such as those that turn the direction
// of writing, would hide what a file is called.
func IsStep(s string) bool {
	return utf8.RuneCountInString(s) <= MaxStepChars && strings.Trim(s, ". ") != "" && // HTTP clients would resolve "." and ".."
		strings.IndexFunc(s, func(r rune) bool { return r == '/' || r == '\\' || text.IsInvisible(r) }) < 0
}
