package agreement

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// The limits of R2.1 and R2.2.
const (
	NameMaxChars        = 256
	PairMaxCharsDefault = 16 // 01-07001 + 01-07001
	PairMaxCharsHighest = 32
)

// Limits are the settings that rules depend on.
type Limits struct {
	// PairMaxChars is the maximum total length of both numbers of a pair (R2.2), 16 to 32; zero
	// means 16.
	PairMaxChars int
}

func (l Limits) pairMaxChars() int {
	if l.PairMaxChars == 0 {
		return PairMaxCharsDefault
	}
	return min(max(l.PairMaxChars, PairMaxCharsDefault), PairMaxCharsHighest)
}

// Draft is an unchecked volume agreement, as entered: a row of a CSV file, a JSON body or a form.
type Draft struct {
	Name    string
	Pairs   []Pair  // numbers as typed; their programs are ignored
	Program Program // of all pairs; empty or ProgramUnknown to suggest one (R3.5)
	ASCII   bool    // from a CSV file: only ASCII is accepted (R2.1)
}

// Volume is a parsed volume agreement. It satisfies every rule that does not need the store. Name
// is collapsed, numbers are trimmed, and each pair has the given or a suggested program.
type Volume struct {
	Name  string
	Pairs []Pair
}

// Parse is the only way from a draft to a volume agreement. It returns every violation, with the
// fields "name", "program", "pairs", "pairs/0", "pairs/0/authorization" and "pairs/0/license".
// The Volume is valid only if there are none.
func Parse(d Draft, l Limits) (Volume, []errs.Violation) {
	name, violations := ParseName(d.Name, d.ASCII)
	c := checker{ascii: d.ASCII, violations: violations}
	pairs := c.pairs(d, l)
	if c.violations != nil {
		return Volume{}, c.violations
	}
	return Volume{Name: name, Pairs: pairs}, nil
}

// ParsePairs is Parse for pairs alone, to add them to an existing agreement.
func ParsePairs(d Draft, l Limits) ([]Pair, []errs.Violation) {
	c := checker{ascii: d.ASCII}
	pairs := c.pairs(d, l)
	if c.violations != nil {
		return nil, c.violations
	}
	return pairs, nil
}

// ParseName checks the name of an agreement or of a license group (R2.1, R4.1). It returns the
// collapsed name, or every violation with the field "name". With ascii, as in a CSV file, it
// accepts only ASCII.
func ParseName(name string, ascii bool) (string, []errs.Violation) {
	c := checker{ascii: ascii}
	c.name(name)
	if c.violations != nil {
		return "", c.violations
	}
	return text.Collapse(name), nil
}

// ParseProgram checks the program given for all pairs (R3.5). It returns an empty program if one
// is to be suggested, and a violation with the field "program" if it is unknown.
func ParseProgram(given Program) (Program, []errs.Violation) {
	c := checker{}
	program := c.program(given)
	return program, c.violations
}

// NotASCII returns the violations of a value with characters beyond ASCII where only ASCII is
// accepted (R3.3): dashes, which a hyphen replaces, and others. They have no field.
func NotASCII(value string) (violations []errs.Violation) {
	quoted, value := text.Quote(value), text.Readable(value)
	if dashes := dashesIn(value); dashes != nil {
		violations = append(violations, errs.Violation{Code: "dash", Value: quoted, Args: errs.Pairs("characters", dashes.String())})
	}
	if others := beyondASCII(withHyphens(value)); others != "" {
		violations = append(violations, errs.Violation{Code: "not_ascii", Value: quoted, Args: errs.Pairs("characters", others)})
	}
	return violations
}

// checker collects the violations of one draft.
type checker struct {
	ascii      bool
	violations []errs.Violation
}

func (c *checker) add(code, field, value string, args ...string) {
	c.violations = append(c.violations, errs.Violation{
		Code:  code,
		Field: field,
		Value: text.Quote(value),
		Args:  errs.Pairs(args...),
	})
}

func (c *checker) name(name string) {
	const field = "name"
	collapsed := text.Collapse(name)
	if ascii := c.onlyASCII(field, name); collapsed == "" {
		if ascii {
			c.add("name_required", field, name)
		}
		return
	}
	if isCellError(collapsed) {
		c.add("cell_error", field, name)
		return
	}
	if n := nameLength(name, collapsed); n > NameMaxChars {
		c.add("name_too_long", field, name, "max", strconv.Itoa(NameMaxChars), "length", strconv.Itoa(n))
	}
	// White space at the ends is dropped. A tab or line break inside is not a space.
	trimmed := strings.TrimSpace(name)
	if isPlain(trimmed) {
		return
	}
	var wrong, control characters
	visible := false
	for _, r := range trimmed {
		visible = visible || !text.IsJoiner(r)
		switch {
		case isForbidden(r):
			wrong.add(r)
		case text.IsInvisible(r) && (r < utf8.RuneSelf || !c.ascii): // beyond ASCII it is already reported
			control.add(r)
		}
	}
	if !visible {
		c.add("name_required", field, name)
	}
	if wrong != nil {
		c.add("name_characters", field, name, "characters", wrong.String())
	}
	if control != nil {
		c.add("name_control", field, name, "characters", control.String())
	}
}

