package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"golang.org/x/text/encoding/charmap"

	"trueup/internal/text"
)

func TestCollapse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                      "",
		" ":                     "",
		"a":                     "a",
		"a b":                   "a b",
		" a":                    "a",
		"a ":                    "a",
		"a  b":                  "a b",
		"a\tb\r\n c":            "a b c",
		"\u00a0a\u2003b\u00a0":  "a b",
		"Réseau  de Liège":      "Réseau de Liège",
		"a\x7fb":                "a\x7fb",
		"Office agreements 365": "Office agreements 365",
	} {
		if got := text.Collapse(in); got != want {
			t.Errorf("Collapse(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"Office", "oFFICE"},
		{" Office  agreements ", "office agreements"},
		{"Réseau", "RÉSEAU"},
		{"Re\u0301seau", "R\u00e9seau"}, // decomposed and composed
		{"Straße", "STRASSE"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"ᎠᎡ", "ꭰꭱ"}, // Cherokee, whose small letters fold to capitals
	} {
		if a, b := text.Fold(same[0]), text.Fold(same[1]); a != b {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q: want the same", same[0], a, same[1], b)
		}
	}
	for _, other := range [][2]string{{"Office", "Offices"}, {"a b", "ab"}, {"Reseau", "Réseau"}} {
		if a, b := text.Fold(other[0]), text.Fold(other[1]); a == b {
			t.Errorf("Fold(%q) = Fold(%q) = %q: want them different", other[0], other[1], a)
		}
	}
}

func TestFoldOfAFoldIsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		folded := text.Fold(rapid.String().Draw(t, "s"))
		if again := text.Fold(folded); again != folded {
			t.Fatalf("Fold(%q) = %q", folded, again)
		}
	})
}

// Every character folds to the same text as its upper and lower case.
func TestFoldEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			continue
		}
		folded := text.Fold(string(r))
		if again := text.Fold(folded); again != folded {
			t.Errorf("Fold(%q) of %q = %q", folded, r, again)
		}
		// The dotless i is the one letter whose upper case is also the upper case of another
		// letter.
		if upper := unicode.ToUpper(r); r != 'ı' && text.Fold(string(upper)) != folded {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", r, folded, upper, text.Fold(string(upper)))
		}
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Numéro d’autorisation":  "numerodautorisation",
		"NUMERO D'AUTORISATION":  "numerodautorisation",
		"Num\xe9ro de licence":   "numerodelicence", // Windows-1252
		"N° de client":           "ndeclient",
		"Nº de client":           "nodeclient",
		"License no. 2":          "licenseno2",
		" \"Agreement\"_number ": "agreementnumber",
		"–":                      "",
	} {
		if got := text.Letters(in); got != want {
			t.Errorf("Letters(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReadableKnowsWindows1252(t *testing.T) {
	t.Parallel()
	for b := 0x80; b < 0x100; b++ {
		want := string(charmap.Windows1252.DecodeByte(byte(b)))
		if got := text.Readable(string([]byte{byte(b)})); got != want {
			t.Errorf("Readable(%#x) = %q, want %q", b, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Liège":            "Liège",
		"Li\xe8ge":         "Liège",
		"\x93Office\x94":   "“Office”",
		"é then \xe9":      "é then é",
		"\xff\xfe":         "ÿþ",
		"plain 7-bit \x7f": "plain 7-bit \x7f",
	} {
		if got := text.Readable(in); got != want {
			t.Errorf("Readable(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if got := text.Readable(in); !utf8.ValidString(got) {
			t.Fatalf("Readable(%q) = %q, which is not UTF-8", in, got)
		}
	})
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"éèê", 3, "éèê"}, // 6 bytes, 3 characters
		{"éèêë", 3, "éè…"},
		{strings.Repeat("x", 1000), 1, "…"},
	} {
		if got := text.Shorten(c.in, c.max); got != c.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func TestIsASCII(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"": true, "a\x7f\x00": true, "é": false, "a\x80": false} {
		if got := text.IsASCII(in); got != want {
			t.Errorf("IsASCII(%q) = %v", in, got)
		}
	}
}

func TestWithoutAccents(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":             "",
		"Plain":        "Plain",
		"Résumé":       "Resume",
		"re\u0301sume": "resume",
		"Ångström":     "Angstrom",
		"İ":            "I",
		"straße":       "straße",
		"ﬁn":           "fin",
		"日本":           "日本",
	} {
		if got := text.WithoutAccents(s); got != want {
			t.Errorf("WithoutAccents(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestInvisible(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                       "",
		"plain text":             "",
		"\u00a0around\t":         "",
		"no-break\u00a0space":    "",
		"Persian\u200cjoiner":    "",
		"a\u200bb\u202ec\u200bd": "U+200B U+202E",
		"a\tb":                   "U+0009",
		"\ufeffa":                "U+FEFF",
		"a\xffb":                 "U+FFFD",
		"a\u2028b\u00ad":         "U+2028 U+00AD",
		"x\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0fx": "U+0000 U+0001 U+0002 U+0003 U+0004 U+0005 U+0006 U+0007 U+0008 U+000E",
	} {
		if got := text.Invisible(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestIsBlank(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"": true, " \t\u00a0": true, "\u200d": true, "a": false, " . ": false, "\u200b": false} {
		if got := text.IsBlank(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
