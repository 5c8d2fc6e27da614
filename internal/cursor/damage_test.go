package cursor_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"trueup/internal/cursor"
	"trueup/internal/errs"
)

// None of 10,000 damaged cursors is accepted: the digest covers every bit.
func TestDamage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 10_000 {
		good := cursor.Encode(position{fmt.Sprint("agreement ", i), int64(i)}, "agreements")
		raw, err := base64.RawURLEncoding.DecodeString(good)
		if err != nil {
			t.Fatal(err)
		}
		bad := slices.Clone(raw)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		var got position
		if found, err := cursor.Decode(base64.RawURLEncoding.EncodeToString(bad), &got, "agreements"); found || errs.CodeOf(err) != "cursor_invalid" {
			t.Fatalf("%x instead of %x: found %v, %v", bad, raw, found, err)
		}
	}
}

// Every accepted cursor was written by Encode.
func FuzzDecode(f *testing.F) {
	f.Add(cursor.Encode(position{"office", 7}, "agreements", "sales"), "sales")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, s, query string) {
		var got any
		found, err := cursor.Decode(s, &got, "agreements", query)
		if found != (err == nil && s != "") || errs.CodeOf(err) != "cursor_invalid" && err != nil {
			t.Fatalf("found %v, %v", found, err)
		}
		again := cursor.Encode(s, "agreements", query)
		var back string
		if found, err := cursor.Decode(again, &back, "agreements", query); len(again) <= cursor.MaxChars && (!found || err != nil) {
			t.Fatalf("what was encoded is refused: %v", err)
		}
	})
}
