package position

import "testing"

// TestUpgradesR8_2: a licence of an operating system covers the version to which the upgrade is free.
func TestUpgradesR8_2(t *testing.T) {
	t.Parallel()
	const pro, home, enterprise = "Microsoft|Microsoft Windows 11 Pro|10.0.22631", "Microsoft|Microsoft Windows 11 Home|10.0.26100", "Microsoft|Microsoft Windows 11 Enterprise|10.0.22631"
	reckon(t, []reckoned{
		{
			name: "the same edition", licences: []string{"10|Microsoft|Windows 10 Pro|", "3|Microsoft|Windows Home|10"},
			titles: []string{"6|" + pro, "4|Microsoft|Microsoft Windows 10 Professionnel|10.0.19045", "4|" + home},
			want: []string{
				"Windows Home@10: 3 owned, -3 upgrade to Windows Home@11, 0 needed: +0-0 covered",
				"Windows Home@11: 0 owned, +3 upgrade from Windows Home@10, 4 needed: +0-1 short",
				"Windows Pro@10: 10 owned, -6 upgrade to Windows Pro@11, 4 needed: +0-0 covered",
				"Windows Pro@11: 0 owned, +6 upgrade from Windows Pro@10, 6 needed: +0-0 covered",
			},
		},
		{
			name: "not another edition, and not an older Windows", licences: []string{"5|Microsoft|Windows 10 Home|", "5|Microsoft|Windows 8.1 Pro|", "5|Microsoft|Windows 7 Professional|"},
			titles: []string{"1|" + pro},
			want: []string{
				"Windows Home@10: 5 owned, 0 needed: +5-0 unused",
				"Windows Pro@7: 5 owned, 0 needed: +5-0 unused",
				"Windows Pro@8.1: 5 owned, 0 needed: +5-0 unused",
				"Windows Pro@11: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name: "of a higher edition", licences: []string{"2|Microsoft|Windows 10 Pro for Workstations|"},
			titles: []string{"2|" + pro},
			want: []string{
				"Windows Pro@11: 0 owned, +2 edition from Windows Pro for Workstations@10, 2 needed: +0-0 covered",
				"Windows Pro for Workstations@10: 2 owned, -2 edition to Windows Pro@11, 0 needed: +0-0 covered",
			},
		},
		{
			name: "Enterprise by Software Assurance only", licences: []string{"5|Microsoft|Windows 10 Enterprise||3"},
			titles: []string{"5|" + enterprise},
			want: []string{
				"Windows Enterprise@10: 5 owned, -3 assurance to Windows Enterprise@11, 0 needed: +2-0 covered",
				"Windows Enterprise@11: 0 owned, +3 assurance from Windows Enterprise@10, 5 needed: +0-2 short",
			},
		},
		{
			name: "the plainer right comes first", licences: []string{"2|Microsoft|Windows 10 Pro||2", "1|Microsoft|Windows 11 Pro|"},
			titles: []string{"2|" + pro},
			want: []string{
				"Windows Pro@10: 2 owned, -1 upgrade to Windows Pro@11, 0 needed: +1-0 covered",
				"Windows Pro@11: 1 owned, +1 upgrade from Windows Pro@10, 2 needed: +0-0 covered",
			},
		},
		{
			name: "switched off", licences: []string{"2|Microsoft|Windows 10 Pro|"}, options: Options{NoUpgrade: true},
			titles: []string{"2|" + pro},
			want: []string{
				"Windows Pro@10: 2 owned, 0 needed: +2-0 unused",
				"Windows Pro@11: 0 owned, 2 needed: +0-2 unlicensed",
			},
		},
		{
			name: "8.1 is an update of 8", licences: []string{"2|Microsoft|Windows 8 Pro|"},
			titles: []string{"2|Microsoft|Microsoft Windows 8.1 Pro|6.3.9600"},
			want: []string{
				"Windows Pro@8: 2 owned, -2 prefix to Windows Pro@8.1, 0 needed: +0-0 covered",
				"Windows Pro@8.1: 0 owned, +2 prefix from Windows Pro@8, 2 needed: +0-0 covered",
			},
		},
		{
			name: "not for servers", licences: []string{"2|Microsoft|Windows Server Essentials|2019"},
			titles: []string{"2|Microsoft|Microsoft Windows Server 2022 Essentials|10.0.20348"},
			want: []string{
				"Windows Server Essentials@2019: 2 owned, 0 needed: +0-0 not-measured",
				"Windows Server Essentials@2022: 0 owned, 2 needed: +0-2 unlicensed",
			},
		},
	})
}
