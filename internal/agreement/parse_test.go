package agreement_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/errs"
)

// describe formats a violation on one line: field, code, and the arguments by name.
func describe(v errs.Violation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", v.Field, v.Code)
	for _, name := range slices.Sorted(maps.Keys(v.Args)) {
		fmt.Fprintf(&b, " %s=%s", name, v.Args[name])
	}
	return b.String()
}

func describeAll(violations []errs.Violation) []string {
	var all []string
	for _, v := range violations {
		all = append(all, describe(v))
	}
	return all
}

func TestParseName(t *testing.T) {
	t.Parallel()
	const long = "name name_too_long length=257 max=256"
	cases := []struct {
		rule  string
		name  string
		ascii bool
		want  string
		wrong []string
	}{
		{rule: "R2.1 a plain name", name: "Office agreements", want: "Office agreements"},
		{rule: "R2.1 spaces are collapsed", name: "  Office   agreements ", want: "Office agreements"},
		{rule: "R2.1 white space around it is dropped", name: "\tOffice\r\n", want: "Office"},
		{rule: "R2.1 percent, comma, point, hyphen, underscore, question mark, backtick", name: "50%, a.b-c_d? `e`", want: "50%, a.b-c_d? `e`"},
		{rule: "R2.1 one character", name: "x", want: "x"},
		{rule: "R2.1 256 characters", name: strings.Repeat("é", 256), want: strings.Repeat("é", 256)},
		{rule: "R2.1 256 characters after collapsing", name: "a" + strings.Repeat(" ", 9) + strings.Repeat("b", 254), want: "a " + strings.Repeat("b", 254)},
		{rule: "R2.1 257 characters", name: strings.Repeat("é", 257), wrong: []string{long}},
		{rule: "R2.1 empty", name: "", wrong: []string{"name name_required"}},
		{rule: "R2.1 only white space", name: " \t\u00a0", wrong: []string{"name name_required"}},
		{rule: "R2.1 only joiners", name: "\u200d\u200c", wrong: []string{"name name_required"}},
		{rule: "R2.1 other scripts", name: "Лицензии 許諾 می\u200cخواهم", want: "Лицензии 許諾 می\u200cخواهم"},
		{rule: "R2.1 other scripts from a CSV file", name: "Réseau 許", ascii: true, wrong: []string{"name not_ascii characters=é 許"}},
		{rule: "R2.1 no-break space at the end from a CSV file", name: "Office\u00a0", ascii: true, wrong: []string{"name not_ascii characters=U+00A0"}},
		{rule: "R2.1 only a no-break space from a CSV file", name: "\u00a0", ascii: true, wrong: []string{"name not_ascii characters=U+00A0"}},
		{rule: "R2.1 Windows-1252 from a CSV file", name: "Li\xe8ge", ascii: true, wrong: []string{"name not_ascii characters=è"}},
		{rule: "R2.1 not UTF-8", name: "Li\xe8ge", wrong: []string{"name name_control characters=\ufffd"}},
		{rule: "R2.1 control characters", name: "a\tb\x00\x7f", wrong: []string{"name name_control characters=U+0009 U+0000 U+007F"}},
		{rule: "R2.1 bidirectional override", name: "a\u202eb", wrong: []string{"name name_control characters=U+202E"}},
		{rule: "R2.1 zero-width space", name: "a\u200bb", wrong: []string{"name name_control characters=U+200B"}},
		{rule: "R2.1 forbidden characters once each", name: "a&b&c/d", wrong: []string{"name name_characters characters=& /"}},
		{rule: "R2.1 at most ten are quoted", name: agreement.ForbiddenInNames, wrong: []string{"name name_characters characters=~ ! @ # $ ^ & * ( ) …"}},
		{
			rule: "R3.7 the length is that without what is to be removed", name: strings.Repeat("a", 256) + "\x01<>", ascii: true,
			wrong: []string{"name name_characters characters=< >", "name name_control characters=U+0001"},
		},
		{
			rule: "R3.7 everything at once", name: strings.Repeat("é", 257) + "\x01<>", ascii: true,
			wrong: []string{"name not_ascii characters=é", "name name_characters characters=< >", "name name_control characters=U+0001", long},
		},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			got, violations := agreement.ParseName(c.name, c.ascii)
			if got != c.want {
				t.Errorf("ParseName = %q, want %q", got, c.want)
			}
			gotWrong := describeAll(violations)
			slices.Sort(gotWrong)
			slices.Sort(c.wrong)
			if diff := cmp.Diff(c.wrong, gotWrong); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// Each ASCII character is allowed or forbidden as listed in R2.1.
func TestParseNameEveryASCIICharacter(t *testing.T) {
	t.Parallel()
	const forbidden = "~ ! @ # $ ^ & * ( ) = + [ ] { } \\ | ; : ' \" < > /" // as written in R2.1
	for r := rune(0); r < 128; r++ {
		_, violations := agreement.ParseName("a"+string(r)+"b", true)
		want := []string(nil)
		switch {
		case r == ' ':
		case r < ' ' || r == 127:
			want = []string{fmt.Sprintf("name name_control characters=U+%04X", r)}
		case strings.ContainsRune(forbidden, r):
			want = []string{"name name_characters characters=" + string(r)}
		}
		if diff := cmp.Diff(want, describeAll(violations)); diff != "" {
			t.Errorf("R2.1 %q (-want +got):\n%s", r, diff)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	pair := func(authorization, license string) agreement.Pair {
		return agreement.Pair{Authorization: authorization, License: license}
	}
	with := func(p agreement.Pair, program agreement.Program) agreement.Pair {
		p.Program = program
		return p
	}
	sample := pair("01-07001", "01-07001")
	cases := []struct {
		rule    string
		pairs   []agreement.Pair
		program agreement.Program
		ascii   bool
		limits  agreement.Limits
		want    []agreement.Pair
		wrong   []string
	}{
		{rule: "R2.2 exactly 16 characters", pairs: []agreement.Pair{sample}, want: []agreement.Pair{with(sample, agreement.ProgramOpenValue)}},
		{rule: "R2.2 17 characters", pairs: []agreement.Pair{pair("01-07001", "01-070011")}, wrong: []string{"pairs/0 pair_too_long length=17 max=16"}},
		{
			rule: "R2.2 PAIR_MAX_CHARS lifts the limit", pairs: []agreement.Pair{pair("90312847ZZE1401", "61284733")}, limits: agreement.Limits{PairMaxChars: 32},
			want: []agreement.Pair{{Authorization: "90312847ZZE1401", License: "61284733", Program: agreement.ProgramOpen}},
		},
		{
			rule: "R2.2 PAIR_MAX_CHARS is exact", pairs: []agreement.Pair{pair("90312847ZZE1401", "61284733")}, limits: agreement.Limits{PairMaxChars: 22},
			wrong: []string{"pairs/0 pair_too_long length=23 max=22"},
		},
		{rule: "R2.2 PAIR_MAX_CHARS is at least 16", pairs: []agreement.Pair{sample}, limits: agreement.Limits{PairMaxChars: 1}, want: []agreement.Pair{with(sample, agreement.ProgramOpenValue)}},
		{rule: "R2.2 PAIR_MAX_CHARS is at most 32", pairs: []agreement.Pair{pair(strings.Repeat("1", 16), strings.Repeat("2", 17))}, limits: agreement.Limits{PairMaxChars: 99}, wrong: []string{"pairs/0 pair_too_long length=33 max=32"}},
		{
			rule: "R2.2 trimmed and kept as typed", pairs: []agreement.Pair{pair(" v44-1 ", "\tV441\n")},
			want: []agreement.Pair{{Authorization: "v44-1", License: "V441", Program: agreement.ProgramOpenValue}},
		},
		{rule: "R2.2 both numbers required", pairs: []agreement.Pair{pair("", "  ")}, wrong: []string{"pairs/0/authorization number_required", "pairs/0/license number_required"}},
		{rule: "R2.2 a letter or digit required", pairs: []agreement.Pair{pair("-", "---")}, wrong: []string{"pairs/0/authorization number_only_hyphens", "pairs/0/license number_only_hyphens"}},
		{rule: "R2.2 a space inside", pairs: []agreement.Pair{pair("01 07001", "1")}, wrong: []string{"pairs/0/authorization number_characters characters=U+0020"}},
		{rule: "R2.2 other characters", pairs: []agreement.Pair{pair("1", "1/2_é٣")}, wrong: []string{"pairs/0/license number_characters characters=/ _ é ٣"}},
		{rule: "R3.3 not ASCII and other characters", pairs: []agreement.Pair{pair("1", "1/2é")}, ascii: true, wrong: []string{"pairs/0/license not_ascii characters=é", "pairs/0/license number_characters characters=/"}},
		{rule: "R3.3 only a no-break space", pairs: []agreement.Pair{pair("1", "\u00a0")}, ascii: true, wrong: []string{"pairs/0/license not_ascii characters=U+00A0"}},
		{rule: "R2.2 at least one pair", wrong: []string{"pairs pairs_required"}},
		{rule: "R2.3 the same pair twice", pairs: []agreement.Pair{pair("a-1", "b"), pair("c", "d"), pair("A1", "B-")}, wrong: []string{"pairs/2 pair_given_twice first=1"}},
		{
			rule: "R2.4 several pairs make one agreement", pairs: []agreement.Pair{pair("a", "b"), pair("b", "a")},
			want: []agreement.Pair{{Authorization: "a", License: "b", Program: "unknown"}, {Authorization: "b", License: "a", Program: "unknown"}},
		},
		{rule: "R3.5 open-value with equal numbers", pairs: []agreement.Pair{pair("01-07001", "0107001")}, program: agreement.ProgramOpenValue, want: []agreement.Pair{{Authorization: "01-07001", License: "0107001", Program: agreement.ProgramOpenValue}}},
		{rule: "R3.5 open-value with different numbers", pairs: []agreement.Pair{pair("01-07001", "01-07002")}, program: agreement.ProgramOpenValue, wrong: []string{"pairs/0/license numbers_differ authorization=01-07001"}},
		{
			rule: "R3.7 open-value with different numbers that are too long", pairs: []agreement.Pair{pair("01-070010", "01-070020")}, program: agreement.ProgramOpenValue,
			wrong: []string{"pairs/0 pair_too_long length=18 max=16", "pairs/0/license numbers_differ authorization=01-070010"},
		},
		{rule: "R3.5 a given program is taken as it is", pairs: []agreement.Pair{sample}, program: agreement.ProgramSelectEnterprise, want: []agreement.Pair{with(sample, agreement.ProgramSelectEnterprise)}},
		{rule: "R3.5 program unknown is suggested", pairs: []agreement.Pair{sample}, program: agreement.ProgramUnknown, want: []agreement.Pair{with(sample, agreement.ProgramOpenValue)}},
		{rule: "R3.5 no such program", pairs: []agreement.Pair{sample}, program: "gold", wrong: []string{"program program_unknown value=gold"}},
		{
			rule: "R3.7 everything at once", pairs: []agreement.Pair{pair("", "x!"), pair("1", "1"), pair("--", "12345678901234567")},
			wrong: []string{
				"pairs/0/authorization number_required", "pairs/0/license number_characters characters=!",
				"pairs/2/authorization number_only_hyphens", "pairs/2 pair_too_long length=19 max=16",
			},
		},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			got, violations := agreement.Parse(agreement.Draft{Name: " Office  agreements", Pairs: c.pairs, Program: c.program, ASCII: c.ascii}, c.limits)
			var want agreement.Volume
			if c.want != nil {
				want = agreement.Volume{Name: "Office agreements", Pairs: c.want}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("volume (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wrong, describeAll(violations)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseQuotesValues(t *testing.T) {
	t.Parallel()
	_, violations := agreement.Parse(agreement.Draft{
		Name:  strings.Repeat("é", 1000),
		Pairs: []agreement.Pair{{Authorization: " 1/1 ", License: strings.Repeat("\xe9", 5000)}},
	}, agreement.Limits{})
	want := map[string]string{
		"name name_too_long":                      strings.Repeat("é", 255) + "…",
		"pairs/0/authorization number_characters": " 1/1 ",
		"pairs/0/license number_characters":       strings.Repeat("é", 255) + "…",
	}
	got := map[string]string{}
	for _, v := range violations {
		got[v.Field+" "+v.Code] = v.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("R3.7 values as typed, at most 256 characters (-want +got):\n%s", diff)
	}
}

func TestR2_4_ParsePairs(t *testing.T) {
	t.Parallel()
	typed := []agreement.Pair{{Authorization: " 01-07001 ", License: "01-07001"}, {Authorization: "A-1", License: "1234567"}}
	got, violations := agreement.ParsePairs(agreement.Draft{Pairs: typed}, agreement.Limits{})
	want := []agreement.Pair{
		{Authorization: "01-07001", License: "01-07001", Program: agreement.ProgramOpenValue},
		{Authorization: "A-1", License: "1234567", Program: agreement.ProgramSelectEnterprise},
	}
	if diff := cmp.Diff(want, got); diff != "" || violations != nil {
		t.Errorf("%v (-want +got)\n%s", violations, diff)
	}
	for name, c := range map[string]struct {
		draft agreement.Draft
		want  []string
	}{
		"none":           {agreement.Draft{}, []string{"pairs pairs_required"}},
		"twice":          {agreement.Draft{Pairs: []agreement.Pair{typed[1], {Authorization: "a1", License: "123-4567"}}}, []string{"pairs/1 pair_given_twice first=1"}},
		"every mistake":  {agreement.Draft{Pairs: []agreement.Pair{{License: "1"}, {Authorization: "-", License: "1"}}}, []string{"pairs/0/authorization number_required", "pairs/1/authorization number_only_hyphens"}},
		"wrong program":  {agreement.Draft{Pairs: typed, Program: "gold"}, []string{"program program_unknown value=gold"}},
		"numbers differ": {agreement.Draft{Pairs: typed[1:], Program: agreement.ProgramOpenValue}, []string{"pairs/0/license numbers_differ authorization=A-1"}},
	} {
		pairs, violations := agreement.ParsePairs(c.draft, agreement.Limits{})
		if diff := cmp.Diff(c.want, describeAll(violations)); diff != "" || pairs != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, pairs, diff)
		}
	}
}
