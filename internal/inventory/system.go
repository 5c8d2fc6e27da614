package inventory

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/text"
)

// install is a title on a device.
type install struct {
	device, publisher, name, version []byte
	alias                            []byte // name of a device that an id names; empty if not told
	user                             []byte // of the device; empty if not told
}

// system is the operating system of a device.
type system struct {
	told          bool   // the system is known
	platform      string // empty for Windows, and for one that is not told
	name, version []byte // of Windows with its edition; nil if the edition is not told
}

const macOS = "macOS"

// platforms are words in the names of other platforms, the more specific first.
var platforms = []struct{ word, platform string }{
	{"windows", ""},
	{"mswin", ""},
	{"win32", ""},
	{"ipados", "iOS"},
	{"iphone", "iOS"},
	{"ipad", "iOS"},
	{"ios", "iOS"},
	{"macos", macOS},
	{"mac os", macOS},
	{"macmdm", macOS},
	{"macbook", macOS},
	{"imac", macOS},
	{"os x", macOS},
	{"darwin", macOS},
	{"android", "Android"},
	{"chrome", "ChromeOS"},
	{"linux", "Linux"},
	{"ubuntu", "Linux"},
	{"debian", "Linux"},
	{"rhel", "Linux"},
	{"red hat", "Linux"},
	{"centos", "Linux"},
	{"fedora", "Linux"},
	{"suse", "Linux"},
	{"rocky", "Linux"},
	{"alma", "Linux"},
	{"amzn", "Linux"},
}

// editions are the words that name an edition of Windows.
var editions = []string{
	"home", "pro", "professional", "enterprise", "education", "ultimate", "business", "standard", "datacenter", "essentials", "ltsc", "ltsb",
	"famille", "professionnel", "entreprise", "education", "unternehmen",
}

// systemOf recognises a system by the names that a file has for it.
func systemOf(platform, name, version string) system {
	if name == "" && strings.ContainsFunc(version, unicode.IsLetter) { // os_version of Fleet has the name, too
		name, version = version, ""
	}
	for _, told := range []string{platform, name} {
		folded := text.Fold(text.Readable(told))
		if folded == "mac" || strings.HasPrefix(folded, "mac ") || strings.HasSuffix(folded, " mac") { // a word that others start with
			return system{told: true, platform: macOS}
		}
		for _, p := range platforms {
			if startsWord(folded, p.word) {
				if p.platform != "" {
					return system{told: true, platform: p.platform}
				}
				s := windows(name, version)
				s.told = true
				return s
			}
		}
	}
	return system{}
}

// startsWord reports whether a word of folded text starts with another: "ios" is in "ios 17" and not
// in "kiosk". opensuse is written as one word.
func startsWord(folded, word string) bool {
	for rest := folded; ; {
		at := strings.Index(rest, word)
		if at < 0 {
			return false
		}
		before := strings.TrimSuffix(rest[:at], "open")
		if last, _ := utf8.DecodeLastRuneInString(before); before == "" || !unicode.IsLetter(last) {
			return true
		}
		rest = rest[at+len(word):]
	}
}

// windows returns Windows with its edition, if the name has one.
func windows(name, version string) system {
	words := strings.FieldsFunc(text.WithoutAccents(text.Fold(text.Readable(name))), func(r rune) bool { return r == ' ' || r == '-' || r == '(' || r == ')' || r == ',' })
	if !slices.Contains(words, "windows") || !slices.ContainsFunc(words, func(word string) bool { return slices.Contains(editions, word) }) {
		return system{}
	}
	name, build := withoutBuild(name)
	return system{name: []byte(name), version: []byte(cmp.Or(version, build))}
}

// withoutBuild cuts the release and the build from the end of a name: "Windows 11 Enterprise 23H2
// 10.0.22631.4460" is Windows 11 Enterprise with the build 10.0.22631.4460.
func withoutBuild(name string) (shorter, build string) {
	words := strings.Fields(text.Readable(name))
	for len(words) > 1 {
		last := words[len(words)-1]
		switch {
		case strings.Count(last, ".") > 1:
			build = last
		case len(last) == 4 && (last[2] == 'H' || last[2] == 'h'):
		default:
			return strings.Join(words, " "), build
		}
		words = words[:len(words)-1]
	}
	return strings.Join(words, " "), build
}

// systems remembers the system of the last row: most rows have that of the row before.
type systems struct {
	platform, name, version []byte
	last                    system
}

func (s *systems) of(platform, name, version []byte) *system {
	if !bytes.Equal(platform, s.platform) || !bytes.Equal(name, s.name) || !bytes.Equal(version, s.version) {
		s.platform, s.name, s.version = append(s.platform[:0], platform...), append(s.name[:0], name...), append(s.version[:0], version...)
		s.last = systemOf(string(platform), string(name), string(version))
	}
	return &s.last
}

// macEnding is the ending of the folder of an application, which only Macs have.
var macEnding = []byte(".app")

// platformOf returns the platform of a title. The title of a Mac is named without its ending.
func platformOf(s *system, found *install) string {
	if (!s.told || s.platform == macOS) && bytes.HasSuffix(found.name, macEnding) {
		found.name = bytes.TrimSuffix(found.name, macEnding)
		return macOS
	}
	return s.platform
}

// countsOn reports whether titles on a platform count.
func (r *reading) countsOn(platform string) bool {
	return platform == "" || platform == macOS && r.options.MacOS
}

var microsoft = []byte("Microsoft")

// install counts a title on a device with that system, and the edition of Windows as a title of
// the device. flaw says why the row is invalid.
func (r *reading) install(found *install, s *system) (flaw string, err error) {
	if platform := platformOf(s, found); !r.countsOn(platform) {
		return r.counter.addElsewhere(found, platform)
	}
	if flaw, err = r.counter.add(found); flaw != "" || err != nil || s.name == nil {
		return flaw, err
	}
	if !r.counter.system { // once per run
		r.counter.system = true
		found.publisher, found.name, found.version = microsoft, s.name, s.version
		_, err = r.counter.add(found)
	}
	return "", err
}
