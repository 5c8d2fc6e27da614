package importer_test

import (
	"testing"

	"trueup/internal/agreement/pairfile"
)

// step is one file and its expected result.
type step struct {
	upload
	want     string   // numbers
	findings []string // severity, line.position, code, agreement
}

func file(key, body string, metadata ...string) upload {
	u := upload{key: key, body: body}
	for i := 0; i+1 < len(metadata); i += 2 {
		if u.metadata == nil {
			u.metadata = map[string]string{}
		}
		u.metadata[metadata[i]] = metadata[i+1]
	}
	return u
}

// scenarios are sequences of files, imported one after the other.
var scenarios = map[string]struct {
	steps []step
	seen  []string
}{
	"R3.1 a file under agreements/ goes to Unassigned": {
		steps: []step{{
			upload: file("agreements/a.csv", "01-07001,01-07001,Office\n"),
			want:   "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
		}},
		seen: []string{"Unassigned / Office v1: 0107001+0107001"},
	},
	"R3.1 a folder is a license group, made when missing, in any case and spacing": {
		steps: []step{
			{
				upload: file("agreements/Sales  & /a.csv", "1,1,Office\n"),
				want:   "rejected group_name_invalid: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", findings: []string{"error 0.0 group_name_invalid"},
			},
			{
				upload: file("agreements/Ventes d été + Co%2B/a b.csv", "1,1,Office\n"),
				want:   "rejected group_name_invalid: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", findings: []string{"error 0.0 group_name_invalid"},
			},
			{
				upload: file("agreements/Ventes d été/a + b%2B.csv", "1,1,Office\n"),
				want:   "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
			},
			{
				upload: file("agreements/ ventes  D ÉTÉ/b.csv", "2,2,Servers\n"),
				want:   "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
			},
		},
		seen: []string{"Ventes d été", "Ventes d été / Office v1: 1+1", "Ventes d été / Servers v1: 2+2"},
	},
	"R3.1 the built-in group's folder": {
		steps: []step{{
			upload: file("agreements/unassigned  AGREEMENTS/a.csv", "1,1,Office\n"),
			want:   "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
		}},
		seen: []string{"Unassigned / Office v1: 1+1"},
	},
	"R3.1 a folder in a folder": {
		steps: []step{{
			upload: file("agreements/Sales/2026/a.csv", "1,1,Office\n"),
			want:   "rejected folder_too_deep: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", findings: []string{"error 0.0 folder_too_deep"},
		}},
		seen: []string{},
	},
	"R3.1 metadata that nobody knows": {
		steps: []step{{
			upload: file("agreements/a.csv", "1,1,Office\n", "program", "gold", "on-error", "ask"),
			want:   "rejected on_error_unknown: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", findings: []string{"error 0.0 on_error_unknown", "error 0.0 program_unknown"},
		}},
		seen: []string{},
	},
	"R3.2 a Dutch spreadsheet's file": {
		steps: []step{{
			upload: file("agreements/nl.csv", "Overeenkomstnummer;Inschrijvingsnummer;Naam\r\n1;1;\"Gent, kantoor\"\r\n2;2;\"Gent, kantoor\"\r\n;;\r\n"),
			want:   "succeeded: 2 rows = 2 added + 0 unchanged + 0 rejected, 1 created, 0 extended", findings: []string{"warning 1.0 header_skipped"},
		}},
		seen: []string{"Unassigned / Gent, kantoor v1: 1+1 2+2"},
	},
	"R3.4 rows with the same name make one agreement, in any case": {
		steps: []step{{
			upload: file("agreements/a.csv", "1,1,Office deal\n2,2,Servers\n3,3, OFFICE   deal \n"),
			want:   "succeeded: 3 rows = 3 added + 0 unchanged + 0 rejected, 2 created, 0 extended",
		}},
		seen: []string{"Unassigned / Office deal v1: 1+1 3+3", "Unassigned / Servers v1: 2+2"},
	},
	"R3.4 a row without a name makes or joins the agreement named by its authorization number": {
		steps: []step{
			{
				upload: file("agreements/a.csv", "e0456712,4410983\nE0456712,4410990\n"),
				want:   "succeeded: 2 rows = 2 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
			},
			{
				upload: file("agreements/b.csv", "E0456712,4410991\n01-07001,01-07001,E0456712\n"),
				want:   "succeeded: 2 rows = 2 added + 0 unchanged + 0 rejected, 0 created, 1 extended",
			},
		},
		seen: []string{"Unassigned / e0456712 v2: 0107001+0107001 E0456712+4410983 E0456712+4410990 E0456712+4410991"},
	},
	"R3.4 a row without a name joins the one agreement that has its authorization number, in any spelling": {
		steps: []step{
			{upload: file("agreements/a.csv", "Z94-1001,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				upload: file("agreements/b.csv", "z941001,2\nZ94-10-01,1\n"),
				want:   "succeeded: 2 rows = 1 added + 1 unchanged + 0 rejected, 0 created, 1 extended", findings: []string{"warning 2.1 pair_already_stored Office"},
			},
		},
		seen: []string{"Unassigned / Office v2: Z941001+1 Z941001+2"},
	},
	"R3.4 rows without a name and one spelling each make one agreement": {
		steps: []step{{
			upload: file("agreements/a.csv", "Z94-1001,1\nZ941001,2\nz-941001,1\n"),
			want:   "succeeded: 3 rows = 2 added + 1 unchanged + 0 rejected, 1 created, 0 extended", findings: []string{"warning 3.1 pair_repeated"},
		}},
		seen: []string{"Unassigned / Z94-1001 v1: Z941001+1 Z941001+2"},
	},
	"R3.4 a row without a name joins an agreement of the file, wherever it stands": {
		steps: []step{{
			upload: file("agreements/a.csv", "Z941001,2,N/A\nZ94-1001,1,Office\n"),
			want:   "succeeded: 2 rows = 2 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
		}},
		seen: []string{"Unassigned / Office v1: Z941001+1 Z941001+2"},
	},
	"R3.4 with several agreements a row without a name makes one named by its number": {
		steps: []step{
			{
				upload: file("agreements/a.csv", "Z94-1001,1,Office\nZ94-1001,2,Servers\nZ941001,3\n"),
				want:   "succeeded: 3 rows = 3 added + 0 unchanged + 0 rejected, 3 created, 0 extended",
			},
			{
				upload: file("agreements/b.csv", "Z94-1001,4\nZ94-1001,2,NULL\n"),
				want:   "succeeded: 2 rows = 1 added + 1 unchanged + 0 rejected, 0 created, 1 extended", findings: []string{"warning 2.1 pair_already_stored Servers"},
			},
		},
		seen: []string{"Unassigned / Office v1: Z941001+1", "Unassigned / Servers v1: Z941001+2", "Unassigned / Z941001 v2: Z941001+3 Z941001+4"},
	},
	"R3.1 a group is not created when no agreement goes there": {
		steps: []step{
			{upload: file("agreements/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				upload: file("agreements/Sales/b.csv", "1,1,Office\n2,2,Office\n"),
				want:   "succeeded: 2 rows = 1 added + 1 unchanged + 0 rejected, 0 created, 1 extended", findings: []string{"warning 1.3 group_ignored Office", "warning 1.1 pair_already_stored Office"},
			},
		},
		seen: []string{"Unassigned / Office v2: 1+1 2+2"},
	},
	"R3.1 the built-in group's folder in another language": {
		steps: []step{
			{upload: file("agreements/Niet-toegewezen overeenkomsten/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{upload: file("agreements/accords non attribués/a.csv", "2,2,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 0 created, 1 extended"},
		},
		seen: []string{"Unassigned / Office v2: 1+1 2+2"},
	},
	"R3.1 metadata in any case": {
		steps: []step{{
			upload: file("agreements/a.csv", "1,1,Office\n2/,,Office\n", "on-error", " SKIP "),
			want:   "succeeded: 2 rows = 1 added + 0 unchanged + 1 rejected, 1 created, 0 extended", findings: []string{"error 2.1 number_characters", "error 2.2 number_required"},
		}},
		seen: []string{"Unassigned / Office v1: 1+1"},
	},
	"R3.2 ambiguous columns are not guessed, even with skip": {
		steps: []step{
			{
				upload: file("agreements/a.csv", "Agreement number,License number,Licence no.\n1,1,2\n", "on-error", "skip"),
				want:   "rejected header_ambiguous: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", findings: []string{"warning 1.0 header_skipped", "error 1.0 header_ambiguous"},
			},
			{
				upload: file("agreements/a.csv", "Nummer;Klant;Naam\n1;1;Office\n", "on-error", "skip"),
				want:   "rejected header_unknown: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", findings: []string{"error 1.0 header_unknown"},
			},
		},
		seen: []string{},
	},
	"R3.3 5,001 rows with 5,000 pairs": {
		steps: []step{{
			upload: file("agreements/a.csv", different(pairfile.MaxRows)+"1,1,Office\n", "dry-run", "true"),
			want:   "succeeded: 5001 rows = 5000 added + 1 unchanged + 0 rejected, 1 created, 0 extended", findings: []string{"warning 5001.1 pair_repeated"},
		}},
		seen: []string{},
	},
	"R3.4 an existing agreement gets the pairs, and stays in its group": {
		steps: []step{
			{upload: file("agreements/Sales/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				upload: file("agreements/Marketing/b.csv", "2,2,office\n3,3,office\n4,4,Visio\n"),
				want:   "succeeded: 3 rows = 3 added + 0 unchanged + 0 rejected, 1 created, 1 extended", findings: []string{"warning 1.3 group_ignored Office"},
			},
			{
				upload: file("agreements/c.csv", "1,1,Office\n"),
				want:   "succeeded: 1 rows = 0 added + 1 unchanged + 0 rejected, 0 created, 0 extended", findings: []string{"warning 1.3 group_ignored Office", "warning 1.1 pair_already_stored Office"},
			},
		},
		seen: []string{"Marketing", "Marketing / Visio v1: 4+4", "Sales", "Sales / Office v2: 1+1 2+2 3+3"},
	},
	"R3.5 program open-value wants equal numbers": {
		steps: []step{
			{
				upload: file("agreements/a.csv", "1,2,Office\n3,3,Office\n", "program", "open-value"),
				want:   "rejected: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", findings: []string{"error 1.2 numbers_differ"},
			},
			{upload: file("agreements/a.csv", "1,2,Office\n3,3,Office\n"), want: "succeeded: 2 rows = 2 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
		},
		seen: []string{"Unassigned / Office v1: 1+2 3+3"},
	},
	"R3.6 a pair repeated in the file or already stored is unchanged": {
		steps: []step{
			{
				upload: file("agreements/a.csv", "01-07,01-07,Office\n0107,0107,office\n2,2,Office\n"),
				want:   "succeeded: 3 rows = 2 added + 1 unchanged + 0 rejected, 1 created, 0 extended", findings: []string{"warning 2.1 pair_repeated"},
			},
			{
				upload: file("agreements/again.csv", "2,2,Office\n3,3,Office\n"),
				want:   "succeeded: 2 rows = 1 added + 1 unchanged + 0 rejected, 0 created, 1 extended", findings: []string{"warning 1.1 pair_already_stored Office"},
			},
		},
		seen: []string{"Unassigned / Office v2: 0107+0107 2+2 3+3"},
	},
	"R3.7 reject: one error and nothing of the file is stored": {
		steps: []step{
			{upload: file("agreements/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				// Conflicts with the store are reported together with the file's own errors.
				upload: file("agreements/Sales/b.csv", "1,1,Servers\n2/2,2,Servers\n3,3,Servers\n1,1,Office\n"),
				want:   "rejected: 4 rows = 0 added + 0 unchanged + 4 rejected, 0 created, 0 extended",
				findings: []string{
					"error 1.1 pair_taken Office", "error 2.1 number_characters", "error 4.1 pair_under_two_names",
				},
			},
		},
		seen: []string{"Unassigned / Office v1: 1+1"},
	},
	"R3.7 skip: the good rows are stored": {
		steps: []step{
			{upload: file("agreements/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				upload: file("agreements/Sales/b.csv", "1,1,Servers\n2/2,2,Servers\n3,3,Servers\n1,1,Office\n03,03,Visio\n3,3,SERVERS\n", "on-error", "skip"),
				want:   "succeeded: 6 rows = 2 added + 1 unchanged + 3 rejected, 2 created, 0 extended",
				findings: []string{
					"error 1.1 pair_taken Office", "error 2.1 number_characters", "error 4.1 pair_under_two_names", "warning 6.1 pair_repeated",
				},
			},
			{
				upload: file("agreements/c.csv", "1,1,Servers\n/,2\n", "on-error", "skip"), // no row is left
				want:   "rejected: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", findings: []string{"warning 1.3 group_ignored Servers", "error 1.1 pair_taken Office", "error 2.1 number_required"},
			},
		},
		seen: []string{"Unassigned / Office v1: 1+1", "Sales", "Sales / Servers v1: 3+3", "Sales / Visio v1: 03+03"},
	},
	"R3.7 dry-run only reports": {
		steps: []step{
			{upload: file("agreements/a.csv", "1,1,Office\n"), want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended"},
			{
				upload: file("agreements/Sales/b.csv", "1,1,Office\n2,2,Office\n3,3,Visio\n", "dry-run", "true"),
				want:   "succeeded: 3 rows = 2 added + 1 unchanged + 0 rejected, 1 created, 1 extended",
				findings: []string{
					"warning 1.3 group_ignored Office", "warning 1.1 pair_already_stored Office",
				},
			},
			{
				upload: file("agreements/c.csv", "/,1,Office\n2,2,Office\n", "dry-run", "true"),
				want:   "rejected: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", findings: []string{"error 1.1 number_required"},
			},
			{
				upload: file("agreements/c.csv", "/,1,Office\n2,2,Office\n", "dry-run", "true", "on-error", "skip"),
				want:   "succeeded: 2 rows = 1 added + 0 unchanged + 1 rejected, 0 created, 1 extended", findings: []string{"error 1.1 number_required"},
			},
		},
		seen: []string{"Unassigned / Office v1: 1+1"},
	},
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for name, c := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			for _, step := range c.steps {
				imp := s.run(step.upload)
				equal(t, step.key, numbers(imp), step.want)
				equal(t, step.key+" findings", s.findings(imp), step.findings)
			}
			equal(t, "store", s.seen(), c.seen)
		})
	}
}
