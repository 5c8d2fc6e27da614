package agreement

import "strings"

// Pair is an agreement pair: the authorization number (authorization or
// agreement number) and the license number (license, enrollment or customer
// number), both as typed.
type Pair struct {
	Authorization string
	License       string
	Program       Program
}

// String returns both numbers in the form for messages.
func (p Pair) String() string { return p.Authorization + " + " + p.License }

// PairKey is the form in which pairs are compared: both numbers in upper case, without spaces and
// hyphens, joined by "+".
type PairKey string

// Key returns the pair's comparison form (R2.2).
func (p Pair) Key() PairKey {
	var buffer [PairMaxCharsHighest + 1]byte
	b := appendSqueezed(buffer[:0], p.Authorization)
	b = append(b, '+')
	b = appendSqueezed(b, p.License)
	return PairKey(b)
}

// Pair returns a pair with the numbers in comparison form; its program is unknown.
func (k PairKey) Pair() Pair {
	authorization, license, _ := strings.Cut(string(k), "+")
	return Pair{Authorization: authorization, License: license, Program: ProgramUnknown}
}

// Squeeze returns a number, or a part of one, in the form of PairKey: upper case, without spaces
// and hyphens. It returns "" if part has a character that no number has.
func Squeeze(part string) string {
	for i := range len(part) {
		if part[i] != ' ' && numberByte(part[i]) == other {
			return ""
		}
	}
	return string(appendSqueezed(nil, part))
}

// Suggest returns the program that the shape of the numbers suggests (R3.5): open-value for equal
// numbers, open for 15 and 8 characters, select-enterprise for a second number of 7 digits.
// Hyphens and spaces do not count. A suggestion is never a reason to reject a pair.
func (p Pair) Suggest() Program {
	var buffer [2][PairMaxCharsHighest]byte
	authorization := appendSqueezed(buffer[0][:0], p.Authorization)
	license := appendSqueezed(buffer[1][:0], p.License)
	switch {
	case len(license) == 0:
		return ProgramUnknown
	case string(authorization) == string(license):
		return ProgramOpenValue
	case len(authorization) == 15 && len(license) == 8:
		return ProgramOpen
	case len(license) == 7 && onlyDigits(license):
		return ProgramSelectEnterprise
	}
	return ProgramUnknown
}

// sameNumber reports whether two numbers are equal according to R2.2.
func sameNumber(a, b string) bool {
	var buffer [2][PairMaxCharsHighest]byte
	return string(appendSqueezed(buffer[0][:0], a)) == string(appendSqueezed(buffer[1][:0], b))
}

// appendSqueezed appends the comparison form of one number (R2.2).
func appendSqueezed(b []byte, number string) []byte {
	for i := range len(number) {
		switch c := number[i]; {
		case c == ' ' || c == '-':
		case 'a' <= c && c <= 'z':
			b = append(b, c-'a'+'A')
		default:
			b = append(b, c)
		}
	}
	return b
}

func onlyDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
