package archtest

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxReadme is the maximum size of README.md in bytes.
const maxReadme = 10 * 1024

func shortReadme(tree *Tree) []string {
	if size := len(tree.Texts["README.md"]); size > maxReadme {
		return []string{fmt.Sprintf("README.md: %d bytes, of at most %d: the details are in internal/docs/guide.md", size, maxReadme)}
	}
	return nil
}

var (
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

// links requires that each relative link of a Markdown file leads to an existing file or folder
// and, in a Markdown file, to an existing heading.
func links(tree *Tree) (violations []string) {
	for _, name := range slices.Sorted(maps.Keys(tree.Texts)) {
		if path.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(tree.Texts[name], ""), -1) {
			target := found[1] + found[2]
			if strings.Contains(target, ":") { // https:, mailto:
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			file = path.Join(path.Dir(name), file)
			if strings.HasPrefix(target, "#") {
				file = name
			}
			switch {
			case !tree.Paths[file]:
				violations = append(violations, fmt.Sprintf("%s: the link %s leads to no file", name, target))
			case anchor != "" && path.Ext(file) == ".md" && !slices.Contains(anchors(tree.Texts[file]), anchor):
				violations = append(violations, fmt.Sprintf("%s: the link %s leads to no heading", name, target))
			}
		}
	}
	return violations
}

// anchors returns the anchors that GitHub generates for the headings of a Markdown text.
func anchors(text string) (names []string) {
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return r
			}
			return -1
		}, strings.ToLower(found[1])))
	}
	return names
}
