package agreement_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trueup/internal/agreement"
)

func TestSuggest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule                   string
		authorization, license string
		want                   agreement.Program
	}{
		{"R3.5 equal", "01-07001", "01-07001", agreement.ProgramOpenValue},
		{"R3.5 equal but for hyphens and case", "v-4410027", "V4410027", agreement.ProgramOpenValue},
		{"R3.5 equal 7 digits", "4410983", "4410983", agreement.ProgramOpenValue},
		{"R3.5 15 and 8 characters", "90312847ZZE1401", "61284733", agreement.ProgramOpen},
		{"R3.5 14 and 8 characters", "90312847ZZE140", "61284733", agreement.ProgramUnknown},
		{"R3.5 second number of 7 digits", "E0456712", "4410983", agreement.ProgramSelectEnterprise},
		{"R3.5 second number of 7 digits and a hyphen", "E0456712", "44-10983", agreement.ProgramSelectEnterprise},
		{"R3.5 second number of 7 characters with a letter", "E0456712", "441098A", agreement.ProgramUnknown},
		{"R3.5 nothing", "", "", agreement.ProgramUnknown},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			if got := (agreement.Pair{Authorization: c.authorization, License: c.license}).Suggest(); got != c.want {
				t.Errorf("Suggest(%s, %s) = %s, want %s", c.authorization, c.license, got, c.want)
			}
		})
	}
}

// number draws a number that R2.2 allows.
func number() *rapid.Generator[string] {
	return rapid.StringMatching(`-{0,2}[0-9A-Za-z][0-9A-Za-z-]{0,6}`)
}

// respell writes the same number in another notation.
func respell(t *rapid.T, number string) string {
	var b strings.Builder
	for _, r := range number {
		b.WriteString(rapid.SampledFrom([]string{"", "", " ", "-", " - "}).Draw(t, "between"))
		switch {
		case r == '-' && rapid.Bool().Draw(t, "drop"):
		case rapid.Bool().Draw(t, "upper"):
			b.WriteString(strings.ToUpper(string(r)))
		default:
			b.WriteString(strings.ToLower(string(r)))
		}
	}
	return b.String()
}

func TestKeyIgnoresCaseSpacesHyphens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := agreement.Pair{Authorization: number().Draw(t, "authorization"), License: number().Draw(t, "license")}
		q := agreement.Pair{Authorization: respell(t, p.Authorization), License: respell(t, p.License)}
		if p.Key() != q.Key() {
			t.Fatalf("R2.2: %q has key %q, %q has %q", p, p.Key(), q, q.Key())
		}
		if p.Suggest() != q.Suggest() {
			t.Fatalf("R3.5: %q is %s, %q is %s", p, p.Suggest(), q, q.Suggest())
		}
	})
}

func TestKeyTellsPairsApart(t *testing.T) {
	t.Parallel()
	plain := strings.NewReplacer("-", "").Replace
	rapid.Check(t, func(t *rapid.T) {
		p := agreement.Pair{Authorization: number().Draw(t, "a1"), License: number().Draw(t, "l1")}
		q := agreement.Pair{Authorization: number().Draw(t, "a2"), License: number().Draw(t, "l2")}
		same := strings.EqualFold(plain(p.Authorization), plain(q.Authorization)) && strings.EqualFold(plain(p.License), plain(q.License))
		if (p.Key() == q.Key()) != same {
			t.Fatalf("R2.2: keys %q and %q of %q and %q", p.Key(), q.Key(), p, q)
		}
	})
	if (agreement.Pair{Authorization: "12", License: "3"}).Key() == (agreement.Pair{Authorization: "1", License: "23"}).Key() {
		t.Error("R2.2: 12 + 3 and 1 + 23 have the same key")
	}
}

func TestSqueeze(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":          "",
		"01-07001":  "0107001",
		" a-b 7 ":   "AB7",
		"- -":       "",
		"01+07":     "",
		"01\t07":    "",
		"é1":        "",
		"office 1%": "",
	} {
		if got := agreement.Squeeze(in); got != want {
			t.Errorf("R2.2 Squeeze(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := number().Draw(t, "number")
		p := agreement.Pair{Authorization: n, License: n}
		if s := agreement.Squeeze(n); agreement.PairKey(s+"+"+s) != p.Key() {
			t.Fatalf("Squeeze(%q) = %q, and the pair's key is %q", n, s, p.Key())
		}
	})
}
