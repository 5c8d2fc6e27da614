package inventory

import (
	"bytes"
	"hash/maphash"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// Limits of distinct titles. The second bounds the memory for a file with only different titles.
const (
	maxTitles     = 500_000 // different spellings of titles in a file
	maxTitleBytes = 64 << 20
	maxText       = 1024 // bytes of a publisher, a name or a version
)

// dictionary numbers the titles of a file from 0. Titles are compared like names (text.Fold).
// Every spelling is stored with the number of its title, so that folding costs once per spelling
// and not once per row.
type dictionary struct {
	seed      maphash.Seed
	slots     []uint32 // 1 + the index of a spelling, 0 for none; its length is a power of two
	spellings []spelling
	keys      []byte // keys of all spellings, concatenated
	key       []byte // key of the current lookup
	literal   bool   // a title that is the name of a column is a title, too

	numbers map[string]uint32 // by folded text
	titles  []Title           // the spelling that users see: the first in sort order
}

// spelling is a title as spelled in a row.
type spelling struct {
	hash   uint64
	at     uint32 // offset of its key in keys
	length uint32
	title  uint32
}

func newDictionary() *dictionary {
	return &dictionary{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10), numbers: map[string]uint32{}}
}

// number returns the number of a title. flaw says why the row is invalid. The error is
// errs.Invalid: too many titles.
func (d *dictionary) number(publisher, name, version []byte) (title uint32, flaw string, err error) {
	if max(len(publisher), len(name), len(version)) > maxText {
		return 0, rowTooLong, nil
	}
	// The lengths make the keys of different titles different.
	key := append(d.key[:0], byte(len(publisher)), byte(len(publisher)>>8), byte(len(name)), byte(len(name)>>8))
	key = append(key, publisher...)
	key = append(key, name...)
	key = append(key, version...)
	d.key = key
	hash := maphash.Bytes(d.seed, key)
	mask := uint64(len(d.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := d.slots[at]
		if slot == 0 {
			return d.learn(hash, publisher, name, version)
		}
		if s := &d.spellings[slot-1]; s.hash == hash && bytes.Equal(d.keys[s.at:s.at+s.length], key) {
			return s.title, "", nil
		}
	}
}

// learn adds the spelling of the current lookup.
func (d *dictionary) learn(hash uint64, publisher, name, version []byte) (title uint32, flaw string, err error) {
	shown := Title{Publisher: clean(publisher), Name: clean(name), Version: clean(version)}
	switch {
	case shown.Name == "":
		return 0, rowTitle, nil
	case isTotal(shown):
		return 0, skipped, nil
	}
	asHeader := isHeader(shown)
	if asHeader && !d.literal {
		return 0, headerAgain, nil
	}
	if max(len(d.spellings), len(d.titles)) == maxTitles || len(d.keys)+len(d.key) > maxTitleBytes {
		return 0, "", errs.New(errs.Invalid, "inventory_titles")
	}
	folded := shown.fold()
	title, known := d.numbers[folded]
	switch {
	case !known:
		title = uint32(len(d.titles))
		d.numbers[folded] = title
		d.titles = append(d.titles, shown)
	case shown.compare(d.titles[title]) < 0:
		d.titles[title] = shown
	}
	if asHeader { // the next row like it may be a header
		return title, "", nil
	}
	d.spellings = append(d.spellings, spelling{hash: hash, at: uint32(len(d.keys)), length: uint32(len(d.key)), title: title})
	d.keys = append(d.keys, d.key...)
	if len(d.spellings)*2 > len(d.slots) {
		d.slots = make([]uint32, 2*len(d.slots))
		for i := range d.spellings {
			d.place(i)
		}
		return title, "", nil
	}
	d.place(len(d.spellings) - 1)
	return title, "", nil
}

func (d *dictionary) place(i int) {
	mask := uint64(len(d.slots) - 1)
	at := d.spellings[i].hash & mask
	for d.slots[at] != 0 {
		at = (at + 1) & mask
	}
	d.slots[at] = uint32(i + 1)
}

// isHeader reports whether a row has the names of columns instead of a title.
func isHeader(t Title) bool {
	return isColumnName(t.Name) && (t.Publisher == "" || isColumnName(t.Publisher)) && (t.Version == "" || isColumnName(t.Version))
}

// maxDevice is the maximum length of a device name, in bytes.
const maxDevice = 255

// appendDevice appends the key of a device, which is unique per device and ignores case. Intune
// names devices by GUIDs, which take 16 bytes. flaw says why the name is invalid.
func appendDevice(key, device []byte) (_ []byte, flaw string) {
	if guid, ok := parseGUID(device); ok && named(device) {
		return append(append(key, 0), guid[:]...), ""
	}
	folded := text.Fold(text.Readable(string(device)))
	switch {
	case !named([]byte(folded)):
		return key, rowDevice
	case len(folded) > maxDevice:
		return key, rowTooLong
	}
	if guid, ok := parseGUID([]byte(strings.Trim(folded, "{}"))); ok { // with spaces or braces around it
		return append(append(key, 0), guid[:]...), ""
	}
	return append(append(key, byte(len(folded))), folded...), ""
}

// parseGUID reads text such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301.
func parseGUID(b []byte) (guid [16]byte, ok bool) {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return guid, false
	}
	at := 0
	for i := 0; i < len(b); i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		high, low := hexValue[b[i]], hexValue[b[i+1]]
		if high|low > 15 {
			return guid, false
		}
		guid[at] = high<<4 | low
		at++
	}
	return guid, true
}

// hexValue has the value of each hexadecimal digit, 255 for other bytes.
var hexValue = func() (values [256]byte) {
	for i := range values {
		values[i] = 255
	}
	for i, digit := range []byte("0123456789abcdef") {
		values[digit], values[bytes.ToUpper([]byte{digit})[0]] = byte(i), byte(i)
	}
	return values
}()

// cutDevice splits the key of a device from the front of b. ok is false if b is damaged.
func cutDevice(b []byte) (key, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	length := 1 + int(b[0])
	if b[0] == 0 {
		length = 1 + 16
	}
	if len(b) < length {
		return nil, nil, false
	}
	return b[:length], b[length:], true
}
