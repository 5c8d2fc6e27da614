package product_test

import (
	"testing"

	"trueup/internal/product/builtin"
)

// TestR5_0_VersionInName: a name and the version beside it may contradict each other.
func TestR5_0_VersionInName(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, test := range []struct {
		publisher, name, version, want string // empty: they agree, or cannot be compared
	}{
		{"Microsoft", "Office Professional Plus 2019", "2021", "2019"},
		{"Microsoft", "Office Professional Plus 2019", "2019", ""},
		{"Microsoft", "Office Professional Plus 2019", "", ""},
		{"Microsoft", "Office Professional Plus", "2021", ""},
		{"Microsoft", "Office Professional Plus 2016", "16", ""}, // as lists of installations have it
		{"Microsoft", "Office Professional Plus 2016", "16.0.4266", ""},
		{"Microsoft", "SQL Server Standard 2012", "2012 R2", "2012"},
		{"Microsoft", "SQL Server Standard 2008 R2", "2008", "2008 R2"},
		{"Microsoft", "SQL Server Standard 2008 R2", "2008 R2", ""},
		{"Microsoft", "Visual Studio Professional 2019", "16.11", ""},
		{"Microsoft", "Visio Plan 2", "2021", ""}, // a plan has no versions
		{"Autodesk", "AutoCAD 2019 - English", "23", ""},
		{"Autodesk", "AutoCAD 2019", "2020", "2019"},
		{"TechSmith", "Snagit 2020", "2020.1.2", ""},
		{"TechSmith", "Snagit 2020", "2021.0", "2020"},
		{"TechSmith", "Snagit 11", "11.2.1", ""},
		{"TechSmith", "Snagit 11", "11", ""},
		{"TechSmith", "Snagit 11", "12", "11"},
		{"Corel", "WinZip 25", "26.0", "25"},
		{"Corel", "WinZip 25", "25.0.14273", ""},
		{"Adobe", "Acrobat Pro 2017", "DC", "2017"},
		{"Adobe", "Acrobat Pro DC", "DC", ""},
		{"Contoso", "Unheard Of 2019", "2021", "2019"},
		{"Contoso", "Unheard Of 2019", "2019 SP1", ""},
		{"Contoso", "Unheard Of 7", "8", ""}, // a number in an unknown name may be part of it
	} {
		inName, differs := d.VersionInName(test.publisher, test.name, test.version)
		if differs != (test.want != "") || differs && inName != test.want {
			t.Errorf("%s beside %q: %q, %v", test.name, test.version, inName, differs)
		}
	}
}
