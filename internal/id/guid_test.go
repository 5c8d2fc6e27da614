package id_test

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"trueup/internal/id"
)

func TestGUID(t *testing.T) {
	t.Parallel()
	// The time is the first 48 bits, in milliseconds.
	at := time.UnixMilli(0x0123456789ab)
	guid, ok := id.GUID(id.New(at, "seed"))
	if !ok || !strings.HasPrefix(guid, "01234567-89ab-") || !id.IsGUID(guid) {
		t.Errorf("%q, %v", guid, ok)
	}
	for range 1000 {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(rand.IntN(256))
		}
		digits := hex.EncodeToString(raw[:])
		guid := digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
		made, ok := id.FromGUID(strings.ToUpper(guid))
		if !ok || len(made) != id.Length {
			t.Fatalf("%s is %q", guid, made)
		}
		if back, ok := id.GUID(made); !ok || back != guid {
			t.Fatalf("%s is %s, which is %s", guid, made, back)
		}
	}
	for range 1000 {
		made := id.New(noon.Add(time.Duration(rand.Int64N(1e18))), noon.String())
		guid, _ := id.GUID(made)
		if back, ok := id.FromGUID(guid); !ok || back != made {
			t.Fatalf("%s is %s, which is %s", made, guid, back)
		}
	}
	for _, none := range []string{"", "x", strings.Repeat("u", id.Length), strings.Repeat("z", id.Length), strings.Repeat("0", id.Length+1)} {
		if guid, ok := id.GUID(none); ok {
			t.Errorf("%q is %s", none, guid)
		}
	}
}

func TestIsGUID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0": true, "6EA91A8D-E32E-41A1-B7BD-D2D185EED0E0": true, "00000000-0000-0000-0000-000000000000": true,
		"": false, "6ea91a8de32e41a1b7bdd2d185eed0e0": false, "{6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0}": false,
		"6ea91a8d-e32e-41a1-b7bd-d2d185eed0eg": false, "6ea91a8d-e32e-41a1-b7bdd-2d185eed0e0": false, "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0 ": false,
	} {
		if got := id.IsGUID(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if _, ok := id.FromGUID(text); ok != want {
			t.Errorf("FromGUID of %q: %v", text, ok)
		}
	}
}

func TestNamedGUID(t *testing.T) {
	t.Parallel()
	a, b := id.NamedGUID("TEAMS1"), id.NamedGUID("EXCHANGE")
	if a == b || a != id.NamedGUID("TEAMS1") || !id.IsGUID(a) || a[14] != '8' {
		t.Errorf("%s and %s", a, b)
	}
}
