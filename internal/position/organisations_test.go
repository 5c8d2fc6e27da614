package position

import "testing"

// TestOrganisationsR8_2 checks small organisations as they are. Each result was compared with the
// terms of the licences.
func TestOrganisationsR8_2(t *testing.T) {
	t.Parallel()
	reckon(t, []reckoned{
		{
			name:     "downgrade of a volume licence",
			licences: []string{"10|Microsoft|Office Professional Plus|2021"},
			titles:   []string{"4|Microsoft Corporation|Microsoft Office Professional Plus 2016 - en-us|16.0.4266", "7|Microsoft Corporation|Microsoft Office Professional Plus 2021 - en-us|16.0.14332"},
			want: []string{
				"Office Professional Plus@2016: 0 owned, +3 downgrade from Office Professional Plus@2021, 4 needed: +0-1 short",
				"Office Professional Plus@2021: 10 owned, -3 downgrade to Office Professional Plus@2016, 7 needed: +0-0 covered",
			},
		},
		{
			name:     "no downgrade to another edition, and Standard is lower",
			licences: []string{"5|Microsoft|Office Standard|2019", "2|Microsoft|Office Professional Plus|2019"},
			titles:   []string{"3|Microsoft Corporation|Microsoft Office Professional Plus 2019 - en-us|16.0", "4|Microsoft Corporation|Microsoft Office Standard 2019 - en-us|16.0"},
			want: []string{
				"Office Professional Plus@2019: 2 owned, 3 needed: +0-1 short",
				"Office Standard@2019: 5 owned, 4 needed: +1-0 covered",
			},
		},
		{
			name:     "Windows that came with the PC is in no statement",
			licences: []string{"4|Microsoft|Windows 11 Pro|"},
			titles:   []string{"10|Microsoft|Microsoft Windows 11 Pro|10.0.22631"},
			want: []string{
				"Windows Pro@11: 4 owned, 10 needed: +0-6 short",
			},
		},
		{
			name:     "a user on five PCs",
			licences: []string{"10|Microsoft|Microsoft 365 Apps for enterprise|"},
			titles:   []string{"50/10|Microsoft Corporation|Microsoft 365 Apps for enterprise - en-us|16.0.17328"},
			want: []string{
				"Microsoft 365 Apps for enterprise: 10 owned, 10 needed by users: +0-0 covered",
			},
		},
		{
			name:     "E3 with Apps, Windows and Project besides",
			licences: []string{"10|Microsoft|Microsoft 365 E3|", "2|Microsoft|Project Plan 3|"},
			titles:   []string{"10/10|Microsoft Corporation|Microsoft 365 Apps for enterprise - en-us|16.0", "10|Microsoft|Microsoft Windows 11 Enterprise|10.0.22631", "3|Microsoft Corporation|Microsoft Project - en-us|16.0"},
			want: []string{
				"Microsoft 365 Apps for enterprise: 0 owned, +10 include from Microsoft 365 E3, 10 needed by users: +0-0 covered",
				"Microsoft 365 E3: 10 owned, 10 include for Microsoft 365 Apps for enterprise, 10 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Project (plan or perpetual): 0 owned, +2 candidate from Project Plan 3, 3 needed: +0-0 undecided",
				"Project Plan 3: 2 owned, -2 candidate to Project (plan or perpetual), 0 needed: +0-0 covered",
				"Windows Enterprise@11: 0 owned, +10 include from Microsoft 365 E3, 10 needed: +0-0 covered",
			},
		},
		{
			name:     "a Visual Studio subscription covers every version, also lower editions",
			licences: []string{"3|Microsoft|Visual Studio Enterprise w/ MSDN|"},
			titles:   []string{"2|Microsoft Corporation|Visual Studio Enterprise 2022|17.8", "1|Microsoft Corporation|Visual Studio Professional 2019|16.11", "1|Microsoft Corporation|Visual Studio Community 2022|17.8"},
			want: []string{
				"Visual Studio Community@2022: 0 owned, 1 needed: +0-0 undecided",
				"Visual Studio Enterprise@2022: 0 owned, +2 include from Visual Studio Enterprise subscription, 2 needed: +0-0 covered",
				"Visual Studio Enterprise subscription: 3 owned, 1 include for Visual Studio Professional@2019, 2 include for Visual Studio Enterprise@2022, 0 needed: +0-0 covered",
				"Visual Studio Professional@2019: 0 owned, +1 include from Visual Studio Enterprise subscription, 1 needed: +0-0 covered",
			},
		},
		{
			name:     "SQL Server by cores, by server and CAL",
			licences: []string{"8|Microsoft|SQL Server Standard - 2 Core License Pack|2019", "1|Microsoft|SQL Server Standard per server|2017", "50|Microsoft|SQL Server User CAL|2019"},
			titles:   []string{"2|Microsoft Corporation|Microsoft SQL Server 2019 (64-bit)|15.0", "1|Microsoft Corporation|Microsoft SQL Server 2022 (64-bit)|16.0"},
			want: []string{
				"SQL Server@2019: 0 owned, 2 needed: +0-0 not-measured",
				"SQL Server@2022: 0 owned, 1 needed: +0-0 undecided",
				"SQL Server CAL User@2019: 50 owned, 0 needed: +0-0 not-measured",
				"SQL Server Standard@2017: 1 owned, 0 needed: +0-0 not-measured",
				"SQL Server Standard@2019: 8 owned, 0 needed: +0-0 not-measured",
			},
		},
		{
			name:   "SQL Server Express is free",
			titles: []string{"4|Microsoft Corporation|Microsoft SQL Server 2019 Express|15.0"},
			want:   nil,
		},
		{
			name:     "remote access by CALs",
			licences: []string{"20|Microsoft|Windows Server Remote Desktop Services User CAL|2022", "20|Microsoft|Windows Server User CAL|2022", "32|Microsoft|Windows Server Standard Core|2022"},
			titles:   []string{"2|Microsoft|Microsoft Windows Server 2022 Standard|10.0.20348"},
			want: []string{
				"Remote Desktop Services CAL User@2022: 20 owned, 0 needed: +0-0 not-measured",
				"Windows Server CAL User@2022: 20 owned, 0 needed: +0-0 not-measured",
				"Windows Server Standard@2022: 32 owned, 2 needed: +0-0 not-measured",
			},
		},
		{
			name:     "two periods of Software Assurance",
			licences: []string{"5|Microsoft|Visio Professional|2016|5|2020-12-31", "5|Microsoft|Visio Professional|2016|5|2030-12-31"},
			titles:   []string{"6|Microsoft Corporation|Microsoft Visio Professional 2019 - en-us|16.0", "4|Microsoft Corporation|Microsoft Visio Professional 2021 - en-us|16.0", "1|Microsoft Corporation|Microsoft Visio Professional 2024 - en-us|16.0"},
			want: []string{
				"Visio Professional@2016: 10 owned, -5 assurance to Visio Professional@2019, -4 assurance to Visio Professional@2021, -1 assurance to Visio Professional@2024, 0 needed: +0-0 covered",
				"Visio Professional@2019: 0 owned, +5 assurance from Visio Professional@2016, 6 needed: +0-1 short",
				"Visio Professional@2021: 0 owned, +4 assurance from Visio Professional@2016, 4 needed: +0-0 covered",
				"Visio Professional@2024: 0 owned, +1 assurance from Visio Professional@2016, 1 needed: +0-0 covered",
			},
		},
		{
			name:     "the same product on two agreements, in two spellings",
			licences: []string{"3|Microsoft|Office Standard|2019", "4|Microsoft Corporation|OfficeStd 2019 SNGL OLP NL|", "2|Microsoft|Office Standaard 2019|"},
			titles:   []string{"9|Microsoft Corporation|Microsoft Office Standard 2019 - nl-nl|16.0"},
			want: []string{
				"Office Standard@2019: 9 owned, 9 needed: +0-0 covered",
			},
		},
		{
			name:     "quantities of zero and less count as nothing",
			licences: []string{"0|Microsoft|Visio Standard|2021", "-3|Microsoft|Visio Standard|2021", "1|Microsoft|Visio Standard|2021"},
			titles:   []string{"0|Microsoft Corporation|Microsoft Visio Standard 2019 - en-us|16.0", "1|Microsoft Corporation|Microsoft Visio Standard 2021 - en-us|16.0"},
			want: []string{
				"Visio Standard@2021: 1 owned, 1 needed: +0-0 covered",
			},
		},
		{
			name:     "Creative Cloud by users of each release, and Acrobat besides",
			licences: []string{"2|Adobe|Creative Cloud All Apps for teams|"},
			titles:   []string{"2/2|Adobe Inc.|Adobe Photoshop 2024|25.4", "1/1|Adobe Inc.|Adobe Photoshop 2023|24.7", "2|Adobe|Adobe Acrobat (64-bit)|23.006"},
			want: []string{
				"Acrobat@DC: 0 owned, +2 candidate from Creative Cloud All Apps, 2 needed: +0-0 covered",
				"Creative Cloud All Apps: 2 owned, 2 candidate for Acrobat@DC, 2 include for Photoshop@2024, 0 needed: +0-0 covered",
				"Photoshop@2023: 0 owned, 1 needed by users: +0-1 unlicensed",
				"Photoshop@2024: 0 owned, +2 include from Creative Cloud All Apps, 2 needed by users: +0-0 covered",
			},
		},
		{
			name:     "Acrobat or the free Reader",
			licences: []string{"3|Adobe|Acrobat Standard DC|"},
			titles:   []string{"20|Adobe|Adobe Acrobat (64-bit)|23.006", "2|Adobe|Adobe Acrobat XI Standard|11.0"},
			want: []string{
				"Acrobat@DC: 0 owned, +1 candidate from Acrobat Standard@DC, 20 needed: +0-0 undecided",
				"Acrobat Standard@XI: 0 owned, +2 downgrade from Acrobat Standard@DC, 2 needed: +0-0 covered",
				"Acrobat Standard@DC: 3 owned, -1 candidate to Acrobat@DC, -2 downgrade to Acrobat Standard@XI, 0 needed: +0-0 covered",
			},
		},
		{
			name:     "candidates of different metrics",
			licences: []string{"1|Microsoft|Visio Plan 2|", "1|Microsoft|Visio Professional|2021"},
			titles:   []string{"3|Microsoft Corporation|Microsoft Visio - en-us|16.0"},
			want: []string{
				"Visio (plan or perpetual): 0 owned, +1 candidate from Visio Plan 2, +1 unversioned from Visio Professional@2021, 3 needed: +0-0 undecided",
				"Visio Plan 2: 1 owned, -1 candidate to Visio (plan or perpetual), 0 needed: +0-0 covered",
				"Visio Professional@2021: 1 owned, -1 unversioned to Visio (plan or perpetual), 0 needed: +0-0 covered",
			},
		},
		{
			name:     "a family without edition",
			licences: []string{"2|Microsoft|Visio|2019"},
			titles:   []string{"1|Microsoft Corporation|Microsoft Visio Professional 2019 - en-us|16.0", "1|Microsoft Corporation|Microsoft Visio Standard 2016 - en-us|16.0"},
			want: []string{
				"Visio@2019: 2 owned, -1 candidate to Visio Standard@2016, -1 candidate to Visio Professional@2019, 0 needed: +0-0 covered",
				"Visio Professional@2019: 0 owned, +1 candidate from Visio@2019, 1 needed: +0-0 covered",
				"Visio Standard@2016: 0 owned, +1 candidate from Visio@2019, 1 needed: +0-0 covered",
			},
		},
		{
			name:     "a collection and a product of it",
			licences: []string{"2|Autodesk|Architecture Engineering & Construction Collection|", "1|Autodesk|AutoCAD LT 2024|"},
			titles:   []string{"2|Autodesk|AutoCAD 2025 - English|25.0", "2|Autodesk|Revit 2024|24.0", "1|Autodesk|AutoCAD LT 2024 - English|24.3"},
			want: []string{
				"Architecture, Engineering & Construction Collection: 2 owned, 2 include for AutoCAD@2025, 2 include for Revit@2024, 0 needed: +0-0 covered",
				"AutoCAD@2025: 0 owned, +2 include from Architecture, Engineering & Construction Collection, 2 needed: +0-0 covered",
				"AutoCAD LT@2024: 1 owned, 1 needed: +0-0 covered",
				"Revit@2024: 0 owned, +2 include from Architecture, Engineering & Construction Collection, 2 needed: +0-0 covered",
			},
		},
		{
			name:     "Windows Enterprise by a subscription for users",
			licences: []string{"5|Microsoft|Windows 10/11 Enterprise E3|", "5|Microsoft|Windows 10 Pro|"},
			titles:   []string{"5/4|Microsoft|Microsoft Windows 11 Enterprise|10.0.22631", "5|Microsoft|Microsoft Windows 11 Pro|10.0.22631"},
			want: []string{
				"Windows Enterprise@11: 0 owned, +5 include from Windows Enterprise E3, 5 needed: +0-0 covered",
				"Windows Enterprise E3: 5 owned, 5 include for Windows Enterprise@11, 0 needed: +0-0 covered",
				"Windows Pro@10: 5 owned, -5 upgrade to Windows Pro@11, 0 needed: +0-0 covered",
				"Windows Pro@11: 0 owned, +5 upgrade from Windows Pro@10, 5 needed: +0-0 covered",
			},
		},
		{
			name:     "a product that no dictionary knows",
			licences: []string{"5|Zed BV|Zed Planner 4|", "2|Zed B.V.|Planner|4.0"},
			titles:   []string{"1|Microsoft Corporation|Microsoft Visio Standard 2021 - en-us|16.0"},
			want: []string{
				"Visio Standard@2021: 0 owned, 1 needed: +0-1 unlicensed",
				"Planner@4: 7 owned, 0 needed: +7-0 unused",
			},
		},
		{
			name:     "Project Server is no Project, and CALs are no installations",
			licences: []string{"10|Microsoft|Project Server CAL|2019", "1|Microsoft|Project Server|2019", "1|Microsoft|Project Standard|2019"},
			titles:   []string{"2|Microsoft Corporation|Microsoft Project Standard 2019 - en-us|16.0"},
			want: []string{
				"Project Server@2019: 1 owned, 0 needed: +0-0 not-measured",
				"Project Server CAL@2019: 10 owned, 0 needed: +0-0 not-measured",
				"Project Standard@2019: 1 owned, 2 needed: +0-1 short",
			},
		},
	})
}
