package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// icons maps the names of icons in the sprite to files of lucide-static, in folder icons.
var icons = map[string]string{
	"overview": "layout-dashboard", "agreements": "files", "add": "plus", "minus": "minus", "groups": "folder", "imports": "file-up",
	"inventory": "monitor", "unknown": "circle-question-mark", "catalog": "book-open", "report": "chart-column-big", "key": "key-round", "subscriptions": "key-round",
	"compare": "git-compare-arrows", "trend": "trending-up", "refresh": "refresh-cw", "statement": "file-check", "audit": "history", "users": "users",
	"search": "search", "globe": "languages", "export": "download", "print": "printer", "upload": "upload", "file": "file-text", "menu": "menu",
	"covered": "circle-check", "short": "triangle-alert", "unlicensed": "circle-x", "unused": "circle-dashed", "undecided": "circle-question-mark", "not-measured": "circle-slash",
	"chevron": "chevron-down", "right": "chevron-right", "sortup": "arrow-up", "sortdown": "arrow-down", "x": "x", "check": "check",
	"info": "info", "lock": "lock", "user": "circle-user", "filter": "sliders-horizontal", "ends": "calendar-clock", "delete": "trash-2", "edit": "pencil", "move": "folder-input",
}

// sprite returns one SVG file with a symbol for each icon.
func sprite(dir fs.FS) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n<!-- Made from lucide-static 1.62.0 (ISC), see NOTICE. -->\n")
	for _, name := range slices.Sorted(maps.Keys(icons)) {
		source, err := fs.ReadFile(dir, "icons/"+icons[name]+".svg")
		if err != nil {
			return nil, err
		}
		shapes, err := inside(source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", icons[name], err)
		}
		fmt.Fprintf(&b, `<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">%s</symbol>`+"\n", name, shapes)
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// inside returns the shapes of an icon: the elements in its svg element.
func inside(source []byte) ([]byte, error) {
	var b bytes.Buffer
	decoder := xml.NewDecoder(bytes.NewReader(source))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return b.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local == "svg" {
			continue
		}
		fmt.Fprintf(&b, "<%s", element.Name.Local)
		for _, a := range element.Attr {
			fmt.Fprintf(&b, ` %s="%s"`, a.Name.Local, a.Value)
		}
		b.WriteString("/>")
	}
}
