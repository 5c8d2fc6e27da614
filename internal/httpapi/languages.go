package httpapi

import (
	"strings"

	"trueup/internal/i18n"
)

// languageTags and languageNames return all languages, joined for a sentence.
func languageTags(conjunction string) string {
	tags := make([]string, len(i18n.Langs))
	for i, lang := range i18n.Langs {
		tags[i] = string(lang)
	}
	return enumerate(tags, conjunction)
}

func languageNames(conjunction string) string {
	names := make([]string, len(i18n.Langs))
	for i, lang := range i18n.Langs {
		names[i] = lang.Name()
	}
	return enumerate(names, conjunction)
}

// enumerate joins words for a sentence: "a, b and c".
func enumerate(words []string, conjunction string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