// onlyASCII reports characters beyond ASCII if they are not accepted. It returns true if there
// are none to report. It checks the value before trimming, because a no-break space at the end is
// invisible but not a space.
func (c *checker) onlyASCII(field, value string) bool {
	if !c.ascii || text.IsASCII(value) {
		return true
	}
	for _, violation := range NotASCII(value) {
		violation.Field = field
		c.violations = append(c.violations, violation)
	}
	return false
}

// nameLength returns the number of characters of a name. If the name is too long, it leaves out the
// characters that another violation says to remove.
func nameLength(name, collapsed string) int {
	n := utf8.RuneCountInString(collapsed)
	if n <= NameMaxChars {
		return n
	}
	return utf8.RuneCountInString(text.Collapse(strings.Map(func(r rune) rune {
		if isForbidden(r) || text.IsInvisible(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, name)))
}

// pairs checks the program and the pairs of a draft.
func (c *checker) pairs(d Draft, l Limits) []Pair {
	given := c.program(d.Program)
	if len(d.Pairs) == 0 {
		c.add("pairs_required", "pairs", "")
		return nil
	}
	pairs := make([]Pair, len(d.Pairs))
	var first map[PairKey]int
	if len(d.Pairs) > 1 {
		first = make(map[PairKey]int, len(d.Pairs))
	}
	for i, typed := range d.Pairs {
		before := len(c.violations)
		pair := c.pair(i, typed, given, l.pairMaxChars())
		pairs[i] = pair
		if first == nil || len(c.violations) > before {
			continue
		}
		key := pair.Key()
		if j, ok := first[key]; ok {
			c.add("pair_given_twice", pairField(i, ""), pair.String(), "first", strconv.Itoa(j+1))
			continue
		}
		first[key] = i
	}
	return pairs
}

// program returns the program given for all pairs; empty if one is to be suggested.
func (c *checker) program(given Program) Program {
	switch given {
	case ProgramOpenValue, ProgramOpen, ProgramSelectEnterprise:
		return given
	case "", ProgramUnknown:
	default:
		c.add("program_unknown", "program", string(given), "value", text.Quote(string(given)))
	}
	return ""
}

func (c *checker) pair(i int, typed Pair, given Program, maxChars int) Pair {
	authorization, license := c.number(i, "authorization", typed.Authorization), c.number(i, "license", typed.License)
	p := Pair{Authorization: authorization.text, License: license.text, Program: given}
	n := plainLength(p.Authorization) + plainLength(p.License)
	if n > maxChars && !authorization.damaged && !license.damaged {
		c.add("pair_too_long", pairField(i, ""), p.String(), "max", strconv.Itoa(maxChars), "length", strconv.Itoa(n))
	}
	if given == "" {
		p.Program = p.Suggest()
	}
	if given == ProgramOpenValue && authorization.isComparable() && license.isComparable() && !sameNumber(p.Authorization, p.License) {
		c.add("numbers_differ", pairField(i, "license"), p.License, "authorization", text.Quote(p.Authorization))
	}
	return p
}

// plainLength returns the length of a number without the characters beyond ASCII, which another
// violation says to remove or to replace.
func plainLength(number string) int {
	n := 0
	for i := range len(number) {
		if number[i] < utf8.RuneSelf {
			n++
		}
	}
	return n
}

// number is a checked number of a pair.
type number struct {
	text    string // trimmed, and without what violations say to remove
	damaged bool   // only the agreement tells the right number
}

// isComparable reports whether the number is known once its violations are corrected.
func (n number) isComparable() bool {
	return !n.damaged && text.IsASCII(n.text) && strings.Trim(n.text, "-") != ""
}

// number checks one number of pair i.
func (c *checker) number(i int, part, typed string) number {
	trimmed := strings.TrimSpace(typed)
	if plain, signs := shape(trimmed); plain && signs && len(trimmed) == len(typed) {
		return number{text: trimmed}
	}
	field := pairField(i, part)
	trimmed = text.Readable(trimmed)
	if code := damage(trimmed); code != "" {
		if code == "number_thousands" {
			plain := ungrouped(bare(visible(trimmed)))
			c.add(code, field, typed, "number", plain)
			return number{text: plain}
		}
		c.add(code, field, typed)
		return number{text: trimmed, damaged: true}
	}
	ascii := c.onlyASCII(field, typed)
	if trimmed == "" {
		if ascii {
			c.add("number_required", field, typed)
		}
		return number{}
	}
	if dashes := dashesIn(trimmed); dashes != nil && !c.ascii { // otherwise already reported
		c.add("dash", field, typed, "characters", dashes.String())
	}
	return number{text: c.characters(field, typed, withHyphens(trimmed))}
}

// characters checks the characters of a number, and returns it without the wrong ones.
func (c *checker) characters(field, typed, trimmed string) string {
	var wrong characters
	signs, hyphens := false, true
	kept := strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf && numberByte(byte(r)) == letterOrDigit:
			signs, hyphens = true, false
		case r == '-':
		case r >= utf8.RuneSelf && c.ascii: // already reported as not ASCII
			signs, hyphens = true, false
		default:
			wrong.add(r)
			hyphens = false
			signs = signs || unicode.IsLetter(r) || unicode.IsDigit(r)
			return -1
		}
		return r
	}, trimmed)
	switch {
	case hyphens:
		c.add("number_only_hyphens", field, typed)
	case !signs:
		c.add("number_required", field, typed)
	case wrong != nil:
		c.add("number_characters", field, typed, "characters", wrong.String())
	}
	return kept
}

