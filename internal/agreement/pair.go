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

// String returns both numbers as a message quotes them.
func (p Pair) String() string { return p.Authorization + " + " + p.License }

// PairKey is the form under which pairs are compared: both numbers in upper
// case without spaces and hyphens, joined by "+".
type PairKey string

// Key returns the pair's comparison form (R2.2).
func (p Pair) Key() PairKey {
	var buffer [PairMaxCharsHighest + 1]byte
	b := appendSqueezed(buffer[:0], p.Authorization)
	b = append(b, '+')
	b = appendSqueezed(b, p.License)
	return PairKey(b)
}

// Pair returns a pair with the numbers as they are compared; its program is not known.
func (k PairKey) Pair() Pair {
	authorization, license, _ := strings.Cut(string(k), "+")
	return Pair{Authorization: authorization, License: license, Program: ProgramUnknown}
}

// Squeeze returns a number, or a part of one, as PairKey has it: in upper case
// without spaces and hyphens. It is empty for text that is in no number.
func Squeeze(part string) string {
	for i := range len(part) {
		if part[i] != ' ' && numberByte(part[i]) == other {
			return ""
		}
	}
	return string(appendSqueezed(nil, part))
}

// Suggest returns the program that the shape of the numbers suggests (R3.5):
// equal numbers are open-value, 15 and 8 characters open, and a second number
// of 7 digits select-enterprise. Hyphens and spaces do not count. It is a
// suggestion and never a reason to reject a pair.
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

// sameNumber reports whether two numbers are equal as R2.2 compares them.
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
