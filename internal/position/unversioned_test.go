package position

import "testing"

// TestUnversionedR8_2: an installation whose version is not told is covered last, by any licence.
func TestUnversionedR8_2(t *testing.T) {
	t.Parallel()
	compute(t, small, []computing{
		{
			name: "any version, after the told ones", licenses: []string{"2 Draw@2019", "1 Draw@2021"}, installations: []string{"2 Draw@", "1 Draw@2021", "1 Draw@2016"},
			want: []string{
				"Draw: 0 owned, +1 unversioned from Draw@2019, 2 needed: +0-1 short",
				"Draw@2016: 0 owned, +1 downgrade from Draw@2019, 1 needed: +0-0 covered",
				"Draw@2019: 2 owned, -1 unversioned to Draw, -1 downgrade to Draw@2016, 0 needed: +0-0 covered",
				"Draw@2021: 1 owned, 1 needed: +0-0 covered",
			},
		},
		{
			name: "a licence without version stays exact", licenses: []string{"1 Draw@", "1 Draw@2021"}, installations: []string{"2 Draw@"},
			want: []string{
				"Draw: 1 owned, +1 unversioned from Draw@2021, 2 needed: +0-0 covered",
				"Draw@2021: 1 owned, -1 unversioned to Draw, 0 needed: +0-0 covered",
			},
		},
		{
			name: "a licence moves to where only it can be used", licenses: []string{"1 Draw@", "1 Draw@2021"}, installations: []string{"1 Draw@", "1 Draw@2024"},
			want: []string{
				"Draw: 1 owned, +1 unversioned from Draw@2021, -1 prefix to Draw@2024, 1 needed: +0-0 covered",
				"Draw@2021: 1 owned, -1 unversioned to Draw, 0 needed: +0-0 covered",
				"Draw@2024: 0 owned, +1 prefix from Draw, 1 needed: +0-0 covered",
			},
		},
		{
			name: "through a suite and a higher edition", licenses: []string{"1 Design Suite@2019", "1 Visio Professional@2019"}, installations: []string{"1 Draw@", "1 Visio Standard@"},
			want: []string{
				"Design Suite@2019: 1 owned, 1 unversioned for Draw, 0 needed: +0-0 covered",
				"Draw: 0 owned, +1 unversioned from Design Suite@2019, 1 needed: +0-0 covered",
				"Visio Professional@2019: 1 owned, -1 unversioned to Visio Standard, 0 needed: +0-0 covered",
				"Visio Standard: 0 owned, +1 unversioned from Visio Professional@2019, 1 needed: +0-0 covered",
			},
		},
		{
			name: "an undecidable title", licenses: []string{"1 Editor Pro@6"}, installations: []string{"2 Editor@"},
			want: []string{
				"Editor: 0 owned, +1 unversioned from Editor Pro@6, 2 needed: +0-0 undecided",
				"Editor Pro@6: 1 owned, -1 unversioned to Editor, 0 needed: +0-0 covered",
			},
		},
		{
			name: "needs the other steps on its way", licenses: []string{"1 Visio Professional@2019"}, installations: []string{"1 Visio Standard@"}, options: Options{NoEdition: true},
			want: []string{
				"Visio Professional@2019: 1 owned, 0 needed: +1-0 unused",
				"Visio Standard: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name: "switched off", licenses: []string{"1 Draw@2019"}, installations: []string{"1 Draw@"}, options: Options{NoUnversioned: true},
			want: []string{
				"Draw: 0 owned, 1 needed: +0-1 unlicensed",
				"Draw@2019: 1 owned, 0 needed: +1-0 unused",
			},
		},
		{
			name: "another product covers nothing", licenses: []string{"1 Photo@2019"}, installations: []string{"1 Draw@"},
			want: []string{
				"Draw: 0 owned, 1 needed: +0-1 unlicensed",
				"Photo@2019: 1 owned, 0 needed: +1-0 unused",
			},
		},
		{
			name: "of cores", licenses: []string{"8 SQL Standard@2019"}, installations: []string{"1 SQL Standard@"},
			want: []string{
				"SQL Standard: 0 owned, 1 needed: +0-0 not-measured",
				"SQL Standard@2019: 8 owned, 0 needed: +0-0 not-measured",
			},
		},
	})
}