// shape reports whether a number has only allowed characters, and whether one of them is a letter
// or a digit.
func shape(number string) (plain, signs bool) {
	plain = true
	for i := range len(number) {
		switch numberByte(number[i]) {
		case letterOrDigit:
			signs = true
		case other:
			plain = false
		}
	}
	return plain, signs
}

func pairField(i int, part string) string {
	// Every row of a file is a draft with one pair. Avoid the concatenation.
	if i == 0 {
		switch part {
		case "":
			return "pairs/0"
		case "authorization":
			return "pairs/0/authorization"
		case "license":
			return "pairs/0/license"
		}
	}
	field := "pairs/" + strconv.Itoa(i)
	if part != "" {
		field += "/" + part
	}
	return field
}

// The kinds of bytes in a number (R2.2).
const (
	other = iota
	letterOrDigit
	hyphen
)

func numberByte(b byte) int {
	switch {
	case '0' <= b && b <= '9', 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
		return letterOrDigit
	case b == '-':
		return hyphen
	}
	return other
}

// LooksLikeNumber reports whether a cell has a digit and only characters that are allowed in a
// number.
func LooksLikeNumber(cell string) bool {
	digits := false
	for i := range len(cell) {
		if numberByte(cell[i]) == other {
			return false
		}
		digits = digits || '0' <= cell[i] && cell[i] <= '9'
	}
	return digits
}

// ForbiddenInNames are the characters that R2.1 does not allow in a name.
const ForbiddenInNames = `~!@#$^&*()=+[]{}\|;:'"<>/`

// forbidden holds for each ASCII character whether it is forbidden in names.
var forbidden = func() (set [utf8.RuneSelf]bool) {
	for _, r := range ForbiddenInNames {
		set[r] = true
	}
	return set
}()

func isForbidden(r rune) bool { return r < utf8.RuneSelf && forbidden[r] }

// isPlain reports whether a name has only allowed ASCII characters, as nearly every name does.
func isPlain(name string) bool {
	for i := range len(name) {
		if c := rune(name[i]); c >= utf8.RuneSelf || forbidden[c] || text.IsInvisible(c) {
			return false
		}
	}
	return true
}

// characters is a short list of distinct characters for a message.
type characters []rune

// charactersMax limits the characters in a message; an ellipsis replaces the rest.
const charactersMax = 10

func (c *characters) add(r rune) {
	for _, have := range *c {
		if have == r {
			return
		}
	}
	if len(*c) <= charactersMax {
		*c = append(*c, r)
	}
}

// String joins the characters with spaces. Invisible ones are written as U+0009.
func (c characters) String() string {
	var b strings.Builder
	for i, r := range c {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case i == charactersMax:
			b.WriteRune('…')
		case unicode.IsGraphic(r) && !unicode.IsSpace(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "U+%04X", r)
		}
	}
	return b.String()
}

// dashes are the characters that look like a hyphen and are none.
const dashes = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"

// dashesIn returns the dashes in a value; nil if it has none.
func dashesIn(value string) (found characters) {
	for _, r := range value {
		if strings.ContainsRune(dashes, r) {
			found.add(r)
		}
	}
	return found
}

// withHyphens returns a value with a hyphen in place of every dash.
func withHyphens(value string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(dashes, r) {
			return '-'
		}
		return r
	}, value)
}

func beyondASCII(value string) string {
	var list characters
	for _, r := range text.Readable(value) {
		if r >= utf8.RuneSelf {
			list.add(r)
		}
	}
	return list.String()
}
