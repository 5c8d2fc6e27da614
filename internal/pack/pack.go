// Package pack reads and writes packed data: numbers as varints, text as its length and its
// bytes. Damaged data cannot make a Reader, or a caller that uses Count, allocate more than a
// multiple of the data's size. A sealed body starts with a line that names its format, and a
// checksum. For stored data in JSON it only finds the version.
package pack

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// Writer packs values. The zero Writer is empty.
type Writer struct {
	b    []byte
	body int // offset of the body to seal
}

// NewWriter returns a Writer that appends to b.
func NewWriter(b []byte) *Writer { return &Writer{b: b} }

// Bytes returns the written bytes.
func (w *Writer) Bytes() []byte { return w.b }

// Uvarint writes a number for Reader.Uvarint, Length or Count.
func (w *Writer) Uvarint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

// Varint writes a number for Reader.Varint.
func (w *Writer) Varint(n int64) { w.b = binary.AppendVarint(w.b, n) }

// Uint32 writes 4 bytes, little endian.
func (w *Writer) Uint32(n uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, n) }

// Uint64 writes 8 bytes, little endian.
func (w *Writer) Uint64(n uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, n) }

// Text writes the length of s and s.
func (w *Writer) Text(s string) {
	w.Uvarint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// Raw writes bytes without their length. Reader.Take reads them.
func (w *Writer) Raw(b []byte) { w.b = append(w.b, b...) }

// Reader reads what a Writer wrote, from bytes or from a string; text from a string shares its
// memory. After a failure every value is zero.
type Reader[B string | []byte] struct {
	rest   B
	failed bool
}

// NewReader returns a Reader of packed values.
func NewReader[B string | []byte](b B) *Reader[B] { return &Reader[B]{rest: b} }

// Fail marks the data as damaged, for a value that is not allowed.
func (r *Reader[B]) Fail() {
	r.rest, r.failed = r.rest[:0], true
}

// Failed reports whether a value was missing or not valid.
func (r *Reader[B]) Failed() bool { return r.failed }

// ErrDamaged means that packed data are too short or too long, or contain a value that no Writer
// writes.
var ErrDamaged = errors.New("pack: the data is damaged")

// End returns ErrDamaged if the Reader failed or if bytes are left.
func (r *Reader[B]) End() error {
	if r.failed || len(r.rest) > 0 {
		return ErrDamaged
	}
	return nil
}

// Len returns the number of remaining bytes.
func (r *Reader[B]) Len() int { return len(r.rest) }

// Rest returns the remaining bytes.
func (r *Reader[B]) Rest() B { return r.Take(len(r.rest)) }

// Clone returns an independent Reader at the same position.
func (r *Reader[B]) Clone() *Reader[B] { return &Reader[B]{r.rest, r.failed} }

// Take returns the next n bytes.
func (r *Reader[B]) Take(n int) (taken B) {
	if n < 0 || n > len(r.rest) {
		r.Fail()
		return taken
	}
	taken = r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// Uvarint reads an unsigned number.
func (r *Reader[B]) Uvarint() (n uint64) {
	for i := range min(len(r.rest), binary.MaxVarintLen64) {
		b := r.rest[i]
		if i == binary.MaxVarintLen64-1 && b > 1 {
			break // more than 64 bits
		}
		if n |= uint64(b&0x7f) << (7 * i); b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.Fail()
	return 0
}

// Varint reads a signed number.
func (r *Reader[B]) Varint() int64 {
	n := r.Uvarint()
	if n&1 == 1 {
		return ^int64(n >> 1)
	}
	return int64(n >> 1)
}

// Length reads a number from 0 to math.MaxInt32.
func (r *Reader[B]) Length() int {
	n := r.Uvarint()
	if n > math.MaxInt32 {
		r.Fail()
		return 0
	}
	return int(n)
}

// Count reads the number of things that follow; each takes at least so many bytes.
func (r *Reader[B]) Count(each int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/max(each, 1)) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Text reads a length and a text.
func (r *Reader[B]) Text() string { return string(r.Take(r.Length())) }

// Uint64 reads 8 bytes, little endian.
func (r *Reader[B]) Uint64() uint64 {
	raw := r.Take(8)
	if r.failed {
		return 0
	}
	return binary.LittleEndian.Uint64([]byte(raw))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sumBytes = 4

var (
	// ErrFormat means that sealed data have another format.
	ErrFormat = errors.New("pack: another format")
	// ErrChecksum means that sealed data are damaged.
	ErrChecksum = errors.New("pack: the checksum is wrong")
)

// Sealing returns a Writer for a body after a line that names its format. room is the expected
// size of the body in bytes, not a limit.
func Sealing(format string, room int) *Writer {
	b := append(make([]byte, 0, len(format)+sumBytes+room), format...)
	return &Writer{b: append(b, make([]byte, sumBytes)...), body: len(format) + sumBytes}
}

// Sealed fills in the checksum, CRC-32C in 4 bytes, little endian, and returns all bytes.
func (w *Writer) Sealed() []byte {
	binary.LittleEndian.PutUint32(w.b[w.body-sumBytes:], crc32.Checksum(w.b[w.body:], castagnoli))
	return w.b
}

// Open returns the body of sealed data; ErrFormat or ErrChecksum.
func Open(format string, sealed []byte) (body []byte, err error) {
	if len(sealed) < len(format)+sumBytes || string(sealed[:len(format)]) != format {
		return nil, ErrFormat
	}
	sum, body := sealed[len(format):len(format)+sumBytes], sealed[len(format)+sumBytes:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, ErrChecksum
	}
	return body, nil
}
