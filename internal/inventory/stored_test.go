package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/position"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredTallies(t *testing.T) {
	t.Parallel()
	office := position.Product{Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2021"}
	tally := &Tally{
		Shape: GLPI, Rules: "r", Estimated: true, Rows: 30, BadRows: 1, Devices: 12, UnknownDevices: 2,
		Bad: []BadRow{{File: "a.csv", Line: 4, Code: "row_columns", Args: map[string]string{"max": "3", "min": "2"}}},
		Titles: []Count{
			{
				Title: Title{Publisher: "Microsoft Corporation", Name: "Microsoft Office Professional Plus 2021", Version: "16.0"}, Devices: 11,
				Decision: Decision{Kind: Product, Rule: "office", Alias: "old-office", Product: office},
			},
			{Title: Title{Name: "7-Zip"}, Devices: 2, Decision: Decision{Kind: Unknown}},
		},
		Products:       []ProductCount{{Product: office, Devices: 11, Users: 9, ByUser: []position.UserPCs{{PCs: 1, Users: 6}, {PCs: 5, Users: 1}}}},
		OtherPlatforms: []PlatformCount{{Platform: "iOS", Devices: 3}},
		Notes:          []Note{{File: "a.csv", Code: "note", Args: map[string]string{"line": "3"}}},
		MacOS:          true,
	}
	golden.Versions(t, "tally", "bin", 4, tally.Encode, func(version int, sample []byte) {
		got, err := Decode(sample)
		want := *tally
		if version < 4 {
			want.Products = []ProductCount{{Product: office, Devices: 11, Users: 9}}
		}
		if version < 3 {
			want.Notes, want.MacOS = nil, false
		}
		if version == 1 {
			want.Products, want.OtherPlatforms, want.UnknownDevices = []ProductCount{{Product: office, Devices: 11}}, nil, 0
		}
		if diff := cmp.Diff(&want, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if version == 4 && string(tally.Encode()) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
}
