package position

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Digest returns a hash of lists of lines: of every field of each line, and of their order.
func Digest(lists ...[]Line) string {
	const flush = 1 << 14
	sum := sha256.New()
	var b []byte
	for _, lines := range lists {
		b = binary.AppendUvarint(b, uint64(len(lines)))
		for i := range lines {
			if b = lines[i].appendTo(b); len(b) > flush {
				sum.Write(b)
				b = b[:0]
			}
		}
	}
	sum.Write(b)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// appendTo appends every field to b, each text with its length.
func (l *Line) appendTo(b []byte) []byte {
	for _, text := range [...]string{
		l.Product.Publisher, l.Product.Family, l.Product.Edition, l.Product.Version, string(l.SAEnded),
		string(l.Source.Kind), l.Source.ID, l.Source.Text, l.Agreement, string(l.Metric),
	} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	for _, number := range [...]int{l.Quantity, l.Users, l.SA, l.Pack, len(l.ByUser)} {
		b = binary.AppendVarint(b, int64(number))
	}
	for _, of := range l.ByUser {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(of.PCs)), int64(of.Users))
	}
	flags := byte(0)
	if l.Subscription {
		flags |= 1
	}
	if l.NotVolume {
		flags |= 2
	}
	return append(b, flags)
}
